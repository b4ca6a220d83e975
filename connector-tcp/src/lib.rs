//! Connects to one socket address over TCP.
//!
//! [`TcpConnector`] is a [`Connect<SocketAddr>`](socketry_connector::Connect): it opens one socket
//! to one address. It does not resolve names, try several addresses, give up after a time, or
//! encrypt; other connectors around it do.
//!
//! # Examples
//!
//! ```
//! use std::net::{SocketAddr, TcpListener};
//!
//! use futures_lite::{AsyncReadExt, AsyncWriteExt, future::block_on};
//! use socketry_connector::Connect;
//! use socketry_connector_tcp::TcpConnector;
//!
//! let listener = TcpListener::bind("127.0.0.1:0")?;
//! let connector = TcpConnector::new();
//!
//! block_on(async {
//!     let mut connection = connector.connect(listener.local_addr()?).await?;
//!     connection.write_all(b"hello").await
//! })?;
//! # Ok::<(), std::io::Error>(())
//! ```

pub use socket2::Socket;
#[doc(no_inline)]
pub use socketry_connection_socket::{Keepalive, SocketOptions, TcpConnection};

pub use crate::connector::TcpConnector;

mod connector;
mod itself;
