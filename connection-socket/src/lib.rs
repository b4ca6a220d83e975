//! The plain stream sockets that both sides share: what a TCP or Unix connector returns and a TCP
//! or Unix server yields.
//!
//! - [`TcpConnection`] and [`UnixConnection`], one [`SocketConnection`] under both;
//! - [`SocketOptions`], for sockets that connect and sockets that listen;
//! - [`Listener`], the accepting half that TCP and Unix servers are made of.
//!
//! This crate neither resolves, connects nor binds: see `socketry-connector-tcp`,
//! `socketry-server-tcp` and their Unix siblings. It waits through [`async_io`], whose reactor runs
//! on a thread of its own, so everything here works on any executor.
//!
//! # Few system calls
//!
//! A socket is given to the reactor at its first would-block and not before: a connection that is
//! answered at once, handed on or dropped costs no registration. Every operation is tried first
//! and waited for second. After a read that did not fill its buffer the socket is known to be
//! drained, so the next read waits instead of asking the kernel in vain.
//!
//! # Examples
//!
//! ```
//! use std::net::{TcpListener, TcpStream};
//!
//! use futures_lite::{AsyncReadExt, AsyncWriteExt, future::block_on};
//! use socketry_connection::Connection;
//! use socketry_connection_socket::TcpConnection;
//!
//! let listener = TcpListener::bind("127.0.0.1:0")?;
//! let mut client = TcpConnection::try_from(TcpStream::connect(listener.local_addr()?)?)?;
//! let mut server = TcpConnection::try_from(listener.accept()?.0)?;
//!
//! block_on(async {
//!     client.write_all(b"ping").await?;
//!     client.close().await?; // the peer reads to the end; we can still read
//!     let mut heard = String::new();
//!     server.read_to_string(&mut heard).await?;
//!     assert_eq!(heard, "ping");
//!     assert_eq!(server.remote_address(), client.local_address());
//!     std::io::Result::Ok(())
//! })?;
//! # Ok::<(), std::io::Error>(())
//! ```
//!
//! # Features
//!
//! - `async-net`: conversions from and to async-net's streams.

#[cfg(unix)]
pub use crate::{
    adopt::{Adopted, adopt},
    connection::UnixConnection,
};
pub use crate::{
    connecting::Connecting,
    connection::{SocketConnection, TcpConnection},
    error::advice,
    keepalive::Keepalive,
    listener::Listener,
    open::{open, socket_address},
    options::SocketOptions,
    plain::{ListeningSocket, PlainSocket},
    refused::OptionRefused,
    split::{NotOneConnection, ReadHalf, WriteHalf},
    turn::Turn,
};

#[cfg(unix)]
mod adopt;
mod connecting;
mod connection;
mod convert;
mod direction;
mod error;
mod exhaustion;
mod keepalive;
mod listener;
mod open;
mod options;
mod plain;
mod reactor;
mod readiness;
mod refused;
mod socket;
mod split;
mod turn;
