//! Async, streaming connectors and servers, wired by one URI.

#![cfg_attr(docsrs, feature(doc_cfg))]
#![allow(
    dead_code,
    unused_imports,
    reason = "provisional: the connector and the server are not wired yet"
)]

pub use socketry_connection::{Address, UnixAddress};
pub use socketry_connector::{Host, HostPort, PeerNamed};

pub use crate::endpoint::{Endpoint, InvalidEndpoint};

mod endpoint;
#[cfg(unix)]
mod inherited;
