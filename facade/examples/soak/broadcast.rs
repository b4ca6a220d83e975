//! A thousand clients that hear what is said to all, while each of them also chats.
//!
//! Shown: every client hears every message whole, those of one speaker in order, and between them its
//! own words whole and in order; and one that does not read delays nobody. Over TCP and over TLS.

use std::{
    io,
    time::{Duration, Instant},
};

use futures_lite::{
    AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, StreamExt, future, io::BufReader,
};
use smol::LocalExecutor;
use socketry::{Address, Connector, Socket, TlsConfig};

use crate::{
    broadcasting::{LENGTH, MESSAGES, SPEAKERS, message},
    helper::Helper,
    report::{Report, note},
    size::Size,
    system::raise_descriptors,
};

/// How many lines each client says meanwhile.
const LINES: usize = 20;

pub(crate) fn run(size: Size, report: &mut Report) -> io::Result<()> {
    raise_descriptors()?;
    let count = size.choose(100, 1000);
    note(&format!(
        "{count} clients hear {SPEAKERS} x {MESSAGES} messages of {LENGTH} bytes, and say {LINES} lines each"
    ));
    for role in ["broadcast", "broadcast-tls"] {
        let alone = measure(role, count, false)?;
        let beside = measure(role, count, true)?;
        note(&format!(
            "{role}: {:.1?}, and {:.1?} beside one that does not read",
            alone.took, beside.took
        ));
        let wrong = alone.wrong + beside.wrong;
        report.at_most("clients that heard anything else", wrong as f64, 0.0, "");
        report.at_most("clients that read and were closed", alone.closed as f64, 0.0, "");
        report.at_least("clients that do not read and were closed", beside.closed as f64, 1.0, "");
        report.at_most("of them", beside.closed as f64, 1.0, "");
        let ratio = beside.took.as_secs_f64() / alone.took.as_secs_f64();
        report.at_most("times as long beside the one that does not read", ratio, 1.5, "");
    }
    Ok(())
}

struct Measured {
    took: Duration,
    /// How many clients heard something else than they should have.
    wrong: usize,
    /// How many were closed because they did not read.
    closed: usize,
}

fn measure(role: &str, count: usize, with_one_that_does_not_read: bool) -> io::Result<Measured> {
    let tasks = LocalExecutor::new();
    smol::block_on(tasks.run(async {
        let mut server = Helper::start(role)?;
        let address: Address = server.hear("listening").await?;
        let mut tls = TlsConfig::default();
        (tls.verify_certificate, tls.verify_name) = (false, false);
        let connector = Connector::builder().tls(tls).build()?;
        let mut sockets = Vec::with_capacity(count);
        for _ in 0..count {
            sockets.push(connector.connect(address.clone()).await?);
        }
        let silent = match with_one_that_does_not_read {
            true => Some(connector.connect(address).await?),
            false => None,
        };
        until_all_are_there(&mut server, count + usize::from(silent.is_some())).await?;

        let started = Instant::now();
        let clients: Vec<_> = (sockets.into_iter().enumerate())
            .map(|(number, socket)| tasks.spawn(take_part(socket, number)))
            .collect();
        server.say("broadcast")?;
        let closed = server.hear("closed").await?;
        let _queued: u64 = server.hear("took").await?;
        let mut wrong = 0;
        for client in clients {
            if let Err(error) = client.await {
                if wrong == 0 {
                    note(&format!("the first client that went wrong: {error}"));
                }
                wrong += 1;
            }
        }
        drop(silent);
        Ok(Measured { took: started.elapsed(), wrong, closed })
    }))
}

async fn until_all_are_there(server: &mut Helper, count: usize) -> io::Result<()> {
    loop {
        server.say("count")?;
        if server.hear::<usize>("connections").await? >= count {
            return Ok(());
        }
        future::yield_now().await;
    }
}

/// Says lines, and hears them and everybody's messages: each whole, and in order.
async fn take_part(socket: Socket, number: usize) -> io::Result<()> {
    let (reader, mut writer) = futures_lite::io::split(socket);
    let talking = async {
        for line in 0..LINES {
            writer.write_all(own(number, line).as_bytes()).await?;
            future::yield_now().await;
        }
        Ok(())
    };
    let hearing = async {
        let mut lines = BufReader::new(reader.take(u64::MAX)).lines();
        let mut heard = Heard::default();
        while !heard.is_everything() {
            let line = lines.next().await.ok_or(io::ErrorKind::UnexpectedEof)??;
            heard.hear(&line, number)?;
        }
        Ok(())
    };
    future::try_zip(talking, hearing).await.map(drop)
}

fn own(client: usize, line: usize) -> String {
    format!("own {client} {line}\n")
}

/// How many lines of each were heard.
#[derive(Default)]
struct Heard {
    all: [usize; SPEAKERS],
    own: usize,
}

impl Heard {
    fn is_everything(&self) -> bool {
        self.own == LINES && self.all.iter().all(|heard| *heard == MESSAGES)
    }

    /// Takes the next line, which has to be the next one of somebody.
    fn hear(&mut self, line: &str, client: usize) -> io::Result<()> {
        let is = |expected: String| expected.strip_suffix('\n') == Some(line);
        if is(own(client, self.own)) {
            self.own += 1;
            return Ok(());
        }
        for (speaker, heard) in self.all.iter_mut().enumerate() {
            if is(message(speaker, *heard)) {
                *heard += 1;
                return Ok(());
            }
        }
        let shown: String = line.chars().take(40).collect();
        Err(io::Error::other(format!("{shown:?} is not what comes next for anybody")))
    }
}
