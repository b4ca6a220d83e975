//! Connecting to whatever a URI says.

use std::{fmt, future::Future, io, net::SocketAddr, sync::Arc, time::Duration};

use socketry_connection::{Clock, UnixAddress};
use socketry_connector::{BoxConnector, Connect, HostPort, PeerNamed, Trace};
use socketry_connector_tcp::TcpConnector;
use socketry_connector_timeout::TimeoutConnector;
#[cfg(feature = "tls")]
use socketry_connector_tls::{ClientTls, TlsConnector};
#[cfg(unix)]
use socketry_connector_unix::UnixConnector;

use crate::{
    ConnectorBuilder, Endpoint, InvalidEndpoint, Socket,
    endpoint::ClientTarget,
    hosts::HostConnector,
    naming::{name_target, named, over_tls},
    stopwatch::Stopwatch,
};

/// Connects to whatever an [`Endpoint`] says: `tcp://`, `tls://` or `unix://`.
///
/// Names are looked up in both families at once, and the addresses tried side by side as they
/// arrive, each a moment after the other (RFC 8305). What was tried in vain is the attribute
/// [`Attempts`](crate::connector::Attempts) of the connection, and how long everything took its
/// attribute [`Timings`](crate::connector::Timings). Literals and `localhost` never leave the process. See
/// [`ConnectorBuilder`] for what can be replaced.
///
/// It has one slot for each scheme, and one clock around everything that a connect over `tcp://` or
/// `tls://` does: 60 seconds, unless told otherwise. A clone shares all of it. One call is one
/// connection; [`reconnect`](Self::reconnect) makes connections that come back.
///
/// It is a [`Connect`] for everything that is an endpoint, so that decorators fit around it.
///
/// # Examples
///
/// ```no_run
/// use futures_lite::{AsyncWriteExt, future::block_on};
/// use socketry::Connector;
///
/// block_on(async {
///     let connector = Connector::new();
///     let mut over_tcp = connector.connect("127.0.0.1:8080").await?;
///     let mut over_unix = connector.connect("unix:///tmp/demo.sock").await?;
///     over_tcp.write_all(b"hello").await?;
///     over_unix.write_all(b"hello").await
/// })?;
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Clone)]
pub struct Connector {
    pub(crate) wiring: Arc<Wiring>,
}

pub(crate) struct Wiring {
    pub(crate) tcp: TcpStack,
    /// Off, it still carries `tls`.
    pub(crate) tcp_is_on: bool,
    pub(crate) tls: TlsStack,
    pub(crate) unix: UnixStack,
    pub(crate) timeout: Option<Duration>,
    pub(crate) unix_timeout: Option<Duration>,
    pub(crate) clock: Option<Arc<dyn Clock>>,
}

pub(crate) enum TcpStack {
    Usual(HostConnector<TcpConnector>),
    Addresses(HostConnector<BoxConnector<SocketAddr>>),
    Hosts(BoxConnector<HostPort>),
}

pub(crate) enum TlsStack {
    Off,
    #[cfg(feature = "tls")]
    Usual(ClientTls),
    #[cfg(not(feature = "tls"))]
    Missing,
    Custom(BoxConnector<PeerNamed<HostPort>>),
}

pub(crate) enum UnixStack {
    Off,
    #[cfg(unix)]
    Usual(UnixConnector),
    #[cfg(not(unix))]
    Missing,
    Custom(BoxConnector<UnixAddress>),
}

impl Connector {
    /// The connector that suits most: what is built in, default options, 60 seconds.
    pub fn new() -> Self {
        Self::from_wiring(ConnectorBuilder::usual())
    }

    /// A connector with options of its own.
    pub fn builder() -> ConnectorBuilder {
        ConnectorBuilder::new()
    }

    pub(crate) fn from_wiring(wiring: Wiring) -> Self {
        Self { wiring: Arc::new(wiring) }
    }

    /// Connects to `endpoint`: a text, a `SocketAddr`, a `(host, port)`, an [`Address`], or
    /// whatever else is an [`Endpoint`].
    ///
    /// # Errors
    ///
    /// - [`InvalidInput`](io::ErrorKind::InvalidInput), before anything is opened: the text is no
    ///   endpoint ([`InvalidEndpoint`] says why), or its scheme is switched off.
    /// - [`Unsupported`](io::ErrorKind::Unsupported), before anything is opened: this build or
    ///   system lacks what the scheme needs.
    /// - [`TimedOut`](io::ErrorKind::TimedOut): not connected in time; the error says what had been
    ///   tried.
    /// - What the connectors inside say, with the system's kind and number: see
    ///   [`ConnectFailed`](crate::connector::ConnectFailed).
    ///
    /// # Cancel safety
    ///
    /// Dropping the future closes every socket and frees every timer at once.
    ///
    /// [`Address`]: crate::Address
    pub fn connect<E>(&self, endpoint: E) -> impl Future<Output = io::Result<Socket>> + Send
    where
        E: TryInto<Endpoint> + Send,
        E::Error: Into<InvalidEndpoint>,
    {
        Connect::connect(self, endpoint)
    }
}

impl Default for Connector {
    fn default() -> Self {
        Self::new()
    }
}

/// See [`Connector::connect`].
impl<E> Connect<E> for Connector
where
    E: TryInto<Endpoint> + Send,
    E::Error: Into<InvalidEndpoint>,
{
    type Connection = Socket;

    fn connect_traced(
        &self,
        endpoint: E,
        trace: Trace<'_>,
    ) -> impl Future<Output = io::Result<Socket>> + Send {
        let target = endpoint.try_into().map_err(Into::into).and_then(Endpoint::for_client);
        async move {
            let wiring = &*self.wiring;
            match target? {
                ClientTarget::Tcp(target) => {
                    let name = named(&target);
                    let result = wiring.connect_tcp(target, trace).await;
                    result.map_err(|error| name_target(error, "tcp", name))
                }
                ClientTarget::Tls(target) => {
                    let (host, label) = (named(target.target()), target.clone());
                    // In a box, so that the future of a connect without TLS stays small.
                    let result = Box::pin(wiring.connect_tls(target, trace)).await;
                    result.map_err(|error| name_target(over_tls(error, &label), "tls", host))
                }
                ClientTarget::Unix(target) => wiring.connect_unix(target, trace).await,
            }
        }
    }
}

impl Wiring {
    async fn connect_tcp(&self, target: HostPort, trace: Trace<'_>) -> io::Result<Socket> {
        if !self.tcp_is_on {
            return Err(switched_off("tcp", &target));
        }
        match &self.tcp {
            TcpStack::Usual(inner) => {
                inner.resolver().check("tcp", &target)?;
                self.timed(inner, self.timeout, target, trace).await
            }
            TcpStack::Addresses(inner) => {
                inner.resolver().check("tcp", &target)?;
                self.timed(inner, self.timeout, target, trace).await
            }
            TcpStack::Hosts(inner) => self.timed(inner, self.timeout, target, trace).await,
        }
    }

    async fn connect_tls(
        &self,
        target: PeerNamed<HostPort>,
        trace: Trace<'_>,
    ) -> io::Result<Socket> {
        match &self.tls {
            TlsStack::Off => Err(switched_off("tls", target.target())),
            #[cfg(feature = "tls")]
            TlsStack::Usual(tls) => self.connect_usual_tls(tls, target, trace).await,
            #[cfg(not(feature = "tls"))]
            TlsStack::Missing => Err(unsupported("tls", target.target(), NO_TLS)),
            TlsStack::Custom(inner) => self.timed(inner, self.timeout, target, trace).await,
        }
    }

    /// TLS on the tcp slot.
    #[cfg(feature = "tls")]
    async fn connect_usual_tls(
        &self,
        tls: &ClientTls,
        target: PeerNamed<HostPort>,
        trace: Trace<'_>,
    ) -> io::Result<Socket> {
        match &self.tcp {
            TcpStack::Usual(inner) => {
                inner.resolver().check("tls", target.target())?;
                let secured = TlsConnector::new(inner, tls.clone());
                self.timed(&secured, self.timeout, target, trace).await
            }
            TcpStack::Addresses(inner) => {
                inner.resolver().check("tls", target.target())?;
                let secured = TlsConnector::new(inner, tls.clone());
                self.timed(&secured, self.timeout, target, trace).await
            }
            TcpStack::Hosts(inner) => {
                let secured = TlsConnector::new(inner, tls.clone());
                self.timed(&secured, self.timeout, target, trace).await
            }
        }
    }

    async fn connect_unix(&self, target: UnixAddress, trace: Trace<'_>) -> io::Result<Socket> {
        match &self.unix {
            UnixStack::Off => Err(switched_off("unix", &target)),
            #[cfg(unix)]
            UnixStack::Usual(inner) => self.timed(inner, self.unix_timeout, target, trace).await,
            #[cfg(not(unix))]
            UnixStack::Missing => {
                let system = std::env::consts::OS;
                Err(unsupported("unix", &target, &format!("{system} has no Unix sockets here")))
            }
            UnixStack::Custom(inner) => self.timed(inner, self.unix_timeout, target, trace).await,
        }
    }

    /// One clock around everything that `connector` does, and a stopwatch beside it.
    async fn timed<C, T>(
        &self,
        connector: &C,
        timeout: Option<Duration>,
        target: T,
        trace: Trace<'_>,
    ) -> io::Result<Socket>
    where
        C: Connect<T, Connection: Into<Socket>>,
        T: Send,
    {
        let stopwatch = Stopwatch::start(trace);
        let trace = stopwatch.trace();
        let connection = match timeout {
            None => connector.connect_traced(target, trace).await?,
            Some(after) => {
                let mut timed = TimeoutConnector::new(connector, after);
                if let Some(clock) = &self.clock {
                    timed = timed.with_clock(clock.clone());
                }
                timed.connect_traced(target, trace).await?
            }
        };
        let mut socket: Socket = connection.into();
        socket.attributes_mut().insert(stopwatch.stop());
        Ok(socket)
    }
}

impl fmt::Debug for Connector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Connector").field("timeout", &self.wiring.timeout).finish_non_exhaustive()
    }
}

fn switched_off(scheme: &str, target: &impl fmt::Display) -> io::Error {
    let text = format!(
        "connection to {scheme}://{target} refused: the scheme {scheme} is switched off in this connector; switch it on with Connector::builder().{scheme}(true)"
    );
    io::Error::new(io::ErrorKind::InvalidInput, text)
}

#[cfg(not(feature = "tls"))]
const NO_TLS: &str = "TLS is not in this build; switch on the feature `tls` of socketry";

#[cfg(not(all(feature = "tls", unix)))]
fn unsupported(scheme: &str, target: &impl fmt::Display, why: &str) -> io::Error {
    let text = format!("connection to {scheme}://{target} refused: {why}");
    io::Error::new(io::ErrorKind::Unsupported, text)
}
