//! Async, streaming connectors and servers for TCP, TLS and Unix sockets, wired by one URI, for any
//! executor.
//!
//! This is the facade over a house of small crates, each of which publishes one interface or one
//! decorator: it parses the text, puts the usual parts together and lets each be replaced. Users
//! who want less take only the crates they need; everything here is made of them.
//!
//! - [`connect`] and [`Connector`]: a client's side;
//! - [`reconnect()`], [`Pool`], [`Registry`] and [`reconnecting`]: connections that come back;
//! - [`bind`] and [`Server`]: a server's side;
//! - [`Socket`]: what both hand out;
//! - [`Endpoint`]: the URI that both read;
//! - [`server::Handover`] and [`ServerBuilder::take_or_bind`]: a restart that refuses nobody;
//! - [`tls`]: certificates, whom to trust, and handles to both for TLS;
//! - [`ConnectorConfig`], [`ReconnectConfig`], [`PoolConfig`] and [`ServerConfig`]: the same as plain
//!   data, with the feature `serde` from a file;
//! - [`connection`], [`connector`], [`resolver`] and [`server`]: the interfaces, for those who write
//!   layers.
//!
//! # Examples
//!
//! A server that greets, and a client that listens:
//!
//! ```
//! use futures_lite::{AsyncReadExt, AsyncWriteExt, future};
//!
//! future::block_on(async {
//!     let mut server = socketry::bind("127.0.0.1:0").await?;
//!     let address = server.local_address().unwrap();
//!     let control = server.control();
//!
//!     let greeting = async {
//!         while let Some(client) = server.accept().await {
//!             let greeted = match client {
//!                 Ok(mut socket) => socket.write_all(b"hello").await,
//!                 Err(error) => Err(error),
//!             };
//!             if let Err(error) = greeted {
//!                 eprintln!("{error}"); // the server goes on
//!             }
//!         }
//!     };
//!     let listening = async {
//!         let mut heard = String::new();
//!         socketry::connect(address).await?.read_to_string(&mut heard).await?;
//!         control.close();
//!         std::io::Result::Ok(heard)
//!     };
//!     let ((), heard) = future::zip(greeting, listening).await;
//!     assert_eq!(heard?, "hello");
//!     std::io::Result::Ok(())
//! })?;
//! # Ok::<(), std::io::Error>(())
//! ```
//!
//! # Executors
//!
//! Everything waits through [async-io](https://docs.rs/async-io), whose reactor has a thread of its
//! own: it works under smol, async-std, tokio or a bare `block_on`, and spawns nothing. It is
//! fastest under `async_io::block_on` (that is `smol::block_on`), which runs the reactor on the
//! thread that waits.
//!
//! # Features
//!
//! - `hickory`, on by default: names are looked up by [`HickoryResolver`](resolver::HickoryResolver).
//!   Without it a connector needs a resolver of yours for them: [`ConnectorBuilder::resolver`].
//! - `tls`, on by default: `tls://` on both sides. It needs cryptography: `aws-lc-rs`, on by default,
//!   which needs a compiler for C, or `ring`; with both it is AWS-LC.
//! - `platform-roots`, on by default: a client trusts whom the system trusts. `mozilla-roots`: it can
//!   be told to trust whom Mozilla trusts.
//! - `serde`: the configurations and [`Endpoint`] can be read and written.

#![cfg_attr(docsrs, feature(doc_cfg))]

use std::io;

#[doc(no_inline)]
pub use socketry_connection::{Address, BoxConnection, Connection, UnixAddress};
#[doc(no_inline)]
pub use socketry_connector::{BoxConnector, Connect, Host, HostPort, PeerNamed, Trace};
#[doc(no_inline)]
pub use socketry_resolver::{BoxResolver, Resolve};
#[doc(no_inline)]
pub use socketry_server::{Accept, AcceptExt, BoxServer, Control, ServerGroup};

#[cfg(unix)]
#[cfg_attr(docsrs, doc(cfg(unix)))]
pub use crate::listening::ServerHandle;
pub use crate::{
    builder::ConnectorBuilder,
    client::Connector,
    config::{
        AddressFamilies, AtLimitConfig, BackoffConfig, BackoffPreset, ClientCertificatesConfig,
        ConnectorConfig, DnsConfig, GateConfig, HappyEyeballs, HeartbeatConfig, IdentityConfig,
        KeepaliveConfig, LimitsConfig, MeasuredConfig, OrderConfig, Passphrase, PoolConfig,
        PoolOrderConfig, ProxyConfig, RateConfig, RatePeriod, ReconnectConfig, ServerConfig,
        Setting, SocketConfig, TcpOptions, TcpServerConfig, Timeout, TlsConfig, TlsServerConfig,
        TlsVersion, TrustedRoots, UnixServerConfig, UntrustedConfig, WhenBehindConfig,
    },
    endpoint::{Endpoint, InvalidEndpoint},
    listening::Server,
    pool::{Pool, PoolBuilder},
    reconnect::{Reconnecting, Session, reconnect},
    registry::Registry,
    server_builder::{GateSlot, ServerBuilder, ServerTlsSlot},
    slots::{DnsSlot, TcpSlot, TlsSlot, UnixSlot},
    socket::Socket,
};

/// The interface of connections: [`socketry_connection`].
pub mod connection {
    #[doc(inline)]
    pub use socketry_connection::*;
    #[cfg(unix)]
    #[doc(inline)]
    pub use socketry_connection_socket::UnixConnection;
    #[doc(inline)]
    pub use socketry_connection_socket::{
        Keepalive, ReadHalf, SocketConnection, SocketOptions, TcpConnection, WriteHalf,
    };
}

/// The interface of connectors, and the connectors: [`socketry_connector`].
pub mod connector {
    #[doc(inline)]
    pub use socketry_connector::*;
    #[doc(inline)]
    pub use socketry_connector_dns::{
        DnsConnector, Families, PartlyResolved, ResolveFailed, service,
    };
    #[doc(inline)]
    pub use socketry_connector_race::{Race, RaceConnector, Route, Rules, Step};
    #[doc(inline)]
    pub use socketry_connector_tcp::TcpConnector;
    #[doc(inline)]
    pub use socketry_connector_timeout::{TimedOut, TimeoutConnector, TimeoutPhase};
    #[cfg(unix)]
    #[doc(inline)]
    pub use socketry_connector_unix::UnixConnector;
}

/// Connections that come back: [`socketry_connector_reconnecting`].
#[doc = ""]
#[doc = include_str!("reconnecting_names.md")]
pub mod reconnecting {
    #[doc(inline)]
    pub use socketry_connector_reconnecting::*;

    // In place of that of the same name, which cannot tell as much.
    pub use crate::retry::is_worth_another_attempt;
}

/// The interface of resolvers, and the resolvers: [`socketry_resolver`].
pub mod resolver {
    #[doc(inline)]
    pub use socketry_resolver::*;
    #[doc(inline)]
    pub use socketry_resolver_caching::{CachingResolver, SharedError};
    #[cfg(feature = "hickory")]
    #[doc(inline)]
    pub use socketry_resolver_hickory::{
        HickoryBuilder, HickoryResolver, InvalidNameserver, Nameserver,
    };
}

/// The interface of servers, and the servers: [`socketry_server`].
pub mod server {
    #[doc(inline)]
    pub use socketry_server::*;
    #[doc(inline)]
    pub use socketry_server_gate::*;
    #[cfg(unix)]
    #[doc(inline)]
    pub use socketry_server_handover::{
        Handover, HandoverFailed, Inherited, NamedSocket, Offer, Phase,
    };
    #[doc(inline)]
    pub use socketry_server_limiting::*;
    #[doc(inline)]
    pub use socketry_server_proxy::*;
    #[doc(inline)]
    pub use socketry_server_tcp::{TcpServer, TcpServerHandle, TcpServerOptions};
    #[cfg(unix)]
    #[doc(inline)]
    pub use socketry_server_unix::{
        PathInUse, UnixDuplicate, UnixServer, UnixServerHandle, UnixServerOptions,
    };
}

/// TLS for both sides: [`socketry_connection_tls`], with the connector and the server.
#[doc = ""]
#[doc = include_str!("tls_options.md")]
#[cfg(feature = "tls")]
#[cfg_attr(docsrs, doc(cfg(feature = "tls")))]
pub mod tls {
    #[doc(inline)]
    pub use socketry_connection_tls::*;
    #[doc(inline)]
    pub use socketry_connector_tls::*;
    #[doc(inline)]
    pub use socketry_server_tls::*;
}

#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
struct ReadmeDoctests;

mod binding;
mod builder;
mod client;
mod config;
mod ending;
mod endpoint;
mod hosts;
#[cfg(unix)]
mod inherited;
mod layers;
mod listening;
mod names;
mod naming;
mod pool;
mod reconnect;
mod registry;
mod retry;
#[cfg(feature = "tls")]
mod secured;
mod server_builder;
mod slots;
mod socket;
mod stopwatch;

/// Connects to `endpoint` with a [`Connector`] as [`Connector::new`] makes it.
///
/// # Errors
///
/// Those of [`Connector::connect`].
///
/// # Cancel safety
///
/// Dropping the future closes every socket and frees every timer at once.
///
/// # Examples
///
/// ```no_run
/// # async fn example() -> std::io::Result<()> {
/// let by_text = socketry::connect("tcp://127.0.0.1:80").await?;
/// let by_parts = socketry::connect(("::1", 80)).await?;
/// # Ok(())
/// # }
/// ```
pub async fn connect<E>(endpoint: E) -> io::Result<Socket>
where
    E: TryInto<Endpoint> + Send,
    E::Error: Into<InvalidEndpoint>,
{
    builder::usual_connector().connect(endpoint).await
}

/// Listens on `endpoint` with default options: [`Server::bind`].
///
/// # Errors
///
/// Those of [`Server::bind`].
///
/// # Cancel safety
///
/// It does not wait.
///
/// # Examples
///
/// ```
/// # futures_lite::future::block_on(async {
/// let server = socketry::bind(0).await?; // 127.0.0.1, on a port that the system chooses
/// assert_eq!(server.local_address().unwrap().scheme(), "tcp");
/// # std::io::Result::Ok(())
/// # })?;
/// # Ok::<(), std::io::Error>(())
/// ```
pub async fn bind<E>(endpoint: E) -> io::Result<Server>
where
    E: TryInto<Endpoint>,
    E::Error: Into<InvalidEndpoint>,
{
    Server::bind(endpoint).await
}
