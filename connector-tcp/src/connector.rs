//! The TCP connector.

use std::{
    fmt, io,
    net::{SocketAddr, SocketAddrV4, SocketAddrV6},
    sync::Arc,
    time::{Duration, Instant},
};

use socket2::{Domain, SockRef, Socket};
use socketry_connection::{Address, Family};
use socketry_connection_socket::{Connecting, SocketOptions, TcpConnection, Turn, open};
use socketry_connector::{AttemptTrace, Connect, EventKind, Phase, Trace};

use crate::itself::check_other_end;

/// Connects to one socket address over TCP.
///
/// Without settings a connect to this machine is five system calls (`socket`, `setsockopt` for
/// `TCP_NODELAY`, `connect` twice, `close` in the end) and no heap allocation: where the kernel has
/// finished the handshake already, as it has over loopback, asking again is cheaper than waiting.
/// One more (`getsockname`) goes to a port that the system may also choose as a source: nobody may
/// listen there, and the connection would have reached itself.
///
/// # Examples
///
/// ```no_run
/// use std::time::Duration;
///
/// use socketry_connector::Connect;
/// use socketry_connector_tcp::{Keepalive, SocketOptions, TcpConnector};
///
/// # async fn example() -> std::io::Result<()> {
/// let connector = TcpConnector::new()
///     .local_address("192.0.2.7:0".parse().unwrap()) // the source for IPv4
///     .local_address("[2001:db8::7]:0".parse().unwrap()) // and for IPv6
///     .options(SocketOptions::new().keepalive(Keepalive::after(Duration::from_secs(60))));
/// let connection = connector.connect("198.51.100.1:80".parse().unwrap()).await?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Default)]
pub struct TcpConnector {
    local_v4: Option<SocketAddrV4>,
    local_v6: Option<SocketAddrV6>,
    only_from_local: bool,
    options: SocketOptions,
    before_connect: Option<Arc<Hook>>,
}

type Hook = dyn Fn(&Socket, SocketAddr) -> io::Result<()> + Send + Sync;

impl TcpConnector {
    /// A connector that lets the system choose the source address.
    pub fn new() -> Self {
        Self::default()
    }

    /// Connects from this address, when the target is of the same family.
    ///
    /// Call it twice to set one for IPv4 and one for IPv6; a second one of a family replaces the
    /// first. A target of the other family is connected to from wherever the system chooses, so
    /// that a source for IPv4 never breaks a connection over IPv6: see
    /// [`only_from_local_addresses`](Self::only_from_local_addresses) for the strict way. Port 0
    /// lets the system choose the port.
    pub fn local_address(mut self, address: SocketAddr) -> Self {
        match address {
            SocketAddr::V4(address) => self.local_v4 = Some(address),
            SocketAddr::V6(address) => self.local_v6 = Some(address),
        }
        self
    }

    /// Refuses targets of a family that has no local address. By default off.
    pub fn only_from_local_addresses(mut self, only: bool) -> Self {
        self.only_from_local = only;
        self
    }

    /// Sets these options on every socket. By default only `nodelay`.
    pub fn options(mut self, options: SocketOptions) -> Self {
        self.options = options;
        self
    }

    /// Calls `hook` with every socket after its options are set and before it is bound and
    /// connected, and with the target.
    ///
    /// For what [`SocketOptions`] has no option for. An error fails the attempt.
    pub fn before_connect(
        mut self,
        hook: impl Fn(&Socket, SocketAddr) -> io::Result<()> + Send + Sync + 'static,
    ) -> Self {
        self.before_connect = Some(Arc::new(hook));
        self
    }

    /// The source address for a target.
    fn local_for(&self, remote: SocketAddr) -> Option<SocketAddr> {
        match remote {
            SocketAddr::V4(_) => self.local_v4.map(Into::into),
            SocketAddr::V6(_) => self.local_v6.map(Into::into),
        }
    }

    /// What no system call could mend.
    fn check(&self, remote: SocketAddr, local: Option<SocketAddr>) -> io::Result<()> {
        let reason = if remote.port() == 0 {
            "port 0 cannot be connected to".to_string()
        } else if self.only_from_local && local.is_none() {
            let family = Family::of(&remote.ip());
            format!("no local {family} address is set, and only local addresses are allowed")
        } else if needs_zone(remote) && local.is_none() && !self.options.has_interface() {
            "a link-local address needs the zone it is in, as in [fe80::1%eth0]:80".to_string()
        } else {
            return Ok(());
        };
        Err(refuse(remote, &reason))
    }

    /// Everything up to the first `connect`.
    fn open(
        &self,
        remote: SocketAddr,
        local: Option<SocketAddr>,
    ) -> Result<Socket, (Phase, io::Error)> {
        let domain = Domain::for_address(remote);
        let socket = open(domain).map_err(|error| (Phase::Socket, error))?;
        self.options
            .apply(&socket, domain)
            .map_err(|refused| (Phase::Option(refused.option()), refused.into_error()))?;
        if let Some(hook) = &self.before_connect {
            hook(&socket, remote).map_err(|error| (Phase::Option("before_connect"), error))?;
        }
        if let Some(local) = local {
            socket.bind(&local.into()).map_err(|error| (Phase::Bind, error))?;
        }
        Ok(socket)
    }

    async fn attempt(
        &self,
        remote: SocketAddr,
        local: Option<SocketAddr>,
        telling: &mut AttemptTrace<'_, '_>,
    ) -> Result<TcpConnection, Failure> {
        let socket = self.open(remote, local)?;
        let peer = Address::Tcp(remote);
        let in_connect = |error| (Phase::Connect, error);
        match start(&socket, remote).map_err(in_connect)? {
            Connecting::Done => {
                check_other_end(&socket, remote).map_err(in_connect)?;
                Ok(TcpConnection::new(socket.into(), Some(peer)))
            }
            Connecting::UnderWay => {
                Turn::waits();
                telling.waits();
                let started = Instant::now();
                let connected = TcpConnection::when_connected(socket.into(), peer).await;
                let connection = connected.map_err(|error| Failure {
                    phase: Phase::Connect,
                    error,
                    elapsed: started.elapsed(),
                })?;
                let socket = SockRef::from(connection.get_ref());
                check_other_end(&socket, remote).map_err(in_connect)?;
                Ok(connection)
            }
        }
    }
}

/// # Errors
///
/// [`InvalidInput`](io::ErrorKind::InvalidInput), before anything is opened, for port 0, for a
/// link-local target without its zone, and for a target without a local address where one is
/// demanded. Otherwise [`ConnectFailed`](socketry_connector::ConnectFailed), which names both ends, the phase (an option by its name),
/// and the system's error, whose kind and number are kept.
///
/// When the process is out of descriptors that is an error like others; the connector works again
/// as soon as there are some.
///
/// # Cancel safety
///
/// Dropping the future closes the socket at once.
impl Connect<SocketAddr> for TcpConnector {
    type Connection = TcpConnection;

    async fn connect_traced(
        &self,
        remote: SocketAddr,
        trace: Trace<'_>,
    ) -> io::Result<TcpConnection> {
        let local = self.local_for(remote);
        self.check(remote, local)?;
        Turn::take(|| trace.tell(|| EventKind::Yielded)).await;
        let (from, to) = (local.map(Address::Tcp), Address::Tcp(remote));
        let mut telling = trace.attempt(&to, from.as_ref());
        match self.attempt(remote, local, &mut telling).await {
            Ok(connection) => {
                telling.won();
                Ok(connection)
            }
            Err(Failure { phase, error, elapsed }) => {
                Err(telling.failed(phase, error, elapsed).into())
            }
        }
    }
}

impl fmt::Debug for TcpConnector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TcpConnector")
            .field("local_v4", &self.local_v4)
            .field("local_v6", &self.local_v6)
            .field("options", &self.options)
            .finish_non_exhaustive()
    }
}

#[cold]
fn refuse(remote: SocketAddr, reason: &str) -> io::Error {
    let text = format!("connection to tcp://{remote} refused: {reason}");
    io::Error::new(io::ErrorKind::InvalidInput, text)
}

/// Why an attempt failed, after how long a wait.
struct Failure {
    phase: Phase,
    error: io::Error,
    elapsed: Duration,
}

/// What the system refused at once.
impl From<(Phase, io::Error)> for Failure {
    fn from((phase, error): (Phase, io::Error)) -> Self {
        Self { phase, error, elapsed: Duration::ZERO }
    }
}

/// Starts the handshake, and over loopback on Linux finds out at once how it ended: there the
/// kernel has finished it already, and asking costs less than waiting.
fn start(socket: &Socket, remote: SocketAddr) -> io::Result<Connecting> {
    let address = remote.into();
    let started = Connecting::start(socket, &address)?;
    let asks = cfg!(any(target_os = "linux", target_os = "android")) && remote.ip().is_loopback();
    match started {
        Connecting::UnderWay if asks => Connecting::ask(socket, &address),
        started => Ok(started),
    }
}

fn needs_zone(remote: SocketAddr) -> bool {
    match remote {
        SocketAddr::V4(_) => false,
        SocketAddr::V6(remote) => remote.ip().is_unicast_link_local() && remote.scope_id() == 0,
    }
}
