//! Listens on a Unix socket.
//!
//! [`UnixServer`] is an [`Accept`](socketry_server::Accept): it binds (or adopts) one listening
//! socket and yields connections. It does not limit or answer; other servers around it do. Where
//! the system has no Unix sockets this crate is empty.
//!
//! # Files
//!
//! A server on the path `/run/demo.sock` owns two files, and removes both when it is closed:
//!
//! | file | what for |
//! |---|---|
//! | `/run/demo.sock` | the socket, as clients know it |
//! | `/run/demo.sock.lock` | empty, locked (`flock(2)`) for the life of the server |
//!
//! The lock decides who may replace a socket file, so that of several servers that start at once
//! one wins and the others learn why they did not: see [`UnixServerOptions::bind`]. It needs no
//! more than the socket itself does: a directory in which files can be made. A server on an
//! abstract name owns no files. A server that takes over from another gets the lock with the
//! socket: see [`UnixServerHandle`].
//!
//! # Examples
//!
//! ```
//! use std::os::unix::net::UnixStream;
//!
//! use futures_lite::{AsyncWriteExt, future::block_on};
//! use socketry_server::{Accept, AcceptExt};
//! use socketry_server_unix::{UnixAddress, UnixServer};
//!
//! # let directory = std::env::temp_dir().join(format!("socketry-server-doc-{}", std::process::id()));
//! # std::fs::create_dir_all(&directory)?;
//! let path = directory.join("demo.sock");
//! let mut server = UnixServer::bind(&UnixAddress::from_path(&path)?)?;
//! let client = UnixStream::connect(&path)?;
//!
//! block_on(async {
//!     while let Some(connection) = server.accept().await {
//!         connection?.write_all(b"hello\n").await?;
//!         server.control().close(); // from here, or from any other task
//!     }
//!     std::io::Result::Ok(())
//! })?;
//! assert!(!path.exists());
//! # drop(client);
//! # std::fs::remove_dir_all(&directory)?;
//! # Ok::<(), std::io::Error>(())
//! ```

#![cfg(unix)]

#[doc(no_inline)]
pub use socketry_connection::UnixAddress;
#[doc(no_inline)]
pub use socketry_connection_socket::{SocketOptions, UnixConnection};

pub use crate::{
    bound::UnixDuplicate, error::PathInUse, handle::UnixServerHandle, options::UnixServerOptions,
    server::UnixServer,
};

mod bound;
mod error;
mod handle;
mod identity;
mod lock_file;
mod options;
mod server;
mod socket_file;
