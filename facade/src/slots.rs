//! What a connector does for each scheme: nothing, the usual, or what it is given.

use std::net::{IpAddr, SocketAddr};

use socketry_connection::UnixAddress;
use socketry_connector::{BoxConnector, HostPort, PeerNamed};
use socketry_connector_tcp::TcpConnector;
use socketry_resolver::BoxResolver;

use crate::{DnsConfig, TcpOptions, TlsConfig};

/// What serves `tcp://`.
///
/// | from | meaning |
/// |---|---|
/// | `true` | the usual, with default options; the default |
/// | `false` | `tcp://` is refused |
/// | [`TcpOptions`] | the usual, with these options |
/// | [`TcpConnector`] | this one, given one address at a time |
/// | [`BoxConnector<SocketAddr>`] | this one, given one address at a time, several side by side |
/// | [`BoxConnector<HostPort>`] | this one, given hosts as they are written, names included; it is asked instead of the dns slot, and tries addresses as it likes |
///
/// # Examples
///
/// ```
/// use std::io;
///
/// use socketry::{BoxConnector, Connect, Connector, HostPort};
///
/// fn with_names(mine: impl Connect<HostPort> + 'static) -> io::Result<Connector> {
///     Connector::builder().tcp(BoxConnector::new(mine)).build()
/// }
/// ```
#[derive(Clone, Debug)]
pub struct TcpSlot(pub(crate) TcpChoice);

#[derive(Clone, Debug)]
pub(crate) enum TcpChoice {
    Off,
    Usual(TcpOptions),
    Tcp(TcpConnector),
    Addresses(BoxConnector<SocketAddr>),
    Hosts(BoxConnector<HostPort>),
}

impl From<bool> for TcpSlot {
    fn from(on: bool) -> Self {
        Self(if on { TcpChoice::Usual(TcpOptions::default()) } else { TcpChoice::Off })
    }
}

impl From<TcpOptions> for TcpSlot {
    fn from(options: TcpOptions) -> Self {
        Self(TcpChoice::Usual(options))
    }
}

impl From<TcpConnector> for TcpSlot {
    fn from(connector: TcpConnector) -> Self {
        Self(TcpChoice::Tcp(connector))
    }
}

impl From<BoxConnector<SocketAddr>> for TcpSlot {
    fn from(connector: BoxConnector<SocketAddr>) -> Self {
        Self(TcpChoice::Addresses(connector))
    }
}

impl From<BoxConnector<HostPort>> for TcpSlot {
    fn from(connector: BoxConnector<HostPort>) -> Self {
        Self(TcpChoice::Hosts(connector))
    }
}

/// Who looks up the names of hosts.
///
/// Whoever it is, literals and `localhost` are not asked for.
///
/// | from | meaning |
/// |---|---|
/// | `true` | the usual: nameservers, search list and hosts file as the system has them; the default |
/// | `false` | nobody: names are refused, unless the tcp slot is a connector of hosts |
/// | [`SocketAddr`], [`IpAddr`] | this nameserver |
/// | [`DnsConfig`] | these nameservers, or the system's, with these options |
/// | [`BoxResolver`] | this one; see also [`ConnectorBuilder::resolver`](crate::ConnectorBuilder::resolver) |
///
/// The usual and nameservers need the feature `hickory`, which is on by default.
///
/// # Examples
///
/// ```
/// use socketry::{Connector, resolver::StaticResolver};
///
/// let pinned = StaticResolver::new().with("db.example", [[192, 0, 2, 7].into()]);
/// let connector = Connector::builder().resolver(pinned).build()?;
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct DnsSlot(pub(crate) DnsChoice);

#[derive(Clone, Debug)]
pub(crate) enum DnsChoice {
    Off,
    Usual(DnsConfig),
    Custom(BoxResolver),
}

impl From<bool> for DnsSlot {
    fn from(on: bool) -> Self {
        Self(if on { DnsChoice::Usual(DnsConfig::default()) } else { DnsChoice::Off })
    }
}

impl From<SocketAddr> for DnsSlot {
    fn from(nameserver: SocketAddr) -> Self {
        DnsConfig::asking(nameserver.to_string()).into()
    }
}

impl From<IpAddr> for DnsSlot {
    fn from(nameserver: IpAddr) -> Self {
        DnsConfig::asking(nameserver.to_string()).into()
    }
}

impl From<DnsConfig> for DnsSlot {
    fn from(config: DnsConfig) -> Self {
        Self(DnsChoice::Usual(config))
    }
}

impl From<BoxResolver> for DnsSlot {
    fn from(resolver: BoxResolver) -> Self {
        Self(DnsChoice::Custom(resolver))
    }
}

/// What serves `tls://`.
///
/// | from | meaning |
/// |---|---|
/// | `true` | the usual, with default options; the default |
/// | `false` | `tls://` is refused |
/// | [`TlsConfig`] | the usual, with these options |
/// | [`ClientTls`](crate::tls::ClientTls) | the usual, with these options, of which other connectors may have a clone |
/// | [`BoxConnector<PeerNamed<HostPort>>`] | this one, given the host and who has to answer there |
///
/// The usual stands on the tcp slot: on its sockets, its names and its options, also where the
/// scheme `tcp://` is switched off; over a connector of yours in there it is TLS over that one. It
/// needs the feature `tls`, which is on by default.
///
/// # Examples
///
/// ```
/// use std::io;
///
/// use socketry::{BoxConnector, Connect, Connector, HostPort, PeerNamed};
///
/// fn with_tls(mine: impl Connect<PeerNamed<HostPort>> + 'static) -> io::Result<Connector> {
///     Connector::builder().tls(BoxConnector::new(mine)).build()
/// }
/// ```
#[derive(Clone, Debug)]
pub struct TlsSlot(pub(crate) TlsChoice);

#[derive(Clone, Debug)]
pub(crate) enum TlsChoice {
    Off,
    Usual(Box<TlsConfig>),
    #[cfg(feature = "tls")]
    Tls(crate::tls::ClientTls),
    Custom(BoxConnector<PeerNamed<HostPort>>),
}

impl From<bool> for TlsSlot {
    fn from(on: bool) -> Self {
        Self(if on { TlsChoice::Usual(Box::default()) } else { TlsChoice::Off })
    }
}

impl From<TlsConfig> for TlsSlot {
    fn from(config: TlsConfig) -> Self {
        Self(TlsChoice::Usual(Box::new(config)))
    }
}

#[cfg(feature = "tls")]
impl From<crate::tls::ClientTls> for TlsSlot {
    fn from(tls: crate::tls::ClientTls) -> Self {
        Self(TlsChoice::Tls(tls))
    }
}

impl From<BoxConnector<PeerNamed<HostPort>>> for TlsSlot {
    fn from(connector: BoxConnector<PeerNamed<HostPort>>) -> Self {
        Self(TlsChoice::Custom(connector))
    }
}

/// What serves `unix://`.
///
/// | from | meaning |
/// |---|---|
/// | `true` | the usual; the default. Unsupported on systems without Unix sockets |
/// | `false` | `unix://` is refused |
/// | [`BoxConnector<UnixAddress>`] | this one |
///
/// # Examples
///
/// ```
/// use std::io;
///
/// use socketry::{BoxConnector, Connect, Connector, UnixAddress};
///
/// fn with_unix(mine: impl Connect<UnixAddress> + 'static) -> io::Result<Connector> {
///     Connector::builder().unix(BoxConnector::new(mine)).build()
/// }
/// ```
#[derive(Clone, Debug)]
pub struct UnixSlot(pub(crate) UnixChoice);

#[derive(Clone, Debug)]
pub(crate) enum UnixChoice {
    Off,
    Usual,
    Custom(BoxConnector<UnixAddress>),
}

impl From<bool> for UnixSlot {
    fn from(on: bool) -> Self {
        Self(if on { UnixChoice::Usual } else { UnixChoice::Off })
    }
}

impl From<BoxConnector<UnixAddress>> for UnixSlot {
    fn from(connector: BoxConnector<UnixAddress>) -> Self {
        Self(UnixChoice::Custom(connector))
    }
}
