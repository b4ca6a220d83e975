//! Connects by name and prints the race over the addresses, as it happens.
//!
//! With a host and a port, to that: `cargo run --example race -- example.org:80`. Without, to
//! `localhost` and to names that a nameserver on loopback knows: one of which IPv6 is refused, one
//! of which IPv6 does not answer, one of which the IPv6 addresses are long in coming, and one that
//! does not exist.

use std::{
    env,
    error::Error,
    io,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    process::ExitCode,
    time::Instant,
};

use futures_lite::future::block_on;
use socket2::{Domain, Socket as RawSocket, Type};
use socketry::{
    Connect, Connector, Endpoint, Socket, Trace,
    connection::Family,
    connector::{Event, EventKind, Observe, Timings},
};
use socketry_testing::{DnsReply, DnsServer};

const V4: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);
const V6: IpAddr = IpAddr::V6(Ipv6Addr::LOCALHOST);

fn main() -> ExitCode {
    let result = match env::args().nth(1) {
        Some(target) => block_on(connect(&Connector::new(), &target)).map(drop).map_err(Into::into),
        None => block_on(show()),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

/// Prints what happens, and when.
struct Printer {
    started: Instant,
}

impl Observe for Printer {
    fn observe(&self, event: &Event<'_>) {
        let milliseconds = (event.at() - self.started).as_secs_f64() * 1000.0;
        // An attempt that failed names its address already; everything else is a sentence.
        let verb = if let EventKind::AttemptFailed(_) = event.kind() { "failed: " } else { "" };
        println!("  {milliseconds:7.1} ms  {verb}{event}");
    }
}

async fn connect(connector: &Connector, target: &str) -> io::Result<Socket> {
    println!("{target}");
    let target: Endpoint = target.parse()?;
    let printer = Printer { started: Instant::now() };
    let result = connector.connect_traced(target, Trace::to(&printer)).await;
    match &result {
        Ok(socket) => match socket.attributes().get::<Timings>() {
            Some(timings) => println!("  connected: {timings}\n"),
            None => println!("  connected\n"),
        },
        Err(_) => println!("  not connected\n"),
    }
    result
}

async fn show() -> Result<(), Box<dyn Error>> {
    let place = Place::new()?;
    let nameserver = place.nameserver()?;
    let connector = Connector::builder().dns(nameserver.address()).build()?;
    for (host, port, expected) in [
        ("localhost", place.refused, V4),
        ("refused.example", place.refused, V4),
        ("silent.example", place.silent, V4),
        ("late.example", place.refused, V4),
    ] {
        let socket = connect(&connector, &format!("{host}:{port}")).await?;
        let reached = socket.remote_address().and_then(|address| address.ip());
        if reached != Some(expected) {
            return Err(format!("{host} has led to {reached:?}").into());
        }
    }
    match connect(&connector, "nosuch.example:80").await {
        Ok(_) => Err("a name that does not exist has led somewhere".into()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            println!("  {error}");
            Ok(())
        }
        Err(error) => Err(error.into()),
    }
}

/// Two ports on which IPv4 is served and IPv6 is not.
struct Place {
    /// IPv6 is refused.
    refused: u16,
    /// IPv6 does not answer: whoever listens has no room for another client.
    silent: u16,
    _kept: Vec<RawSocket>,
}

impl Place {
    fn new() -> io::Result<Self> {
        let mut kept = Vec::new();
        let refused = serve_v4(&mut kept)?;
        let silent = serve_v4(&mut kept)?;
        let full = RawSocket::new(Domain::IPV6, Type::STREAM, None)?;
        full.set_only_v6(true)?;
        full.bind(&SocketAddr::new(V6, silent).into())?;
        full.listen(0)?;
        for _ in 0..4 {
            let client = RawSocket::new(Domain::IPV6, Type::STREAM, None)?;
            client.set_nonblocking(true)?;
            // The first ones connect, the others do not; which ones is the system's business.
            let _ = client.connect(&SocketAddr::new(V6, silent).into());
            kept.push(client);
        }
        kept.push(full);
        Ok(Self { refused, silent, _kept: kept })
    }

    fn nameserver(&self) -> io::Result<DnsServer> {
        let server = DnsServer::start()?;
        server.answer("refused.example", [V6, V4]);
        server.answer("silent.example", [V6, V4]);
        server.answer("late.example", [V4]);
        server.reply("late.example", Family::V6, DnsReply::silence());
        Ok(server)
    }
}

/// Listens on IPv4, on a port that IPv6 has free, too.
fn serve_v4(kept: &mut Vec<RawSocket>) -> io::Result<u16> {
    let listener = RawSocket::new(Domain::IPV4, Type::STREAM, None)?;
    listener.bind(&SocketAddr::new(V4, 0).into())?;
    listener.listen(128)?;
    let address = listener.local_addr()?.as_socket().ok_or(io::ErrorKind::AddrNotAvailable)?;
    kept.push(listener);
    Ok(address.port())
}
