//! Private keys: in PEM or DER, in each of their forms, encrypted or not.

use rustls::pki_types::PrivateKeyDer;

use crate::{
    LoadFailed,
    certificates::{decode, only},
    document::Document,
    pem::{self, Block},
};

/// A private key, and the line of its block, if it has been one.
pub(crate) struct Key {
    pub(crate) der: PrivateKeyDer<'static>,
    pub(crate) line: Option<usize>,
}

/// The private key in `document`, of which there is one.
pub(crate) fn key(document: &Document, passphrase: Option<&str>) -> Result<Key, LoadFailed> {
    let wanted = "a private key";
    let Some(blocks) = pem::blocks(document)? else {
        if !document.is_der() {
            return Err(document.neither(wanted));
        }
        return key_of_der(document, passphrase);
    };
    let mut keys = blocks.iter().filter(|block| block.label.ends_with("PRIVATE KEY"));
    let Some(block) = keys.next() else {
        return Err(only(document, wanted, &blocks));
    };
    if let Some(second) = keys.next() {
        let reason = format!(
            "there is a second private key in line {}, and one is wanted: take the wrong one out",
            second.line
        );
        return Err(LoadFailed::data(&document.origin, reason).at(Some(block.line)));
    }
    let der = key_of_block(document, block, passphrase)?;
    Ok(Key { der, line: Some(block.line) })
}

fn key_of_block(
    document: &Document,
    block: &Block<'_>,
    passphrase: Option<&str>,
) -> Result<PrivateKeyDer<'static>, LoadFailed> {
    let line = Some(block.line);
    if block.has_encryption_headers() {
        let reason = "the private key is encrypted in the old way of OpenSSL, which protects it \
                      badly and is not read; write it anew by: openssl pkcs8 -topk8 -in <file> \
                      -out <new file>";
        return Err(LoadFailed::unsupported(&document.origin, reason).at(line));
    }
    let der = decode(document, block)?;
    match &*block.label {
        "PRIVATE KEY" => Ok(PrivateKeyDer::Pkcs8(der.to_vec().into())),
        "RSA PRIVATE KEY" => Ok(PrivateKeyDer::Pkcs1(der.to_vec().into())),
        "EC PRIVATE KEY" => Ok(PrivateKeyDer::Sec1(der.to_vec().into())),
        "ENCRYPTED PRIVATE KEY" => {
            decrypt(document, &der, passphrase).map_err(|failed| failed.at(line))
        }
        other => {
            let reason = format!(
                "a block of {other} is not read; write the key as PKCS#8 by: openssl pkcs8 -topk8 \
                 -nocrypt -in <file> -out <new file>"
            );
            Err(LoadFailed::unsupported(&document.origin, reason).at(line))
        }
    }
}

fn key_of_der(document: &Document, passphrase: Option<&str>) -> Result<Key, LoadFailed> {
    if is_encrypted(&document.content) {
        let der = decrypt(document, &document.content, passphrase)?;
        return Ok(Key { der, line: None });
    }
    match PrivateKeyDer::try_from(document.content.to_vec()) {
        Ok(der) => Ok(Key { der, line: None }),
        Err(_) => {
            let reason = "it is not PEM, and not a private key in DER either; what is in a \
                          PKCS#12 file (.p12, .pfx) comes out with: openssl pkcs12 -in <file> \
                          -nodes -out <file>.pem";
            Err(LoadFailed::data(&document.origin, reason))
        }
    }
}

#[cfg(feature = "encrypted-keys")]
fn is_encrypted(der: &[u8]) -> bool {
    pkcs8::EncryptedPrivateKeyInfoRef::try_from(der).is_ok()
}

#[cfg(not(feature = "encrypted-keys"))]
fn is_encrypted(_der: &[u8]) -> bool {
    false
}

#[cfg(feature = "encrypted-keys")]
fn decrypt(
    document: &Document,
    der: &[u8],
    passphrase: Option<&str>,
) -> Result<PrivateKeyDer<'static>, LoadFailed> {
    use pkcs8::{EncryptedPrivateKeyInfoRef, Error, pkcs5};

    let origin = &document.origin;
    let Ok(encrypted) = EncryptedPrivateKeyInfoRef::try_from(der) else {
        let reason = "this encrypted private key cannot be parsed: replace it";
        return Err(LoadFailed::data(origin, reason));
    };
    let Some(passphrase) = passphrase else {
        let reason = "the private key is encrypted: give its passphrase";
        return Err(LoadFailed::input(origin, reason));
    };
    match encrypted.decrypt(passphrase) {
        Ok(key) => Ok(PrivateKeyDer::Pkcs8(key.as_bytes().to_vec().into())),
        Err(Error::EncryptedPrivateKey(
            pkcs5::Error::UnsupportedAlgorithm { .. } | pkcs5::Error::NoPbes1CryptSupport,
        )) => {
            let reason = "the private key is encrypted in a way that is not read, being too weak; \
                          write it anew by: openssl pkcs8 -topk8 -v2 aes-256-cbc -v2prf \
                          hmacWithSHA256 -in <file> -out <new file>";
            Err(LoadFailed::unsupported(origin, reason))
        }
        Err(_) => {
            let reason = "the private key cannot be decrypted: the passphrase is wrong";
            Err(LoadFailed::input(origin, reason))
        }
    }
}

#[cfg(not(feature = "encrypted-keys"))]
fn decrypt(
    document: &Document,
    _der: &[u8],
    _passphrase: Option<&str>,
) -> Result<PrivateKeyDer<'static>, LoadFailed> {
    let reason = "the private key is encrypted, which this build does not read: enable the \
                  feature encrypted-keys of socketry-connection-tls";
    Err(LoadFailed::unsupported(&document.origin, reason))
}
