//! A server that is full, with a backlog that is full, and how soon everybody is served when there are
//! places again.
//!
//! Shown: whoever waited in the backlog is served at once, and so is whoever comes then; nobody hangs. For
//! whom there was no room in the backlog, the system may have forgotten when they come again; they learn
//! that from it, since they speak first.

use std::{
    io,
    net::SocketAddr,
    time::{Duration, Instant},
};

use futures_lite::{AsyncReadExt, AsyncWriteExt, StreamExt, future};
use smol::{LocalExecutor, Timer};
use socketry::{AtLimitConfig, Connector, LimitsConfig, Server, ServerConfig, Socket};

use crate::{
    helper::{Helper, answer, commands},
    report::{Report, note},
    size::Size,
};

/// How many may wait to be accepted; Linux adds one.
const BACKLOG: u32 = 8;

/// How many clients come.
const CLIENTS: usize = 40;

/// How long a client waits before it counts as lost.
const PATIENCE: Duration = Duration::from_secs(15);

/// A server with one place, which is told `open`: then there is no limit any more.
pub(crate) fn serve() -> io::Result<()> {
    let mut config = ServerConfig::default();
    config.tcp.backlog = BACKLOG;
    let mut limits = LimitsConfig::default();
    (limits.max_connections, limits.at_limit) = (Some(1), AtLimitConfig::Pause);
    let tasks = LocalExecutor::new();
    smol::block_on(tasks.run(async {
        let builder = Server::builder().config(config).limits(limits);
        let mut server = builder.bind("tcp://127.0.0.1:0").await?;
        let connections = server.connections().ok_or(io::ErrorKind::NotFound)?;
        answer("listening", server.local_address().ok_or(io::ErrorKind::AddrNotAvailable)?)?;
        let serving = async {
            while let Some(socket) = server.accept().await {
                tasks.spawn(greet(socket?)).detach();
            }
            Ok(())
        };
        let obeying = async {
            let mut commands = commands()?;
            while commands.next().await.transpose()?.is_some() {
                connections.set_limit(None);
            }
            Ok(())
        };
        future::or(obeying, serving).await
    }))
}

async fn greet(mut socket: Socket) -> io::Result<()> {
    socket.write_all(b"!").await?;
    socket.read_to_end(&mut Vec::new()).await.map(drop)
}

pub(crate) fn run(_: Size, report: &mut Report) -> io::Result<()> {
    let tasks = LocalExecutor::new();
    smol::block_on(tasks.run(async {
        let mut server = Helper::start("backlog")?;
        let address: socketry::Address = server.hear("listening").await?;
        let address = address.socket_address().ok_or(io::ErrorKind::NotFound)?;
        let _inside = visit(address).await?;
        note(&format!("{CLIENTS} clients at one place, and a backlog of {BACKLOG}"));
        let clients: Vec<_> = (0..CLIENTS).map(|_| tasks.spawn(wait(address))).collect();
        Timer::after(Duration::from_millis(300)).await; // the backlog fills, the others try again
        let opened = Instant::now();
        server.say("open")?;

        let mut newcomer = Vec::new();
        for _ in 0..10 {
            let came = Instant::now();
            visit(address).await?;
            newcomer.push(came.elapsed());
        }
        let (mut served, mut forgotten, mut hanging) = (Vec::new(), 0, 0);
        for client in clients {
            match client.await {
                Ok(at) => served.push(at.duration_since(opened)),
                Err(error) if error.kind() == io::ErrorKind::TimedOut => hanging += 1,
                Err(_) => forgotten += 1,
            }
        }
        served.sort_unstable();
        let waited = served.get(BACKLOG as usize - 1).copied().unwrap_or(PATIENCE);
        let last = served.last().copied().unwrap_or(PATIENCE);
        note(&format!(
            "{} are served, the last after {last:.1?}; the system has forgotten {forgotten}",
            served.len()
        ));
        report.at_most(
            "who waited in the backlog is served after",
            milliseconds(waited),
            100.0,
            " ms",
        );
        newcomer.sort_unstable();
        let median = newcomer[newcomer.len() / 2];
        report.at_most("a newcomer is served after", milliseconds(median), 100.0, " ms");
        report.at_least("clients served", served.len() as f64, f64::from(BACKLOG), "");
        report.at_most("clients left hanging", f64::from(hanging), 0.0, "");
        Ok(())
    }))
}

fn milliseconds(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1000.0
}

/// When it was served.
async fn wait(address: SocketAddr) -> io::Result<Instant> {
    let late = async {
        Timer::after(PATIENCE).await;
        Err(io::ErrorKind::TimedOut.into())
    };
    let _socket = future::or(visit(address), late).await?;
    Ok(Instant::now())
}

async fn visit(address: SocketAddr) -> io::Result<Socket> {
    let connector = Connector::builder().timeout(None).build()?;
    let mut socket = connector.connect(address).await?;
    socket.write_all(b"?").await?;
    socket.read_exact(&mut [0]).await?;
    Ok(socket)
}
