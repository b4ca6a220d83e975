//! The libraries over TLS.

use std::{
    future::Future,
    io,
    net::{SocketAddr, TcpListener},
};

use crate::{
    backend::{Backend, Connects, ConnectsTls, Dial, Listen, Listens, ListensTls},
    backends::{
        Library,
        async_net::AsyncNet,
        async_std::AsyncStd,
        ours::Ours,
        raw,
        runner::{Driver, Smol},
    },
    job::Job,
    tasks::{client, server},
    tls::Layer,
};

mod futures_rustls;
mod ours;
mod tokio;

/// Does the work of a job over TLS.
pub(super) fn run(library: Library, job: &Job, listener: Option<TcpListener>) -> io::Result<()> {
    use crate::backends::tokio::Tokio;

    match library {
        Library::Raw => raw::run(job, listener),
        Library::Ours => both(Ours(Driver), job, listener),
        Library::OursSmol => both(Ours(Smol), job, listener),
        Library::AsyncNet => both(AsyncNet, job, listener),
        Library::AsyncStd => both(AsyncStd, job, listener),
        Library::Tokio => both(Tokio::OneThread, job, listener),
        Library::TokioThreads => both(Tokio::Threads, job, listener),
        Library::HyperUtil | Library::Actix | Library::Go | Library::Node => nothing(),
        Library::OursLimited | Library::OursByHand | Library::OursFacade => nothing(),
    }
}

fn nothing() -> io::Result<()> {
    Err(io::Error::other("there is no TLS of it in here"))
}

/// Does the work of a job with a library for both sides.
fn both<B>(backend: B, job: &Job, listener: Option<TcpListener>) -> io::Result<()>
where
    B: ConnectsTls + ListensTls,
{
    let secured = Secured { backend, layer: job.layer };
    if let Some(listener) = listener {
        return server::run(secured, job, listener);
    }
    let address = job.address.ok_or_else(|| io::Error::other("where to? `--address` says it"))?;
    client::run(secured, job, secured.dialer(address)?)
}

/// A library whose streams are all secured.
#[derive(Clone, Copy)]
struct Secured<B> {
    backend: B,
    layer: Layer,
}

impl<B: Backend> Backend for Secured<B> {
    fn run(self, main: impl Future<Output = io::Result<()>> + Send + 'static) -> io::Result<()> {
        self.backend.run(main)
    }

    fn spawn(self, task: impl Future<Output = io::Result<()>> + Send + 'static) {
        self.backend.spawn(task);
    }
}

impl<B: ConnectsTls> Connects for Secured<B> {
    fn dialer(self, address: SocketAddr) -> io::Result<impl Dial> {
        self.backend.tls_dialer(address, self.layer)
    }
}

impl<B: ListensTls> Listens for Secured<B> {
    fn listener(self, socket: TcpListener) -> io::Result<impl Listen> {
        self.backend.tls_listener(socket, self.layer)
    }
}
