//! This house.

use std::{
    future::{Future, Ready, ready},
    io,
    net::{SocketAddr, TcpListener},
    sync::Arc,
};

use socketry::{AcceptExt, Connect, Connector, HappyEyeballs, Socket, connection::TcpConnection};
use socketry_connector_tcp::TcpConnector;
use socketry_server_tcp::TcpServer;

use crate::{
    backend::{Backend, Connects, ConnectsByName, Dial, Listen, Listens},
    backends::{
        futures_io::{FuturesIo, Resets},
        runner::{Runner, spawn},
    },
    socket::reset_when_dropped,
    tasks::race::{Races, Target},
};

/// Its rooms, and the facade for names.
#[derive(Clone, Copy)]
pub(crate) struct Ours<R>(pub(crate) R);

impl<R: Runner> Backend for Ours<R> {
    fn run(self, main: impl Future<Output = io::Result<()>> + Send + 'static) -> io::Result<()> {
        self.0.run(main)
    }

    fn spawn(self, task: impl Future<Output = io::Result<()>> + Send + 'static) {
        spawn(task);
    }
}

impl<R: Runner> Connects for Ours<R> {
    fn dialer(self, address: SocketAddr) -> io::Result<impl Dial> {
        Ok(Tcp { connector: Arc::new(TcpConnector::new()), address })
    }
}

#[derive(Clone)]
struct Tcp {
    connector: Arc<TcpConnector>,
    address: SocketAddr,
}

impl Dial for Tcp {
    type Stream = FuturesIo<TcpConnection>;

    async fn dial(&self) -> io::Result<Self::Stream> {
        Ok(FuturesIo(self.connector.connect(self.address).await?))
    }
}

impl<R: Runner> ConnectsByName for Ours<R> {
    fn named_dialer(self, name: &str, port: u16) -> io::Result<impl Dial> {
        Ok(Named { connector: Connector::new(), name: name.into(), port })
    }
}

#[derive(Clone)]
struct Named {
    connector: Connector,
    name: Arc<str>,
    port: u16,
}

impl Dial for Named {
    type Stream = FuturesIo<Socket>;

    async fn dial(&self) -> io::Result<Self::Stream> {
        Ok(FuturesIo(self.connector.connect((&*self.name, self.port)).await?))
    }
}

impl<R: Runner> Races for Ours<R> {
    /// Its own DNS client asks.
    fn novice(self, target: &Target) -> io::Result<impl Dial> {
        let mut racing = HappyEyeballs::default();
        racing.remembered_hosts = usize::from(target.remembers); // by default none
        let connector =
            Connector::builder().dns(target.nameserver).happy_eyeballs(racing).build()?;
        Ok(Named { connector, name: target.name.clone(), port: target.port })
    }
}

impl<R: Runner> Listens for Ours<R> {
    fn listener(self, socket: TcpListener) -> io::Result<impl Listen> {
        Ok(Listening(TcpServer::from_fd(socket.into())?))
    }
}

struct Listening(TcpServer);

impl Listen for Listening {
    type Accepting = Ready<io::Result<Self::Stream>>;
    type Stream = FuturesIo<TcpConnection>;

    async fn accept(&mut self) -> io::Result<Self::Accepting> {
        let accepted = self.0.accept().await.ok_or(io::ErrorKind::NotConnected)?;
        Ok(ready(accepted.map(FuturesIo)))
    }
}

impl Resets for TcpConnection {
    fn reset_when_dropped(&self) -> io::Result<()> {
        reset_when_dropped(self)
    }
}

impl Resets for Socket {
    fn reset_when_dropped(&self) -> io::Result<()> {
        match self.as_tcp() {
            Some(connection) => reset_when_dropped(connection),
            None => Err(io::Error::other("this is no TCP connection")),
        }
    }
}
