//! Clients that say something, and see to it that they hear it once and nothing else.

use std::{cell::Cell, io, net::SocketAddr, rc::Rc};

use futures_lite::{AsyncReadExt, AsyncWriteExt};
use smol::LocalExecutor;
use socketry::{Connector, Socket};

/// How many messages each client sends.
pub(super) const MESSAGES: u32 = 20;

/// What has become of clients and messages.
#[derive(Default)]
pub(super) struct Tally {
    pub(super) sent: Cell<u64>,
    pub(super) answered: Cell<u64>,
    /// Connections that were closed instead of an answer.
    pub(super) closed: Cell<u64>,
    /// Answers to nobody's question, or to somebody else's.
    pub(super) wrong: Cell<u64>,
    /// Clients that did not even get in.
    pub(super) refused: Cell<u64>,
}

fn add(count: &Cell<u64>) {
    count.set(count.get() + 1);
}

/// So many come, all of them at once, and talk.
pub(super) async fn come(
    tasks: &LocalExecutor<'_>,
    server: SocketAddr,
    clients: usize,
    tally: &Rc<Tally>,
) -> io::Result<()> {
    let connector = Connector::new();
    let mut talks = Vec::new();
    for number in 0..clients {
        let socket = connector.connect(server).await;
        let tally = tally.clone();
        talks.push(tasks.spawn(async move {
            match socket {
                Ok(socket) => talk(socket, number, &tally).await,
                Err(_) => add(&tally.refused),
            }
        }));
    }
    for talk in talks {
        talk.await;
    }
    Ok(())
}

async fn talk(mut socket: Socket, client: usize, tally: &Tally) {
    for number in 0..MESSAGES {
        let message = format!("client {client} says message {number}\r\n");
        add(&tally.sent);
        match exchange(&mut socket, message.as_bytes()).await {
            Ok(Heard::Answer) => add(&tally.answered),
            Ok(Heard::SomethingElse) => return add(&tally.wrong),
            Ok(Heard::Nothing) | Err(_) => return add(&tally.closed),
        }
    }
    // Whatever else comes was said to somebody else, or twice.
    let mut rest = Vec::new();
    let ended = async {
        socket.close().await?;
        socket.read_to_end(&mut rest).await
    };
    let _ = ended.await; // a connection that is reset has ended as well
    if !rest.is_empty() {
        add(&tally.wrong);
    }
}

enum Heard {
    Answer,
    SomethingElse,
    Nothing,
}

/// Says a message and hears what comes, up to its length.
async fn exchange(socket: &mut Socket, message: &[u8]) -> io::Result<Heard> {
    socket.write_all(message).await?;
    let mut heard = Vec::new();
    let mut buffer = [0; 256];
    while heard.len() < message.len() {
        match socket.read(&mut buffer).await? {
            0 if heard.is_empty() => return Ok(Heard::Nothing),
            0 => return Ok(Heard::SomethingElse), // an answer comes whole or not at all
            count => heard.extend_from_slice(&buffer[..count]),
        }
    }
    Ok(if heard == message { Heard::Answer } else { Heard::SomethingElse })
}
