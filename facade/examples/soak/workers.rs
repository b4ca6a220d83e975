//! Worker processes behind servers: killed at random, and raced against a bare loop.

use std::io;

use socketry_server_workers::run_worker;

use self::echo::Echo;
use crate::{report::Report, size::Size};

mod bare;
mod clients;
mod echo;
mod killed;
mod processor;
mod rounds;
mod serving;

pub(crate) fn run(size: Size, report: &mut Report) -> io::Result<()> {
    rounds::run(size, report)?;
    killed::run(size, report)
}

/// Serves, as a helper.
pub(crate) fn serve() -> io::Result<()> {
    serving::run()
}

/// Answers, as a worker.
pub(crate) fn work() -> io::Result<()> {
    processor::keep_to_own()?;
    run_worker(Echo)
}
