//! The Unix connector.

use std::{
    io,
    sync::Arc,
    time::{Duration, Instant},
};

use socket2::{Domain, SockAddr, Socket};
use socketry_connection::{Address, Clock, Sleep, UnixAddress, now};
use socketry_connection_socket::{SocketOptions, Turn, UnixConnection, open, socket_address};
use socketry_connector::{AttemptTrace, Connect, EventKind, Phase, Trace};

/// The first and the longest wait before a server with a full backlog is asked again. Nothing
/// tells a client that there is room again, so the longest wait is also how late it can come.
const SHORTEST: Duration = Duration::from_millis(1);
const LONGEST: Duration = Duration::from_millis(50);

/// Connects to one Unix socket.
///
/// The system connects a Unix socket at once or not at all, so a call that succeeds at first try
/// never waits and is never registered with the reactor.
///
/// # While the backlog is full
///
/// Linux then refuses to queue the client and offers nothing to wait for. The connector asks again
/// on the same socket after 1 ms, doubling up to 50 ms, until the server accepts, closes, or the
/// future is dropped; there is no limit of its own. Other systems refuse the connection
/// (`ECONNREFUSED`).
///
/// # Addresses
///
/// The remote address of a connection is the one that was given. It has no local address: a
/// client's socket has no name.
///
/// # Examples
///
/// ```no_run
/// use socketry_connector::Connect;
/// use socketry_connector_unix::{SocketOptions, UnixAddress, UnixConnector};
///
/// # async fn example() -> std::io::Result<()> {
/// let connector = UnixConnector::new().options(SocketOptions::new().send_buffer(1024 * 1024));
/// let connection = connector.connect(UnixAddress::from_path("/run/demo.sock")?).await?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug, Default)]
pub struct UnixConnector {
    options: SocketOptions,
    clock: Option<Arc<dyn Clock>>,
}

impl UnixConnector {
    /// A connector whose sockets are as the system makes them.
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets these options on every socket: those that a Unix socket has, which are the sizes of the
    /// buffers. All others have no effect. By default none.
    pub fn options(mut self, options: SocketOptions) -> Self {
        self.options = options;
        self
    }

    /// Waits on this clock while a backlog is full. By default the system's.
    pub fn with_clock(mut self, clock: Arc<dyn Clock>) -> Self {
        self.clock = Some(clock);
        self
    }

    async fn attempt(
        &self,
        to: &SockAddr,
        telling: &mut AttemptTrace<'_, '_>,
    ) -> Result<Socket, Failure> {
        let socket = open(Domain::UNIX).map_err(|error| Failure {
            phase: Phase::Socket,
            error,
            elapsed: Duration::ZERO,
        })?;
        self.options.apply_buffers(&socket).map_err(|refused| Failure {
            phase: Phase::Option(refused.option()),
            error: refused.into_error(),
            elapsed: Duration::ZERO,
        })?;
        self.connect_socket(&socket, to, telling).await?;
        Ok(socket)
    }

    /// Connects as soon as there is room in the backlog.
    async fn connect_socket(
        &self,
        socket: &Socket,
        to: &SockAddr,
        telling: &mut AttemptTrace<'_, '_>,
    ) -> Result<(), Failure> {
        let clock = self.clock.as_ref();
        let mut waits_since: Option<Instant> = None;
        let mut wait = SHORTEST;
        while let Err(error) = socket.connect(to) {
            match error.kind() {
                io::ErrorKind::WouldBlock => {
                    waits_since.get_or_insert_with(|| now(clock));
                    Turn::waits();
                    telling.waits();
                    Sleep::after(clock, wait).await;
                    wait = (wait * 2).min(LONGEST);
                }
                io::ErrorKind::Interrupted => {}
                _ => {
                    let elapsed = waits_since.map_or(Duration::ZERO, |since| {
                        now(clock).saturating_duration_since(since)
                    });
                    return Err(Failure { phase: Phase::Connect, error, elapsed });
                }
            }
        }
        Ok(())
    }
}

/// # Errors
///
/// [`Unsupported`](io::ErrorKind::Unsupported), before anything is opened, for an abstract name on
/// a system other than Linux. Otherwise [`ConnectFailed`](socketry_connector::ConnectFailed), which names the socket, the phase (an
/// option by its name), and the system's error, whose kind and number are kept: `ENOENT` if there
/// is nothing at the path, `ECONNREFUSED` if it is no socket or nobody listens on it, `EACCES` if
/// its permissions forbid it.
///
/// # Cancel safety
///
/// Dropping the future closes the socket and frees the timer at once.
impl Connect<UnixAddress> for UnixConnector {
    type Connection = UnixConnection;

    async fn connect_traced(
        &self,
        remote: UnixAddress,
        trace: Trace<'_>,
    ) -> io::Result<UnixConnection> {
        let remote = Address::Unix(remote);
        let system_address = socket_address(&remote).map_err(|error| {
            let text = format!("connection to {remote} refused: {error}");
            io::Error::new(error.kind(), text)
        })?;
        Turn::take(|| trace.tell(|| EventKind::Yielded)).await;
        let mut telling = trace.attempt(&remote, None);
        match self.attempt(&system_address, &mut telling).await {
            Ok(socket) => {
                telling.won();
                Ok(UnixConnection::new(socket.into(), Some(remote)))
            }
            Err(Failure { phase, error, elapsed }) => {
                Err(telling.failed(phase, error, elapsed).into())
            }
        }
    }
}

/// Why an attempt failed, after how long a wait.
struct Failure {
    phase: Phase,
    error: io::Error,
    elapsed: Duration,
}
