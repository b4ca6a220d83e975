//! How a connector is put together.

use std::{fmt, io, sync::Arc, time::Duration};

use socketry_connection::Clock;
use socketry_connector_tcp::TcpConnector;
#[cfg(unix)]
use socketry_connector_unix::UnixConnector;

use crate::{
    Connector, TcpSlot, TlsSlot, UnixSlot,
    client::{TcpStack, UnixStack, Wiring},
    names::LiteralConnector,
    slots::{TcpChoice, UnixChoice},
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

    /// Puts the connector together; opens nothing.
    ///
    /// # Errors
    ///
    /// [`Unsupported`](io::ErrorKind::Unsupported), if an option does not exist on this system.
    pub fn build(self) -> io::Result<Connector> {
        let tcp = match self.tcp.0 {
            TcpChoice::Off => TcpStack::Off,
            TcpChoice::Usual(options) => {
                TcpStack::Usual(LiteralConnector::new(options.to_connector()?))
            }
            TcpChoice::Tcp(connector) => TcpStack::Usual(LiteralConnector::new(connector)),
            TcpChoice::Addresses(connector) => {
                TcpStack::Addresses(LiteralConnector::new(connector))
            }
            TcpChoice::Hosts(connector) => TcpStack::Hosts(connector),
        };
        let unix = match self.unix.0 {
            UnixChoice::Off => UnixStack::Off,
            UnixChoice::Usual => usual_unix(self.clock.clone()),
            UnixChoice::Custom(connector) => UnixStack::Custom(connector),
        };
        Ok(Connector::from_wiring(Wiring {
            tcp,
            tls: self.tls.0,
            unix,
            timeout: self.timeout,
            unix_timeout: self.unix_timeout,
            clock: self.clock,
        }))
    }

    /// The connector without any choice made, which cannot fail.
    pub(crate) fn usual() -> Wiring {
        Wiring {
            tcp: TcpStack::Usual(LiteralConnector::new(TcpConnector::new())),
            tls: TlsSlot::from(true).0,
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
            .field("timeout", &self.timeout)
            .field("unix_timeout", &self.unix_timeout)
            .finish_non_exhaustive()
    }
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
