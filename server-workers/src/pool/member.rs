//! A worker of a pool, as the pool sees it.

use std::{
    fmt,
    sync::Arc,
    time::{Duration, Instant},
};

use atomic_waker::AtomicWaker;

use crate::WorkerId;

/// One worker, from its first moment to its last.
#[derive(Debug)]
pub(super) struct Member<W> {
    pub(super) place: Place<W>,
    /// Why it is to leave as soon as it is back from its event.
    pub(super) leaves: Option<&'static str>,
    pub(super) pid: Option<u32>,
    pub(super) memory: Option<u64>,
    /// How many events it has answered.
    pub(super) jobs: u64,
    /// After how many it is replaced.
    pub(super) most_jobs: Option<u64>,
    pub(super) born: Instant,
    pub(super) last_used: Instant,
    /// The last reset before it began.
    pub(super) generation: u64,
    /// Wakes whoever accompanies it.
    pub(super) bell: Arc<AtomicWaker>,
}

/// Where the half of a worker is that is asked.
#[derive(Debug)]
pub(super) enum Place<W> {
    /// It is being started.
    Starting,
    /// It waits for an event.
    Idle(W),
    /// Somebody asks it.
    Busy,
    /// It is on its way out; nobody asks it any more.
    Leaving(Departure<W>),
    /// It is being ended by whoever accompanies it.
    Ending,
}

/// How a worker leaves.
#[derive(Debug)]
pub(super) struct Departure<W> {
    pub(super) reason: String,
    /// Gently with this half; at once without it.
    pub(super) worker: Option<W>,
}

impl<W> Member<W> {
    pub(super) fn new(now: Instant, generation: u64, most_jobs: Option<u64>) -> Self {
        Self {
            place: Place::Starting,
            leaves: None,
            pid: None,
            memory: None,
            jobs: 0,
            most_jobs,
            born: now,
            last_used: now,
            generation,
            bell: Arc::default(),
        }
    }

    /// Whether it counts as one of those that the pool has.
    pub(super) fn is_present(&self) -> bool {
        matches!(self.place, Place::Starting | Place::Idle(_) | Place::Busy)
    }

    /// Whether it will answer more events than the one that it may be asked about now.
    pub(super) fn stays(&self) -> bool {
        self.is_present() && self.leaves.is_none()
    }

    pub(super) fn is_idle(&self) -> bool {
        matches!(self.place, Place::Idle(_))
    }

    pub(super) fn state(&self) -> WorkerState {
        match self.place {
            Place::Starting => WorkerState::Starting,
            Place::Idle(_) => WorkerState::Idle,
            Place::Busy => WorkerState::Busy,
            Place::Leaving(_) | Place::Ending => WorkerState::Ending,
        }
    }

    pub(super) fn info(&self, id: WorkerId, now: Instant) -> WorkerInfo {
        WorkerInfo {
            id,
            pid: self.pid,
            state: self.state(),
            jobs: self.jobs,
            age: now.saturating_duration_since(self.born),
            memory: self.memory,
        }
    }
}

/// What a worker of a pool is doing: [`Handle::workers`](crate::Handle::workers) lists them.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct WorkerInfo {
    /// Its number.
    pub id: WorkerId,
    /// Its process, if it is one.
    pub pid: Option<u32>,
    /// What it is doing.
    pub state: WorkerState,
    /// How many events it has answered.
    pub jobs: u64,
    /// How long ago it was begun.
    pub age: Duration,
    /// How many bytes of memory were its own when that was last looked at, if that is known.
    pub memory: Option<u64>,
}

/// One line: `worker 3 (process 4242): idle, 17 events, 3.2s old, 12800 KiB`.
impl fmt::Display for WorkerInfo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { id, state, jobs, age, .. } = self;
        write!(f, "worker {id}")?;
        if let Some(pid) = self.pid {
            write!(f, " (process {pid})")?;
        }
        let events = if *jobs == 1 { "event" } else { "events" };
        write!(f, ": {state}, {jobs} {events}, {age:.1?} old")?;
        match self.memory {
            Some(bytes) => write!(f, ", {} KiB", bytes / 1024),
            None => Ok(()),
        }
    }
}

/// What a worker is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum WorkerState {
    /// It is being started.
    Starting,
    /// It waits for an event.
    Idle,
    /// It answers one.
    Busy,
    /// It is being ended.
    Ending,
}

/// A word: `starting`, `idle`, `busy` or `ending`.
impl fmt::Display for WorkerState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Starting => "starting",
            Self::Idle => "idle",
            Self::Busy => "busy",
            Self::Ending => "ending",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_worker_is_a_line() {
        let mut info = WorkerInfo {
            id: WorkerId::new(3),
            pid: None,
            state: WorkerState::Idle,
            jobs: 1,
            age: Duration::from_millis(3210),
            memory: None,
        };
        assert_eq!(info.to_string(), "worker 3: idle, 1 event, 3.2s old");
        (info.pid, info.jobs, info.memory) = (Some(4242), 17, Some(12_800 << 10));
        let line = "worker 3 (process 4242): idle, 17 events, 3.2s old, 12800 KiB";
        assert_eq!(info.to_string(), line);
    }
}
