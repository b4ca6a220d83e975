//! TLS over any connection, for both sides.
//!
//! [`TlsConnection`] is a [`Connection`](socketry_connection::Connection) around another one.
//! [`TlsOptions`] makes one, by a handshake as client or as server.

pub use rustls;

pub use crate::{
    connection::TlsConnection,
    failed::{HandshakeFailed, HandshakeFailure, NotPinned},
    identity::{Identity, IdentityLoader},
    info::TlsInfo,
    load_failed::LoadFailed,
    options::{TlsOptions, Truncation},
    plain::{Plain, UnexpectedPlaintext},
    protocol::{Protocol, ResolvedProtocol, TlsVersion},
    provider::default_provider,
    remembered::{remembering, remembering_clients},
    roots::Roots,
    session_failed::SessionFailed,
};

mod abort;
mod certificates;
mod connection;
mod details;
mod document;
mod explain;
mod failed;
mod handshake;
mod identity;
mod info;
mod key;
mod load_failed;
mod options;
mod pem;
mod plain;
mod protocol;
mod provider;
mod remembered;
mod roots;
mod session;
mod session_failed;
mod transport;
