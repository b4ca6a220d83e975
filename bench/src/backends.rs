//! The libraries that are compared.

use std::{fmt, io, net::TcpListener};

use clap::ValueEnum;
use serde::Serialize;

use crate::{
    backend::{Connects, ConnectsByName, Listens},
    side::{self, Job},
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

/// A library, and what it runs on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ValueEnum)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Library {
    /// epoll and nothing around it: the limit.
    Raw,
    /// This house, on its own driver.
    Ours,
    /// This house, on smol's.
    OursSmol,
    /// async-net on smol.
    AsyncNet,
    /// async-std.
    AsyncStd,
    /// tokio on one thread.
    Tokio,
    /// tokio on its pool of threads.
    TokioThreads,
    /// hyper-util on tokio's one thread.
    HyperUtil,
    /// actix-server on one worker.
    Actix,
    /// Go's own net, in a program in Go.
    Go,
    /// Node's own net, in a program in JavaScript.
    Node,
    /// This house, with gate and list around its server, where a scenario is about it.
    OursLimited,
    /// This house, with the layers of the facade put together by hand, where a scenario is about it.
    OursByHand,
    /// This house, with the facade, where a scenario is about it.
    OursFacade,
}

impl Library {
    /// Whether it is made for this kind of work at all.
    pub(crate) fn does(self, work: Work, layer: Layer) -> bool {
        let plainly = layer == Layer::Plain;
        let broadcasts = work == Work::Broadcast;
        match self {
            Self::HyperUtil => plainly && !work.listens(),
            Self::Actix | Self::OursLimited => plainly && work.listens() && !broadcasts,
            Self::OursByHand | Self::OursFacade => plainly && !work.listens() && !work.races(),
            Self::AsyncNet | Self::AsyncStd | Self::TokioThreads => !work.races(),
            // Who has resumed gets no new ticket of it, and would have to come with one of before.
            Self::Node if work.listens() && layer == Layer::TlsResumed => false,
            Self::Go | Self::Node => !broadcasts,
            Self::Raw | Self::Ours | Self::OursSmol | Self::Tokio => true,
        }
    }

    /// Does the work of a job.
    pub(crate) fn run(self, job: &Job, listener: Option<TcpListener>) -> io::Result<()> {
        if job.layer != Layer::Plain {
            return tls::run(self, job, listener);
        }
        match self {
            Self::Ours if job.work == Work::Broadcast => {
                layered::broadcast(runner::Driver, job, needed(listener)?)
            }
            Self::OursSmol if job.work == Work::Broadcast => {
                layered::broadcast(runner::Smol, job, needed(listener)?)
            }
            Self::Raw => raw::run(job, listener),
            Self::Actix => actix::run(job, listener),
            Self::Go | Self::Node => Err(io::Error::other("this peer is a program of its own")),
            Self::Ours if job.work.races() => side::race::run(ours::Ours(runner::Driver), job),
            Self::OursSmol if job.work.races() => side::race::run(ours::Ours(runner::Smol), job),
            Self::Tokio if job.work.races() => side::race::run(tokio::Tokio::OneThread, job),
            Self::HyperUtil if job.work.races() => side::race::run(hyper_util::HyperUtil, job),
            Self::HyperUtil => connecting(hyper_util::HyperUtil, job),
            Self::Ours => both(ours::Ours(runner::Driver), job, listener),
            Self::OursSmol => both(ours::Ours(runner::Smol), job, listener),
            Self::AsyncNet => both(async_net::AsyncNet, job, listener),
            Self::AsyncStd => both(async_std::AsyncStd, job, listener),
            Self::Tokio => both(tokio::Tokio::OneThread, job, listener),
            Self::TokioThreads => both(tokio::Tokio::Threads, job, listener),
            Self::OursLimited => {
                side::server::run(layered::Limited(runner::Driver), job, needed(listener)?)
            }
            Self::OursByHand => connecting(layered::ByHand(runner::Driver), job),
            Self::OursFacade => connecting(layered::Facade(runner::Driver), job),
        }
    }

    /// Whether it is in a scenario only where that names it.
    pub(crate) fn is_variant(self) -> bool {
        matches!(self, Self::OursLimited | Self::OursByHand | Self::OursFacade)
    }
}

/// As on the command line.
impl fmt::Display for Library {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.to_possible_value() {
            Some(value) => f.pad(value.get_name()),
            None => Ok(()),
        }
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
        Some(listener) => side::server::run(backend, job, listener),
        None => connecting(backend, job),
    }
}

/// Does the work of a client.
fn connecting<B: Connects + ConnectsByName>(backend: B, job: &Job) -> io::Result<()> {
    let address = job.address.ok_or_else(|| io::Error::other("where to? `--address` says it"))?;
    match &job.name {
        None => side::client::run(backend, job, backend.dialer(address)?),
        Some(name) => side::client::run(backend, job, backend.named_dialer(name, address.port())?),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_only_connects_or_only_listens_is_not_asked_for_the_other() {
        let does = |library: Library| {
            [Work::Connect, Work::Accept].map(|work| library.does(work, Layer::Plain))
        };
        assert_eq!(does(Library::HyperUtil), [true, false]);
        assert_eq!(does(Library::Actix), [false, true]);
        assert_eq!(does(Library::Raw), [true, true]);
    }
}
