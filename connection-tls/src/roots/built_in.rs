//! Roots that nobody has to name: those of the system, and those of Mozilla.

use std::{io, sync::Arc};

use rustls::{
    RootCertStore, client::danger::ServerCertVerifier, crypto::CryptoProvider,
    pki_types::CertificateDer,
};

/// What verifies as the system does, and trusts `own` as well, all of which can be parsed.
#[cfg(feature = "platform-roots")]
pub(super) fn platform(
    own: Vec<CertificateDer<'static>>,
    provider: &Arc<CryptoProvider>,
) -> io::Result<Arc<dyn ServerCertVerifier>> {
    use rustls_platform_verifier::Verifier;

    #[cfg(target_os = "android")]
    let verifier = match own[..] {
        [] => Verifier::new(provider.clone()),
        _ => {
            return Err(unsupported("the system takes no roots besides its own: name none".into()));
        }
    };
    #[cfg(not(target_os = "android"))]
    let verifier = Verifier::new_with_extra_roots(own, provider.clone());
    match verifier {
        Ok(verifier) => Ok(Arc::new(verifier)),
        Err(error) => {
            let text = format!(
                "the roots of the system cannot be loaded ({error}): install its package of \
                 certificates (ca-certificates), or name the roots by a file"
            );
            Err(io::Error::new(io::ErrorKind::NotFound, text))
        }
    }
}

#[cfg(not(feature = "platform-roots"))]
pub(super) fn platform(
    _: Vec<CertificateDer<'static>>,
    _: &Arc<CryptoProvider>,
) -> io::Result<Arc<dyn ServerCertVerifier>> {
    Err(unsupported(not_built("the roots of the system", "platform-roots")))
}

#[cfg(feature = "mozilla-roots")]
pub(super) fn mozilla() -> io::Result<RootCertStore> {
    Ok(webpki_roots::TLS_SERVER_ROOTS.iter().cloned().collect())
}

#[cfg(not(feature = "mozilla-roots"))]
pub(super) fn mozilla() -> io::Result<RootCertStore> {
    Err(unsupported(not_built("the roots of Mozilla", "mozilla-roots")))
}

#[cfg(not(all(feature = "platform-roots", feature = "mozilla-roots")))]
fn not_built(what: &str, feature: &str) -> String {
    format!(
        "{what} are not in this build: enable the feature {feature} of socketry-connection-tls, or \
         name the roots by a file"
    )
}

#[cfg(any(target_os = "android", not(all(feature = "platform-roots", feature = "mozilla-roots"))))]
fn unsupported(text: String) -> io::Error {
    io::Error::new(io::ErrorKind::Unsupported, text)
}
