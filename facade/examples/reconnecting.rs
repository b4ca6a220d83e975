//! A connection that comes back: the server goes away and comes back, and its client goes on.
//!
//! It prints what happens and when, and fails unless every message of each session was answered
//! exactly once. `cargo run --example reconnecting`.

use std::{
    io,
    net::SocketAddr,
    time::{Duration, Instant},
};

use futures_lite::{
    AsyncBufReadExt, AsyncWriteExt, StreamExt,
    future::{or, try_zip},
    io::BufReader,
};
use smol::channel::{Receiver, bounded};
use socket2::{Domain, Type};
use socketry::{Reconnecting, Server, Session, reconnecting::Backoff};

/// How often the server is there.
const LIVES: u64 = 3;

/// What is said in each session.
const MESSAGES: [&str; 3] = ["Are you there?", "Still?", "Then I am not alone."];

/// How long the whole demo may take before it is called a failure.
const PATIENCE: Duration = Duration::from_secs(30);

fn main() -> io::Result<()> {
    let started = Instant::now();
    let run = run(move |who, what| println!("{:>8.1?}  {who:<7}{what}", started.elapsed()));
    let gives_up = async {
        smol::Timer::after(PATIENCE).await;
        Err(io::Error::new(io::ErrorKind::TimedOut, "the demo did not come to its end"))
    };
    let answered = smol::block_on(or(run, gives_up))?;
    println!("\n{answered} messages in {LIVES} sessions, each answered once");
    Ok(())
}

/// Serves and visits, all in one task; returns how many messages were answered.
pub async fn run(say: impl Fn(&str, &str) + Clone + Send + Sync + 'static) -> io::Result<usize> {
    let port = Port::reserve()?;
    let address = port.address;
    let (refused, was_refused) = bounded(1);
    let (lost, failed) = (say.clone(), say.clone());
    let sessions = socketry::reconnect(address)?
        .backoff(Backoff::immediate_then(Duration::from_millis(10)).stable_after(Duration::ZERO))
        .on_reset(move |reset| {
            let (generation, cause) = (reset.generation(), reset.cause());
            lost("client", &format!("has lost session {generation}: {cause}"));
        })
        .on_attempt_failed(move |attempt| {
            failed("client", &attempt.error().to_string());
            let _ = refused.try_send(()); // it may know already
        });
    let ((), answered) =
        try_zip(serve_again_and_again(address, was_refused, &say), visit(sessions, &say)).await?;
    drop(port);
    Ok(answered)
}

/// A port that the system gives to nobody else while the server is away: a socket is bound to it that
/// does not listen.
struct Port {
    address: SocketAddr,
    _socket: socket2::Socket,
}

impl Port {
    fn reserve() -> io::Result<Self> {
        let socket = socket2::Socket::new(Domain::IPV4, Type::STREAM, None)?;
        socket.set_reuse_address(true)?;
        socket.bind(&SocketAddr::from(([127, 0, 0, 1], 0)).into())?;
        let address = socket.local_addr()?.as_socket().ok_or(io::ErrorKind::AddrNotAvailable)?;
        Ok(Self { address, _socket: socket })
    }
}

/// Serves one client, goes away until somebody was refused, and comes back.
async fn serve_again_and_again(
    address: SocketAddr,
    was_refused: Receiver<()>,
    say: &impl Fn(&str, &str),
) -> io::Result<()> {
    for life in 1..=LIVES {
        let server = socketry::bind(address).await?;
        say("server", &format!("is there, at {address}"));
        serve(server, life).await?;
        say("server", "has gone");
        if life < LIVES {
            while was_refused.try_recv().is_ok() {} // those were refused the last time
            let _ = was_refused.recv().await;
        }
    }
    Ok(())
}

/// Repeats what its client says, so many times.
async fn serve(mut server: Server, life: u64) -> io::Result<()> {
    let client = server.accept().await.ok_or(io::ErrorKind::NotConnected)??;
    drop(server); // so that nobody comes who would not be served
    let (reader, mut writer) = futures_lite::io::split(client);
    let mut lines = BufReader::new(reader).lines().take(MESSAGES.len());
    while let Some(line) = lines.next().await {
        writer.write_all(format!("life {life}: {}\n", line?).as_bytes()).await?;
    }
    Ok(())
}

/// Says everything in each session, and waits until it is lost.
async fn visit(mut sessions: Reconnecting, say: &impl Fn(&str, &str)) -> io::Result<usize> {
    let mut answered = 0;
    while let Some(session) = sessions.next().await {
        let mut session = BufReader::new(session?);
        let generation = session.get_ref().generation();
        let info = session.get_ref().info();
        let (attempts, outage) = (info.attempts(), info.outage());
        let place = format!("session {generation} after {attempts} attempts in {outage:.1?}");
        say("client", &format!("has {place}"));
        answered += talk(&mut session, say).await?;
        if generation == LIVES {
            return Ok(answered);
        }
        if !session.buffer().is_empty() || session.get_mut().idle().await.is_ok() {
            return Err(io::Error::other("a message was answered twice"));
        }
    }
    Err(io::Error::other("there are no more sessions"))
}

/// Says everything, and hears each answer, which has to be of this session.
async fn talk(session: &mut BufReader<Session>, say: &impl Fn(&str, &str)) -> io::Result<usize> {
    let life = session.get_ref().generation();
    for message in MESSAGES {
        session.get_mut().write_all(format!("{message}\n").as_bytes()).await?;
        let mut answer = Vec::new();
        // Not `read_line`, which panics in a debug build if an error comes in the middle of a line.
        session.read_until(b'\n', &mut answer).await?;
        let answer = String::from_utf8_lossy(&answer);
        if answer != format!("life {life}: {message}\n") {
            return Err(io::Error::other(format!("{message:?} was answered with {answer:?}")));
        }
        say("client", &format!("says {message:?} and hears {:?}", answer.trim_end()));
    }
    Ok(MESSAGES.len())
}
