//! TLS as every library here speaks it: version 1.3, by AWS-LC, with the groups for the exchange of
//! keys that rustls has by default, and one certificate with a P-256 key.

use std::{io, sync::Arc};

use clap::ValueEnum;
use rustls::{
    ClientConfig, CommonState, HandshakeKind, RootCertStore, ServerConfig,
    client::Resumption,
    crypto::{CryptoProvider, aws_lc_rs},
    version::TLS13,
};

use crate::{tls::identity::Identity, totals::count_resumed};

pub(crate) mod identity;

/// What is between a stream and its socket.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Layer {
    /// Nothing.
    Plain,
    /// TLS, where no client comes again: each handshake is a full one. Servers have tickets all the
    /// same, as they do by default.
    Tls,
    /// TLS, where clients resume their sessions.
    TlsResumed,
}

/// Less than this of all handshakes resumed means that something else was measured. The first ones
/// have nothing to resume.
const LEAST_RESUMED: f64 = 0.95;

impl Layer {
    /// Whether so many resumed sessions an operation are what this is about.
    pub(crate) fn is_meant(self, resumed: f64) -> bool {
        match self {
            Self::Plain | Self::Tls => resumed == 0.0,
            Self::TlsResumed => resumed >= LEAST_RESUMED,
        }
    }
}

/// How a client of rustls speaks.
pub(crate) fn client_config(layer: Layer) -> io::Result<Arc<ClientConfig>> {
    let mut roots = RootCertStore::empty();
    roots.add(Identity::of_environment()?.certificate_der()?).map_err(io::Error::other)?;
    let mut config = ClientConfig::builder_with_provider(provider())
        .with_protocol_versions(&[&TLS13])
        .map_err(io::Error::other)?
        .with_root_certificates(roots)
        .with_no_client_auth();
    if layer != Layer::TlsResumed {
        config.resumption = Resumption::disabled();
    }
    Ok(config.into())
}

/// How a server of rustls speaks. Whether sessions are resumed is up to its clients.
pub(crate) fn server_config() -> io::Result<Arc<ServerConfig>> {
    let identity = Identity::of_environment()?;
    let config = ServerConfig::builder_with_provider(provider())
        .with_protocol_versions(&[&TLS13])
        .map_err(io::Error::other)?
        .with_no_client_auth()
        .with_single_cert(vec![identity.certificate_der()?], identity.key_der()?);
    Ok(config.map_err(io::Error::other)?.into())
}

fn provider() -> Arc<CryptoProvider> {
    aws_lc_rs::default_provider().into()
}

/// A handshake is done.
pub(crate) fn count_handshake(session: &CommonState) {
    if session.handshake_kind() == Some(HandshakeKind::Resumed) {
        count_resumed();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_without_resumption_resumes_nothing() {
        assert!(Layer::Tls.is_meant(0.0));
        assert!(!Layer::Tls.is_meant(0.01));
    }

    #[test]
    fn a_run_with_resumption_resumes_nearly_everything() {
        assert!(Layer::TlsResumed.is_meant(0.99));
        assert!(!Layer::TlsResumed.is_meant(0.94));
    }
}
