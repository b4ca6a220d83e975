//! How much a connection has read and written, and when it last did.

use std::sync::atomic::{AtomicU64, Ordering};

use crate::settings::Settings;

/// Everybody may look; the owner of the connection alone changes it.
pub(crate) struct Traffic {
    active: AtomicU64,
    read: AtomicU64,
    written: AtomicU64,
}

impl Traffic {
    pub(crate) fn new(now: u64) -> Self {
        Self { active: AtomicU64::new(now), read: AtomicU64::new(0), written: AtomicU64::new(0) }
    }

    pub(crate) fn bytes_read(&self) -> u64 {
        self.read.load(Ordering::Relaxed)
    }

    pub(crate) fn bytes_written(&self) -> u64 {
        self.written.load(Ordering::Relaxed)
    }

    pub(crate) fn active(&self) -> u64 {
        self.active.load(Ordering::Relaxed)
    }

    #[inline]
    pub(crate) fn has_read(&self, count: usize, settings: &Settings) {
        self.has_moved(&self.read, count, settings);
    }

    #[inline]
    pub(crate) fn has_written(&self, count: usize, settings: &Settings) {
        self.has_moved(&self.written, count, settings);
    }

    /// Nobody else changes these, so they need not be changed in one step.
    #[inline]
    fn has_moved(&self, sum: &AtomicU64, count: usize, settings: &Settings) {
        if count > 0 {
            sum.store(sum.load(Ordering::Relaxed).wrapping_add(count as u64), Ordering::Relaxed);
            self.active.store(settings.time().about_now(), Ordering::Relaxed);
        }
    }
}
