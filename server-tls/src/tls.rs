//! The handle of what a server proves and asks.

use std::{io, sync::Arc};

use socketry_connection_tls::rustls::{ServerConfig, server::ClientHello};

/// How TLS is spoken.
#[derive(Clone, Debug)]
pub struct ServerTls {
    config: Arc<ServerConfig>,
}

impl ServerTls {
    /// As `config` says.
    pub fn from_config(config: Arc<ServerConfig>) -> Self {
        Self { config }
    }

    pub(crate) fn config_for(&self, _hello: &ClientHello<'_>) -> io::Result<Arc<ServerConfig>> {
        Ok(self.config.clone())
    }
}
