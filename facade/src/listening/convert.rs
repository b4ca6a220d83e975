//! What becomes a server.

use socketry_connection::BoxConnection;
use socketry_server::{Accept, BoxServer};
use socketry_server_gate::GateServer;
use socketry_server_limiting::LimitingServer;
use socketry_server_proxy::ProxyServer;
use socketry_server_tcp::TcpServer;
#[cfg(feature = "tls")]
use socketry_server_tls::TlsServer;
#[cfg(unix)]
use socketry_server_unix::UnixServer;

use super::{Inner, Server};

impl From<TcpServer> for Server {
    fn from(server: TcpServer) -> Self {
        Self(Inner::Tcp(server))
    }
}

#[cfg(unix)]
impl From<UnixServer> for Server {
    fn from(server: UnixServer) -> Self {
        Self(Inner::Unix(server))
    }
}

#[cfg(feature = "tls")]
impl From<TlsServer<TcpServer>> for Server {
    fn from(server: TlsServer<TcpServer>) -> Self {
        Self(Inner::Tls(Box::new(server)))
    }
}

#[cfg(feature = "tls")]
impl From<TlsServer<Server>> for Server {
    fn from(server: TlsServer<Server>) -> Self {
        Self(Inner::Secured(Box::new(server)))
    }
}

impl From<ProxyServer<Server>> for Server {
    fn from(server: ProxyServer<Server>) -> Self {
        Self(Inner::Proxied(Box::new(server)))
    }
}

impl From<GateServer<Server>> for Server {
    fn from(server: GateServer<Server>) -> Self {
        Self(Inner::Gated(Box::new(server)))
    }
}

impl From<LimitingServer<Server>> for Server {
    fn from(server: LimitingServer<Server>) -> Self {
        Self(Inner::Limited(Box::new(server)))
    }
}

impl From<Box<dyn Accept<Connection = BoxConnection>>> for Server {
    fn from(server: BoxServer) -> Self {
        Self(Inner::Custom(server))
    }
}
