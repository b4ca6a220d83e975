//! Listens on TCP.
//!
//! [`TcpServer`] is an [`Accept`](socketry_server::Accept): it binds (or adopts) one listening
//! socket and yields plaintext connections. It does not limit, encrypt or answer; other servers
//! around it do.
//!
//! # Examples
//!
//! ```
//! use std::net::TcpStream;
//!
//! use futures_lite::{AsyncWriteExt, future::block_on};
//! use socketry_server::{Accept, AcceptExt};
//! use socketry_server_tcp::TcpServer;
//!
//! let mut server = TcpServer::bind("127.0.0.1:0".parse().unwrap())?;
//! let address = server.local_address().and_then(|address| address.socket_address()).unwrap();
//! let client = TcpStream::connect(address)?;
//!
//! block_on(async {
//!     while let Some(connection) = server.accept().await {
//!         connection?.write_all(b"hello\n").await?;
//!         server.control().close(); // from here, or from any other task
//!     }
//!     std::io::Result::Ok(())
//! })?;
//! # drop(client);
//! # Ok::<(), std::io::Error>(())
//! ```

#[doc(no_inline)]
pub use socketry_connection_socket::{Keepalive, SocketOptions, TcpConnection};

pub use crate::{
    options::TcpServerOptions,
    server::{TcpServer, TcpServerHandle},
};

mod options;
mod server;
