//! Connections that come back: through faults, from a dead server, and in a pool.

use std::io;

use crate::{report::Report, size::Size};

mod asker;
mod client;
mod clock;
mod dead;
mod faults;
mod frame;
mod meddler;
mod pooled;
mod server;
mod stage;
mod talk;
mod tally;
mod weather;

pub(crate) fn run(size: Size, report: &mut Report) -> io::Result<()> {
    faults::run(size, report)?;
    dead::run(size, report)?;
    pooled::run(size, report)
}

/// Answers, as a helper.
pub(crate) fn serve() -> io::Result<()> {
    server::serve()
}
