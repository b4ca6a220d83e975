//! What connects, the same for every library.

use std::io;

use crate::{
    backend::{Backend, Dial, Stream},
    job::Job,
    totals::{count, count_many},
    work::{CHUNK, MESSAGE, Work},
};

/// Does the work of a client on the calling thread.
pub(crate) fn run<B: Backend>(backend: B, job: &Job, dial: impl Dial) -> io::Result<()> {
    let Job { work, connections, idle, .. } = *job;
    backend.run(async move {
        for _ in 0..idle {
            let mut stream = dial.dial().await?;
            round_trip(&mut stream).await?;
            backend.spawn(async move { stream.read(&mut [0]).await.map(drop) });
        }
        for _ in 1..connections {
            let dial = dial.clone();
            backend.spawn(async move { over_and_over(work, &dial).await });
        }
        over_and_over(work, &dial).await?;
        std::future::pending().await
    })
}

async fn over_and_over<D: Dial>(work: Work, dial: &D) -> io::Result<()> {
    match work {
        Work::Connect => loop {
            dial.dial().await?.reset_when_dropped()?;
            count();
        },
        Work::Churn => loop {
            let mut stream = dial.dial().await?;
            round_trip(&mut stream).await?;
            stream.reset_when_dropped()?;
            count();
        },
        Work::Ping => {
            let mut stream = dial.dial().await?;
            loop {
                round_trip(&mut stream).await?;
                count();
            }
        }
        Work::Send => send(&mut dial.dial().await?).await,
        Work::Receive => receive(&mut dial.dial().await?).await,
        Work::Hold => {
            let mut stream = dial.dial().await?;
            count();
            stream.read(&mut [0]).await?;
            Ok(())
        }
        work => Err(io::Error::other(format!("{work:?} is work of a server"))),
    }
}

async fn round_trip(stream: &mut impl Stream) -> io::Result<()> {
    stream.write_all(&[b'.'; MESSAGE]).await?;
    let mut answer = [0; MESSAGE];
    let mut heard = 0;
    while heard < MESSAGE {
        match stream.read(&mut answer[heard..]).await? {
            0 => return Err(io::ErrorKind::UnexpectedEof.into()),
            more => heard += more,
        }
    }
    Ok(())
}

pub(super) async fn send(stream: &mut impl Stream) -> io::Result<()> {
    let chunk = vec![b'.'; CHUNK];
    loop {
        stream.write_all(&chunk).await?;
        count();
    }
}

pub(super) async fn receive(stream: &mut impl Stream) -> io::Result<()> {
    let mut buffer = vec![0; CHUNK];
    let mut counted = 0;
    loop {
        match stream.read(&mut buffer).await? {
            0 => return Ok(()),
            more => counted += more,
        }
        count_many((counted / CHUNK) as u64);
        counted %= CHUNK;
    }
}
