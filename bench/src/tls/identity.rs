//! The certificate of all servers here. It is made once by whoever measures, and reaches the
//! processes in their environment.

use std::{env, io, sync::LazyLock};

use rustls::pki_types::{
    CertificateDer, PrivateKeyDer,
    pem::{Error, PemObject},
};

use crate::tls::Layer;

/// The name in the certificate.
pub(crate) const NAME: &str = "localhost";

/// Where the certificate is, in PEM.
const CERTIFICATE: &str = "SOCKETRY_BENCH_CERTIFICATE";

/// Where its key is, in PEM (PKCS#8).
const KEY: &str = "SOCKETRY_BENCH_KEY";

/// A certificate that has signed itself, and its key, both in PEM.
pub(crate) struct Identity {
    pub(crate) certificate: String,
    pub(crate) key: String,
}

impl Identity {
    fn new() -> Result<Self, rcgen::Error> {
        let made = rcgen::generate_simple_self_signed([NAME.to_string()])?;
        Ok(Self { certificate: made.cert.pem(), key: made.signing_key.serialize_pem() })
    }

    /// The one that this process was given.
    pub(crate) fn of_environment() -> io::Result<Self> {
        let variable = |name| {
            let why = |error| io::Error::other(format!("the environment variable {name}: {error}"));
            env::var(name).map_err(why)
        };
        Ok(Self { certificate: variable(CERTIFICATE)?, key: variable(KEY)? })
    }

    pub(super) fn certificate_der(&self) -> io::Result<CertificateDer<'static>> {
        CertificateDer::from_pem_slice(self.certificate.as_bytes()).map_err(unreadable)
    }

    pub(super) fn key_der(&self) -> io::Result<PrivateKeyDer<'static>> {
        PrivateKeyDer::from_pem_slice(self.key.as_bytes()).map_err(unreadable)
    }
}

fn unreadable(error: Error) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, error)
}

/// What a process has to find in its environment.
pub(crate) fn environment(
    layer: Layer,
) -> io::Result<impl IntoIterator<Item = (&'static str, &'static str)>> {
    static MADE: LazyLock<Result<Identity, rcgen::Error>> = LazyLock::new(Identity::new);

    if layer == Layer::Plain {
        return Ok(vec![]);
    }
    match &*MADE {
        Ok(Identity { certificate, key }) => Ok(vec![(CERTIFICATE, certificate), (KEY, key)]),
        Err(error) => Err(io::Error::other(error.to_string())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_processes_of_a_run_get_one_identity() {
        let [first, second] = [(); 2].map(|()| Vec::from_iter(environment(Layer::Tls).unwrap()));
        assert_eq!(first.len(), 2);
        assert_eq!(first, second);
    }

    #[test]
    fn plain_processes_get_none() {
        assert_eq!(environment(Layer::Plain).unwrap().into_iter().count(), 0);
    }

    #[test]
    fn what_is_made_can_be_read() {
        let identity = Identity::new().unwrap();
        identity.certificate_der().unwrap();
        assert!(matches!(identity.key_der().unwrap(), PrivateKeyDer::Pkcs8(_)));
    }
}
