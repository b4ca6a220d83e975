//! What becomes a socket.

use socketry_connection::BoxConnection;
use socketry_connection_socket::TcpConnection;
#[cfg(unix)]
use socketry_connection_socket::UnixConnection;
#[cfg(feature = "tls")]
use socketry_connection_tls::TlsConnection;
use socketry_server_gate::GatedConnection;
use socketry_server_limiting::TrackedConnection;
use socketry_server_proxy::ProxiedConnection;

use super::{Inner, Socket};

impl From<TcpConnection> for Socket {
    fn from(connection: TcpConnection) -> Self {
        Self(Inner::Tcp(connection))
    }
}

#[cfg(unix)]
impl From<UnixConnection> for Socket {
    fn from(connection: UnixConnection) -> Self {
        Self(Inner::Unix(connection))
    }
}

#[cfg(feature = "tls")]
impl From<TlsConnection<TcpConnection>> for Socket {
    fn from(connection: TlsConnection<TcpConnection>) -> Self {
        Self(Inner::Tls(connection))
    }
}

#[cfg(feature = "tls")]
impl From<TlsConnection<BoxConnection>> for Socket {
    fn from(connection: TlsConnection<BoxConnection>) -> Self {
        Self(Inner::Custom(Box::new(connection)))
    }
}

/// A socket that was secured, also while it was in use (STARTTLS).
#[cfg(feature = "tls")]
impl From<TlsConnection<Socket>> for Socket {
    fn from(connection: TlsConnection<Socket>) -> Self {
        Self(Inner::Secured(Box::new(connection)))
    }
}

impl From<ProxiedConnection<Socket>> for Socket {
    fn from(connection: ProxiedConnection<Socket>) -> Self {
        Self(Inner::Proxied(Box::new(connection)))
    }
}

impl From<GatedConnection<Socket>> for Socket {
    fn from(connection: GatedConnection<Socket>) -> Self {
        Self(Inner::Gated(Box::new(connection)))
    }
}

impl From<TrackedConnection<Socket>> for Socket {
    fn from(connection: TrackedConnection<Socket>) -> Self {
        Self(Inner::Tracked(Box::new(connection)))
    }
}

impl From<BoxConnection> for Socket {
    fn from(connection: BoxConnection) -> Self {
        Self(Inner::Custom(connection))
    }
}
