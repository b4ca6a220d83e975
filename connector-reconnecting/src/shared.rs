//! What sessions, handles and whoever makes the sessions have in common.

use std::{
    fmt, io, mem,
    sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError},
    task::Waker,
    time::Instant,
};

use atomic_waker::AtomicWaker;
use event_listener::{Event, EventListener};
use socketry_connection::{AbortHandle, Clock, now};

pub use self::ending::Disconnected;
pub(crate) use self::ending::{Ending, end_all};
use crate::{
    life::Life,
    slot::Cancel,
    state::{Reason, State, Statistics},
};

mod ending;
mod sessions;

/// The state that all of one [`Reconnecting`](crate::Reconnecting) share.
pub(crate) struct Shared {
    inner: Mutex<Inner>,
    /// The attempt or the wait under way.
    work: Arc<dyn Cancel>,
    /// Whoever makes the sessions.
    driver: AtomicWaker,
    /// A state has changed, or a session is over.
    changed: Event,
    clock: OnceLock<Arc<dyn Clock>>,
    /// What else is to be done when it is stopped.
    on_stop: OnceLock<Box<dyn Fn() + Send + Sync>>,
}

struct Inner {
    state: State,
    /// How often the state has changed.
    version: u64,
    /// Whether sessions are to be made.
    is_wanted: bool,
    /// Nobody is left to make them.
    is_abandoned: bool,
    /// How often it was started. What belongs to an earlier epoch changes nothing in a later one.
    epoch: u64,
    hint: Option<Hint>,
    /// Sessions whose values are alive: one, or for a moment some from before too.
    sessions: Vec<Entry>,
    /// Of the last attempt that has failed.
    last_error: Option<Arc<io::Error>>,
    /// Why it has ended by itself, while sessions are still closing.
    ended_by: Option<Arc<io::Error>>,
    /// The session of this epoch that was lost, until whoever makes the sessions has taken it.
    loss: Option<Arc<Life>>,
    statistics: Statistics,
    /// To be dropped without the lock: errors are somebody's.
    replaced: Vec<Replaced>,
}

#[derive(Clone)]
struct Entry {
    life: Arc<Life>,
    abort: Option<AbortHandle>,
}

/// Something that is dropped without the lock.
#[expect(dead_code, reason = "it is there to be dropped")]
enum Replaced {
    State(State),
    Error(Arc<io::Error>),
    Life(Arc<Life>),
    Entry(Entry),
}

/// What somebody knows who is not asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Hint {
    /// Do not wait.
    Now,
    /// Do not wait, and begin the delays anew.
    Anew,
}

impl Shared {
    pub(crate) fn new(work: Arc<dyn Cancel>) -> Self {
        let until = Instant::now();
        let inner = Inner {
            state: State::Waiting { until, attempt: 1, reason: Reason::New },
            version: 0,
            is_wanted: true,
            is_abandoned: false,
            epoch: 0,
            hint: None,
            sessions: Vec::new(),
            last_error: None,
            ended_by: None,
            loss: None,
            statistics: Statistics::default(),
            replaced: Vec::new(),
        };
        Self {
            inner: Mutex::new(inner),
            work,
            driver: AtomicWaker::new(),
            changed: Event::new(),
            clock: OnceLock::new(),
            on_stop: OnceLock::new(),
        }
    }

    /// Takes the time from `clock`, unless it takes it from another already.
    pub(crate) fn set_clock(&self, clock: Arc<dyn Clock>) {
        let _ = self.clock.set(clock);
        let until = self.now();
        self.update(|inner| {
            inner.change(State::Waiting { until, attempt: 1, reason: Reason::New });
        });
    }

    /// Does this too, without a lock, whenever it is stopped. To be called once.
    pub(crate) fn on_stop(&self, act: Box<dyn Fn() + Send + Sync>) {
        let _ = self.on_stop.set(act);
    }

    pub(crate) fn clock(&self) -> Option<&Arc<dyn Clock>> {
        self.clock.get()
    }

    pub(crate) fn now(&self) -> Instant {
        now(self.clock())
    }

    pub(crate) fn is_wanted(&self) -> bool {
        self.lock().is_wanted
    }

    /// How often it was started, if sessions are wanted.
    pub(crate) fn epoch(&self) -> Option<u64> {
        let inner = self.lock();
        inner.is_wanted.then_some(inner.epoch)
    }

    /// Who makes the sessions waits.
    pub(crate) fn driver_waits(&self, waker: &Waker) {
        self.driver.register(waker);
    }

    pub(crate) fn state(&self) -> State {
        self.lock().state.clone()
    }

    /// Why there is no session, if that is an error.
    pub(crate) fn last_error(&self) -> Option<Arc<io::Error>> {
        let inner = self.lock();
        inner.state.last_error().or(inner.last_error.as_ref()).cloned()
    }

    /// The state, how often it has changed, and whether it will not any more.
    pub(crate) fn versioned_state(&self) -> (u64, State, bool) {
        let inner = self.lock();
        (inner.version, inner.state.clone(), inner.is_finished())
    }

    /// Hears of the next change of state, and of the end of a session.
    pub(crate) fn listen(&self) -> EventListener {
        self.changed.listen()
    }

    /// Whoever makes the sessions says how it stands; not after a disconnect.
    pub(crate) fn set_state(&self, epoch: u64, state: State) {
        self.update(|inner| {
            if !inner.is_current(epoch) {
                return;
            }
            if !matches!(state, State::Waiting { .. }) && inner.hint == Some(Hint::Now) {
                inner.hint = None; // it was about the wait
            }
            inner.change(state);
        });
        self.tell();
    }

    /// An attempt has failed.
    pub(crate) fn attempt_failed(&self, error: Arc<io::Error>) {
        self.update(|inner| {
            inner.statistics.failed_attempts += 1;
            let before = inner.last_error.replace(error);
            inner.replaced.extend(before.map(Replaced::Error));
        });
    }

    pub(crate) fn count(&self, count: impl FnOnce(&mut Statistics)) {
        count(&mut self.lock().statistics);
    }

    /// All that has come to pass, sessions that are up included.
    pub(crate) fn statistics(&self) -> Statistics {
        let now = self.now();
        let inner = self.lock();
        let mut statistics = inner.statistics;
        for Entry { life, .. } in &inner.sessions {
            statistics.bytes_read += life.bytes_read();
            statistics.bytes_written += life.bytes_written();
            if life.lost().is_none() {
                statistics.uptime += now.saturating_duration_since(life.began());
            }
        }
        statistics
    }

    /// Somebody knows better than the schedule. Not to wait is said only of a wait.
    pub(crate) fn hint(&self, hint: Hint) {
        self.update(|inner| {
            let is_about_it = hint == Hint::Anew || matches!(inner.state, State::Waiting { .. });
            if inner.is_wanted && is_about_it {
                inner.hint = inner.hint.max(Some(hint));
            }
        });
        self.driver.wake();
    }

    pub(crate) fn take_hint(&self) -> Option<Hint> {
        self.lock().hint.take()
    }

    /// Something has changed that is no state.
    pub(crate) fn tell(&self) {
        self.changed.notify(usize::MAX);
    }

    /// Changes what is shared, and drops what was in its place without the lock.
    fn update<R>(&self, change: impl FnOnce(&mut Inner) -> R) -> R {
        let mut inner = self.lock();
        let result = change(&mut inner);
        let replaced = mem::take(&mut inner.replaced);
        drop(inner);
        drop(replaced);
        result
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        // Nothing in here can panic half way through a change.
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Inner {
    fn change(&mut self, state: State) {
        self.replaced.push(Replaced::State(mem::replace(&mut self.state, state)));
        self.version += 1;
    }

    /// Whether sessions are wanted, and of this epoch.
    fn is_current(&self, epoch: u64) -> bool {
        self.is_wanted && self.epoch == epoch
    }

    /// Whether nothing more will change.
    fn is_finished(&self) -> bool {
        self.is_abandoned && self.state.is_closed()
    }

    fn are_over(&self) -> bool {
        self.sessions.iter().all(|entry| entry.life.is_over())
    }

    fn are_lost(&self) -> bool {
        self.sessions.iter().all(|entry| entry.life.lost().is_some())
    }
}

impl fmt::Debug for Shared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.lock().state.fmt(f)
    }
}
