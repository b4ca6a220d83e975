//! Asks nameservers: a DNS client on [hickory-resolver](hickory_resolver) and smol primitives, for
//! any executor.
//!
//! [`HickoryResolver`] is a [`Resolve`](socketry_resolver::Resolve) that never blocks a thread for
//! an answer, has none of its own (beside the reactor of async-io) and needs no spawner. It speaks
//! DNS over UDP and TCP; encrypted DNS, and what else a system may be told to look names up by
//! (mDNS, NIS, LDAP), it does not speak.
//!
//! # Examples
//!
//! ```
//! use std::io;
//!
//! use futures_lite::future::block_on;
//! use socketry_resolver::{Family, Resolve};
//! use socketry_resolver_hickory::HickoryResolver;
//!
//! # fn main() -> io::Result<()> {
//! let resolver = HickoryResolver::from_system();
//! let answer = block_on(resolver.resolve("localhost", Family::V4))?; // asks nobody
//! assert_eq!(answer.socket_addresses(80).next(), Some(([127, 0, 0, 1], 80).into()));
//! # Ok(())
//! # }
//! ```
//!
//! What a failed lookup says:
//!
//! ```text
//! lookup of nowhere.example (IPv4) failed: there is no such name (NXDOMAIN)
//! lookup of example.org (IPv6) failed: no nameserver can be reached: udp://192.0.2.53:53: Connection refused (os error 111)
//! lookup of example.org (IPv4) failed: the nameserver failed (SERVFAIL): udp://192.0.2.53:53: SERVFAIL; udp://192.0.2.54:53: no answer in time
//! ```

pub use crate::{
    builder::HickoryBuilder,
    nameserver::{InvalidNameserver, Nameserver},
    resolver::HickoryResolver,
};

mod asking;
mod builder;
mod config;
mod engine;
mod failure;
mod hosts;
mod name;
mod nameserver;
mod nameservers;
mod questions;
mod reply;
mod resolver;
pub mod runtime;
mod server;
mod settings;
mod setup;
mod shortage;
mod system;
mod udp;
mod zone;
