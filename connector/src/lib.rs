//! How connections are made: the [`Connect`] trait, the targets it narrows, and the [`Trace`] of
//! one call.
//!
//! This crate opens nothing. A connector is a value that turns a *target* into a
//! [`Connection`](socketry_connection::Connection); layers are connectors around connectors. The
//! target narrows on the way down and its type says how far it has come, so that a wrong nesting
//! does not compile:
//!
//! ```text
//! PeerNamed<HostPort>   a host under a TLS name of its own
//! HostPort              a host, by name or literal, and a port
//! Candidates            the addresses of a host, while they are still arriving
//! SocketAddr            one address
//! UnixAddress           a Unix socket
//! ```
//!
//! # Examples
//!
//! A function that works over any connector to a host:
//!
//! ```
//! use std::io;
//!
//! use futures_lite::AsyncWriteExt;
//! use socketry_connector::{Connect, HostPort};
//!
//! async fn send<C: Connect<HostPort>>(connector: &C, target: &str, what: &[u8]) -> io::Result<()> {
//!     let mut connection = connector.connect(target.parse()?).await?;
//!     connection.write_all(what).await?;
//!     connection.close().await
//! }
//! ```

pub use crate::{
    attempt::{Attempt, Attempts, Phase},
    boxed::BoxConnector,
    candidates::{Candidates, Feed},
    connect::Connect,
    event::{Event, EventKind, Observe},
    failed::{AllAttemptsFailed, ConnectFailed},
    fixed::FixedConnector,
    host::{Host, InvalidHost},
    host_port::HostPort,
    peer_named::PeerNamed,
    timings::Timings,
    trace::{AttemptTrace, LookupTrace, Trace},
};

mod attempt;
mod boxed;
mod candidates;
mod connect;
mod event;
mod failed;
mod fixed;
mod host;
mod host_port;
mod peer_named;
mod timings;
mod trace;
