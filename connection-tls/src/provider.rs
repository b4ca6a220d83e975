//! Whose cryptography is used.

use std::{io, sync::Arc};

use rustls::crypto::{CryptoProvider, SupportedKxGroup};

/// The cryptography that these crates use unless they are given another: AWS-LC with the feature
/// `aws-lc-rs`, else ring with the feature `ring`.
///
/// The default of the process ([`CryptoProvider::get_default`]) is neither asked nor set, because
/// whoever sets it sets it for everybody.
///
/// # Errors
///
/// [`Unsupported`](io::ErrorKind::Unsupported), if both features are off.
pub fn default_provider() -> io::Result<Arc<CryptoProvider>> {
    #[cfg(feature = "aws-lc-rs")]
    return Ok(Arc::new(rustls::crypto::aws_lc_rs::default_provider()));
    #[cfg(all(feature = "ring", not(feature = "aws-lc-rs")))]
    return Ok(Arc::new(rustls::crypto::ring::default_provider()));
    #[cfg(not(any(feature = "ring", feature = "aws-lc-rs")))]
    Err(io::Error::new(
        io::ErrorKind::Unsupported,
        "TLS has no cryptography in this build: enable the feature aws-lc-rs or ring of \
         socketry-connection-tls, or give a crypto provider",
    ))
}

/// Every group that the default cryptography has, also those that nobody gets who has not named them.
pub(crate) fn every_group() -> Vec<&'static dyn SupportedKxGroup> {
    #[cfg(feature = "aws-lc-rs")]
    return rustls::crypto::aws_lc_rs::ALL_KX_GROUPS.to_vec();
    #[cfg(all(feature = "ring", not(feature = "aws-lc-rs")))]
    return rustls::crypto::ring::ALL_KX_GROUPS.to_vec();
    #[cfg(not(any(feature = "ring", feature = "aws-lc-rs")))]
    Vec::new()
}
