//! Good clients of a TLS server beside a thousand that never finish their handshake.
//!
//! Shown: the good ones hardly notice; after the deadline of a handshake all others are gone, and
//! nothing is left of them. The same is measured with a second server that has no such clients,
//! a handshake here and a handshake there. All are on this machine, and a server has one thread.

use std::{
    io,
    net::{Ipv4Addr, SocketAddr, SocketAddrV4},
    sync::Arc,
    time::{Duration, Instant},
};

use futures_lite::{AsyncReadExt, AsyncWriteExt, future};
use smol::{Timer, net::TcpStream};
use socket2::{Domain, Socket, Type};
use socketry::Connect;
use socketry_connection_tls::{
    TlsOptions, default_provider,
    rustls::{ClientConfig, RootCertStore, client::Resumption, pki_types::ServerName},
};
use socketry_connector_tcp::TcpConnector;

use crate::{
    helper::Helper,
    report::{Report, note},
    size::Size,
};

/// How many clients say nothing, and how many half of their first message.
const IDLE: usize = 500;

/// How often the good ones are measured, of which the median counts. All of it has to be over
/// before the deadline of the others.
const ROUNDS: usize = 5;

/// How long the server may take to turn the others away, beyond its deadline.
const PATIENCE: Duration = Duration::from_secs(20);

/// What a client's first message begins with: a record that is longer than what is sent of it.
const HALF_A_HELLO: [u8; 11] = [0x16, 3, 1, 2, 0, 1, 0, 1, 0xfc, 3, 3];

pub(crate) fn run(size: Size, report: &mut Report) -> io::Result<()> {
    smol::block_on(async {
        let times = size.choose(200, 600);
        let (mut quiet, alone) = start(times).await?;
        let (mut server, beside) = start(times).await?;
        measure(&mut server, &alone, &beside, report).await?;
        quiet.say("report")?;
        quiet.hear::<usize>("descriptors").await?; // it has lived until now
        Ok(())
    })
}

/// A server of its own, and good clients of it.
async fn start(times: usize) -> io::Result<(Helper, Good)> {
    let mut server = Helper::start("secure")?;
    let address: socketry::Address = server.hear("listening").await?;
    let address = address.socket_address().ok_or(io::ErrorKind::AddrNotAvailable)?;
    let root = from_hex(&server.hear::<String>("root").await?)?;
    Ok((server, Good { address, config: config(root)?, times }))
}

async fn measure(
    server: &mut Helper,
    alone: &Good,
    beside: &Good,
    report: &mut Report,
) -> io::Result<()> {
    medians(alone, beside).await?; // warm
    let baseline = descriptors(server).await?;

    note(&format!("{IDLE} clients say nothing, and {IDLE} half of their first message"));
    let bad = (0..2 * IDLE).map(|number| idle(beside.address, number));
    let bad = bad.collect::<io::Result<Vec<_>>>()?;
    while descriptors(server).await? < baseline + bad.len() {
        future::yield_now().await; // all are taken before anything is measured
    }
    let mut rounds = Vec::with_capacity(ROUNDS);
    for _ in 0..ROUNDS {
        rounds.push(medians(alone, beside).await?);
    }
    let held = descriptors(server).await?.saturating_sub(baseline);
    report.at_least("handshakes under way all the time", held as f64, bad.len() as f64, "");

    let hanging = turned_away(bad).await?;
    report.at_most("clients left hanging after the deadline", hanging as f64, 0.0, "");
    let left = descriptors(server).await?.abs_diff(baseline);
    report.at_most("descriptors left", left as f64, 0.0, "");

    rounds.sort_unstable_by(|one, other| one.ratio().total_cmp(&other.ratio()));
    let Medians { alone, beside } = rounds[ROUNDS / 2];
    note(&format!("a handshake takes {alone:.0?} alone and {beside:.0?} beside them"));
    report.at_most("times as long", rounds[ROUNDS / 2].ratio(), 1.1, "");
    Ok(())
}

/// How long a handshake takes with either server.
#[derive(Clone, Copy)]
struct Medians {
    alone: Duration,
    beside: Duration,
}

impl Medians {
    fn ratio(self) -> f64 {
        self.beside.as_secs_f64() / self.alone.as_secs_f64()
    }
}

/// Handshakes with both servers in turn: what else the machine is busy with slows both alike.
async fn medians(alone: &Good, beside: &Good) -> io::Result<Medians> {
    let (mut one, mut other) = (Vec::new(), Vec::new());
    for _ in 0..alone.times {
        one.push(alone.come().await?);
        other.push(beside.come().await?);
    }
    Ok(Medians { alone: median(one), beside: median(other) })
}

fn median(mut took: Vec<Duration>) -> Duration {
    took.sort_unstable();
    took[took.len() / 2]
}

/// Clients of one server that do all that is asked of them, one after the other.
struct Good {
    address: SocketAddr,
    config: Arc<ClientConfig>,
    times: usize,
}

impl Good {
    /// How long it takes from the connection to the first byte of the server.
    async fn come(&self) -> io::Result<Duration> {
        let plain = TcpConnector::new().connect(self.address).await?;
        let started = Instant::now();
        let name = ServerName::try_from("localhost").map_err(io::Error::other)?;
        let mut secure = TlsOptions::new().connect(plain, name, self.config.clone()).await?;
        secure.read_exact(&mut [0]).await?;
        let took = started.elapsed();
        secure.close().await?;
        Ok(took)
    }
}

/// Trusts the helper, and makes each handshake in full.
fn config(root: Vec<u8>) -> io::Result<Arc<ClientConfig>> {
    let mut roots = RootCertStore::empty();
    roots.add(root.into()).map_err(io::Error::other)?;
    let mut config = ClientConfig::builder_with_provider(default_provider()?)
        .with_safe_default_protocol_versions()
        .map_err(io::Error::other)?
        .with_root_certificates(roots)
        .with_no_client_auth();
    config.resumption = Resumption::disabled();
    Ok(Arc::new(config))
}

/// A client that says nothing, or half of its first message.
fn idle(server: SocketAddr, number: usize) -> io::Result<TcpStream> {
    let socket = Socket::new(Domain::IPV4, Type::STREAM, None)?;
    let source = Ipv4Addr::new(127, 0, 1, (number % 100) as u8);
    socket.bind(&SocketAddrV4::new(source, 0).into())?;
    socket.connect(&server.into())?;
    if number % 2 == 1 {
        socket.send(&HALF_A_HELLO)?;
    }
    socket.set_nonblocking(true)?;
    std::net::TcpStream::from(socket).try_into()
}

/// How many of them have not seen the end.
async fn turned_away(bad: Vec<TcpStream>) -> io::Result<usize> {
    let patience = Instant::now() + PATIENCE;
    let mut hanging = 0;
    for mut client in bad {
        let end = async {
            // An alert may come first. A reset is an end as well.
            while client.read(&mut [0; 64]).await.is_ok_and(|count| count > 0) {}
            false
        };
        let too_late = async {
            Timer::at(patience).await;
            true
        };
        hanging += usize::from(future::or(end, too_late).await);
    }
    Ok(hanging)
}

async fn descriptors(server: &mut Helper) -> io::Result<usize> {
    server.say("report")?;
    server.hear("descriptors").await
}

pub(crate) fn from_hex(text: &str) -> io::Result<Vec<u8>> {
    let byte = |index| u8::from_str_radix(text.get(index..index + 2).unwrap_or_default(), 16);
    let bytes = (0..text.len()).step_by(2).map(byte).collect::<Result<_, _>>();
    bytes.map_err(io::Error::other)
}
