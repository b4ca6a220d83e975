//! Looks names up as the system does: getaddrinfo, off the executor.
//!
//! [`SystemResolver`] sees what every other program on the machine sees: the hosts file, the
//! nameservers of the system, and whatever else is configured there (mDNS, LDAP, a VPN). It asks
//! for one family at a time, so that neither waits for the other, and for a limited number of names
//! at once, so that a slow nameserver cannot take all threads of the `blocking` crate.
//!
//! What getaddrinfo cannot do, it cannot either: an answer does not say how long it is good, a call
//! that has begun cannot be ended, and a nameserver that fails looks like one that is silent.
//!
//! # Features
//!
//! - `idn` (default): names that are not ASCII, by the crate `idna` (UTS 46). Without it they are
//!   refused, and 30 of its 52 packages are saved.
//!
//! # Examples
//!
//! ```
//! use futures_lite::future::block_on;
//! use socketry_resolver::{Family, Resolve};
//! use socketry_resolver_system::SystemResolver;
//!
//! let resolver = SystemResolver::new();
//! let answer = block_on(resolver.resolve("localhost", Family::V4))?;
//! assert!(answer.ips().all(|ip| ip.is_loopback()));
//! # std::io::Result::Ok(())
//! ```

pub use crate::resolver::SystemResolver;

mod name;
mod resolver;
mod system;
