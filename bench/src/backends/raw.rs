//! epoll and nothing around it: what the kernel alone costs.
//!
//! Everything here is as bare as it can be, with the options that ours sets. It is the limit that the
//! libraries are compared with, and whatever they talk with.

use std::{io, net::TcpListener};

use crate::{job::Job, tls::Layer, work::Work};

mod accept;
mod broadcast;
mod client;
mod epoll;
mod race;
mod server;
mod tls;

/// Does the work of a job.
pub(crate) fn run(job: &Job, listener: Option<TcpListener>) -> io::Result<()> {
    if job.layer != Layer::Plain {
        return tls::run(job, listener);
    }
    match (listener, job.address) {
        (Some(listener), _) if job.work == Work::Broadcast => {
            broadcast::run(job.connections, listener)
        }
        (None, Some(live)) if job.work.races() => race::run(live),
        (Some(listener), _) => server::run(job, listener),
        (None, Some(address)) => client::run(job, address),
        (None, None) => Err(io::Error::other("where to? `--address` says it")),
    }
}
