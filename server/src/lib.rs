//! How connections are taken: the [`Accept`] trait, the [`Control`] of a server, and several
//! servers as one.
//!
//! This crate listens on nothing. A server is a value that yields
//! [`Connection`](socketry_connection::Connection)s; layers are servers around servers. A
//! [`Control`] belongs to each: it pauses, resumes and closes the server from any task, whether
//! anybody polls the server or not.
//!
//! # Examples
//!
//! A function that works over any server:
//!
//! ```
//! use futures_lite::AsyncWriteExt;
//! use socketry_server::{Accept, AcceptExt};
//!
//! /// Greets one client after the other, until the server is closed.
//! async fn greet(mut server: impl Accept) {
//!     while let Some(connection) = server.accept().await {
//!         let greeted = match connection {
//!             Ok(mut connection) => connection.write_all(b"hello\n").await,
//!             Err(error) => Err(error),
//!         };
//!         if let Err(error) = greeted {
//!             eprintln!("{error}"); // the server goes on
//!         }
//!     }
//! }
//! ```

pub use crate::{
    accept::{Accept, AcceptExt, Accepting, Incoming},
    at_limit::AtLimit,
    boxed::{BoxServer, BoxedConnections},
    control::{Control, State, Watch},
    error::{AcceptFailed, LimitReached, ListenFailed},
    group::ServerGroup,
    network::{InvalidNetwork, Network},
    signal::Signal,
    slot::{Slot, SlotHandle},
};

mod accept;
mod at_limit;
mod boxed;
mod control;
mod error;
mod group;
mod network;
mod signal;
mod slot;
