//! This house with layers around its rooms, to be compared with itself without them.

use std::{
    future::{Future, Ready, pending, ready},
    io,
    net::{IpAddr, Ipv4Addr, SocketAddr, TcpListener},
    sync::Arc,
    time::Duration,
};

use futures_lite::{AsyncReadExt, future::yield_now};
use socketry::{
    AcceptExt, Connect, Connection, Connector, Host, HostPort, Resolve,
    connection::TcpConnection,
    connector::{DnsConnector, RaceConnector, TcpConnector, TimeoutConnector},
    resolver::{CachingResolver, StaticResolver},
    server::{
        Gate, GateServer, GateSettings, GatedConnection, LimitingServer, Rate, TcpServer,
        TrackedConnection,
    },
};

use crate::{
    backend::{Backend, Connects, ConnectsByName, Dial, Listen, Listens},
    backends::{
        futures_io::{FuturesIo, Resets},
        runner::{Runner, spawn},
    },
    job::Job,
    socket::reset_when_dropped,
    totals::count_many,
    work::MESSAGE,
};

/// The facade, as it comes.
#[derive(Clone, Copy)]
pub(crate) struct Facade<R>(pub(crate) R);

/// What the facade puts together, put together by hand.
#[derive(Clone, Copy)]
pub(crate) struct ByHand<R>(pub(crate) R);

/// A server with a gate and a list of connections, and limits that nobody reaches.
#[derive(Clone, Copy)]
pub(crate) struct Limited<R>(pub(crate) R);

macro_rules! run_on_its_runner {
    ($($backend:ident)*) => {$(
        impl<R: Runner> Backend for $backend<R> {
            fn run(
                self,
                main: impl Future<Output = io::Result<()>> + Send + 'static,
            ) -> io::Result<()> {
                self.0.run(main)
            }

            fn spawn(self, task: impl Future<Output = io::Result<()>> + Send + 'static) {
                spawn(task);
            }
        }
    )*};
}

run_on_its_runner!(Facade ByHand Limited);

/// Connects with whatever connector there is.
struct Connecting<C, T> {
    connector: Arc<C>,
    target: T,
}

impl<C, T: Clone> Clone for Connecting<C, T> {
    fn clone(&self) -> Self {
        Self { connector: self.connector.clone(), target: self.target.clone() }
    }
}

impl<C, T> Dial for Connecting<C, T>
where
    C: Connect<T, Connection: Resets> + 'static,
    T: Clone + Send + Sync + 'static,
{
    type Stream = FuturesIo<C::Connection>;

    async fn dial(&self) -> io::Result<Self::Stream> {
        Ok(FuturesIo(self.connector.connect(self.target.clone()).await?))
    }
}

impl<R: Runner> Connects for Facade<R> {
    fn dialer(self, address: SocketAddr) -> io::Result<impl Dial> {
        Ok(Connecting { connector: Arc::new(Connector::new()), target: address })
    }
}

impl<R: Runner> ConnectsByName for Facade<R> {
    fn named_dialer(self, name: &str, port: u16) -> io::Result<impl Dial> {
        let connector = Connector::builder().resolver(keeping(name)).build()?;
        let host: Host = name.parse().map_err(io::Error::other)?;
        Ok(Connecting { connector: Arc::new(connector), target: HostPort::new(host, port) })
    }
}

impl<R: Runner> Connects for ByHand<R> {
    fn dialer(self, address: SocketAddr) -> io::Result<impl Dial> {
        Ok(by_hand(StaticResolver::new(), HostPort::from(address)))
    }
}

impl<R: Runner> ConnectsByName for ByHand<R> {
    fn named_dialer(self, name: &str, port: u16) -> io::Result<impl Dial> {
        let host: Host = name.parse().map_err(io::Error::other)?;
        Ok(by_hand(keeping(name), HostPort::new(host, port)))
    }
}

/// The layers of the facade in their order.
fn by_hand(resolver: impl Resolve + 'static, target: HostPort) -> impl Dial {
    let hosts = DnsConnector::new(RaceConnector::new(TcpConnector::new()), resolver);
    Connecting { connector: Arc::new(TimeoutConnector::new(hosts, MINUTE)), target }
}

/// Knows one name, and keeps what it was asked.
fn keeping(name: &str) -> CachingResolver<StaticResolver> {
    let localhost = IpAddr::V4(Ipv4Addr::LOCALHOST);
    CachingResolver::new(StaticResolver::new().with(name, [localhost])).lifetime(60 * MINUTE)
}

const MINUTE: Duration = Duration::from_secs(60);

impl<R: Runner> Listens for Limited<R> {
    fn listener(self, socket: TcpListener) -> io::Result<impl Listen> {
        let mut settings = GateSettings::default();
        settings.most_open_per_prefix = Some(MANY as usize);
        settings.rate_per_prefix = Some(Rate::per_second(MANY));
        let server = TcpServer::from_fd(socket.into())?;
        let server = GateServer::new(server, Gate::new(settings));
        Ok(Listening(LimitingServer::new(server, MANY as usize)))
    }
}

const MANY: u32 = 1_000_000;

struct Listening(LimitingServer<GateServer<TcpServer>>);

impl Listen for Listening {
    type Accepting = Ready<io::Result<Self::Stream>>;
    type Stream = FuturesIo<TrackedConnection<GatedConnection<TcpConnection>>>;

    async fn accept(&mut self) -> io::Result<Self::Accepting> {
        let accepted = self.0.accept().await.ok_or(io::ErrorKind::NotConnected)?;
        Ok(ready(accepted.map(FuturesIo)))
    }
}

impl Resets for TrackedConnection<GatedConnection<TcpConnection>> {
    fn reset_when_dropped(&self) -> io::Result<()> {
        reset_when_dropped(self.get_ref().get_ref())
    }
}

/// Says each message to all clients through the list of them, whose tasks are the ones that write.
pub(crate) fn broadcast<R: Runner>(runner: R, job: &Job, socket: TcpListener) -> io::Result<()> {
    let clients = job.connections;
    runner.run(async move {
        let mut server = LimitingServer::new(TcpServer::from_fd(socket.into())?, None);
        let all = server.connections();
        for _ in 0..clients {
            let client = server.accept().await.ok_or(io::ErrorKind::NotConnected)??;
            spawn(listen(client));
        }
        spawn(async move {
            loop {
                let told = all.broadcast([b'.'; MESSAGE]).await;
                yield_now().await; // behind everybody who has something to write now
                count_many(told.queued as u64);
            }
        });
        pending().await
    })
}

async fn listen(mut client: impl Connection) -> io::Result<()> {
    while client.read(&mut [0; MESSAGE]).await? > 0 {}
    Ok(())
}
