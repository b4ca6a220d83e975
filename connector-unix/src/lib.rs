//! Connects to a Unix socket.
//!
//! [`UnixConnector`] is a [`Connect<UnixAddress>`](socketry_connector::Connect): it opens one
//! socket to one path or (on Linux) abstract name. It does not give up after a time; other
//! connectors around it do. Where the system has no Unix sockets this crate is empty.
//!
//! # Examples
//!
//! ```
//! use std::os::unix::net::UnixListener;
//!
//! use futures_lite::{AsyncReadExt, AsyncWriteExt, future::block_on};
//! use socketry_connector::Connect;
//! use socketry_connector_unix::{UnixAddress, UnixConnector};
//!
//! # let directory = std::env::temp_dir().join(format!("socketry-connector-doc-{}", std::process::id()));
//! # std::fs::create_dir_all(&directory)?;
//! let path = directory.join("demo.sock");
//! let listener = UnixListener::bind(&path)?;
//! let connector = UnixConnector::new();
//!
//! block_on(async {
//!     let mut connection = connector.connect(UnixAddress::from_path(&path)?).await?;
//!     connection.write_all(b"hello").await
//! })?;
//! # std::fs::remove_dir_all(&directory)?;
//! # drop(listener);
//! # Ok::<(), std::io::Error>(())
//! ```

#![cfg(unix)]

#[doc(no_inline)]
pub use socketry_connection::UnixAddress;
#[doc(no_inline)]
pub use socketry_connection_socket::{SocketOptions, UnixConnection};

pub use crate::connector::UnixConnector;

mod connector;
