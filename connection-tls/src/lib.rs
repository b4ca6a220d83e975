//! TLS over any connection, for both sides.
//!
//! [`TlsConnection`] is a [`Connection`](socketry_connection::Connection) around another one.
//! [`TlsOptions`] makes one, by a handshake as client or as server.

pub use rustls;

pub use crate::{
    connection::TlsConnection,
    failed::{HandshakeFailed, HandshakeFailure, NotPinned},
    info::TlsInfo,
    options::{TlsOptions, Truncation},
    provider::default_provider,
    remembered::{remembering, remembering_clients},
    session_failed::SessionFailed,
};

mod both_sides;
mod connection;
mod explain;
mod failed;
mod handshake;
mod info;
mod options;
mod outgoing;
mod provider;
mod read_ahead;
mod remembered;
mod session;
mod session_failed;
mod transport;
