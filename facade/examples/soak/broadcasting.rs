//! A helper that writes to all of its clients from several tasks while each of them also chats.
//!
//! It echoes what each client says. It is told `broadcast`, and says how many messages had to be given
//! up because their reader was too slow, and how long it took to have all others in their queues.

use std::{
    io,
    time::{Duration, Instant},
};

use futures_lite::{AsyncReadExt, AsyncWriteExt, StreamExt, future};
use smol::{LocalExecutor, Timer};
use socketry::{
    LimitsConfig, Server, ServerConfig, Socket, WhenBehindConfig,
    server::{Connections, Tracked},
    tls::ServerTls,
};

use crate::{
    echo,
    helper::{answer, commands},
    system::raise_descriptors,
};

/// How many tasks write to everybody.
pub(crate) const SPEAKERS: usize = 4;

/// How many messages each of them writes.
pub(crate) const MESSAGES: usize = 200;

/// How long a message is, so that who does not read falls behind in time.
pub(crate) const LENGTH: usize = 512;

/// How many bytes may wait for a reader.
const MOST_BEHIND: usize = 128 * 1024;

/// What one of them says, to be told apart from what the clients say.
pub(crate) fn message(speaker: usize, number: usize) -> String {
    format!("{:.<width$}\n", format!("all {speaker} {number} "), width = LENGTH - 1)
}

pub(crate) fn run() -> io::Result<()> {
    serve(None, "tcp://127.0.0.1:0")
}

pub(crate) fn run_tls() -> io::Result<()> {
    serve(Some(ServerTls::new(echo::identity()?)?), "tls://127.0.0.1:0")
}

fn serve(tls: Option<ServerTls>, endpoint: &str) -> io::Result<()> {
    raise_descriptors()?;
    let mut limits = LimitsConfig::default();
    limits.when_behind = WhenBehindConfig::Close;
    limits.max_behind = MOST_BEHIND;
    let mut config = ServerConfig::default();
    config.tcp.socket.send_buffer = Some(16 * 1024); // what the system holds back for a slow reader
    let tasks = LocalExecutor::new();
    smol::block_on(tasks.run(async {
        let mut builder = Server::builder().config(config).limits(limits);
        if let Some(tls) = tls {
            builder = builder.tls(tls);
        }
        let mut server = builder.bind(endpoint).await?;
        let connections = server.connections().ok_or(io::ErrorKind::NotFound)?;
        answer("listening", server.local_address().ok_or(io::ErrorKind::AddrNotAvailable)?)?;
        let serving = async {
            while let Some(socket) = server.accept().await {
                tasks.spawn(chat(socket?)).detach();
            }
            Ok(())
        };
        future::or(obey(&tasks, &connections), serving).await
    }))
}

async fn chat(mut socket: Socket) -> io::Result<()> {
    let mut buffer = [0; 256];
    loop {
        match socket.read(&mut buffer).await? {
            0 => return socket.shutdown().await,
            count => socket.write_all(&buffer[..count]).await?,
        }
    }
}

async fn obey(tasks: &LocalExecutor<'_>, connections: &Connections) -> io::Result<()> {
    let mut commands = commands()?;
    while let Some(command) = commands.next().await.transpose()? {
        match &*command {
            "count" => answer("connections", connections.len())?,
            "broadcast" => broadcast(tasks, connections).await?,
            _ => return Err(io::Error::other(format!("there is no command {command:?}"))),
        }
    }
    Ok(())
}

/// Speakers are faster than a thousand readers on one core. They wait for all but one, who may be the
/// one that does not read.
async fn until_they_keep_up(connections: &Connections) {
    let is_behind = |connection: &Tracked| connection.bytes_behind() > MOST_BEHIND / 4;
    while connections.iter().filter(is_behind).nth(1).is_some() {
        Timer::after(Duration::from_millis(1)).await;
    }
}

async fn broadcast(tasks: &LocalExecutor<'_>, connections: &Connections) -> io::Result<()> {
    let started = Instant::now();
    let speakers: Vec<_> = (0..SPEAKERS)
        .map(|speaker| {
            let connections = connections.clone();
            tasks.spawn(async move {
                let mut closed = 0;
                for number in 0..MESSAGES {
                    closed += connections.broadcast(message(speaker, number)).await.closed;
                    until_they_keep_up(&connections).await;
                }
                closed
            })
        })
        .collect();
    let mut closed = 0;
    for speaker in speakers {
        closed += speaker.await;
    }
    answer("closed", closed)?;
    answer("took", started.elapsed().as_micros())
}
