//! TLS on bare sockets: rustls without anything around it.

use std::{io, net::TcpListener};

use crate::job::Job;

mod client;
mod server;
mod session;

/// Does the work of a job.
pub(super) fn run(job: &Job, listener: Option<TcpListener>) -> io::Result<()> {
    match (listener, job.address) {
        (Some(listener), _) => server::run(job, listener),
        (None, Some(address)) => client::run(job, address),
        (None, None) => Err(io::Error::other("where to? `--address` says it")),
    }
}
