//! SHA-256 of certificates and of the keys in them.

use std::io;

use socketry_connection_tls::{
    default_provider,
    rustls::{
        Error, SupportedCipherSuite,
        crypto::{
            CryptoProvider,
            hash::{Hash, HashAlgorithm},
        },
        pki_types::CertificateDer,
        server::ParsedCertificate,
    },
};

pub(crate) fn key_in(certificate: &CertificateDer<'_>) -> Result<Vec<u8>, Error> {
    let certificate = ParsedCertificate::try_from(certificate)?;
    Ok(certificate.subject_public_key_info().to_vec())
}

/// The provider's SHA-256, or that of the default one if its cipher suites were chosen such that
/// none has it.
pub(crate) fn sha256(provider: &CryptoProvider) -> io::Result<&'static dyn Hash> {
    if let Some(hash) = sha256_in(provider) {
        return Ok(hash);
    }
    let default = default_provider().ok().and_then(|default| sha256_in(&default));
    default.ok_or_else(|| {
        let reason = "pins need SHA-256, which no cipher suite of this crypto provider has";
        io::Error::new(io::ErrorKind::Unsupported, reason)
    })
}

/// A provider has no hashes by themselves, but each of its cipher suites has one. Whoever speaks
/// TLS 1.3 has to have one with SHA-256 (RFC 8446, section 9.1).
fn sha256_in(provider: &CryptoProvider) -> Option<&'static dyn Hash> {
    let mut hashes = provider.cipher_suites.iter().map(|suite| match suite {
        SupportedCipherSuite::Tls13(suite) => suite.common.hash_provider,
        SupportedCipherSuite::Tls12(suite) => suite.common.hash_provider,
    });
    hashes.find(|hash| hash.algorithm() == HashAlgorithm::SHA256)
}

pub(crate) fn digest(hash: &dyn Hash, data: &[u8]) -> [u8; 32] {
    let mut sha256 = [0; 32];
    sha256.copy_from_slice(hash.hash(data).as_ref());
    sha256
}
