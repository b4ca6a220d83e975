//! A subscriber to channels of Redis that is subscribed again whenever its server comes back.
//!
//! `cargo run --example redis_subscriber -- 127.0.0.1:6379 news weather`, and in another terminal
//! `redis-cli PUBLISH news hello`.

use std::{env, io, sync::Arc, time::Duration};

use futures_lite::{AsyncRead, AsyncReadExt, AsyncWriteExt, io::BufReader};
use socketry::{
    Reconnecting, Session, Socket,
    reconnecting::{Backoff, Fatal, Heartbeat, SessionLost},
};

fn main() -> io::Result<()> {
    let mut arguments = env::args().skip(1);
    let server = arguments.next().unwrap_or_else(|| "127.0.0.1:6379".into());
    let mut channels: Vec<String> = arguments.collect();
    if channels.is_empty() {
        channels.push("news".into());
    }
    let every = Duration::from_secs(30);
    smol::block_on(async {
        let sessions = subscriber(&server, channels, every)?;
        listen(sessions, |line| println!("{line}")).await
    })
}

/// Subscribes at the beginning of each connection, and asks a silent server whether it is still there.
pub fn subscriber(
    server: &str,
    channels: Vec<String>,
    every: Duration,
) -> io::Result<Reconnecting> {
    let channels: Arc<[String]> = channels.into();
    let sessions = socketry::reconnect(server)?
        .backoff(Backoff::immediate_then(Duration::from_millis(100)))
        .heartbeat(Heartbeat::new(every, Duration::from_secs(10), "PING\r\n"))
        .on_connect(move |socket, _| {
            let channels = channels.clone();
            Box::pin(async move { subscribe(socket, &channels).await })
        });
    Ok(sessions)
}

/// Subscribes, and waits until the server has confirmed it.
async fn subscribe(socket: &mut Socket, channels: &[String]) -> io::Result<()> {
    let mut command = format!("*{}\r\n$9\r\nSUBSCRIBE\r\n", channels.len() + 1);
    for channel in channels {
        command += &format!("${}\r\n{channel}\r\n", channel.len());
    }
    socket.write_all(command.as_bytes()).await?;
    for channel in channels {
        // Straight from the socket: a buffer would swallow messages that come right behind.
        match &read_message(socket).await?[..] {
            [kind, name, _] if kind == "subscribe" && name == channel => {}
            other => return Err(not_understood(&other.join(" "))),
        }
    }
    Ok(())
}

/// Says what is published, on one connection after the other.
pub async fn listen(mut sessions: Reconnecting, mut say: impl FnMut(String)) -> io::Result<()> {
    while let Some(session) = sessions.next().await {
        let mut session = BufReader::new(session?);
        say(format!("session {}: subscribed", session.get_ref().generation()));
        let error = loop {
            match next_message(&mut session).await {
                Ok(message) => match &message[..] {
                    [kind, channel, text] if kind == "message" => say(format!("{channel}: {text}")),
                    [kind, ..] if kind == "pong" => say("the server is still there".into()),
                    other => break not_understood(&other.join(" ")),
                },
                Err(error) => break error,
            }
        };
        say(error.to_string());
        if SessionLost::of(&error).is_none() {
            session.get_mut().give_up(error);
        }
    }
    Ok(())
}

/// Between two messages it is idle, which is when the heartbeat is said and a loss noticed.
async fn next_message(session: &mut BufReader<Session>) -> io::Result<Vec<String>> {
    if session.buffer().is_empty() {
        session.get_mut().idle().await?;
    }
    read_message(session).await
}

/// Reads a list of texts and numbers (RESP2), and not a byte more.
async fn read_message(from: &mut (impl AsyncRead + Unpin)) -> io::Result<Vec<String>> {
    let line = read_line(from).await?;
    let Some(count) = line.strip_prefix('*') else {
        return Ok(vec![read_item(from, line).await?]);
    };
    let mut items = Vec::new();
    for _ in 0..count.parse::<u8>().map_err(|_| not_understood(&line))? {
        let line = read_line(from).await?;
        items.push(read_item(from, line).await?);
    }
    Ok(items)
}

async fn read_item(from: &mut (impl AsyncRead + Unpin), line: String) -> io::Result<String> {
    match (line.get(..1), line.get(1..)) {
        (Some("+" | ":"), Some(text)) => Ok(text.into()),
        (Some("$"), Some(length)) => {
            let length = length.parse().ok().filter(|length: &usize| *length <= LONGEST_TEXT);
            let length = length.ok_or_else(|| not_understood(&line))?;
            let mut text = vec![0; length + 2]; // and the end of the line
            from.read_exact(&mut text).await?;
            text.truncate(length);
            Ok(String::from_utf8_lossy(&text).into_owned())
        }
        // It would be refused again: the password is missing, say.
        (Some("-"), Some(text)) if text.starts_with("NOAUTH") || text.starts_with("NOPERM") => {
            Err(Fatal::error(io::Error::new(io::ErrorKind::PermissionDenied, text)))
        }
        _ => Err(not_understood(&line)),
    }
}

/// A line without its end.
async fn read_line(from: &mut (impl AsyncRead + Unpin)) -> io::Result<String> {
    let mut line = Vec::new();
    while !line.ends_with(b"\r\n") {
        if line.len() > LONGEST_LINE {
            return Err(not_understood("a line that does not end"));
        }
        let mut byte = [0];
        from.read_exact(&mut byte).await?;
        line.extend(byte);
    }
    line.truncate(line.len() - 2);
    Ok(String::from_utf8_lossy(&line).into_owned())
}

/// In bytes.
const LONGEST_TEXT: usize = 1024 * 1024;

/// In bytes.
const LONGEST_LINE: usize = 1024;

fn not_understood(what: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, format!("not understood: {what}"))
}
