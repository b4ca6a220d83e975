//! What a connection is: one trait, and the values that every layer around it shares.
//!
//! This crate opens nothing and waits for nothing. It holds the contract between those who make
//! connections (connectors, servers), those who wrap them (TLS, limits, your own layers) and those
//! who use them:
//!
//! - [`Connection`]: a byte stream both ways that knows its addresses, carries [`Attributes`] and
//!   can be ended from outside through an [`AbortHandle`];
//! - [`Address`] and [`UnixAddress`]: where a connection starts and ends, printed and parsed as a
//!   URI;
//! - [`Clock`]: the time that everything which waits can be given instead of the system's;
//! - [`os_error`]: the error number at the bottom of an [`io::Error`](std::io::Error), however
//!   deeply it is wrapped.
//!
//! # Examples
//!
//! A function that works over whatever a connector or a server hands out:
//!
//! ```
//! use futures_lite::AsyncWriteExt;
//! use socketry_connection::Connection;
//!
//! async fn greet(connection: &mut impl Connection) -> std::io::Result<()> {
//!     let greeting = match connection.remote_address() {
//!         Some(address) => format!("Hello {address}!\n"),
//!         None => "Hello, whoever you are!\n".to_string(),
//!     };
//!     connection.write_all(greeting.as_bytes()).await
//! }
//! ```
//!
//! # Features
//!
//! - `timer`: [`Sleep`], for crates that wait. Off by default, because an interface needs no timer.

#![cfg_attr(docsrs, feature(doc_cfg))]

#[cfg(feature = "timer")]
pub use crate::sleep::{Sleep, now};
pub use crate::{
    abort::{Abort, AbortHandle},
    address::{Address, Family, InvalidAddress},
    attributes::Attributes,
    clock::Clock,
    connection::{BoxConnection, Connection},
    error::os_error,
    unix_address::UnixAddress,
};

mod abort;
mod address;
#[cfg(feature = "timer")]
mod alarms;
mod attributes;
mod clock;
mod connection;
mod error;
#[cfg(feature = "timer")]
mod sleep;
mod unix_address;
