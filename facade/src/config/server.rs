//! A server as plain data.

use std::io;

use socketry_server_tcp::TcpServerOptions;

use super::{GateConfig, LimitsConfig, ProxyConfig, SocketConfig, TlsServerConfig};
use crate::{Endpoint, InvalidEndpoint, Server, ServerBuilder};

/// The options of a [`Server`] as plain data, for programs that are told by a file.
///
/// Those of other schemes than that of the endpoint have no effect. With the feature `serde` it can
/// be read; what is missing has its default and an unknown key is an error:
///
/// ```toml
/// [tcp]
/// backlog = 1024
/// only_v6 = true
///
/// [unix]
/// mode = "0660"
///
/// [gate]
/// max_open_per_prefix = 100
///
/// [limits]
/// max_connections = 1000
/// ```
///
/// # Examples
///
/// ```
/// use socketry::ServerConfig;
///
/// # futures_lite::future::block_on(async {
/// let mut config = ServerConfig::default();
/// config.tcp.backlog = 1024;
/// let server = config.bind("127.0.0.1:0").await?;
/// # std::io::Result::Ok(())
/// # })?;
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Deserialize, serde::Serialize))]
#[cfg_attr(feature = "serde", serde(default, deny_unknown_fields))]
#[non_exhaustive]
pub struct ServerConfig {
    /// Options of servers on TCP, also of those under TLS.
    pub tcp: TcpServerConfig,
    /// Options of servers under TLS.
    pub tls: TlsServerConfig,
    /// Options of servers on Unix sockets.
    pub unix: UnixServerConfig,
    /// Which proxies stand in front of the server. By default none.
    pub proxy: Option<ProxyConfig>,
    /// Who may come in and how many at once, before TLS. By default everybody.
    pub gate: Option<GateConfig>,
    /// How many connections are open at a time, and how long. By default nobody counts them.
    pub limits: Option<LimitsConfig>,
}

impl ServerConfig {
    /// Listens on `endpoint` with these options.
    ///
    /// # Errors
    ///
    /// Those of [`ServerBuilder::bind`].
    ///
    /// # Cancel safety
    ///
    /// That of [`ServerBuilder::bind`].
    pub async fn bind<E>(&self, endpoint: E) -> io::Result<Server>
    where
        E: TryInto<Endpoint>,
        E::Error: Into<InvalidEndpoint>,
    {
        self.to_builder().bind(endpoint).await
    }

    /// The builder that this describes, for what is no plain data.
    pub fn to_builder(&self) -> ServerBuilder {
        Server::builder().config(self.clone())
    }
}

/// Options of servers on TCP.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Deserialize, serde::Serialize))]
#[cfg_attr(feature = "serde", serde(default, deny_unknown_fields))]
#[non_exhaustive]
pub struct TcpServerConfig {
    /// How many clients may wait to be accepted. By default 4096; the system may allow fewer.
    pub backlog: u32,
    /// Binds although connections of an earlier server linger. By default on (off on Windows,
    /// where it means more).
    pub reuse_address: bool,
    /// Shares the address with other servers that do so too. By default off.
    pub reuse_port: bool,
    /// Whether a server on an IPv6 address refuses IPv4. By default the system decides.
    pub only_v6: Option<bool>,
    /// Options of every accepted connection.
    pub socket: SocketConfig,
}

impl TcpServerConfig {
    pub(crate) fn to_options(&self) -> io::Result<TcpServerOptions> {
        let options = TcpServerOptions::new()
            .backlog(self.backlog)
            .reuse_address(self.reuse_address)
            .reuse_port(self.reuse_port)
            .accepted(self.socket.to_options()?);
        Ok(match self.only_v6 {
            Some(only) => options.only_v6(only),
            None => options,
        })
    }
}

impl Default for TcpServerConfig {
    fn default() -> Self {
        Self {
            backlog: 4096,
            reuse_address: cfg!(unix),
            reuse_port: false,
            only_v6: None,
            socket: SocketConfig::default(),
        }
    }
}

/// Options of servers on Unix sockets.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Deserialize, serde::Serialize))]
#[cfg_attr(feature = "serde", serde(default, deny_unknown_fields))]
#[non_exhaustive]
pub struct UnixServerConfig {
    /// How many clients may wait to be accepted. By default 4096; the system may allow fewer.
    pub backlog: u32,
    /// The permissions of the socket's file; `"0660"` in a file. By default the process decides
    /// (its umask).
    #[cfg_attr(feature = "serde", serde(with = "super::octal"))]
    pub mode: Option<u32>,
    /// The user that the socket's file shall belong to. By default that of the process.
    pub uid: Option<u32>,
    /// The group that the socket's file shall belong to. By default that of the process.
    pub gid: Option<u32>,
    /// Options of every accepted connection, of which only the buffers have an effect.
    pub socket: SocketConfig,
}

#[cfg(unix)]
impl UnixServerConfig {
    pub(crate) fn to_options(&self) -> io::Result<socketry_server_unix::UnixServerOptions> {
        let mut options = socketry_server_unix::UnixServerOptions::new()
            .backlog(self.backlog)
            .owner(self.uid, self.gid)
            .accepted(self.socket.to_options()?);
        if let Some(mode) = self.mode {
            options = options.mode(mode);
        }
        Ok(options)
    }
}

impl Default for UnixServerConfig {
    fn default() -> Self {
        Self { backlog: 4096, mode: None, uid: None, gid: None, socket: SocketConfig::default() }
    }
}
