//! The PROXY protocol for servers, over any server.
//!
//! A proxy that hands on a stream says in front of it whose stream it is: in a line of text
//! (version 1) or in bytes (version 2). [`ProxyServer`] is a decorator: it takes the connections of
//! the server inside, reads that header if the peer is a proxy that is trusted, and yields
//! connections whose addresses are those of the client. It consumes the header and not a byte more.
//!
//! [`ProxyHeader`] is all that the header has told, an attribute of each such connection. It can
//! also be read from bytes and written as bytes without any server.
//!
//! It does not look into the stream behind the header, and it takes no header from anybody whom
//! [`ProxyOptions`] do not name.
//!
//! # Examples
//!
//! ```
//! use std::io;
//!
//! use futures_lite::{AsyncReadExt, AsyncWriteExt, future::block_on};
//! use socketry_connection::Connection;
//! use socketry_server::{Accept, AcceptExt};
//! use socketry_server_proxy::{ProxyHeader, ProxyOptions, ProxyServer};
//!
//! async fn greet_one(listener: impl Accept) -> io::Result<()> {
//!     let proxies = ["10.0.0.0/24".parse().map_err(io::Error::from)?];
//!     let mut server = ProxyServer::new(listener, ProxyOptions::trusting(proxies));
//!     if let Some(accepted) = server.accept().await {
//!         let mut connection = accepted?;
//!         let header = connection.attributes().get::<ProxyHeader>();
//!         let host = header.and_then(ProxyHeader::authority).unwrap_or("nowhere").to_owned();
//!         let from = connection.remote_address();
//!         let greeting = format!("hello {from:?} at {host}");
//!         connection.write_all(greeting.as_bytes()).await?;
//!     }
//!     Ok(())
//! }
//! # use std::net::SocketAddr;
//! # use socketry_testing::{pair_between, scripted_server};
//! # let [proxy, own] = ["tcp://10.0.0.1:5678", "tcp://10.0.0.2:80"].map(|end| end.parse().unwrap());
//! # let (mut client, accepted) = pair_between(proxy, own);
//! # let (listener, handle) = scripted_server();
//! # handle.push(accepted);
//! # let [from, to] = [([192, 0, 2, 1], 4711), ([192, 0, 2, 2], 80)].map(SocketAddr::from);
//! # let header = ProxyHeader::relaying(from, to).with_tlv(ProxyHeader::AUTHORITY, "example.org")?;
//! # block_on(async {
//! #     client.write_all(&header.to_v2()).await?;
//! #     greet_one(listener).await?;
//! #     let mut heard = String::new();
//! #     client.read_to_string(&mut heard).await?;
//! #     assert_eq!(heard, "hello Some(Tcp(192.0.2.1:4711)) at example.org");
//! #     io::Result::Ok(())
//! # })?;
//! # io::Result::Ok(())
//! ```

pub use crate::{
    connection::ProxiedConnection,
    failed::{ProxyFailed, ProxyFailure},
    header::{ProxyCommand, ProxyFamily, ProxyHeader, ProxyTransport, ProxyVersion},
    invalid::InvalidHeader,
    options::{ProxyOptions, Untrusted},
    proxy_tls::ProxyTls,
    server::ProxyServer,
    tlvs::Tlvs,
};

mod accept;
mod connection;
mod crc32c;
mod encode;
mod failed;
mod header;
mod invalid;
mod options;
mod parse;
mod proxy_tls;
mod reading;
mod rest;
mod server;
mod tlvs;
mod v1;
mod v2;
