//! The work that is counted, in a process of its own. A line on its standard input lets it begin.

use std::{
    convert::Infallible,
    io::{self, Write},
    net::SocketAddr,
    task::{Context, Poll, ready},
    time::Duration,
};

use futures_lite::{AsyncReadExt, AsyncWriteExt, future::block_on};
use smol::LocalExecutor;
use socketry::{
    Accept, AcceptExt, Address, Connect, Connection, Connector, Control, HostPort,
    connection::TcpConnection,
    connector::{DnsConnector, FixedConnector, RaceConnector, TcpConnector, TimeoutConnector},
    reconnecting::{Reconnecting, Session},
    resolver::StaticResolver,
    server::{Gate, GateServer, GateSettings, LimitingServer, Rate, TcpServer},
};
use socketry_connection_socket::Turn;

use crate::{
    layers,
    names::{NAME, NAME_OF_MANY, nameserver},
    once::Once,
};

pub(crate) fn run(work: &str, amount: usize, address: &str) {
    match work {
        "connect" => connect(&TcpConnector::new(), amount, address),
        "connect-timeout" => {
            let connector = TimeoutConnector::new(TcpConnector::new(), Duration::from_secs(60));
            connect(&connector, amount, address);
        }
        "connect-fixed" => {
            let connector = FixedConnector::new(TcpConnector::new(), remote(address));
            connect(&connector, amount, address);
        }
        "connect-race" => {
            let race = RaceConnector::new(TcpConnector::new());
            let remote = remote(address);
            connect_to(&race, amount, || remote.into());
        }
        "connect-host" => {
            let race = RaceConnector::new(TcpConnector::new());
            let hosts = DnsConnector::new(race, StaticResolver::new());
            let host = HostPort::from(remote(address));
            connect_to(&hosts, amount, || host.clone());
        }
        "connect-facade" => {
            let remote = remote(address);
            connect_to(&Connector::new(), amount, || remote);
        }
        "connect-name" => connect_by_name(NAME, amount, address),
        "connect-name-of-many" => connect_by_name(NAME_OF_MANY, amount, address),
        "accept" => accept(listen(), amount),
        "accept-limited" => accept(limited(listen()), amount),
        "echo" => echo(listen(), amount),
        "echo-limited" => echo(limited(listen()), amount),
        "echo-session" => echo(Sessions(listen()), amount),
        _ => layers::run(work, amount),
    }
}

fn remote(address: &str) -> SocketAddr {
    address.parse().unwrap()
}

fn connect(connector: &impl Connect<SocketAddr>, amount: usize, address: &str) {
    let address = remote(address);
    connect_to(connector, amount, || address);
}

fn connect_by_name(name: &str, amount: usize, address: &str) {
    let nameserver = nameserver();
    let connector = Connector::builder().dns(nameserver.address()).build().unwrap();
    let port = remote(address).port();
    connect_to(&connector, amount, || (name, port));
}

/// Connects and drops, one after the other. Never inlined, so that what is counted of one kind of work
/// does not depend on the others.
#[inline(never)]
fn connect_to<T: Send>(connector: &impl Connect<T>, amount: usize, target: impl Fn() -> T) {
    block_on(async {
        for _ in 0..amount {
            connector.connect(target()).await.unwrap();
            Turn::waits(); // so that none of them lets others go first
        }
    });
}

/// Accepts and drops, when all clients are waiting already.
fn accept(mut server: impl Accept, amount: usize) {
    smol::block_on(async {
        for _ in 0..amount {
            server.accept().await.unwrap().unwrap();
        }
    });
}

/// Echoes what `amount` clients say until they have all left.
fn echo(mut server: impl Accept, amount: usize) {
    let tasks = LocalExecutor::new();
    smol::block_on(tasks.run(async {
        let mut echoing = Vec::new();
        for _ in 0..amount {
            let connection = server.accept().await.unwrap().unwrap();
            echoing.push(tasks.spawn(echo_to(connection)));
        }
        for task in echoing {
            task.await.unwrap();
        }
    }));
}

async fn echo_to(mut connection: impl Connection) -> io::Result<()> {
    let mut buffer = [0; 1024];
    loop {
        match connection.read(&mut buffer).await {
            Ok(0) => return Ok(()),
            Ok(count) => connection.write_all(&buffer[..count]).await?,
            // A session tells the end of the stream as an error.
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(()),
            Err(error) => return Err(error),
        }
    }
}

/// With a gate and the list of connections around it, and a limit that nobody reaches.
fn limited(server: TcpServer) -> LimitingServer<GateServer<TcpServer>> {
    let mut settings = GateSettings::default();
    settings.most_open_per_prefix = Some(1_000_000);
    settings.rate_per_prefix = Some(Rate::per_second(1_000_000));
    LimitingServer::new(GateServer::new(server, Gate::new(settings)), 1_000_000)
}

/// Yields each connection as a session that would come back.
struct Sessions(TcpServer);

impl Accept for Sessions {
    type Connection = Session<TcpConnection>;

    fn poll_accept(
        &mut self,
        cx: &mut Context<'_>,
    ) -> Poll<Option<io::Result<Session<TcpConnection>>>> {
        let Some(connection) = ready!(self.0.poll_accept(cx)) else { return Poll::Ready(None) };
        let mut sessions = Reconnecting::new(Once::new(connection.ok()), ());
        sessions.poll_session(cx)
    }

    fn poll_progress(&mut self, cx: &mut Context<'_>) -> Poll<Infallible> {
        self.0.poll_progress(cx)
    }

    fn local_address(&self) -> Option<Address> {
        self.0.local_address()
    }

    fn control(&self) -> Control {
        self.0.control()
    }
}

/// Tells the parent where this listens, and waits until it says that all is ready.
fn listen() -> TcpServer {
    let server = TcpServer::bind("127.0.0.1:0".parse().unwrap()).unwrap();
    println!("{}", server.local_address().unwrap().socket_address().unwrap());
    io::stdout().flush().unwrap();
    io::stdin().read_line(&mut String::new()).unwrap();
    server
}
