//! TLS for clients, over any connector.

pub use socketry_connection_tls::{
    HandshakeFailed, HandshakeFailure, Plain, TlsConnection, TlsInfo, TlsOptions,
    UnexpectedPlaintext,
};

pub use crate::{
    connector::TlsConnector,
    setup::SetupFailed,
    tls::ClientTls,
};

mod connector;
mod name;
mod setup;
mod tls;
