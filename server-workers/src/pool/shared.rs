//! A pool, as all who have to do with it share it.

use std::{
    io,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::Waker,
    time::Instant,
};

use atomic_waker::AtomicWaker;
use event_listener::Event as Changed;
use socketry_connection::now;

use super::{
    after::After,
    member::{Departure, WorkerInfo},
    state::{Phase, State},
};
use crate::{Employ, Notice, PoolOptions, WorkerId};

pub(super) struct Shared<K: Employ> {
    pub(super) kind: K,
    pub(super) options: PoolOptions,
    state: Mutex<State<K::Worker>>,
    /// Wakes who keeps the number of workers.
    pub(super) keeper: AtomicWaker,
    /// Wakes those who wait for the end of a reset, or of the pool.
    pub(super) changed: Changed,
}

impl<K: Employ> Shared<K> {
    pub(super) fn new(kind: K, options: PoolOptions) -> Self {
        let state = State::new(options.num_workers, options.debug);
        Self {
            kind,
            options,
            state: Mutex::new(state),
            keeper: AtomicWaker::new(),
            changed: Changed::new(),
        }
    }

    /// The state. A panic leaves it as it should be, because nothing of others is called under the lock.
    pub(super) fn state(&self) -> MutexGuard<'_, State<K::Worker>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn now(&self) -> Instant {
        now(self.options.clock.as_ref())
    }

    /// How many events the worker that is begun now answers: `max_jobs` and up to 14 % more.
    pub(super) fn most_jobs(&self) -> Option<u64> {
        match self.options.max_jobs {
            _ if self.options.debug => Some(1),
            0 => None,
            most => Some(most.saturating_add(fastrand::u64(0..=most / 7))),
        }
    }

    /// A worker is free.
    pub(super) fn settle(&self, id: WorkerId, worker: K::Worker) {
        let now = self.now();
        let after = self.state().settle(id, worker, now);
        self.finish(after);
    }

    /// A worker is ready for its first event. (The keeper, in whose task this happens, looks after it
    /// whether somebody is missing or a reset is done.)
    pub(super) fn ready(&self, id: WorkerId, worker: K::Worker, pid: Option<u32>) {
        self.options.notices.tell(&Notice::WorkerReady { worker: id, pid });
        self.state().started(id, pid);
        self.settle(id, worker);
        self.trim();
        let has_started = self.state().check_start();
        if has_started {
            self.changed.notify(usize::MAX);
        }
    }

    /// A worker could not be started. Before all have been, that is the end, of which whoever runs the
    /// pool learns why.
    pub(super) fn not_started(&self, id: WorkerId, error: io::Error) {
        let is_told_otherwise = {
            let state = self.state();
            state.phase == Phase::Starting || state.not_started.is_some()
        };
        if !is_told_otherwise {
            self.options.notices.tell(&Notice::WorkerNotStarted { error: &error });
        }
        let now = self.now();
        let mut state = self.state();
        state.patience.failed(now);
        state.reset.last_failure = Some(error.to_string());
        if state.phase == Phase::Starting {
            state.not_started = Some(error);
            drop(state);
            self.begin_end();
        } else {
            drop(state);
        }
        self.remove(id);
    }

    /// Lets all workers go, each after the event that it answers.
    pub(super) fn begin_end(&self) {
        let after = self.state().begin_end();
        after.into_iter().for_each(|after| self.finish(after));
        self.changed.notify(usize::MAX);
        self.keeper.wake();
    }

    /// A worker is to leave: gently if it is idle, else after its event.
    pub(super) fn retire(&self, id: WorkerId, reason: &'static str) {
        let after = self.state().retire(id, reason);
        self.finish(after);
    }

    /// A worker is to be killed.
    pub(super) fn kill(&self, id: WorkerId, reason: &str) {
        let after = self.state().send_away(id, reason, None);
        self.finish(after);
    }

    /// All who are busy are to be killed.
    pub(super) fn kill_busy(&self, reason: &str) {
        let busy = self.state().busy();
        busy.into_iter().for_each(|id| self.kill(id, reason));
    }

    /// A worker has ended by itself.
    pub(super) fn gone(&self, id: WorkerId) {
        let now = self.now();
        let after = self.state().gone(id, now);
        self.finish(after);
    }

    /// Sends those away who are too many.
    pub(super) fn trim(&self) {
        loop {
            let after = self.state().trim();
            match after {
                Some(after) => self.finish(after),
                None => return,
            }
        }
    }

    /// The last of a worker, in the keeper's own task.
    pub(super) fn remove(&self, id: WorkerId) {
        let removed = self.state().members.remove(&id);
        drop(removed); // after the lock
    }

    pub(super) fn departure(&self, id: WorkerId) -> Option<Departure<K::Worker>> {
        self.state().departure(id)
    }

    /// No event is answered any more, and those who wait are told so.
    pub(super) fn end(&self) {
        let (wakers, workers) = self.state().end();
        wakers.into_iter().for_each(Waker::wake);
        self.changed.notify(usize::MAX);
        drop(self.keeper.take()); // it may keep a whole task alive
        drop(workers);
    }

    pub(super) fn workers(&self) -> Vec<WorkerInfo> {
        let now = self.now();
        self.state().members.iter().map(|(id, member)| member.info(*id, now)).collect()
    }

    /// What is to be done after the lock; and the keeper looks whether somebody is missing.
    pub(super) fn finish(&self, after: After<K::Worker>) {
        let concerns_keeper = after.concerns_keeper;
        after.finish();
        if concerns_keeper {
            self.keeper.wake();
        }
    }
}

pub(super) type SharedPool<K> = Arc<Shared<K>>;

pub(crate) fn ended() -> io::Error {
    io::Error::new(io::ErrorKind::NotConnected, "the pool of workers has ended")
}
