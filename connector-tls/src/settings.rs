//! What was chosen, and the configuration that comes of it.

use std::{io, sync::Arc};

use socketry_connection_tls::{
    Identity, Protocol, ResolvedProtocol, Roots, remembering,
    rustls::{
        ClientConfig, KeyLog,
        client::{ClientSessionStore, ResolvesClientCert, Resumption, danger::ServerCertVerifier},
        sign::SingleCertAndKey,
    },
};

use crate::{
    CertificatePin,
    pins::Pins,
    verifier::{AnyCertificate, Checked},
};

/// How many sessions are kept unless said otherwise.
const SESSIONS: usize = 256;

/// Whether the roots of the platform come with a verifier of the system's own.
const SYSTEM_VERIFIES: bool = cfg!(any(windows, target_vendor = "apple", target_os = "android"));

/// What was chosen.
#[derive(Clone)]
pub(crate) struct Settings {
    pub(crate) trust: Trust,
    pub(crate) any_name: bool,
    pub(crate) pins: Vec<CertificatePin>,
    pub(crate) identity: Option<Identity>,
    pub(crate) protocol: Protocol,
    pub(crate) sni: bool,
    pub(crate) sessions: Sessions,
    pub(crate) key_log: Option<Arc<dyn KeyLog>>,
}

/// Whose certificates are good.
#[derive(Clone)]
pub(crate) enum Trust {
    Roots(Roots),
    Anybody,
    Verifier(Arc<dyn ServerCertVerifier>),
}

#[derive(Clone)]
pub(crate) enum Sessions {
    Kept(usize),
    In(Arc<dyn ClientSessionStore>),
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            trust: Trust::Roots(Roots::platform()),
            any_name: false,
            pins: Vec::new(),
            identity: None,
            protocol: Protocol::new(),
            sni: true,
            sessions: Sessions::Kept(SESSIONS),
            key_log: None,
        }
    }
}

/// A configuration that is checked, and lacks only what takes time: the roots.
pub(crate) struct Draft {
    trust: Trust,
    any_name: bool,
    pins: Vec<CertificatePin>,
    client: Option<Arc<SingleCertAndKey>>,
    protocol: ResolvedProtocol,
    sni: bool,
    resumption: Resumption,
    key_log: Option<Arc<dyn KeyLog>>,
}

impl Settings {
    pub(crate) fn draft(self) -> io::Result<Draft> {
        self.check_that_names_can_be_ignored()?;
        let protocol = self.protocol.resolve()?;
        if !self.pins.is_empty() {
            Pins::new(Vec::new(), &protocol.provider)?;
        }
        let client = match &self.identity {
            Some(identity) => Some(identity.certified_key(&protocol.provider)?),
            None => None,
        };
        Ok(Draft {
            trust: self.trust,
            any_name: self.any_name,
            pins: self.pins,
            client: client.map(|key| Arc::new(SingleCertAndKey::from(key))),
            protocol,
            sni: self.sni,
            resumption: match self.sessions {
                Sessions::Kept(0) => Resumption::disabled(),
                Sessions::Kept(count) => Resumption::in_memory_sessions(count),
                Sessions::In(store) => Resumption::store(store),
            },
            key_log: self.key_log,
        })
    }
}

impl Settings {
    /// Only a verifier that looks at the name last, and alone, can be told apart from one that has
    /// found something worse.
    fn check_that_names_can_be_ignored(&self) -> io::Result<()> {
        let (kind, reason) = match &self.trust {
            _ if !self.any_name => return Ok(()),
            Trust::Verifier(_) => (
                io::ErrorKind::InvalidInput,
                "a verifier of your own checks the name by itself: leave out accept_any_name, and \
                 let it accept any",
            ),
            Trust::Roots(_) if SYSTEM_VERIFIES => (
                io::ErrorKind::Unsupported,
                "on this system chain and name are checked together: leave out accept_any_name, \
                 and say by server_name which name the certificate has",
            ),
            Trust::Roots(_) | Trust::Anybody => return Ok(()),
        };
        Err(io::Error::new(kind, reason))
    }
}

impl Draft {
    /// Loads the roots, which may read many files: call it where blocking is fine.
    pub(crate) fn config(&self) -> io::Result<Arc<ClientConfig>> {
        let provider = self.protocol.provider.clone();
        let config = ClientConfig::builder_with_provider(provider)
            .with_protocol_versions(&self.protocol.versions)
            .map_err(|error| io::Error::new(io::ErrorKind::InvalidInput, error))?
            .dangerous()
            .with_custom_certificate_verifier(self.verifier()?);
        let mut config = match self.client.clone() {
            Some(client) => config.with_client_cert_resolver(client as Arc<dyn ResolvesClientCert>),
            None => config.with_no_client_auth(),
        };
        config.alpn_protocols = self.protocol.alpn.clone();
        config.enable_sni = self.sni;
        config.resumption = self.resumption.clone();
        if let Some(key_log) = &self.key_log {
            config.key_log = key_log.clone();
        }
        Ok(Arc::new(config))
    }

    fn verifier(&self) -> io::Result<Arc<dyn ServerCertVerifier>> {
        let provider = &self.protocol.provider;
        let inner = match &self.trust {
            Trust::Roots(roots) => roots.server_verifier(provider)?,
            Trust::Anybody => Arc::new(AnyCertificate {
                checks_name: !self.any_name,
                algorithms: provider.signature_verification_algorithms,
            }),
            Trust::Verifier(verifier) => verifier.clone(),
        };
        let pins = match &self.pins[..] {
            [] => None,
            pins => Some(Pins::new(pins.to_vec(), provider)?),
        };
        let verifier = match pins.is_some() || self.any_name {
            true => Arc::new(Checked { inner, any_name: self.any_name, pins }),
            false => inner,
        };
        Ok(remembering(verifier))
    }
}
