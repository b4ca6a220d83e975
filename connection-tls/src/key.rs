//! Private keys: in PEM or DER, in each of their forms, encrypted or not.

use rustls::pki_types::PrivateKeyDer;
use zeroize::Zeroizing;

use self::decrypt::{Undecryptable, decrypt};
use crate::{
    LoadFailed,
    certificates::{decode, only},
    document::Document,
    load_failed::Origin,
    pem::{self, Block},
};

mod decrypt;

/// A private key, and where it stands. It is wiped when it is dropped.
pub(crate) struct Key {
    der: Zeroizing<PrivateKeyDer<'static>>,
    origin: Origin,
    line: Option<usize>,
}

impl Key {
    /// Whoever takes it has to wipe it.
    pub(crate) fn clone_der(&self) -> PrivateKeyDer<'static> {
        self.der.clone_key()
    }

    pub(crate) fn failed(&self, reason: impl Into<String>) -> LoadFailed {
        LoadFailed::data(&self.origin, reason).at(self.line)
    }
}

/// The private key in `document`, of which there is one.
pub(crate) fn key(document: &Document, passphrase: Option<&str>) -> Result<Key, LoadFailed> {
    let reader = Reader { document, passphrase };
    match pem::blocks(document)? {
        Some(blocks) => reader.in_blocks(&blocks),
        None if document.is_der() => reader.in_der(),
        None => Err(document.neither(WANTED)),
    }
}

const WANTED: &str = "a private key";

const MISSING: &str = "the private key is encrypted: give its passphrase";

const WRONG: &str = "the private key cannot be decrypted: the passphrase is wrong";

const NEEDLESS: &str = "the private key is not encrypted, but there is a passphrase: leave it out, \
                        or encrypt the key by: ";

const UNKNOWN: &str = "the private key is encrypted in a way that is not read (AES with PBKDF2 and \
                       SHA-2, or with scrypt, is); write it anew by: ";

const LEGACY: &str = "the private key is encrypted in the old way of OpenSSL, which protects it \
                      badly and is not read; write it anew by: ";

const OPENSSH: &str = "the private key is in the format of OpenSSH; write it as PKCS#8, in its own \
                       place, by: ssh-keygen -p -m PKCS8 -f ";

#[cfg(not(feature = "encrypted-keys"))]
const NOT_BUILT: &str = "the private key is encrypted, which this build does not read: enable the \
                         feature encrypted-keys of socketry-connection-tls";

struct Reader<'a> {
    document: &'a Document,
    passphrase: Option<&'a str>,
}

impl Reader<'_> {
    fn in_blocks(&self, blocks: &[Block<'_>]) -> Result<Key, LoadFailed> {
        let origin = &self.document.origin;
        let mut keys = blocks.iter().filter(|block| block.label.ends_with("PRIVATE KEY"));
        let Some(block) = keys.next() else {
            return Err(only(self.document, WANTED, blocks));
        };
        let line = Some(block.line);
        if let Some(second) = keys.next() {
            let reason = format!(
                "there is a second private key in line {}, and one is wanted: take the wrong one \
                 out",
                second.line
            );
            return Err(LoadFailed::data(origin, reason).at(line));
        }
        if block.label == "OPENSSH PRIVATE KEY" {
            let reason = format!("{OPENSSH}{}", self.file());
            return Err(LoadFailed::unsupported(origin, reason).at(line));
        }
        if block.has_encryption_headers() {
            let reason = format!("{LEGACY}{}", self.anew());
            return Err(LoadFailed::unsupported(origin, reason).at(line));
        }
        let der = decode(self.document, block)?;
        match self.parse(&der).map_err(|failed| failed.at(line))? {
            Some(der) => Ok(Key { der, origin: origin.clone(), line }),
            None => {
                let reason = format!(
                    "the block {} that begins here has no private key as in PKCS#8, SEC1 or \
                     PKCS#1: replace it",
                    block.label
                );
                Err(LoadFailed::data(origin, reason).at(line))
            }
        }
    }

    fn in_der(&self) -> Result<Key, LoadFailed> {
        match self.parse(&self.document.content)? {
            Some(der) => Ok(Key { der, origin: self.document.origin.clone(), line: None }),
            None => {
                let reason = "it is not PEM, and not a private key in DER either; what is in a \
                              PKCS#12 file (.p12, .pfx) comes out with: openssl pkcs12 -in <file> \
                              -nodes -out <file>.pem";
                Err(LoadFailed::data(&self.document.origin, reason))
            }
        }
    }

    /// The private key that `der` is, decrypted; `None` if it is none.
    fn parse(&self, der: &[u8]) -> Result<Option<Zeroizing<PrivateKeyDer<'static>>>, LoadFailed> {
        if is_encrypted(der) {
            // What comes out and is no key was not encrypted with this passphrase.
            let key = to_key(&self.decrypt(der)?);
            return key.map(Some).ok_or_else(|| LoadFailed::input(&self.document.origin, WRONG));
        }
        let key = to_key(der);
        let needless = self.passphrase.is_some_and(|passphrase| !passphrase.is_empty());
        if key.is_some() && needless {
            let reason = format!("{NEEDLESS}{}", self.anew());
            return Err(LoadFailed::input(&self.document.origin, reason));
        }
        Ok(key)
    }

    fn decrypt(&self, der: &[u8]) -> Result<Zeroizing<Vec<u8>>, LoadFailed> {
        let origin = &self.document.origin;
        decrypt(der, self.passphrase).map_err(|why| match why {
            Undecryptable::NoPassphrase => LoadFailed::input(origin, MISSING),
            Undecryptable::WrongPassphrase => LoadFailed::input(origin, WRONG),
            Undecryptable::UnknownWay => {
                LoadFailed::unsupported(origin, format!("{UNKNOWN}{}", self.anew()))
            }
            #[cfg(not(feature = "encrypted-keys"))]
            Undecryptable::NotBuilt => LoadFailed::unsupported(origin, NOT_BUILT),
        })
    }

    /// The command that encrypts the key as it should be.
    fn anew(&self) -> String {
        format!("openssl pkcs8 -topk8 -in {} -out new.pem", self.file())
    }

    /// The file, as a command has it.
    fn file(&self) -> String {
        match &self.document.origin {
            Origin::File(path) => path.display().to_string(),
            Origin::Given(_) => "old.pem".to_string(),
        }
    }
}

/// By what is inside, because the name of a block may be another one's.
fn to_key(der: &[u8]) -> Option<Zeroizing<PrivateKeyDer<'static>>> {
    Some(Zeroizing::new(PrivateKeyDer::try_from(der).ok()?.clone_key()))
}

/// Whether it is an `EncryptedPrivateKeyInfo` (RFC 5958), which begins with an algorithm, where every
/// other form begins with a version.
fn is_encrypted(der: &[u8]) -> bool {
    const SEQUENCE: u8 = 0x30;
    let inside = match der {
        [SEQUENCE, ..=0x7f, inside @ ..] => inside,
        [SEQUENCE, long @ 0x80..=0x84, rest @ ..] => {
            rest.get(usize::from(long & 0x7f)..).unwrap_or_default()
        }
        _ => return false,
    };
    inside.first() == Some(&SEQUENCE)
}
