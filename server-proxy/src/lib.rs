//! The PROXY protocol for servers, over any server.
//!
//! [`ProxyHeader`] is what a proxy tells about a connection. It is read from bytes and written as
//! bytes.

pub use crate::{
    header::{ProxyCommand, ProxyFamily, ProxyHeader, ProxyTransport, ProxyVersion},
    invalid::InvalidHeader,
    proxy_tls::ProxyTls,
    tlvs::Tlvs,
};

mod crc32c;
mod encode;
mod header;
mod invalid;
mod parse;
mod proxy_tls;
mod tlvs;
mod v1;
mod v2;
