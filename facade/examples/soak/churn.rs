//! Clients that come and leave in every way, through every layer of a server that has few places.
//!
//! Shown: everybody who came was either let in or told to be refused, and nothing is left of them.

use std::{
    cell::{Cell, RefCell},
    io,
    net::{Ipv4Addr, SocketAddr, SocketAddrV4, TcpStream},
    rc::Rc,
    time::{Duration, Instant},
};

use futures_lite::{AsyncReadExt, AsyncWriteExt};
use smol::{LocalExecutor, Timer};
use socket2::{Domain, SockRef, Socket, Type};
use socketry::{TlsConfig, connection::TcpConnection, server::ProxyHeader, tls::ClientTls};

use crate::{
    helper::Helper,
    random::Random,
    report::{Report, note},
    size::Size,
    stack::LIMIT,
    system::raise_descriptors,
};

/// The same clients in every run.
const SEED: u64 = 20_261_129;

/// How many clients are there at a time: more than there are places.
const AT_ONCE: usize = 3 * LIMIT;

/// How many milliseconds a client stays at most after it has heard its echo.
const STAY: u32 = 200;

/// How much more memory the server may have after the last quarter than after the first, in kilobytes.
/// The smallest leak, 32 bytes a connection, would be 4700 in the full size.
const MOST_GROWTH: f64 = 1024.0;

/// How a client leaves.
#[derive(Clone, Copy, Debug)]
enum Way {
    Close,
    Reset,
    HalfClose,
    MidHandshake,
    NeverSpeak,
    BadHeader,
    AtOnce,
}

const WAYS: [Way; 7] = [
    Way::Close,
    Way::Reset,
    Way::HalfClose,
    Way::MidHandshake,
    Way::NeverSpeak,
    Way::BadHeader,
    Way::AtOnce,
];

/// What a client's first message begins with.
const HALF_A_HELLO: [u8; 11] = [0x16, 3, 1, 2, 0, 1, 0, 1, 0xfc, 3, 3];

pub(crate) fn run(size: Size, report: &mut Report) -> io::Result<()> {
    raise_descriptors()?;
    let count = size.choose(8_000, 200_000);
    note(&format!("{count} clients, {AT_ONCE} at a time, {LIMIT} places, seed {SEED}"));
    let tasks = LocalExecutor::new();
    smol::block_on(tasks.run(async {
        let mut server = Helper::start("stack")?;
        let address: socketry::Address = server.hear("listening").await?;
        let clients = Clients::new(address.socket_address().ok_or(io::ErrorKind::NotFound)?)?;
        clients.come(&tasks, count / 10).await;
        let before = Holding::once_settled(&mut server).await?;
        let mut quarters = Vec::new();
        for _ in 0..4 {
            let started = Instant::now();
            clients.come(&tasks, count / 4).await;
            let after = Holding::once_settled(&mut server).await?;
            let (took, memory) = (started.elapsed(), after.memory / 1024);
            note(&format!("a quarter in {took:.1?}; the server has {memory} kB"));
            quarters.push(after);
        }
        let (first, last) = (&quarters[0], &quarters[3]);
        note(&format!("errors by kind: {}", last.kinds));
        clients.tell(last, report);
        report.at_most("connections left in the list", last.tracked as f64, 0.0, "");
        report.at_most("sockets left at the gate", last.gated as f64, 0.0, "");
        let descriptors = last.descriptors.abs_diff(before.descriptors);
        report.at_most("descriptors left in the server", descriptors as f64, 0.0, "");
        let growth = last.memory.saturating_sub(first.memory) as f64 / 1024.0;
        report.at_most("memory more than after the first quarter", growth, MOST_GROWTH, " kB");
        Ok(())
    }))
}

/// All who come, and what has become of them.
struct Clients {
    server: SocketAddr,
    tls: ClientTls,
    random: Random,
    next: Cell<u32>,
    attempted: Cell<u64>,
    heard: Cell<u64>,
    /// The first thing that went wrong on this side.
    failed: RefCell<Option<io::Error>>,
}

impl Clients {
    fn new(server: SocketAddr) -> io::Result<Rc<Self>> {
        let mut tls = TlsConfig::default();
        (tls.verify_certificate, tls.verify_name) = (false, false);
        Ok(Rc::new(Self {
            server,
            tls: tls.to_client()?,
            random: Random::new(SEED),
            next: Cell::default(),
            attempted: Cell::default(),
            heard: Cell::default(),
            failed: RefCell::default(),
        }))
    }

    /// So many come, `AT_ONCE` at a time.
    async fn come(self: &Rc<Self>, tasks: &LocalExecutor<'_>, count: usize) {
        let left = Rc::new(Cell::new(count));
        let workers: Vec<_> = (0..AT_ONCE)
            .map(|_| {
                let (clients, left) = (self.clone(), left.clone());
                tasks.spawn(async move {
                    while let Some(fewer) = left.get().checked_sub(1) {
                        left.set(fewer);
                        clients.come_once().await;
                    }
                })
            })
            .collect();
        for worker in workers {
            worker.await;
        }
    }

    /// One comes and leaves. What it finds on its way is the server's business, but that it gets there.
    async fn come_once(&self) {
        match self.dial() {
            Ok(connection) => {
                self.attempted.set(self.attempted.get() + 1);
                let way = WAYS[self.random.below(WAYS.len() as u32) as usize];
                if let Ok(true) = self.visit(connection, way).await {
                    self.heard.set(self.heard.get() + 1);
                }
            }
            Err(error) => {
                self.failed.borrow_mut().get_or_insert(error);
            }
        }
    }

    /// From ever new addresses, so that none runs out of ports. Connecting to this machine does not
    /// wait, as long as there is room in the backlog.
    fn dial(&self) -> io::Result<TcpConnection> {
        let number = self.next.replace(self.next.get().wrapping_add(1));
        let source = Ipv4Addr::from(0x7f01_0001 + number % 60_000);
        let socket = Socket::new(Domain::IPV4, Type::STREAM, None)?;
        socket.bind(&SocketAddrV4::new(source, 0).into())?;
        socket.connect(&self.server.into())?;
        socket.set_nonblocking(true)?;
        TcpStream::from(socket).try_into()
    }

    /// Whether it has heard its echo.
    async fn visit(&self, mut connection: TcpConnection, way: Way) -> io::Result<bool> {
        match way {
            Way::AtOnce => return Ok(false),
            Way::NeverSpeak => {}
            Way::BadHeader => connection.write_all(b"PROXY TCP5 nobody nowhere\r\n").await?,
            _ => connection.write_all(&self.header()).await?,
        }
        match way {
            Way::NeverSpeak | Way::BadHeader => {
                connection.read_to_end(&mut Vec::new()).await?;
                return Ok(false);
            }
            Way::MidHandshake => {
                connection.write_all(&HALF_A_HELLO).await?;
                return Ok(false);
            }
            _ => {}
        }
        let mut secure = self.tls.upgrade(connection, "localhost".parse()?).await?;
        secure.write_all(b"hello").await?;
        if matches!(way, Way::HalfClose) {
            secure.close().await?;
        }
        secure.read_exact(&mut [0; 5]).await?;
        // So that there are more of them than places.
        Timer::after(Duration::from_millis(self.random.below(STAY).into())).await;
        match way {
            Way::Reset => {
                SockRef::from(secure.get_ref()).set_linger(Some(Duration::ZERO))?;
            }
            Way::HalfClose => drop(secure.read_to_end(&mut Vec::new()).await),
            _ => drop(secure.shutdown().await),
        }
        Ok(true)
    }

    /// Of clients from many networks.
    fn header(&self) -> Vec<u8> {
        let client = Ipv4Addr::from(0xc633_0000 + self.random.below(0x1_0000));
        let [client, server] = [(client, 4711), (Ipv4Addr::new(192, 0, 2, 1), 443)];
        let header = ProxyHeader::relaying(SocketAddr::from(client), SocketAddr::from(server));
        match self.random.below(2) {
            0 => header.to_v1().into_bytes(),
            _ => header.with_checksum().to_v2(),
        }
    }

    /// What both sides have counted.
    fn tell(&self, server: &Holding, report: &mut Report) {
        let (attempted, heard) = (self.attempted.get(), self.heard.get());
        if let Some(error) = &*self.failed.borrow() {
            report.fail(&format!("a client did not get to the server: {error}"));
        }
        note(&format!(
            "{attempted} came, {} were let in, {} were refused; {heard} have heard their echo",
            server.accepted, server.refused
        ));
        let told = server.accepted + server.refused;
        report.at_most("came, and neither", attempted.abs_diff(told) as f64, 0.0, "");
        let echoes = heard.abs_diff(server.echoed) as f64;
        report.at_most("echoes that only one side has counted", echoes, 0.0, "");
        let share = 100.0 * heard as f64 / attempted as f64;
        report.at_least("have heard their echo", share, 20.0, " %");
        report.at_least("found no place", server.without_place as f64, 10.0, "");
    }
}

/// What the server has counted, and what it holds.
struct Holding {
    accepted: u64,
    echoed: u64,
    refused: u64,
    without_place: u64,
    kinds: String,
    tracked: u64,
    gated: u64,
    descriptors: u64,
    memory: u64,
}

impl Holding {
    async fn ask(server: &mut Helper) -> io::Result<Self> {
        server.say("report")?;
        Ok(Self {
            accepted: server.hear("accepted").await?,
            echoed: server.hear("echoed").await?,
            refused: server.hear("refused").await?,
            without_place: server.hear("rejected").await?,
            kinds: server.hear("kinds").await?,
            tracked: server.hear("tracked").await?,
            gated: server.hear("gated").await?,
            descriptors: server.hear("descriptors").await?,
            memory: server.hear("memory").await?,
        })
    }

    /// As soon as nobody is there any more, or after some seconds.
    async fn once_settled(server: &mut Helper) -> io::Result<Self> {
        for _ in 0..200 {
            let holding = Self::ask(server).await?;
            if holding.tracked == 0 && holding.gated == 0 {
                break;
            }
            Timer::after(Duration::from_millis(50)).await;
        }
        Self::ask(server).await
    }
}
