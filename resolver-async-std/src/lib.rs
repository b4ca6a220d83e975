//! A DNS client on the package [`async-std-resolver`](https://docs.rs/async-std-resolver/0.24.4),
//! for programs that have it already, or have to stay with it.
//!
//! [`AsyncStdResolver`] makes of it a resolver as this house means it: one family a call, with a
//! deadline over the whole lookup, errors that tell NXDOMAIN from SERVFAIL from silence, the hosts
//! file before any nameserver, and never a public nameserver that nobody has asked for.
//!
//! # Read this first
//!
//! The package has no successor, and two advisories that will not be mended on its line:
//!
//! - [RUSTSEC-2025-0052](https://rustsec.org/advisories/RUSTSEC-2025-0052): async-std, which it
//!   runs on, is discontinued.
//! - [RUSTSEC-2026-0119](https://rustsec.org/advisories/RUSTSEC-2026-0119): hickory-proto before
//!   0.26.1 takes quadratic time to encode messages with many names. A client encodes its own
//!   queries only, of one name each, so that nobody from outside can reach it here; `cargo audit`
//!   reports it all the same, in every program that has this crate.
//!
//! Besides, three things that a wrapper cannot mend:
//!
//! - It does not compare the question of an answer with its own: a forged answer needs the port and
//!   the number of a query, but not its name.
//! - A truncated answer that cannot be had over TCP either is taken as it is, mostly empty.
//! - It leaves the threads of async-std behind, one a processor, for as long as the program runs.
//!
//! Take `socketry-resolver-hickory` unless you need this one.
//!
//! # Examples
//!
//! ```
//! use futures_lite::future::block_on;
//! use socketry_resolver::{Family, Resolve};
//! use socketry_resolver_async_std::AsyncStdResolver;
//!
//! let resolver = AsyncStdResolver::asking(["127.0.0.1:53".parse().unwrap()]);
//! // RFC 6761: this asks nobody.
//! let answer = block_on(resolver.resolve("localhost", Family::V6))?;
//! assert_eq!(answer.ips().next(), Some("::1".parse().unwrap()));
//! # std::io::Result::Ok(())
//! ```

pub use crate::resolver::AsyncStdResolver;

mod failure;
mod hosts;
mod name;
mod resolver;
