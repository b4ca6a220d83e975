//! What this process has done and used since it began.

use std::{
    alloc::System,
    fs,
    sync::atomic::{AtomicU64, Ordering::Relaxed},
    time::Duration,
};

use rustix::{
    param::page_size,
    time::{ClockId, clock_gettime},
};
use serde::{Deserialize, Serialize};
use stats_alloc::{INSTRUMENTED_SYSTEM, StatsAlloc};

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

static OPERATIONS: AtomicU64 = AtomicU64::new(0);
static RESUMED: AtomicU64 = AtomicU64::new(0);
static WAITED: AtomicU64 = AtomicU64::new(0);

/// Sums since the process began. Two of them, one subtracted from the other, are what happened in
/// between.
#[derive(Clone, Copy, Debug, Default, PartialEq, Deserialize, Serialize)]
pub(crate) struct Totals {
    pub(crate) operations: u64,
    /// Nanoseconds of a clock that never goes back.
    pub(crate) time: u64,
    /// Nanoseconds on a processor, those in the kernel included.
    pub(crate) cpu: u64,
    /// `None` if the program cannot count them.
    #[serde(default)]
    pub(crate) allocations: Option<u64>,
    /// Bytes that were allocated, whether they were freed or not.
    #[serde(default)]
    pub(crate) allocated: Option<u64>,
    /// TLS sessions that were resumed; `None` if the program cannot tell.
    #[serde(default)]
    pub(crate) resumed: Option<u64>,
    /// Bytes that are in memory now.
    pub(crate) resident: u64,
    /// Nanoseconds that the operations have taken, for work that is about that.
    #[serde(default)]
    pub(crate) waited: u64,
}

/// One more operation is done.
#[inline]
pub(crate) fn count() {
    count_many(1);
}

/// So many more operations are done.
#[inline]
pub(crate) fn count_many(operations: u64) {
    OPERATIONS.fetch_add(operations, Relaxed);
}

/// One more TLS session was resumed.
pub(crate) fn count_resumed() {
    RESUMED.fetch_add(1, Relaxed);
}

/// One more operation is done, which has taken this long.
pub(crate) fn count_wait(taken: Duration) {
    WAITED.fetch_add(taken.as_nanos() as u64, Relaxed);
    count();
}

/// The totals of this process.
pub(crate) fn now() -> Totals {
    let memory = ALLOCATOR.stats();
    let allocations = memory.allocations + memory.reallocations;
    // What is reallocated to be longer counts with what it has grown.
    let grown = u64::try_from(memory.bytes_reallocated).unwrap_or_default();
    Totals {
        operations: OPERATIONS.load(Relaxed),
        time: nanoseconds(ClockId::Monotonic),
        cpu: nanoseconds(ClockId::ProcessCPUTime),
        allocations: Some(allocations as u64),
        allocated: Some(memory.bytes_allocated as u64 + grown),
        resumed: Some(RESUMED.load(Relaxed)),
        resident: resident(),
        waited: WAITED.load(Relaxed),
    }
}

fn nanoseconds(clock: ClockId) -> u64 {
    let time = clock_gettime(clock);
    let time = Duration::new(time.tv_sec as u64, time.tv_nsec as u32);
    time.as_nanos() as u64
}

/// The second number of `statm` is the pages in memory.
fn resident() -> u64 {
    let statm = fs::read_to_string("/proc/self/statm").unwrap_or_default();
    let pages: u64 = statm.split(' ').nth(1).and_then(|pages| pages.parse().ok()).unwrap_or(0);
    pages * page_size() as u64
}
