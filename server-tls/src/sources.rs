//! What a server proves and asks, as it was described.

use std::{collections::BTreeMap, io, path::Path, sync::Arc};

use socketry_connection_tls::{
    Identity, Protocol, Roots, remembering_clients,
    rustls::{KeyLog, NoKeyLog, ServerConfig, crypto::CryptoProvider},
};

use crate::{
    names::{Certificates, Name},
    resumption::Resumption,
};

/// Which certificates clients are asked for.
///
/// What a client has proved is in the [`TlsInfo`](socketry_connection_tls::TlsInfo) of its
/// connection, also if an earlier session was resumed.
///
/// A certificate that says what it may be used for has to be for clients (`clientAuth`).
///
/// # Examples
///
/// Only those whom an authority of one's own has let in, and who have not lost their key since:
///
/// ```
/// use socketry_connection_tls::{Identity, Roots};
/// use socketry_server_tls::{ClientCertificates, ServerTls};
///
/// # let dir = socketry_testing::TestDir::new();
/// # let authority = socketry_testing::TestAuthority::new();
/// # let (server, stolen) = (authority.issue(["localhost"]), authority.issue(["client.test"]));
/// # let identity = Identity::from_pem(server.chain_pem(), server.key_pem()).load()?;
/// # let revoked = authority.revocations([&stolen]);
/// # let ca = dir.write("ca.pem", authority.certificate_pem());
/// let clients = Roots::none().with_pem_file(ca).with_revocations(revoked.der());
/// let tls = ServerTls::builder()
///     .identity(identity)
///     .client_certificates(ClientCertificates::Required(clients))
///     .build()?;
/// # let _ = tls;
/// # std::io::Result::Ok(())
/// ```
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub enum ClientCertificates {
    /// None.
    #[default]
    None,
    /// One that these roots have signed, if the client has any. A client with another one is
    /// refused.
    Optional(Roots),
    /// One that these roots have signed. A client without one is refused.
    Required(Roots),
}

impl ClientCertificates {
    fn roots(&self) -> Option<(&Roots, bool)> {
        match self {
            Self::None => None,
            Self::Optional(roots) => Some((roots, false)),
            Self::Required(roots) => Some((roots, true)),
        }
    }

    /// Whether clients are asked for any.
    pub(crate) fn are_asked_for(&self) -> bool {
        self.roots().is_some()
    }
}

/// All that a configuration is made of.
#[derive(Clone)]
pub(crate) struct Sources {
    pub(crate) default: Option<Identity>,
    pub(crate) by_name: BTreeMap<Name, Identity>,
    pub(crate) refuses_unknown: bool,
    pub(crate) clients: ClientCertificates,
    pub(crate) protocol: Protocol,
    pub(crate) resumption: Resumption,
    pub(crate) key_log: Option<Arc<dyn KeyLog>>,
}

impl Sources {
    pub(crate) fn new() -> Self {
        Self {
            default: None,
            by_name: BTreeMap::new(),
            refuses_unknown: false,
            clients: ClientCertificates::None,
            protocol: Protocol::new(),
            resumption: Resumption::default(),
            key_log: None,
        }
    }

    /// Whether there is something to prove.
    pub(crate) fn has_identity(&self) -> bool {
        self.default.is_some() || !self.by_name.is_empty()
    }

    /// The files that all of this has come from.
    pub(crate) fn files(&self) -> impl Iterator<Item = &Path> {
        let identities = self.default.iter().chain(self.by_name.values());
        let roots = self.clients.roots().into_iter();
        identities.flat_map(Identity::files).chain(roots.flat_map(|(roots, _)| roots.files()))
    }

    /// The same with identities from the files as they are now.
    pub(crate) fn reloaded(&self) -> io::Result<Self> {
        let mut reloaded = self.clone();
        for identity in reloaded.default.iter_mut().chain(reloaded.by_name.values_mut()) {
            *identity = identity.reload()?;
        }
        Ok(reloaded)
    }

    /// The keys of all identities.
    pub(crate) fn certificates(&self, provider: &CryptoProvider) -> io::Result<Certificates> {
        let default = self.default.as_ref();
        let default = default.map(|identity| identity.certified_key(provider)).transpose()?;
        let mut certificates = Certificates::new(default, self.refuses_unknown);
        for (name, identity) in &self.by_name {
            certificates.insert(name.clone(), identity.certified_key(provider)?);
        }
        Ok(certificates)
    }

    /// A configuration without certificates. Reads the files of the roots.
    pub(crate) fn config(&self) -> io::Result<ServerConfig> {
        let protocol = self.protocol.resolve()?;
        let provider = protocol.provider;
        let builder = ServerConfig::builder_with_provider(provider.clone())
            .with_protocol_versions(&protocol.versions)
            .map_err(io::Error::other)?;
        let builder = match self.clients.roots() {
            None => builder.with_no_client_auth(),
            Some((roots, is_required)) => {
                let verifier = roots.client_verifier(&provider, is_required)?;
                builder.with_client_cert_verifier(remembering_clients(verifier))
            }
        };
        let mut config = builder.with_cert_resolver(Arc::new(Certificates::default()));
        config.alpn_protocols = protocol.alpn;
        config.key_log = self.key_log.clone().unwrap_or_else(|| Arc::new(NoKeyLog {}));
        self.resumption.apply(&mut config)?;
        Ok(config)
    }
}
