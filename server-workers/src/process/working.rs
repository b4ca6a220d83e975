//! Making this process a worker.

use std::{
    env,
    io::{self, Read, Write},
    net::{IpAddr, SocketAddr, TcpStream},
    os::unix::net::UnixStream,
    process,
};

use futures_lite::future::block_on;
use serde_json::Value;
use socketry_connection::{Address, UnixAddress};

use super::handshake::asks_to_stop;
use crate::{
    Answer, Event, Peer, Relay, Worker,
    goridge::{self, CONTROL, Decoder, Frame},
};

/// The most bytes of an event.
const LIMIT: usize = 1024 * 1024 * 1024;

/// Makes this process a worker: it answers events until it is told to stop.
///
/// The process is one of a pool of [`Processes`](crate::Processes), which start it, or of the original's.
/// Standard output belongs to the protocol meanwhile, unless the relay is a socket; logs belong to
/// standard error. This blocks.
///
/// # Errors
///
/// What the system says about the pipes or the relay; [`InvalidData`](io::ErrorKind::InvalidData) if
/// something else than events comes; and [`UnexpectedEof`](io::ErrorKind::UnexpectedEof) if the server
/// goes without a word. An error of the worker is told to the server, and is none here.
///
/// # Examples
///
/// ```no_run
/// use std::io;
///
/// use socketry_server_workers::{Answer, Event, Worker, run_worker};
///
/// struct Echo;
///
/// impl Worker for Echo {
///     async fn answer(&mut self, event: Event<'_>) -> io::Result<Option<Answer>> {
///         Ok(Some(Answer::respond(event.message())))
///     }
/// }
///
/// fn main() -> io::Result<()> {
///     run_worker(Echo)
/// }
/// ```
pub fn run_worker(worker: impl Worker) -> io::Result<()> {
    let relay = env::var("RR_RELAY").unwrap_or_else(|_| "pipes".into());
    match relay.parse()? {
        Relay::Pipes => work(io::stdin().lock(), io::stdout().lock(), worker),
        Relay::Tcp(address) => {
            let stream = TcpStream::connect(address)?;
            stream.set_nodelay(true)?;
            work(&stream, &stream, worker)
        }
        Relay::Unix(path) => {
            let stream = UnixStream::connect(path)?;
            work(&stream, &stream, worker)
        }
    }
}

/// Answers what comes, until it is to stop.
fn work(mut from: impl Read, mut to: impl Write, mut worker: impl Worker) -> io::Result<()> {
    let mut decoder = Decoder::new(LIMIT);
    let mut frames = Vec::new();
    loop {
        while !decoder.has_frame().map_err(no_event)? {
            match from.read(decoder.space())? {
                0 => return Err(io::ErrorKind::UnexpectedEof.into()),
                count => decoder.filled(count),
            }
        }
        let Some(frame) = decoder.take().map_err(no_event)? else { continue };
        frames.clear();
        if frame.is(CONTROL) {
            if asks_to_stop(frame.payload()) {
                return Ok(());
            }
            goridge::control(&mut frames, format!(r#"{{"pid":{}}}"#, process::id()).as_bytes());
        } else {
            answer(&mut worker, frame, &mut frames)?;
        }
        to.write_all(&frames)?;
        to.flush()?;
        decoder.shrink();
    }
}

/// Appends what a worker answers to the event in a frame: always one frame, so that it can be told from
/// those of other events in whichever mode.
fn answer(worker: &mut impl Worker, frame: Frame<'_>, frames: &mut Vec<u8>) -> io::Result<()> {
    let (context, body) = frame.context_and_body().map_err(no_event)?;
    let context: Value = serde_json::from_slice(context).map_err(no_event)?;
    let peer = peer(&context)?;
    let event = match context["event"].as_str() {
        Some("CONNECTED") => Event::Connected(&peer),
        Some("DATA") => Event::Data(&peer, body),
        Some("CLOSE") => Event::Closed(&peer),
        other => return Err(no_event(format!("the event {other:?} is unknown"))),
    };
    let (context, body) = match block_on(worker.answer(event)) {
        Ok(Some(Answer::Read)) => ("CONTINUE", Vec::new()),
        Ok(Some(Answer::Respond(bytes))) => ("WRITE", bytes),
        Ok(Some(Answer::RespondClose(bytes))) => ("WRITECLOSE", bytes),
        Ok(Some(Answer::Close) | None) => ("CLOSE", Vec::new()),
        Err(error) => {
            goridge::error(frames, &error.to_string());
            return Ok(());
        }
    };
    match goridge::event(frames, |to| to.extend_from_slice(context.as_bytes()), &body) {
        true => Ok(()),
        false => {
            goridge::error(frames, &format!("an answer of {} bytes is too long", body.len()));
            Ok(())
        }
    }
}

/// Whose event it is.
fn peer(context: &Value) -> io::Result<Peer> {
    let field = |name: &str| {
        context[name].as_str().ok_or_else(|| no_event(format!("its context has no {name}")))
    };
    let id = field("uuid")?.parse().map_err(no_event)?;
    Ok(Peer::known(id, field("server")?, address(field("remote_addr")?)))
}

/// An address with or without its port, or a path.
fn address(text: &str) -> Option<Address> {
    let with_port = text.parse::<SocketAddr>();
    let address = with_port.or_else(|_| text.parse::<IpAddr>().map(|ip| SocketAddr::new(ip, 0)));
    match address {
        Ok(address) => Some(Address::from(address)),
        Err(_) => UnixAddress::from_path(text).ok().map(Address::from),
    }
}

fn no_event(error: impl ToString) -> io::Error {
    let text = format!("what has come is no event: {}", error.to_string());
    io::Error::new(io::ErrorKind::InvalidData, text)
}
