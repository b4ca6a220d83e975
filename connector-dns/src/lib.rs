//! Connects by name: looks addresses up, and has them dialled while others are still being looked
//! up.
//!
//! [`DnsConnector`] stands between a [`Resolve`](socketry_resolver::Resolve), which knows the
//! addresses of names, and a [`Connect`](socketry_connector::Connect) of
//! [`Candidates`](socketry_connector::Candidates), which dials them. It knows when to ask, when to
//! wait and when to begin (RFC 8305, section 3), and which address is the best (RFC 6724). How addresses are looked up, and which of several is connected to, is the business of
//! the two.
//!
//! # Examples
//!
//! Without a race: the first address that comes is the only one that is tried.
//!
//! ```
//! use std::{future::poll_fn, io, net::SocketAddr};
//!
//! use futures_lite::future::block_on;
//! use socketry_connector::{Candidates, Connect, HostPort, Trace};
//! use socketry_connector_dns::DnsConnector;
//! use socketry_resolver::StaticResolver;
//!
//! struct First<C>(C);
//!
//! impl<C: Connect<SocketAddr>> Connect<Candidates> for First<C> {
//!     type Connection = C::Connection;
//!
//!     async fn connect_traced(
//!         &self,
//!         mut candidates: Candidates,
//!         trace: Trace<'_>,
//!     ) -> io::Result<C::Connection> {
//!         match poll_fn(|cx| candidates.poll_next(cx)).await {
//!             Some(address) => self.0.connect_traced(address, trace).await,
//!             None => Err(io::ErrorKind::AddrNotAvailable.into()),
//!         }
//!     }
//! }
//!
//! # fn main() -> io::Result<()> {
//! # let (tcp, handle) = socketry_testing::scripted_connector::<SocketAddr>();
//! # handle.answer_next(|address, _| {
//! #     assert_eq!(address.to_string(), "192.0.2.7:80");
//! #     Ok(Box::new(socketry_testing::pair().0))
//! # });
//! let resolver = StaticResolver::new().with("www.example", [[192, 0, 2, 7].into()]);
//! let connector = DnsConnector::new(First(tcp), resolver); // `tcp` connects to a `SocketAddr`
//!
//! let target: HostPort = "www.example:80".parse()?;
//! let connection = block_on(connector.connect(target))?;
//!
//! let target: HostPort = "mail.example:80".parse()?;
//! assert_eq!(
//!     block_on(connector.connect(target)).unwrap_err().to_string(),
//!     "connection to tcp://mail.example:80 failed during DNS lookup: \
//!      there is no such name (NXDOMAIN)"
//! );
//! # Ok(())
//! # }
//! ```

pub use crate::{
    connector::DnsConnector,
    error::{PartlyResolved, ResolveFailed},
    families::Families,
    service::service,
};

mod call;
mod connector;
mod error;
mod families;
mod lookup;
mod memory;
mod options;
mod order;
mod outcome;
mod policy;
mod service;
mod source;
