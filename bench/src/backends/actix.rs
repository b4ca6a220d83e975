//! actix-server, with one worker. It only listens.

use std::{
    future::{Future, ready},
    io,
    net::TcpListener,
};

use actix_server::Server;
use actix_service::fn_service;
use tokio::net::TcpStream;

use crate::{backend::Backend, backends::tokio::Tokio, job::Job, tasks::server, work::Work};

/// Does the work of a server. It accepts on a thread of its own, and its worker has another.
pub(crate) fn run(job: &Job, listener: Option<TcpListener>) -> io::Result<()> {
    let Some(listener) = listener else {
        return Err(io::Error::other("actix-server does not connect"));
    };
    match job.work {
        Work::Accept => serve(listener, |stream| server::accept(ready(Ok(stream)))),
        Work::Echo => serve(listener, |stream| server::echo(ready(Ok(stream)))),
        Work::EchoOnce => serve(listener, |stream| server::echo_once(ready(Ok(stream)))),
        Work::Drain => serve(listener, |stream| server::drain(ready(Ok(stream)))),
        Work::Fill => serve(listener, |stream| server::fill(ready(Ok(stream)))),
        Work::Idle => serve(listener, |stream| server::wait(ready(Ok(stream)))),
        work => Err(io::Error::other(format!("{work:?} is work of a client"))),
    }
}

/// Each kind of work is a service of its own, whose future has the size that it needs.
fn serve<F>(
    listener: TcpListener,
    handle: impl Fn(TcpStream) -> F + Clone + Send + 'static,
) -> io::Result<()>
where
    F: Future<Output = io::Result<()>> + 'static,
{
    Tokio::OneThread.run(async move {
        Server::build()
            .workers(1)
            .disable_signals()
            .listen("bench", listener, move || fn_service(handle.clone()))?
            .run()
            .await
    })
}
