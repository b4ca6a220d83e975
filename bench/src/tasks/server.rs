//! What listens, the same for every library.

use std::{future::IntoFuture, io, net::TcpListener};

use crate::{
    backend::{Listen, Listens, Stream},
    job::Job,
    tasks::client::{receive, send},
    totals::count,
    work::{MESSAGE, Work},
};

/// Does the work of a server on the calling thread.
///
/// Each kind of work is a task of its own size, because that is most of what an idle connection costs.
pub(crate) fn run<B: Listens>(backend: B, job: &Job, listener: TcpListener) -> io::Result<()> {
    let (work, clients) = (job.work, job.connections);
    backend.run(async move {
        let mut listener = backend.listener(listener)?;
        if work == Work::Broadcast {
            return broadcast(&mut listener, clients).await;
        }
        loop {
            let accepting = listener.accept().await?;
            match work {
                Work::Accept => accept(accepting).await?,
                Work::Echo => backend.spawn(echo(accepting)),
                Work::EchoOnce => backend.spawn(echo_once(accepting)),
                Work::Drain => backend.spawn(drain(accepting)),
                Work::Fill => backend.spawn(fill(accepting)),
                Work::Idle => backend.spawn(wait(accepting)),
                work => return Err(io::Error::other(format!("{work:?} is work of a client"))),
            }
        }
    })
}

pub(crate) async fn accept<S: Stream>(
    accepting: impl IntoFuture<Output = io::Result<S>>,
) -> io::Result<()> {
    drop(accepting.await?);
    count();
    Ok(())
}

pub(crate) async fn echo<S: Stream>(
    accepting: impl IntoFuture<Output = io::Result<S>>,
) -> io::Result<()> {
    let mut stream = accepting.await?;
    while answer(&mut stream).await? {}
    Ok(())
}

pub(crate) async fn echo_once<S: Stream>(
    accepting: impl IntoFuture<Output = io::Result<S>>,
) -> io::Result<()> {
    answer(&mut accepting.await?).await?;
    Ok(())
}

pub(crate) async fn drain<S: Stream>(
    accepting: impl IntoFuture<Output = io::Result<S>>,
) -> io::Result<()> {
    receive(&mut accepting.await?).await
}

pub(crate) async fn fill<S: Stream>(
    accepting: impl IntoFuture<Output = io::Result<S>>,
) -> io::Result<()> {
    send(&mut accepting.await?).await
}

pub(crate) async fn wait<S: Stream>(
    accepting: impl IntoFuture<Output = io::Result<S>>,
) -> io::Result<()> {
    let mut stream = accepting.await?;
    count();
    stream.read(&mut [0]).await?;
    Ok(())
}

/// One after the other; whoever does not read holds up the others.
async fn broadcast(listener: &mut impl Listen, clients: usize) -> io::Result<()> {
    let mut streams = Vec::new();
    for _ in 0..clients {
        streams.push(listener.accept().await?.await?);
    }
    loop {
        for stream in &mut streams {
            stream.write_all(&[b'.'; MESSAGE]).await?;
            count();
        }
    }
}

/// Whether there was something to answer.
async fn answer(stream: &mut impl Stream) -> io::Result<bool> {
    let mut buffer = [0; 1024];
    let heard = stream.read(&mut buffer).await?;
    if heard == 0 {
        return Ok(false);
    }
    stream.write_all(&buffer[..heard]).await?;
    count();
    Ok(true)
}
