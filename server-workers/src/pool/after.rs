//! What is left to be done after the lock.

use std::task::Waker;

/// Who is to be woken and which worker is to be dropped when the lock is given back.
#[must_use]
pub(super) struct After<W> {
    pub(super) wake: Option<Waker>,
    /// Those who were given workers besides; most often nobody.
    pub(super) wake_also: Vec<Waker>,
    pub(super) worker: Option<W>,
    /// Whether somebody may be missing now.
    pub(super) concerns_keeper: bool,
}

impl<W> After<W> {
    /// Nothing.
    pub(super) fn nothing() -> Self {
        Self { wake: None, wake_also: Vec::new(), worker: None, concerns_keeper: false }
    }

    pub(super) fn wake(waker: Waker) -> Self {
        Self { wake: Some(waker), ..Self::nothing() }
    }

    pub(super) fn drop(worker: Option<W>) -> Self {
        Self { worker, ..Self::nothing() }
    }

    /// Does it; not under the lock. The worker comes last, because it may panic as it is dropped.
    pub(super) fn finish(self) {
        self.wake.into_iter().chain(self.wake_also).for_each(Waker::wake);
        drop(self.worker);
    }
}
