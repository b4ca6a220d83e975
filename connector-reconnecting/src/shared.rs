//! What sessions, handles and whoever makes the sessions have in common.

use std::{
    fmt, io,
    sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError},
    task::Waker,
    time::Instant,
};

use atomic_waker::AtomicWaker;
use event_listener::{Event, EventListener};
use socketry_connection::{AbortHandle, Clock, now};

pub use self::ending::Disconnected;
pub(crate) use self::ending::end_all;
use crate::{
    life::Life,
    loss::LossCause,
    slot::Cancel,
    state::{Reason, State, Statistics},
};

mod ending;

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
}

struct Inner {
    state: State,
    /// How often the state has changed.
    version: u64,
    /// Whether sessions are to be made.
    is_wanted: bool,
    /// Nobody is left to make them.
    is_abandoned: bool,
    /// How often it was started.
    epoch: u64,
    hint: Option<Hint>,
    /// Sessions whose values are alive: one, or for a moment the one before too.
    sessions: Vec<Entry>,
    /// Of the last attempt that has failed.
    last_error: Option<Arc<io::Error>>,
    /// That of the newest session, until whoever makes the sessions has taken it.
    loss: Option<Arc<Life>>,
    statistics: Statistics,
}

struct Entry {
    life: Arc<Life>,
    abort: Option<AbortHandle>,
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
            loss: None,
            statistics: Statistics::default(),
        };
        Self {
            inner: Mutex::new(inner),
            work,
            driver: AtomicWaker::new(),
            changed: Event::new(),
            clock: OnceLock::new(),
        }
    }

    /// Takes the time from `clock`, unless it takes it from another already.
    pub(crate) fn set_clock(&self, clock: Arc<dyn Clock>) {
        let _ = self.clock.set(clock);
        let until = self.now();
        self.lock().state = State::Waiting { until, attempt: 1, reason: Reason::New };
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

    /// The state and how often it has changed.
    pub(crate) fn versioned_state(&self) -> (u64, State) {
        let inner = self.lock();
        (inner.version, inner.state.clone())
    }

    /// Hears of the next change of state, and of the end of a session.
    pub(crate) fn listen(&self) -> EventListener {
        self.changed.listen()
    }

    /// Whoever makes the sessions says how it stands; not after a disconnect.
    pub(crate) fn set_state(&self, state: State) {
        let mut inner = self.lock();
        if inner.is_wanted {
            if !matches!(state, State::Waiting { .. }) {
                inner.hint = None; // it was about the wait
            }
            inner.change(state);
            drop(inner);
            self.tell();
        }
    }

    /// An attempt has failed.
    pub(crate) fn attempt_failed(&self, error: Arc<io::Error>) {
        let mut inner = self.lock();
        inner.statistics.failed_attempts += 1;
        let before = inner.last_error.replace(error);
        drop(inner);
        drop(before); // it may be somebody's
    }

    pub(crate) fn count(&self, count: impl FnOnce(&mut Statistics)) {
        count(&mut self.lock().statistics);
    }

    /// All that has come to pass, sessions that are up included.
    pub(crate) fn statistics(&self) -> Statistics {
        let inner = self.lock();
        let mut statistics = inner.statistics;
        let now = now(self.clock());
        for Entry { life, .. } in &inner.sessions {
            statistics.bytes_read += life.bytes_read();
            statistics.bytes_written += life.bytes_written();
            if life.lost().is_none() {
                statistics.uptime += now.saturating_duration_since(life.began());
            }
        }
        statistics
    }

    /// The session that is up.
    pub(crate) fn newest(&self) -> Option<Arc<Life>> {
        let inner = self.lock();
        let entry = inner.sessions.last()?;
        entry.life.lost().is_none().then(|| entry.life.clone())
    }

    /// A session is established; `false` if it is not wanted any more.
    pub(crate) fn session_begins(&self, life: Arc<Life>, abort: Option<AbortHandle>) -> bool {
        let mut inner = self.lock();
        if !inner.is_wanted {
            return false;
        }
        inner.change(State::Up { generation: life.generation() });
        inner.statistics.sessions += 1;
        inner.sessions.push(Entry { life, abort });
        drop(inner);
        self.tell();
        true
    }

    /// A session is lost; nothing happens if it was before.
    pub(crate) fn session_lost(&self, life: &Arc<Life>, cause: LossCause) {
        let now = self.now();
        let is_disconnect = matches!(cause, LossCause::Disconnected);
        if !life.lose(cause.clone(), now) {
            return;
        }
        let mut inner = self.lock();
        inner.statistics.lost_sessions += 1;
        inner.statistics.uptime += now.saturating_duration_since(life.began());
        let is_newest = inner
            .sessions
            .last()
            .is_some_and(|newest| newest.life.generation() == life.generation());
        if is_newest && inner.is_wanted && !is_disconnect {
            inner.loss = Some(life.clone());
            inner.change(State::Waiting { until: now, attempt: 1, reason: Reason::Lost(cause) });
        } else if is_newest && inner.is_abandoned {
            inner.change(State::Closed { error: None });
        }
        drop(inner);
        life.disturb();
        self.tell();
        self.driver.wake();
    }

    /// Nothing more is read or written in a session.
    pub(crate) fn session_over(&self, life: &Life) {
        life.end();
        self.close_if_over();
    }

    /// The value of a session is gone.
    pub(crate) fn session_gone(&self, life: &Life) {
        life.end();
        let mut inner = self.lock();
        let index = inner.sessions.iter().position(|entry| std::ptr::eq(&*entry.life, life));
        let entry = index.map(|index| inner.sessions.remove(index));
        inner.statistics.bytes_read += life.bytes_read();
        inner.statistics.bytes_written += life.bytes_written();
        drop(inner);
        drop(entry);
        self.close_if_over();
    }

    /// The loss of the newest session, once.
    pub(crate) fn take_loss(&self) -> Option<Arc<Life>> {
        self.lock().loss.take()
    }

    /// Somebody knows better than the schedule, if it is waited for.
    pub(crate) fn hint(&self, hint: Hint) {
        let mut inner = self.lock();
        if matches!(inner.state, State::Waiting { .. }) {
            inner.hint = inner.hint.max(Some(hint));
        }
        drop(inner);
        self.driver.wake();
    }

    pub(crate) fn take_hint(&self) -> Option<Hint> {
        self.lock().hint.take()
    }

    fn tell(&self) {
        self.changed.notify(usize::MAX);
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        // Nothing in here can panic half way through a change.
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Inner {
    fn change(&mut self, state: State) {
        self.state = state;
        self.version += 1;
    }

    fn are_over(&self) -> bool {
        self.sessions.iter().all(|entry| entry.life.is_over())
    }
}

impl fmt::Debug for Shared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.lock().state.fmt(f)
    }
}
