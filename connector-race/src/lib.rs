//! Happy Eyeballs (RFC 8305) over any connector: the addresses of a host are dialled as they
//! arrive, and the first connection wins.
//!
//! [`RaceConnector`] turns [`Candidates`](socketry_connector::Candidates) into a connection, over a
//! [`Connect`](socketry_connector::Connect) of one address. It neither looks names up nor opens
//! sockets, and it needs no spawner: all attempts live in the future of the call.
//!
//! What is done next is decided by [`Race`], a value without clock, sockets or `async`. Drive it
//! yourself to race something else.
//!
//! # Examples
//!
//! A host has two addresses, and the first one refuses:
//!
//! ```
//! use std::{io, net::SocketAddr};
//!
//! use futures_lite::future::block_on;
//! use socketry_connection::Connection;
//! use socketry_connector::{Attempts, Candidates, Connect, Trace};
//! use socketry_connector_race::RaceConnector;
//! use socketry_testing::{MemoryConnection, pair};
//!
//! /// Reaches IPv4 only; a connector of TCP sockets in real life.
//! struct OldNetwork;
//!
//! impl Connect<SocketAddr> for OldNetwork {
//!     type Connection = MemoryConnection;
//!
//!     async fn connect_traced(&self, to: SocketAddr, _: Trace<'_>) -> io::Result<MemoryConnection> {
//!         match to.is_ipv4() {
//!             true => Ok(pair().0),
//!             false => Err(io::ErrorKind::NetworkUnreachable.into()),
//!         }
//!     }
//! }
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let addresses = vec!["[2001:db8::1]:80".parse()?, "192.0.2.1:80".parse()?];
//! let candidates = Candidates::from(addresses).for_host("example.org:80".parse()?);
//!
//! let connector = RaceConnector::new(OldNetwork);
//! let connection = block_on(connector.connect(candidates))?;
//!
//! let failed = connection.attributes().get::<Attempts>().unwrap();
//! assert_eq!(failed.to_string(), "tcp://[2001:db8::1]:80: network unreachable");
//! # Ok(())
//! # }
//! ```

pub use crate::{
    connector::RaceConnector,
    race::{Race, Step},
    route::Route,
    rules::Rules,
};

mod attempt;
mod connect;
mod connector;
mod driver;
mod failures;
mod in_flight;
mod memory;
mod order;
mod race;
mod rest;
mod route;
mod rules;
mod settings;
mod telling;
