//! What is connected to: something that accepts, refuses, or does not answer.

use std::{
    io,
    net::{SocketAddr, TcpStream},
    process,
    time::Duration,
};

use socketry::{Address, Connector, Server, ServerConfig, Socket, UnixAddress};

/// How long a connect takes at least if the backlog is full.
const FULL: Duration = Duration::from_millis(200);

/// How many connections to the server that accepts the targets themselves hold.
pub(super) const HELD_FOR_TARGETS: u64 = 1;

/// One target of each kind, held for as long as this lives.
pub(super) struct Targets {
    /// A server that accepts.
    pub(super) accepting: SocketAddr,
    /// A port on which nobody listens.
    pub(super) refusing: SocketAddr,
    full: Full<SocketAddr>,
    full_unix: Full<UnixAddress>,
    _holds_refusing: TcpStream,
}

impl Targets {
    /// One target of each kind; `accepting` is there already.
    pub(super) async fn prepare(accepting: Address) -> io::Result<Self> {
        let accepting = accepting.socket_address().ok_or(io::ErrorKind::InvalidInput)?;
        // The port of a client is taken, so nobody else gets it, and nobody listens on it.
        let client = TcpStream::connect(accepting)?;
        let name = format!("unix://@socketry-soak-{}", process::id());
        Ok(Self {
            accepting,
            refusing: client.local_addr()?,
            full: Full::prepare("127.0.0.1:0", |address| address.socket_address()).await?,
            full_unix: Full::prepare(&name, |address| match address {
                Address::Unix(address) => Some(address.clone()),
                _ => None,
            })
            .await?,
            _holds_refusing: client,
        })
    }

    /// A TCP server whose backlog is full: a connect waits for an answer.
    pub(super) fn full(&self) -> SocketAddr {
        self.full.address
    }

    /// A Unix server whose backlog is full: a connect tries again and again.
    pub(super) fn full_unix(&self) -> UnixAddress {
        self.full_unix.address.clone()
    }
}

/// A server that nobody polls, and those who wait in its backlog.
struct Full<A> {
    address: A,
    _server: Server,
    _waiting: Vec<Socket>,
}

impl<A> Full<A> {
    async fn prepare(endpoint: &str, address: impl Fn(&Address) -> Option<A>) -> io::Result<Self> {
        let mut config = ServerConfig::default();
        config.tcp.backlog = 1;
        config.unix.backlog = 1;
        let server = config.bind(endpoint).await?;
        let listens_on = server.local_address().ok_or(io::ErrorKind::AddrNotAvailable)?;
        let connector = Connector::builder().timeout(FULL).unix_timeout(FULL).build()?;
        let mut waiting = Vec::new();
        loop {
            match connector.connect(listens_on.clone()).await {
                Ok(socket) => waiting.push(socket),
                Err(error) if error.kind() == io::ErrorKind::TimedOut => break,
                Err(error) => return Err(error),
            }
        }
        let address = address(&listens_on).ok_or(io::ErrorKind::AddrNotAvailable)?;
        Ok(Self { address, _server: server, _waiting: waiting })
    }
}
