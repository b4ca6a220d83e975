//! Who one is: a certificate and its private key.

use std::{fmt, io, path::Path, sync::Arc};

use rustls::{crypto::CryptoProvider, pki_types::CertificateDer, sign::CertifiedKey};
use zeroize::Zeroizing;

use crate::{
    LoadFailed,
    certificates::certificates,
    default_provider,
    document::{Document, Source},
    key::{Key, key},
    load_failed::Origin,
};

mod pair;

/// A certificate, those between it and a root, and its private key.
///
/// Servers need one; clients show one to servers that ask. A clone shares it.
///
/// | form | of the certificates | of the key |
/// |---|---|---|
/// | PEM | one or several `CERTIFICATE`, the own one first | one `PRIVATE KEY` (PKCS#8), `EC PRIVATE KEY` (SEC1), `RSA PRIVATE KEY` (PKCS#1) or `ENCRYPTED PRIVATE KEY` |
/// | DER | one | the same forms |
///
/// Which of them it is shows its content, not its name. Keys are RSA from 2048 bits, ECDSA over P-256,
/// P-384 or P-521 (the last not with ring), or Ed25519. Other blocks and text between them are skipped;
/// a second key is an error, because nobody could say which one is meant. Encrypted keys are those of PKCS#8 with
/// PBES2 (PBKDF2 with SHA-2, or scrypt; AES), as `openssl genpkey -aes256` and `openssl pkcs8
/// -topk8` make them, and need the feature `encrypted-keys`, which is on by default. Those that
/// OpenSSL made before (with the header `Proc-Type: 4,ENCRYPTED`) are refused with the command that
/// writes them anew: their key is one round of MD5. Nobody is ever asked for a passphrase.
///
/// # Examples
///
/// ```
/// use socketry_connection_tls::Identity;
///
/// # let authority = socketry_testing::TestAuthority::new();
/// # let issued = authority.issue(["example.org"]);
/// # let (certificate, key) = (issued.chain_pem(), issued.key_pem());
/// let identity = Identity::from_pem(certificate, key).load()?;
/// assert_eq!(identity.chain().count(), 1);
///
/// let other = authority.issue(["example.org"]);
/// let error = Identity::from_pem(certificate, other.key_pem()).load().unwrap_err();
/// assert!(error.to_string().contains("does not belong to the certificate"));
/// # std::io::Result::Ok(())
/// ```
#[derive(Clone)]
pub struct Identity(Arc<Inner>);

struct Inner {
    chain: Vec<CertificateDer<'static>>,
    secret: Secret,
}

enum Secret {
    Key(Key, IdentityLoader),
    Signer(Arc<CertifiedKey>),
}

/// Where an [`Identity`] comes from; it is read by [`load`](Self::load).
///
/// The identity keeps it, for [`Identity::reload`], the passphrase included.
#[derive(Clone)]
#[must_use = "a loader does nothing until it loads"]
pub struct IdentityLoader {
    certificates: Vec<Source>,
    key: Source,
    passphrase: Option<Zeroizing<String>>,
    provider: Option<Arc<CryptoProvider>>,
}

impl Identity {
    /// From two files, in PEM or DER. The own certificate is the first one.
    pub fn from_files(certificate: impl AsRef<Path>, key: impl AsRef<Path>) -> IdentityLoader {
        IdentityLoader::new(vec![Source::file(certificate)], Source::file(key))
    }

    /// From one file in PEM that has the certificates and the key.
    pub fn from_file(both: impl AsRef<Path>) -> IdentityLoader {
        Self::from_files(&both, &both)
    }

    /// From what two such files have in them.
    pub fn from_pem(certificate: impl Into<Vec<u8>>, key: impl Into<Vec<u8>>) -> IdentityLoader {
        let certificates = vec![Source::given("the certificate", certificate)];
        IdentityLoader::new(certificates, Source::given("the private key", key))
    }

    /// From certificates in DER, the own one first, and a key.
    pub fn from_der(
        chain: impl IntoIterator<Item = Vec<u8>>,
        key: impl Into<Vec<u8>>,
    ) -> IdentityLoader {
        let certificates = (1..)
            .zip(chain)
            .map(|(number, der)| Source::given(format!("certificate {number}"), der))
            .collect();
        IdentityLoader::new(certificates, Source::given("the private key", key))
    }

    /// With a key that somebody else keeps, such as a hardware module. Nothing is checked.
    pub fn from_signer(key: Arc<CertifiedKey>) -> Self {
        Self(Arc::new(Inner { chain: key.cert.clone(), secret: Secret::Signer(key) }))
    }

    /// Reads its files again, with the same passphrase; what was no file is what it was.
    ///
    /// Two files cannot be replaced at once, and in between they do not belong together, which is an
    /// error: keep the old identity then, and try again.
    ///
    /// It blocks, as [`load`](IdentityLoader::load) does.
    ///
    /// # Errors
    ///
    /// Those of [`IdentityLoader::load`].
    pub fn reload(&self) -> io::Result<Self> {
        match &self.0.secret {
            Secret::Key(_, loader) => loader.clone().load(),
            Secret::Signer(_) => Ok(self.clone()),
        }
    }

    /// The files that it was read from; none if it was given otherwise.
    pub fn files(&self) -> impl Iterator<Item = &Path> {
        let loader = match &self.0.secret {
            Secret::Key(_, loader) => Some(loader),
            Secret::Signer(_) => None,
        };
        loader.into_iter().flat_map(IdentityLoader::files)
    }

    /// The certificates, the own one first, each in DER.
    pub fn chain(&self) -> impl Iterator<Item = &[u8]> {
        self.0.chain.iter().map(AsRef::as_ref)
    }

    /// The identity as rustls takes it, with the cryptography of `provider`. Keep it: the key is
    /// parsed and checked each time.
    ///
    /// # Errors
    ///
    /// [`LoadFailed`] of kind [`InvalidData`](io::ErrorKind::InvalidData), if `provider` has no use
    /// for such a key, or if the certificate and the key do not belong together.
    pub fn certified_key(&self, provider: &CryptoProvider) -> io::Result<Arc<CertifiedKey>> {
        let (key, loader) = match &self.0.secret {
            Secret::Key(key, loader) => (key, loader),
            Secret::Signer(key) => return Ok(key.clone()),
        };
        let certified = pair::certify(&self.0.chain, key.clone_der(), provider);
        certified.map(Arc::new).map_err(|refused| {
            let certificate = loader.certificates.first().map(Source::origin);
            key.failed(refused.reason(certificate.as_ref())).into()
        })
    }
}

impl IdentityLoader {
    fn new(certificates: Vec<Source>, key: Source) -> Self {
        Self { certificates, key, passphrase: None, provider: None }
    }

    /// The passphrase of an encrypted key. With one that is not encrypted, it is an error: somebody
    /// believes that the key is protected. Only the empty one is taken for none.
    ///
    /// # Examples
    ///
    /// The passphrase of an encrypted key is in a file of its own, that only this user can read:
    ///
    /// ```no_run
    /// use std::fs;
    ///
    /// use socketry_connection_tls::Identity;
    ///
    /// let passphrase = fs::read_to_string("server.passphrase")?;
    /// let identity = Identity::from_files("server.pem", "server.key")
    ///     .passphrase(passphrase.trim_end_matches('\n'))
    ///     .load()?;
    /// # std::io::Result::Ok(())
    /// ```
    ///
    /// One that nobody needs is told:
    ///
    /// ```
    /// # use socketry_connection_tls::Identity;
    /// # let issued = socketry_testing::TestAuthority::new().issue(["example.org"]);
    /// # let (certificate, key) = (issued.chain_pem(), issued.key_pem());
    /// let loader = Identity::from_pem(certificate, key).passphrase("secret");
    /// assert_eq!(loader.load().unwrap_err().kind(), std::io::ErrorKind::InvalidInput);
    /// ```
    pub fn passphrase(mut self, passphrase: impl Into<String>) -> Self {
        self.passphrase = Some(Zeroizing::new(passphrase.into()));
        self
    }

    /// The cryptography that the key is checked with. By default that of [`default_provider`]; a
    /// build that has none checks it when it is used.
    pub fn provider(mut self, provider: Arc<CryptoProvider>) -> Self {
        self.provider = Some(provider);
        self
    }

    /// Reads everything, and checks that it can be used and that the certificate and the key belong
    /// together. Whether a certificate has expired is not checked: the clock may be set later.
    ///
    /// It blocks while files are read, and while a key is decrypted, which is slow on purpose. It is
    /// for the start of a program; call it off the executor otherwise, as by `blocking::unblock`.
    ///
    /// # Errors
    ///
    /// [`LoadFailed`], which names the file, the line and the remedy. A passphrase that is missing,
    /// wrong or not needed is [`InvalidInput`](io::ErrorKind::InvalidInput).
    pub fn load(self) -> io::Result<Identity> {
        let documents: Vec<Document> =
            self.certificates.iter().map(Source::read).collect::<Result<_, _>>()?;
        let chain = chain(&documents)?;
        // Who has both in one file has it read once, for the next time it may be another one.
        let same = self.certificates.iter().position(|source| source.is_same_file(&self.key));
        let document = match same.and_then(|index| documents.get(index)) {
            Some(document) => document.clone(),
            None => self.key.read()?,
        };
        let passphrase = self.passphrase.as_ref().map(|passphrase| passphrase.as_str());
        let key = key(&document, passphrase)?;
        let provider = self.provider.clone().or_else(|| default_provider().ok());
        let identity = Identity(Arc::new(Inner { chain, secret: Secret::Key(key, self) }));
        if let Some(provider) = provider {
            identity.certified_key(&provider)?;
        }
        Ok(identity)
    }

    fn files(&self) -> impl Iterator<Item = &Path> {
        let key = Some(&self.key)
            .filter(|key| !self.certificates.iter().any(|source| source.is_same_file(key)));
        self.certificates.iter().chain(key).filter_map(Source::path)
    }
}

/// The certificates of all `documents`, of which the first one has to be good for an identity.
fn chain(documents: &[Document]) -> Result<Vec<CertificateDer<'static>>, LoadFailed> {
    let mut chain = Vec::new();
    for document in documents {
        chain.extend(certificates(document)?);
    }
    let Some(first) = chain.first() else {
        let origin = Origin::Given("the certificate".into());
        return Err(LoadFailed::input(&origin, "there is none: give one at least"));
    };
    match webpki::EndEntityCert::try_from(&first.der) {
        Ok(_) => Ok(chain.into_iter().map(|certificate| certificate.der).collect()),
        Err(webpki::Error::UnsupportedCertVersion) => Err(first.failed(
            "this certificate is of version 1, which has no place for names: issue it with \
             extensions, subjectAltName among them",
        )),
        Err(error) => {
            let reason = format!("this certificate is not good for an identity ({error})");
            Err(first.failed(reason))
        }
    }
}

/// Shows where it comes from, and no secret.
impl fmt::Debug for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let files: Vec<&Path> = self.files().collect();
        f.debug_struct("Identity")
            .field("certificates", &self.0.chain.len())
            .field("files", &files)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for IdentityLoader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("IdentityLoader")
            .field("certificates", &self.certificates)
            .field("key", &self.key)
            .field("has_passphrase", &self.passphrase.is_some())
            .finish_non_exhaustive()
    }
}
