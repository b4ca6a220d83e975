//! What each connection has to know of its server.

use std::sync::{
    OnceLock,
    atomic::{AtomicU8, AtomicUsize, Ordering},
};

use crate::{WhenBehind, time::Time};

pub(crate) struct Settings {
    /// Set when the first connection comes, or somebody says which clock it is.
    time: OnceLock<Time>,
    most_behind: AtomicUsize,
    when_behind: AtomicU8,
}

impl Settings {
    pub(crate) fn new() -> Self {
        Self {
            time: OnceLock::new(),
            most_behind: AtomicUsize::new(64 * 1024),
            when_behind: AtomicU8::new(WhenBehind::default() as u8),
        }
    }

    /// Takes the time from somewhere, unless time has been taken already.
    pub(crate) fn set_time(&self, time: Time) {
        let _ = self.time.set(time);
    }

    #[inline]
    pub(crate) fn time(&self) -> &Time {
        self.time.get_or_init(|| Time::on(None))
    }

    pub(crate) fn set_behind(&self, most: usize, when_behind: WhenBehind) {
        self.most_behind.store(most.max(1), Ordering::Relaxed);
        self.when_behind.store(when_behind as u8, Ordering::Relaxed);
    }

    /// How many bytes of messages may wait for a peer.
    pub(crate) fn most_behind(&self) -> usize {
        self.most_behind.load(Ordering::Relaxed)
    }

    pub(crate) fn when_behind(&self) -> WhenBehind {
        match self.when_behind.load(Ordering::Relaxed) {
            drop if drop == WhenBehind::Drop as u8 => WhenBehind::Drop,
            close if close == WhenBehind::Close as u8 => WhenBehind::Close,
            _ => WhenBehind::Wait,
        }
    }
}
