//! What becomes a server.

use socketry_connection::BoxConnection;
use socketry_server::{Accept, BoxServer, ServerGroup};
use socketry_server_gate::GateServer;
use socketry_server_limiting::LimitingServer;
use socketry_server_proxy::ProxyServer;
use socketry_server_tcp::TcpServer;
#[cfg(feature = "tls")]
use socketry_server_tls::TlsServer;
#[cfg(unix)]
use socketry_server_unix::UnixServer;

use super::{Inner, Server};

impl From<Inner> for Server {
    fn from(inner: Inner) -> Self {
        Self {
            inner,
            #[cfg(unix)]
            name: None,
        }
    }
}

impl From<TcpServer> for Server {
    fn from(server: TcpServer) -> Self {
        Inner::Tcp(server).into()
    }
}

#[cfg(unix)]
impl From<UnixServer> for Server {
    fn from(server: UnixServer) -> Self {
        Inner::Unix(server).into()
    }
}

#[cfg(feature = "tls")]
impl From<TlsServer<TcpServer>> for Server {
    fn from(server: TlsServer<TcpServer>) -> Self {
        Inner::Tls(Box::new(server)).into()
    }
}

#[cfg(feature = "tls")]
impl From<TlsServer<Server>> for Server {
    fn from(server: TlsServer<Server>) -> Self {
        Inner::Secured(Box::new(server)).into()
    }
}

impl From<ProxyServer<Server>> for Server {
    fn from(server: ProxyServer<Server>) -> Self {
        Inner::Proxied(Box::new(server)).into()
    }
}

impl From<GateServer<Server>> for Server {
    fn from(server: GateServer<Server>) -> Self {
        Inner::Gated(Box::new(server)).into()
    }
}

impl From<LimitingServer<Server>> for Server {
    fn from(server: LimitingServer<Server>) -> Self {
        Inner::Limited(Box::new(server)).into()
    }
}

impl From<ServerGroup<Server>> for Server {
    fn from(group: ServerGroup<Server>) -> Self {
        Inner::Group(Box::new(group)).into()
    }
}

impl From<Box<dyn Accept<Connection = BoxConnection>>> for Server {
    fn from(server: BoxServer) -> Self {
        Inner::Custom(server).into()
    }
}
