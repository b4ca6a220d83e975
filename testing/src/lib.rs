//! Fakes with handles, for tests of connectors, resolvers, servers and the layers around them.
//!
//! But for the nameserver, the proxy and the programs, nothing in here opens a socket or waits for real time.
//! Each fake comes with a handle by which the test plays the other side:
//!
//! - [`pair`]: two [`MemoryConnection`]s, joined, with back-pressure and half-close;
//! - [`faulty()`]: wraps any connection into one that misbehaves as its [`Faults`] say, and counts;
//! - [`scripted_connector()`]: a connector whose calls appear at a [`ConnectorHandle`];
//! - [`scripted_resolver()`]: a resolver whose lookups appear at a [`ResolverHandle`];
//! - [`scripted_server()`]: a server that yields what its [`ServerHandle`] pushes;
//! - [`EndlessServer`]: a server on which there is always somebody, to count what layers cost;
//! - [`ManualClock`]: time that passes when the test says so;
//! - [`CountingWaker`]: a waker that says how often it was woken;
//! - [`Baseline`]: finds file descriptors and threads that were left behind;
//! - `DnsServer` (with the feature `dns`): a nameserver that follows a script, also a bad one;
//! - `run_namespace_tests` (with the feature `namespace`): tests that have a network and files of
//!   their own;
//! - [`ClientLoad`]: clients that never stop coming;
//! - [`TestDir`]: a directory that goes away with the test;
//! - `TestAuthority` and `TestCertificate` (with the feature `tls`): certificates made at run time,
//!   good ones and all kinds of bad ones;
//! - `FaultProxy` (with the feature `proxy`, on Linux): stands between a client and a server on real
//!   sockets, and breaks their connections as the test says;
//! - `Program` (with the feature `peers`, on Linux): openssl, GnuTLS, nginx, memcached and Redis as
//!   the other side;
//! - [`check_connection()`], [`check_abort`], [`check_control`], [`check_drop`]: the contracts of
//!   the house as functions that any implementation can be run through; `ResolverCheck` (with the
//!   feature `dns`) is that of resolvers.
//!
//! # Examples
//!
//! A connector is asked, the test answers, and they talk:
//!
//! ```
//! use std::io;
//!
//! use futures_lite::{AsyncReadExt, AsyncWriteExt, future};
//! use socketry_connector::{Connect, HostPort};
//! use socketry_testing::{pair, scripted_connector};
//!
//! # fn main() -> io::Result<()> {
//! # future::block_on(async {
//! let (connector, handle) = scripted_connector::<HostPort>();
//! let (ours, mut theirs) = pair();
//!
//! let client = async {
//!     let mut connection = connector.connect("example.org:80".parse()?).await?;
//!     connection.write_all(b"hello").await
//! };
//! let test = async {
//!     let call = handle.next_call().await;
//!     assert_eq!(call.target().to_string(), "example.org:80");
//!     call.succeed(ours);
//! };
//! future::try_zip(client, async { Ok(test.await) }).await?;
//!
//! let mut heard = [0; 5];
//! theirs.read_exact(&mut heard).await?;
//! assert_eq!(&heard, b"hello");
//! # Ok(())
//! # })
//! # }
//! ```

#[cfg(feature = "dns")]
pub use crate::check_resolver::ResolverCheck;
#[cfg(feature = "dns")]
pub use crate::dns::{DnsQuery, DnsReply, DnsServer, DnsTransport, HeldQuery};
#[cfg(feature = "namespace")]
pub use crate::namespace::{NamespaceTest, run_namespace_tests};
#[cfg(all(feature = "peers", target_os = "linux"))]
pub use crate::peers::{Program, RunningProgram};
#[cfg(all(any(feature = "peers", feature = "proxy"), target_os = "linux"))]
pub use crate::port::ReservedPort;
#[cfg(all(feature = "proxy", target_os = "linux"))]
pub use crate::proxy::{Break, Fault, FaultProxy, ProxyCounts};
#[cfg(feature = "tls")]
pub use crate::tls::{
    IdentityFiles, TestAuthority, TestCertificate, TestIdentity, TestKey, TestRevocations,
};
pub use crate::{
    baseline::Baseline,
    check_connection::{check_abort, check_connection},
    check_server::{check_control, check_drop},
    client_load::ClientLoad,
    directory::TestDir,
    endless::{EndlessConnection, EndlessServer},
    faulty::{Faults, FaultyConnection, IoCounts, Operation, faulty},
    manual_clock::ManualClock,
    memory::{MemoryConnection, pair, pair_between, pair_with_capacity},
    scripted_call::Call,
    scripted_connector::{ConnectorHandle, ScriptedConnector, scripted_connector},
    scripted_lookup::Lookup,
    scripted_resolver::{ResolverHandle, ScriptedResolver, scripted_resolver},
    scripted_server::{ScriptedServer, ServerHandle, scripted_server},
    waker::CountingWaker,
};

mod baseline;
#[cfg(any(feature = "dns", all(feature = "proxy", target_os = "linux")))]
mod bell;
mod check_connection;
#[cfg(feature = "dns")]
mod check_resolver;
mod check_server;
mod client_load;
mod directory;
#[cfg(feature = "dns")]
mod dns;
mod endless;
mod exchange;
mod faulty;
mod link;
mod manual_clock;
mod memory;
#[cfg(feature = "namespace")]
mod namespace;
#[cfg(all(feature = "peers", target_os = "linux"))]
mod peers;
#[cfg(all(any(feature = "peers", feature = "proxy"), target_os = "linux"))]
mod port;
#[cfg(all(feature = "proxy", target_os = "linux"))]
mod proxy;
mod script;
mod scripted_call;
mod scripted_connector;
mod scripted_lookup;
mod scripted_resolver;
mod scripted_server;
mod sync;
#[cfg(feature = "tls")]
mod tls;
mod waker;
