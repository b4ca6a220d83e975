//! A helper with few descriptors: a server that keeps every connection.
//!
//! It greets whom it keeps with one byte. It is told `free` (give all connections up) and `report`.

use std::{
    io,
    time::{Duration, Instant},
};

use futures_lite::{AsyncWriteExt, StreamExt, future};
use socketry::Socket;

use crate::{
    helper::{answer, commands},
    system::limit_descriptors,
};

/// How many descriptors it may have.
const DESCRIPTORS: u64 = 64;

/// How long errors are counted, from the first one on.
const COUNTED: Duration = Duration::from_secs(1);

/// With a server of the facade.
pub(crate) fn run() -> io::Result<()> {
    limit_descriptors(DESCRIPTORS)?;
    smol::block_on(async {
        let mut server = socketry::bind("127.0.0.1:0").await?;
        answer("listening", server.local_address().ok_or(io::ErrorKind::AddrNotAvailable)?)?;
        let mut commands = commands()?;
        let mut keeper = Keeper::default();
        loop {
            let command = async { commands.next().await.map(Happened::Command) };
            let arrival = async { server.accept().await.map(Happened::Arrival) };
            match future::or(command, arrival).await {
                Some(Happened::Command(command)) => keeper.obey(&command?)?,
                Some(Happened::Arrival(Ok(socket))) => keeper.keep(socket).await?,
                Some(Happened::Arrival(Err(_))) => keeper.errors.count(Instant::now())?,
                None => return Ok(()), // the other side has gone
            }
        }
    })
}

enum Happened {
    Command(io::Result<String>),
    Arrival(io::Result<Socket>),
}

#[derive(Default)]
struct Keeper {
    kept: Vec<Socket>,
    freed: Option<Instant>,
    errors: Errors,
}

impl Keeper {
    async fn keep(&mut self, mut socket: Socket) -> io::Result<()> {
        if let Some(freed) = self.freed.take() {
            answer("served", freed.elapsed().as_micros())?;
        }
        // One that has gone already is kept too: it holds a descriptor like others.
        let _ = socket.write_all(b"!").await;
        self.kept.push(socket);
        Ok(())
    }

    fn obey(&mut self, command: &str) -> io::Result<()> {
        match command {
            "free" => {
                self.errors = Errors::default();
                self.freed = Some(Instant::now());
                self.kept.clear();
                Ok(())
            }
            "report" => answer("errors", self.errors.in_first_second),
            _ => Err(io::Error::other(format!("there is no command {command:?}"))),
        }
    }
}

/// The errors of the present episode, which ends when descriptors are freed.
#[derive(Default)]
struct Errors {
    first: Option<Instant>,
    in_first_second: u64,
}

impl Errors {
    fn count(&mut self, now: Instant) -> io::Result<()> {
        if self.first.is_none() {
            answer("exhausted", 1)?;
        }
        let first = *self.first.get_or_insert(now);
        self.in_first_second += u64::from(now - first < COUNTED);
        Ok(())
    }
}

/// The same loop with async-net's listener, to compare. It counts for a second and ends.
pub(crate) fn run_raw() -> io::Result<()> {
    limit_descriptors(DESCRIPTORS)?;
    smol::block_on(async {
        let listener = smol::net::TcpListener::bind("127.0.0.1:0").await?;
        answer("listening", format_args!("tcp://{}", listener.local_addr()?))?;
        let (mut kept, mut errors) = (Vec::new(), Errors::default());
        while errors.first.is_none_or(|first| first.elapsed() < COUNTED) {
            match listener.accept().await {
                Ok((mut stream, _)) => {
                    let _ = stream.write_all(b"!").await; // as above
                    kept.push(stream);
                }
                Err(_) => errors.count(Instant::now())?,
            }
        }
        answer("errors", errors.in_first_second)?;
        future::pending().await // until it is ended
    })
}
