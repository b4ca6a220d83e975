//! Whether a certificate is one of those that are pinned.

use std::{fmt, io};

use socketry_connection_tls::{
    NotPinned,
    rustls::{
        Error,
        crypto::{CryptoProvider, hash::Hash},
        pki_types::CertificateDer,
    },
};

use crate::{
    CertificatePin,
    fingerprint::{digest, key_in, sha256},
};

/// Pins, and what is needed to look whether a certificate is one of them.
pub(crate) struct Pins {
    pins: Vec<CertificatePin>,
    hash: &'static dyn Hash,
}

impl Pins {
    pub(crate) fn new(pins: Vec<CertificatePin>, provider: &CryptoProvider) -> io::Result<Self> {
        Ok(Self { pins, hash: sha256(provider)? })
    }

    /// Whether one of the pins is that of a certificate, or of a bare key if it `is_key`
    /// (RFC 7250); what it has instead if not.
    pub(crate) fn check(&self, shown: &CertificateDer<'_>, is_key: bool) -> Result<(), Error> {
        let key = if is_key { shown.to_vec() } else { key_in(shown)? };
        let key = CertificatePin::key(digest(self.hash, &key));
        let whole = CertificatePin::certificate(digest(self.hash, shown));
        if self.pins.contains(&key) || (!is_key && self.pins.contains(&whole)) {
            return Ok(());
        }
        let found = match is_key {
            true => format!("the key {key}"),
            false => format!("{whole}, with the key {key}"),
        };
        Err(NotPinned::new(found).into())
    }
}

impl fmt::Debug for Pins {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(&self.pins).finish()
    }
}
