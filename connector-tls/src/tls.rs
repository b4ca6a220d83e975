//! How a client speaks TLS.

use std::{fmt, io, sync::Arc};

use socketry_connection_tls::{
    TlsOptions,
    rustls::{ClientConfig, pki_types::ServerName},
};
use socketry_connector::Host;

use crate::{SetupFailed, name::server_name, setup::Setup};

/// How a client speaks TLS: one configuration, shared by all clones and all connections.
#[derive(Clone)]
pub struct ClientTls(Arc<Inner>);

struct Inner {
    config: Setup<Arc<ClientConfig>>,
    options: TlsOptions,
    name: Option<ServerName<'static>>,
}

impl ClientTls {
    /// With a configuration of rustls that was made elsewhere.
    ///
    /// All that the builder does is up to whoever has made it.
    pub fn with_config(config: Arc<ClientConfig>, options: TlsOptions) -> Self {
        Self(Arc::new(Inner { config: Setup::done(config), options, name: None }))
    }

    /// The configuration, as rustls has it; made at the first call.
    pub async fn config(&self) -> Result<Arc<ClientConfig>, SetupFailed> {
        self.0.config.get().await
    }

    /// How connections are made and ended.
    pub fn options(&self) -> &TlsOptions {
        &self.0.options
    }

    /// Who has to answer at `host`.
    pub(crate) fn name_for(&self, host: &Host) -> io::Result<ServerName<'static>> {
        match &self.0.name {
            Some(name) => Ok(name.clone()),
            None => server_name(host),
        }
    }
}

impl fmt::Debug for ClientTls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClientTls").field("options", &self.0.options).finish_non_exhaustive()
    }
}
