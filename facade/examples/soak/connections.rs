//! Many connections at once, each of which has one message echoed and then idles; also under TLS.

use std::{
    io,
    time::{Duration, Instant},
};

use futures_lite::{AsyncReadExt, AsyncWriteExt};
use smol::Timer;
use socketry::{Address, Connector, Socket, TlsConfig};

use crate::{
    echo::MESSAGE,
    helper::Helper,
    report::{Report, note},
    size::Size,
    system::raise_descriptors,
};

/// Descriptors for everything else.
const OTHERS: u64 = 100;

/// What an idle connection may cost the server, its task included.
const MOST_MEMORY: f64 = 1024.0;

/// The same under TLS; the session of rustls is most of it.
const MOST_MEMORY_OF_TLS: f64 = 9500.0;

pub(crate) fn run(size: Size, report: &mut Report) -> io::Result<()> {
    let allowed = raise_descriptors()?.saturating_sub(OTHERS);
    let count = size.choose(1000, 9000).min(allowed);
    note(&format!("{count} connections, one message each"));
    smol::block_on(async {
        compare(["echo", "echo-raw"], count, MOST_MEMORY, report).await?;
        note("the same under TLS");
        compare(["echo-tls", "echo-tls-raw"], count, MOST_MEMORY_OF_TLS, report).await
    })
}

/// A server of ours, and the same without our care.
async fn compare(
    [ours, raw]: [&str; 2],
    count: u64,
    most_memory: f64,
    report: &mut Report,
) -> io::Result<()> {
    let ours = measure(ours, count).await?;
    let raw = measure(raw, count).await?;
    note(&format!("connected in {:.1?}, echoed in {:.1?}", ours.connected, ours.echoed));
    note(&format!(
        "compare a server of async-net, whose backlog is shorter: connected in {:.1?}, echoed in \
             {:.1?}, {:.0} bytes a connection",
        raw.connected, raw.echoed, raw.memory
    ));
    report.at_most(
        "memory of the server for an idle connection and its task",
        ours.memory,
        most_memory,
        " bytes",
    );
    report.at_most("compared with async-net", ours.memory / raw.memory, 1.0, " times");
    report.at_most("connections left open in the server", ours.left as f64, 0.0, "");
    report.at_most("descriptors left open in the server", ours.leaked as f64, 0.0, "");
    Ok(())
}

struct Measured {
    connected: Duration,
    echoed: Duration,
    memory: f64,
    left: u64,
    leaked: u64,
}

/// The same clients with one of the servers.
async fn measure(role: &str, count: u64) -> io::Result<Measured> {
    let mut server = Helper::start(role)?;
    let address: Address = server.hear("listening").await?;
    // The server's authority is known to nobody, and trust is not what is measured.
    let mut tls = TlsConfig::default();
    (tls.verify_certificate, tls.verify_name) = (false, false);
    let connector = Connector::builder().tls(tls).build()?;
    // What is made once.
    let mut first = connector.connect(address.clone()).await?;
    echo(&mut first).await?;
    let before = Holding::ask(&mut server).await?;

    let started = Instant::now();
    let mut sockets = Vec::new();
    for _ in 0..count {
        sockets.push(connector.connect(address.clone()).await?);
    }
    let connected = started.elapsed();
    let started = Instant::now();
    for socket in &mut sockets {
        socket.write_all(&[b'.'; MESSAGE]).await?;
    }
    for socket in &mut sockets {
        hear(socket).await?;
    }
    let echoed = started.elapsed();
    let during = Holding::ask(&mut server).await?;

    drop(sockets);
    let after = Holding::once_left(&mut server, before.open).await?;
    Ok(Measured {
        connected,
        echoed,
        memory: during.memory.saturating_sub(before.memory) as f64 / count as f64,
        left: after.open.saturating_sub(before.open),
        leaked: after.descriptors.saturating_sub(before.descriptors),
    })
}

async fn echo(socket: &mut Socket) -> io::Result<()> {
    socket.write_all(&[b'.'; MESSAGE]).await?;
    hear(socket).await
}

async fn hear(socket: &mut Socket) -> io::Result<()> {
    socket.read_exact(&mut [0; MESSAGE]).await
}

/// What the server holds.
pub(crate) struct Holding {
    pub(crate) open: u64,
    pub(crate) descriptors: u64,
    pub(crate) memory: u64,
}

impl Holding {
    pub(crate) async fn ask(server: &mut Helper) -> io::Result<Self> {
        server.say("report")?;
        Ok(Self {
            open: server.hear("open").await?,
            descriptors: server.hear("descriptors").await?,
            memory: server.hear("memory").await?,
        })
    }

    /// As soon as it holds no more than `open` connections, or after some seconds.
    pub(crate) async fn once_left(server: &mut Helper, open: u64) -> io::Result<Self> {
        for _ in 0..100 {
            if Self::ask(server).await?.open <= open {
                break;
            }
            Timer::after(Duration::from_millis(50)).await;
        }
        Self::ask(server).await
    }
}
