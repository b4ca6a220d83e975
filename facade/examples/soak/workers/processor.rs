//! Which processor a process has.

use std::{env, io};

use rustix::thread::{CpuSet, sched_setaffinity};

/// The processor of whoever asks.
pub(super) const ASKERS: usize = 0;

/// That of the workers.
pub(super) const WORKERS: usize = 1;

/// The variable by which a worker learns which processor is its own.
pub(super) const CORE: &str = "SOAK_PROCESSOR";

/// Lets this thread, and those that it starts, run on one processor only.
pub(super) fn keep_to_processor(number: usize) -> io::Result<()> {
    let mut set = CpuSet::new();
    set.set(number);
    Ok(sched_setaffinity(None, &set)?)
}

/// Does so if this worker was told to.
pub(super) fn keep_to_own() -> io::Result<()> {
    match env::var(CORE).ok().and_then(|number| number.parse().ok()) {
        Some(number) => keep_to_processor(number),
        None => Ok(()),
    }
}
