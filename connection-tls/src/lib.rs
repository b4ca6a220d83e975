//! TLS over any connection, for both sides.
//!
//! [`TlsConnection`] is a [`Connection`](socketry_connection::Connection) around another one.
//! [`TlsOptions`] makes one, by a handshake as client or as server.

pub use rustls;

pub use crate::{
    connection::TlsConnection,
    failed::{HandshakeFailed, HandshakeFailure},
    info::TlsInfo,
    options::{TlsOptions, Truncation},
    provider::default_provider,
};

mod connection;
mod failed;
mod handshake;
mod info;
mod options;
mod provider;
mod session;
mod transport;
