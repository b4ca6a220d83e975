//! What the handles, the servers and the connections of a gate share.

use std::{
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    task::Context,
    time::Instant,
};

use crate::{GateSettings, refusal::Refusal, rules::Rules, state::State};

/// A gate.
#[derive(Debug)]
pub(crate) struct Shared {
    state: Mutex<State>,
    /// Whether the time plays a part, so that otherwise nobody looks at the clock. Like the next
    /// one it is changed under the lock of the state, and read without it.
    is_timed: AtomicBool,
    /// Whether servers wait for room, so that otherwise none asks whether there is any.
    is_pausing: AtomicBool,
    /// Held over a change of the settings, which others make up their minds about meanwhile.
    turn: Mutex<()>,
}

impl Shared {
    pub(crate) fn new(settings: GateSettings) -> Self {
        let rules = Rules::new(settings);
        Self {
            is_timed: AtomicBool::new(rules.is_timed()),
            is_pausing: AtomicBool::new(rules.is_pausing()),
            state: Mutex::new(State::new(rules)),
            turn: Mutex::new(()),
        }
    }

    /// What the gate knows. The guard MUST be dropped before anything of somebody else's is polled,
    /// woken or dropped.
    pub(crate) fn state(&self) -> MutexGuard<'_, State> {
        lock(&self.state)
    }

    pub(crate) fn is_timed(&self) -> bool {
        self.is_timed.load(Ordering::Acquire)
    }

    pub(crate) fn is_pausing(&self) -> bool {
        self.is_pausing.load(Ordering::Acquire)
    }

    pub(crate) fn change(
        &self,
        now: impl FnOnce() -> Instant,
        change: impl FnOnce(&mut GateSettings),
    ) {
        let turn = lock(&self.turn);
        let rules = self.state().rules();
        let mut settings = rules.settings.clone();
        change(&mut settings);
        let (rules, now) = (Rules::new(settings), now());
        let mut state = self.state();
        self.is_timed.store(rules.is_timed(), Ordering::Release);
        self.is_pausing.store(rules.is_pausing(), Ordering::Release);
        let old = state.change(rules, now);
        drop(state);
        drop((old, turn));
        self.wake();
    }

    /// A connection has gone.
    pub(crate) fn leave(&self, number: usize) {
        let makes_room = self.state().leave(number);
        if makes_room {
            self.wake();
        }
    }

    /// Wakes every server that waits, once each, and holds no lock meanwhile.
    fn wake(&self) {
        let mut from = 0;
        loop {
            let next = self.state().waiters.take_next(from);
            let Some((server, waker)) = next else { return };
            from = server + 1;
            waker.wake();
        }
    }
}

/// The number of a server at a gate, by which it waits.
#[derive(Debug)]
pub(crate) struct Waiter {
    shared: Arc<Shared>,
    server: usize,
}

impl Waiter {
    pub(crate) fn new(shared: Arc<Shared>) -> Self {
        let server = shared.state().waiters.add();
        Self { shared, server }
    }

    /// Whether newcomers may be taken; otherwise the task is woken once when that may have changed.
    pub(crate) fn check_room(&self, now: Option<Instant>, cx: &Context<'_>) -> Result<(), Refusal> {
        let mut state = self.shared.state();
        let room = state.check_room(now);
        let replaced = match room {
            Ok(()) => state.waiters.take(self.server),
            Err(_) => state.waiters.wait(self.server, cx.waker()),
        };
        drop(state);
        drop(replaced); // after the lock: it may be the last of a task that holds a server
        room
    }
}

impl Drop for Waiter {
    fn drop(&mut self) {
        let waker = self.shared.state().waiters.remove(self.server);
        drop(waker); // after the lock, as above
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
