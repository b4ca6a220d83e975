//! What a server, the handles on its list, and its connections share.

use std::{
    sync::{
        Arc, Mutex, MutexGuard, PoisonError, RwLock,
        atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering},
    },
    task::{Context, Waker},
    thread,
    time::Duration,
};

use event_listener::Event;
use socketry_server::Control;

use crate::{
    ConnectionEnded, EndReason,
    alarms::{Alarms, Hook},
    deadlines::Due,
    entry::{Entry, Newcomer},
    places::{Left, Places},
    settings::Settings,
};

/// No limit.
pub(crate) const UNLIMITED: usize = usize::MAX;

pub(crate) struct Shared {
    pub(crate) control: Control,
    pub(crate) settings: Settings,
    limit: AtomicUsize,
    /// That of the places, to be read without their lock.
    taken: AtomicUsize,
    accepted: AtomicU64,
    rejected: AtomicU64,
    places: Mutex<Places>,
    alarms: RwLock<Alarms>,
    is_draining: AtomicBool,
    /// Whether a drain has come to its end: whoever comes now is too late.
    is_drained: AtomicBool,
    /// Told when a drain begins.
    pub(crate) drain_begins: Event,
    /// Told when the last connection has left.
    pub(crate) emptied: Event,
}

impl Shared {
    pub(crate) fn new(control: Control, limit: usize) -> Arc<Self> {
        Arc::new(Self {
            control,
            settings: Settings::new(),
            limit: AtomicUsize::new(limit),
            taken: AtomicUsize::new(0),
            accepted: AtomicU64::new(0),
            rejected: AtomicU64::new(0),
            places: Mutex::default(),
            alarms: RwLock::default(),
            is_draining: AtomicBool::new(false),
            is_drained: AtomicBool::new(false),
            drain_begins: Event::new(),
            emptied: Event::new(),
        })
    }

    // Settings.

    pub(crate) fn limit(&self) -> usize {
        self.limit.load(Ordering::SeqCst)
    }

    /// Whoever waits for a place looks again.
    pub(crate) fn set_limit(&self, limit: usize) {
        self.limit.store(limit, Ordering::SeqCst);
        self.wake_server();
    }

    pub(crate) fn set_idle(&self, after: Option<Duration>) {
        self.places().deadlines.set_idle(after);
    }

    pub(crate) fn set_lifetime(&self, after: Option<Duration>) {
        self.places().deadlines.set_lifetime(after);
    }

    pub(crate) fn add_alarm(&self, raise_at: usize, clear_at: usize, hook: Hook) {
        let mut alarms = self.alarms.write().unwrap_or_else(PoisonError::into_inner);
        alarms.add(raise_at, clear_at, hook);
    }

    // Places.

    pub(crate) fn taken(&self) -> usize {
        self.taken.load(Ordering::SeqCst)
    }

    pub(crate) fn is_full(&self) -> bool {
        self.taken() >= self.limit()
    }

    /// Whether there is a place. If not, the task of `cx` is woken when there may be one.
    pub(crate) fn poll_place(&self, cx: &Context<'_>) -> bool {
        if !self.is_full() {
            return true;
        }
        let replaced = self.places().wait(cx.waker());
        drop(replaced);
        !self.is_full() // what has changed before the waker was there has woken nobody
    }

    /// Gives a newcomer a place, also if all are taken; but not once a drain has ended. Whoever has it
    /// tells the alarms.
    pub(crate) fn enter(&self, newcomer: Newcomer) -> Result<Arc<Entry>, ConnectionEnded> {
        let now = self.settings.time().about_now();
        let mut places = self.places();
        if self.is_drained() {
            drop(places);
            return Err(ConnectionEnded::new(newcomer.remote, EndReason::Drained));
        }
        places.deadlines.set_blur(self.settings.time().blur());
        let entry = places.take(|serial, index| Entry::new(serial, index, newcomer, now));
        self.taken.store(places.taken(), Ordering::SeqCst);
        drop(places);
        self.accepted.fetch_add(1, Ordering::Relaxed);
        Ok(entry)
    }

    /// Frees a place, once.
    pub(crate) fn leave(&self, entry: &Entry) {
        entry.leave();
        let mut places = self.places();
        let (waiting, removed) = places.free(entry);
        let taken = places.taken();
        self.taken.store(taken, Ordering::SeqCst);
        drop(places);
        drop(removed);
        waiting.into_iter().for_each(Waker::wake);
        if taken == 0 {
            self.emptied.notify(usize::MAX);
        }
        self.look_at_alarms();
    }

    pub(crate) fn reject(&self) {
        self.rejected.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn accepted(&self) -> u64 {
        self.accepted.load(Ordering::Relaxed)
    }

    pub(crate) fn rejected(&self) -> u64 {
        self.rejected.load(Ordering::Relaxed)
    }

    /// How many connections have left.
    pub(crate) fn left(&self) -> Left {
        self.places().left()
    }

    pub(crate) fn get(&self, serial: u64, index: u32) -> Option<Arc<Entry>> {
        self.places().get(serial, index).cloned()
    }

    pub(crate) fn all(&self) -> Vec<Arc<Entry>> {
        self.places().all()
    }

    // Time.

    /// Ends those whose time is up; returns when the next one's may be.
    pub(crate) fn end_those_due(&self) -> Option<u64> {
        let mut places = self.places();
        places.deadlines.next()?;
        let (due, next): (Vec<Due>, _) = places.due(self.settings.time().now());
        drop(places);
        for (entry, reason) in due {
            entry.end(reason);
        }
        next
    }

    /// The error of a connection that was ended.
    pub(crate) fn ended(&self, entry: &Entry, reason: EndReason) -> ConnectionEnded {
        let after = match reason {
            EndReason::Idle => self.places().deadlines.idle(),
            EndReason::Lifetime => self.places().deadlines.lifetime(),
            _ => None,
        };
        ConnectionEnded::new(entry.remote.clone(), reason).after(after)
    }

    // Drain.

    pub(crate) fn is_draining(&self) -> bool {
        self.is_draining.load(Ordering::SeqCst)
    }

    pub(crate) fn begin_drain(&self) {
        self.control.close();
        if !self.is_draining.swap(true, Ordering::SeqCst) {
            self.drain_begins.notify(usize::MAX);
        }
    }

    pub(crate) fn is_drained(&self) -> bool {
        self.is_drained.load(Ordering::SeqCst)
    }

    /// From now on nobody comes in. Returns who has left so far, and who is still there, at one moment.
    pub(crate) fn end_drain(&self) -> (Left, Vec<Arc<Entry>>) {
        let places = self.places();
        self.is_drained.store(true, Ordering::SeqCst); // under the lock, as it is looked at
        let there = (places.left(), places.all());
        drop(places);
        self.wake_server();
        there
    }

    fn wake_server(&self) {
        let waiting = self.places().take_waiting();
        waiting.into_iter().for_each(Waker::wake);
    }

    /// Tells whoever has to know that the number of connections has changed.
    pub(crate) fn look_at_alarms(&self) {
        if thread::panicking() {
            return; // a hook that panics may be why, and would abort the program
        }
        // A hook that has panicked leaves its alarm as it was told.
        let alarms = self.alarms.read().unwrap_or_else(PoisonError::into_inner);
        alarms.look(|| self.taken());
    }

    fn places(&self) -> MutexGuard<'_, Places> {
        // Nothing in there can panic half way through a change.
        self.places.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
