//! A connector as plain data.

use std::{
    io,
    net::{SocketAddrV4, SocketAddrV6},
    time::Duration,
};

use socketry_connector_tcp::TcpConnector;

use super::{DnsConfig, HappyEyeballs, Setting, SocketConfig, TlsConfig};
use crate::{Connector, ConnectorBuilder};

/// A [`Connector`] as plain data, for programs that are told by a file.
///
/// With the feature `serde` it can be read; what is missing has its default, an unknown key is an
/// error, and durations are written as `60s` or `250ms`:
///
/// ```toml
/// tls = false
/// dns = "192.0.2.53"
/// timeout = "10s"
///
/// [happy_eyeballs]
/// attempt_delay = "100ms"
///
/// [tcp]
/// local_v4 = "192.0.2.7:0"
///
/// [tcp.socket.keepalive]
/// time = "60s"
/// ```
///
/// # Examples
///
/// ```
/// use socketry::{ConnectorConfig, Setting};
///
/// let mut config = ConnectorConfig::default();
/// config.timeout = Setting::Off;
/// let connector = config.build()?;
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Deserialize, serde::Serialize))]
#[cfg_attr(feature = "serde", serde(default, deny_unknown_fields))]
#[non_exhaustive]
pub struct ConnectorConfig {
    /// Whether and how `tcp://` is served. By default on.
    pub tcp: Setting<TcpOptions>,
    /// Whether and how `tls://` is served. By default on, with the sockets of `tcp`.
    pub tls: Setting<TlsConfig>,
    /// Whether `unix://` is served. By default on.
    pub unix: bool,
    /// Whether and how names are looked up. By default on, as the system is configured.
    pub dns: Setting<DnsConfig>,
    /// How the addresses of a host are tried. By default on: side by side, each a moment after the
    /// other. Off means one after the other.
    pub happy_eyeballs: Setting<HappyEyeballs>,
    /// How long a connect over `tcp://` or `tls://` may take in all. By default on, which means 60
    /// seconds.
    pub timeout: Setting<Timeout>,
    /// How long a connect over `unix://` may take. By default off; on means 60 seconds.
    pub unix_timeout: Setting<Timeout>,
}

impl ConnectorConfig {
    /// The connector that this describes; opens nothing.
    ///
    /// # Errors
    ///
    /// Those of [`ConnectorBuilder::build`].
    pub fn build(&self) -> io::Result<Connector> {
        self.to_builder().build()
    }

    /// The builder that this describes, for what is no plain data.
    pub fn to_builder(&self) -> ConnectorBuilder {
        let builder = Connector::builder()
            .unix(self.unix)
            .happy_eyeballs(self.happy_eyeballs.clone())
            .timeout(duration(self.timeout))
            .unix_timeout(duration(self.unix_timeout));
        let builder = match &self.dns {
            Setting::Off => builder.dns(false),
            Setting::On => builder.dns(true),
            Setting::With(config) => builder.dns(config.clone()),
        };
        let builder = match &self.tls {
            Setting::Off => builder.tls(false),
            Setting::On => builder.tls(true),
            Setting::With(config) => builder.tls(config.clone()),
        };
        match &self.tcp {
            Setting::Off => builder.tcp(false),
            Setting::On => builder.tcp(true),
            Setting::With(options) => builder.tcp(options.clone()),
        }
    }
}

impl Default for ConnectorConfig {
    fn default() -> Self {
        Self {
            tcp: Setting::On,
            tls: Setting::On,
            unix: true,
            dns: Setting::On,
            happy_eyeballs: Setting::On,
            timeout: Setting::On,
            unix_timeout: Setting::Off,
        }
    }
}

/// How long something may take, as a [`Setting`]: `60s` in a file. Zero means: unless it is done
/// at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Deserialize, serde::Serialize))]
#[cfg_attr(feature = "serde", serde(transparent))]
pub struct Timeout(
    #[cfg_attr(feature = "serde", serde(with = "super::duration::setting"))] Duration,
);

impl From<Duration> for Timeout {
    fn from(duration: Duration) -> Self {
        Self(duration)
    }
}

impl From<Timeout> for Duration {
    fn from(timeout: Timeout) -> Self {
        timeout.0
    }
}

fn duration(setting: Setting<Timeout>) -> Option<Duration> {
    match setting {
        Setting::Off => None,
        Setting::On => Some(crate::builder::DEFAULT_TIMEOUT),
        Setting::With(Timeout(duration)) => Some(duration),
    }
}

/// How a client's TCP sockets are opened.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Deserialize, serde::Serialize))]
#[cfg_attr(
    feature = "serde",
    serde(default, deny_unknown_fields, expecting = "true, false, or a table of TCP options")
)]
#[non_exhaustive]
pub struct TcpOptions {
    /// The address that IPv4 connections come from; port 0 lets the system choose the port. By
    /// default the system chooses both.
    #[cfg_attr(feature = "serde", serde(deserialize_with = "super::address::deserialize_v4"))]
    pub local_v4: Option<SocketAddrV4>,
    /// The address that IPv6 connections come from.
    #[cfg_attr(feature = "serde", serde(deserialize_with = "super::address::deserialize_v6"))]
    pub local_v6: Option<SocketAddrV6>,
    /// Refuses targets of a family that has no local address here. By default off.
    pub only_from_local_addresses: bool,
    /// Options of every socket.
    pub socket: SocketConfig,
}

impl TcpOptions {
    pub(crate) fn to_connector(&self) -> io::Result<TcpConnector> {
        let mut connector = TcpConnector::new()
            .only_from_local_addresses(self.only_from_local_addresses)
            .options(self.socket.to_options()?);
        if let Some(address) = self.local_v4 {
            connector = connector.local_address(address.into());
        }
        if let Some(address) = self.local_v6 {
            connector = connector.local_address(address.into());
        }
        Ok(connector)
    }
}
