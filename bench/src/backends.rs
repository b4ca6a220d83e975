//! Each library as it does the work.

use std::{io, net::TcpListener};

use crate::{
    backend::{Connects, ConnectsByName, Listens},
    job::Job,
    library::Library,
    tasks::{client, race, server},
    tls::Layer,
    work::Work,
};

mod actix;
mod async_net;
mod async_std;
mod futures_io;
mod hyper_util;
mod layered;
mod ours;
mod raw;
mod runner;
mod tls;
mod tokio;

/// Does the work of a job with its library.
pub(crate) fn run(job: &Job, listener: Option<TcpListener>) -> io::Result<()> {
    let library = job.library;
    if job.layer != Layer::Plain {
        return tls::run(library, job, listener);
    }
    match library {
        Library::Ours if job.work == Work::Broadcast => {
            layered::broadcast(runner::Driver, job, needed(listener)?)
        }
        Library::OursSmol if job.work == Work::Broadcast => {
            layered::broadcast(runner::Smol, job, needed(listener)?)
        }
        Library::Raw => raw::run(job, listener),
        Library::Actix => actix::run(job, listener),
        Library::Go | Library::Node => Err(io::Error::other("this peer is a program of its own")),
        Library::Ours if job.work.races() => race::run(ours::Ours(runner::Driver), job),
        Library::OursSmol if job.work.races() => race::run(ours::Ours(runner::Smol), job),
        Library::Tokio if job.work.races() => race::run(tokio::Tokio::OneThread, job),
        Library::HyperUtil if job.work.races() => race::run(hyper_util::HyperUtil, job),
        Library::HyperUtil => connecting(hyper_util::HyperUtil, job),
        Library::Ours => both(ours::Ours(runner::Driver), job, listener),
        Library::OursSmol => both(ours::Ours(runner::Smol), job, listener),
        Library::AsyncNet => both(async_net::AsyncNet, job, listener),
        Library::AsyncStd => both(async_std::AsyncStd, job, listener),
        Library::Tokio => both(tokio::Tokio::OneThread, job, listener),
        Library::TokioThreads => both(tokio::Tokio::Threads, job, listener),
        Library::OursLimited => {
            server::run(layered::Limited(runner::Driver), job, needed(listener)?)
        }
        Library::OursByHand => connecting(layered::ByHand(runner::Driver), job),
        Library::OursFacade => connecting(layered::Facade(runner::Driver), job),
    }
}

fn needed(listener: Option<TcpListener>) -> io::Result<TcpListener> {
    listener.ok_or_else(|| io::Error::other("this library only serves"))
}

/// Does the work of a job with a library for both sides.
fn both<B>(backend: B, job: &Job, listener: Option<TcpListener>) -> io::Result<()>
where
    B: Connects + ConnectsByName + Listens,
{
    match listener {
        Some(listener) => server::run(backend, job, listener),
        None => connecting(backend, job),
    }
}

/// Does the work of a client.
fn connecting<B: Connects + ConnectsByName>(backend: B, job: &Job) -> io::Result<()> {
    let address = job.address.ok_or_else(|| io::Error::other("where to? `--address` says it"))?;
    match &job.name {
        None => client::run(backend, job, backend.dialer(address)?),
        Some(name) => client::run(backend, job, backend.named_dialer(name, address.port())?),
    }
}
