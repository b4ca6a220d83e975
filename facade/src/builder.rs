//! How a connector is put together.

use std::{
    fmt, io,
    sync::{Arc, OnceLock},
    time::Duration,
};

use socketry_connection::Clock;
use socketry_connector_tcp::TcpConnector;
#[cfg(unix)]
use socketry_connector_unix::UnixConnector;
use socketry_resolver::{BoxResolver, Resolve};

use crate::{
    Connector, DnsSlot, HappyEyeballs, Setting, TcpSlot, TlsConfig, TlsSlot, UnixSlot,
    client::{TcpStack, TlsStack, UnixStack, Wiring},
    hosts::Hosts,
    names::Names,
    slots::{TcpChoice, TlsChoice, UnixChoice},
};

/// How long connecting over TCP and TLS may take, unless told otherwise.
pub(crate) const DEFAULT_TIMEOUT: Duration = Duration::from_secs(60);

/// How a [`Connector`] is put together: [`Connector::builder`].
///
/// # Examples
///
/// ```
/// use std::time::Duration;
///
/// use socketry::Connector;
///
/// // only Unix sockets, and no longer than a second
/// let connector = Connector::builder()
///     .tcp(false)
///     .tls(false)
///     .unix_timeout(Duration::from_secs(1))
///     .build()?;
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Clone)]
#[must_use = "a builder does nothing until it builds"]
pub struct ConnectorBuilder {
    pub(crate) tcp: TcpSlot,
    pub(crate) tls: TlsSlot,
    pub(crate) unix: UnixSlot,
    pub(crate) dns: DnsSlot,
    pub(crate) happy_eyeballs: Setting<HappyEyeballs>,
    pub(crate) timeout: Option<Duration>,
    pub(crate) unix_timeout: Option<Duration>,
    clock: Option<Arc<dyn Clock>>,
}

impl ConnectorBuilder {
    pub(crate) fn new() -> Self {
        Self {
            tcp: true.into(),
            tls: true.into(),
            unix: true.into(),
            dns: true.into(),
            happy_eyeballs: Setting::On,
            timeout: Some(DEFAULT_TIMEOUT),
            unix_timeout: None,
            clock: None,
        }
    }

    /// What serves `tcp://`: see [`TcpSlot`]. By default on. A connector of yours goes in as
    /// `BoxConnector::new(mine)`.
    pub fn tcp(mut self, slot: impl Into<TcpSlot>) -> Self {
        self.tcp = slot.into();
        self
    }

    /// What serves `tls://`: see [`TlsSlot`]. By default on.
    pub fn tls(mut self, slot: impl Into<TlsSlot>) -> Self {
        self.tls = slot.into();
        self
    }

    /// What serves `unix://`: see [`UnixSlot`]. By default on.
    pub fn unix(mut self, slot: impl Into<UnixSlot>) -> Self {
        self.unix = slot.into();
        self
    }

    /// Who looks names up: see [`DnsSlot`]. By default on, as the system is configured.
    pub fn dns(mut self, slot: impl Into<DnsSlot>) -> Self {
        self.dns = slot.into();
        self
    }

    /// Names are looked up by `resolver`: short for `dns(BoxResolver::new(resolver))`.
    ///
    /// # Examples
    ///
    /// ```
    /// use socketry::{Connector, resolver::from_fn};
    ///
    /// let resolver = from_fn(|name: String, family| async move {
    ///     println!("{name} ({family})?");
    ///     Ok(vec![[127, 0, 0, 1].into()].into())
    /// });
    /// let connector = Connector::builder().resolver(resolver).build()?;
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn resolver(self, resolver: impl Resolve + 'static) -> Self {
        self.dns(BoxResolver::new(resolver))
    }

    /// How the addresses of a host are tried. By default on: side by side, each a moment after the
    /// other (RFC 8305). Off means one after the other, the next when the one before has failed.
    pub fn happy_eyeballs(mut self, setting: impl Into<Setting<HappyEyeballs>>) -> Self {
        self.happy_eyeballs = setting.into();
        self
    }

    /// How long a connect over `tcp://` or `tls://` may take in all, or `None` for as long as the
    /// system lets it. By default 60 seconds. Zero means: unless it is there at once.
    pub fn timeout(mut self, timeout: impl Into<Option<Duration>>) -> Self {
        self.timeout = timeout.into();
        self
    }

    /// How long a connect over `unix://` may take. By default `None`: for as long as it takes.
    pub fn unix_timeout(mut self, timeout: impl Into<Option<Duration>>) -> Self {
        self.unix_timeout = timeout.into();
        self
    }

    /// Waits on this clock. By default the system's.
    pub fn clock(mut self, clock: Arc<dyn Clock>) -> Self {
        self.clock = Some(clock);
        self
    }

    /// Puts the connector together; opens no connection.
    ///
    /// # Errors
    ///
    /// - [`InvalidInput`](io::ErrorKind::InvalidInput), if a nameserver is none, or an option of TLS
    ///   has no meaning.
    /// - What the system says of the files of an identity, with their path. They are read now, which
    ///   blocks for a moment; roots are loaded by the first connect that needs them.
    /// - [`Unsupported`](io::ErrorKind::Unsupported), if an option does not exist on this system, or
    ///   if there are nameservers to ask and the feature `hickory` is off.
    pub fn build(self) -> io::Result<Connector> {
        let hosts = Hosts::new(&self.happy_eyeballs, self.clock.as_ref());
        let names = Names::new(self.dns.0, self.clock.as_ref())?;
        let tcp_is_on = !matches!(self.tcp.0, TcpChoice::Off);
        let tcp = match self.tcp.0 {
            TcpChoice::Off => TcpStack::Usual(hosts.connector(TcpConnector::new(), names)),
            TcpChoice::Usual(options) => {
                TcpStack::Usual(hosts.connector(options.to_connector()?, names))
            }
            TcpChoice::Tcp(connector) => TcpStack::Usual(hosts.connector(connector, names)),
            TcpChoice::Addresses(connector) => {
                TcpStack::Addresses(hosts.connector(connector, names))
            }
            TcpChoice::Hosts(connector) => TcpStack::Hosts(connector),
        };
        let tls = match self.tls.0 {
            TlsChoice::Off => TlsStack::Off,
            TlsChoice::Usual(config) => configured_tls(&config, self.clock.as_ref())?,
            #[cfg(feature = "tls")]
            TlsChoice::Tls(tls) => TlsStack::Usual(tls),
            TlsChoice::Custom(connector) => TlsStack::Custom(connector),
        };
        let unix = match self.unix.0 {
            UnixChoice::Off => UnixStack::Off,
            UnixChoice::Usual => usual_unix(self.clock.clone()),
            UnixChoice::Custom(connector) => UnixStack::Custom(connector),
        };
        Ok(Connector::from_wiring(Wiring {
            tcp,
            tcp_is_on,
            tls,
            unix,
            timeout: self.timeout,
            unix_timeout: self.unix_timeout,
            clock: self.clock,
        }))
    }

    /// The connector without any choice made, which cannot fail.
    pub(crate) fn usual() -> Wiring {
        let hosts = Hosts::new(&Setting::On, None);
        Wiring {
            tcp: TcpStack::Usual(hosts.connector(TcpConnector::new(), Names::usual())),
            tcp_is_on: true,
            tls: usual_tls(),
            unix: usual_unix(None),
            timeout: Some(DEFAULT_TIMEOUT),
            unix_timeout: None,
            clock: None,
        }
    }
}

impl fmt::Debug for ConnectorBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ConnectorBuilder")
            .field("tcp", &self.tcp)
            .field("tls", &self.tls)
            .field("unix", &self.unix)
            .field("dns", &self.dns)
            .field("happy_eyeballs", &self.happy_eyeballs)
            .field("timeout", &self.timeout)
            .field("unix_timeout", &self.unix_timeout)
            .finish_non_exhaustive()
    }
}

/// The connector of the plain functions, which all of them share.
pub(crate) fn usual_connector() -> &'static Connector {
    static USUAL: OnceLock<Connector> = OnceLock::new();

    USUAL.get_or_init(Connector::new)
}

#[cfg(feature = "tls")]
fn usual_tls() -> TlsStack {
    TlsStack::Usual(socketry_connector_tls::ClientTls::new())
}

#[cfg(not(feature = "tls"))]
fn usual_tls() -> TlsStack {
    TlsStack::Missing
}

#[cfg(feature = "tls")]
fn configured_tls(config: &TlsConfig, clock: Option<&Arc<dyn Clock>>) -> io::Result<TlsStack> {
    config.to_client_on(clock).map(TlsStack::Usual)
}

#[cfg(not(feature = "tls"))]
fn configured_tls(config: &TlsConfig, _clock: Option<&Arc<dyn Clock>>) -> io::Result<TlsStack> {
    if *config == TlsConfig::default() {
        return Ok(TlsStack::Missing);
    }
    let text = "connections cannot be secured: this build has no TLS; switch on the feature `tls` of socketry, or give a connector with Connector::builder().tls(..)";
    Err(io::Error::new(io::ErrorKind::Unsupported, text))
}

#[cfg(unix)]
fn usual_unix(clock: Option<Arc<dyn Clock>>) -> UnixStack {
    let connector = UnixConnector::new();
    UnixStack::Usual(match clock {
        Some(clock) => connector.with_clock(clock),
        None => connector,
    })
}

#[cfg(not(unix))]
fn usual_unix(_clock: Option<Arc<dyn Clock>>) -> UnixStack {
    UnixStack::Missing
}
