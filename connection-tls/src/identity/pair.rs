//! Whether a private key and a certificate belong together.

use rustls::{
    Error,
    crypto::CryptoProvider,
    pki_types::{CertificateDer, PrivateKeyDer},
    sign::{CertifiedKey, SigningKey},
};
use webpki::EndEntityCert;

use crate::load_failed::Origin;

/// Why a private key cannot be used with a chain of certificates.
pub(super) enum Refused {
    /// The cryptography does not take it.
    Key(Error),
    /// It is not the key of the first certificate, but perhaps that of another one, from 1.
    OtherKey(Option<usize>),
}

impl Refused {
    /// What to say of the key, if the certificates are from `certificate`.
    pub(super) fn reason(&self, certificate: Option<&Origin>) -> String {
        let from = certificate.map(|origin| format!(" ({origin})")).unwrap_or_default();
        match self {
            Self::Key(error) => format!(
                "this private key cannot be used ({error}): it is damaged, or of a kind that the \
                 cryptography does not know"
            ),
            Self::OtherKey(None) => format!(
                "this private key does not belong to the certificate{from}: take the one that it \
                 was made with"
            ),
            Self::OtherKey(Some(number)) => format!(
                "this private key does not belong to the first certificate{from}, but to number \
                 {number}: put that one first"
            ),
        }
    }
}

/// The chain with its key, as the cryptography of `provider` uses it.
pub(super) fn certify(
    chain: &[CertificateDer<'static>],
    key: PrivateKeyDer<'static>,
    provider: &CryptoProvider,
) -> Result<CertifiedKey, Refused> {
    let key = provider.key_provider.load_private_key(key).map_err(Refused::Key)?;
    let mine = |certificate: &CertificateDer<'static>| belongs(certificate, &*key, provider);
    match chain.iter().position(mine) {
        Some(0) => Ok(CertifiedKey::new(chain.to_vec(), key)),
        other => Err(Refused::OtherKey(other.map(|index| index + 1))),
    }
}

/// Whether `key` is that of `certificate`.
///
/// The two are compared. A key of a kind whose public half the cryptography does not tell has to
/// sign something that the certificate can verify.
fn belongs(
    certificate: &CertificateDer<'static>,
    key: &dyn SigningKey,
    provider: &CryptoProvider,
) -> bool {
    let Ok(parsed) = EndEntityCert::try_from(certificate) else {
        return false;
    };
    match key.public_key() {
        Some(public) => public == parsed.subject_public_key_info(),
        None => signs_for(&parsed, key, provider),
    }
}

/// Whether `certificate` verifies what `key` signs.
fn signs_for(
    certificate: &EndEntityCert<'_>,
    key: &dyn SigningKey,
    provider: &CryptoProvider,
) -> bool {
    const MESSAGE: &[u8] = b"Does this private key belong to this certificate?";
    let algorithms = &provider.signature_verification_algorithms;
    let Some(signer) = key.choose_scheme(&algorithms.supported_schemes()) else {
        return false;
    };
    let Ok(signature) = signer.sign(MESSAGE) else {
        return false;
    };
    algorithms
        .mapping
        .iter()
        .filter(|(scheme, _)| *scheme == signer.scheme())
        .flat_map(|(_, algorithms)| *algorithms)
        .any(|algorithm| certificate.verify_signature(*algorithm, MESSAGE, &signature).is_ok())
}
