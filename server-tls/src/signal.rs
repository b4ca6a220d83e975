//! Telling who of several has woken a task.

use std::{
    fmt,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    task::{Context, Wake, Waker},
};

use futures_util::task::AtomicWaker;

/// A waker that passes each wake on to the task that waits, and remembers it.
///
/// A handshake that goes on is no reason to ask the listener, which would be a system call each
/// time.
pub(crate) struct Signal {
    shared: Arc<Shared>,
    waker: Waker,
}

struct Shared {
    is_woken: AtomicBool,
    task: AtomicWaker,
}

impl Signal {
    /// A signal that counts as woken.
    pub(crate) fn new() -> Self {
        let is_woken = AtomicBool::new(true);
        let shared = Arc::new(Shared { is_woken, task: AtomicWaker::new() });
        Self { waker: shared.clone().into(), shared }
    }

    /// Whether it was woken since this was asked last; from now on it wakes the task of `cx`.
    pub(crate) fn take(&self, cx: &Context<'_>) -> bool {
        self.shared.task.register(cx.waker());
        self.shared.is_woken.swap(false, Ordering::SeqCst)
    }

    /// Counts as woken the next time that it is asked, without waking anybody.
    pub(crate) fn remember(&self) {
        self.shared.is_woken.store(true, Ordering::SeqCst);
    }

    /// What to wait with.
    pub(crate) fn waker(&self) -> &Waker {
        &self.waker
    }
}

impl Wake for Shared {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.is_woken.store(true, Ordering::SeqCst);
        self.task.wake();
    }
}

impl fmt::Debug for Signal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let is_woken = self.shared.is_woken.load(Ordering::SeqCst);
        f.debug_struct("Signal").field("is_woken", &is_woken).finish()
    }
}

#[cfg(test)]
mod tests {
    use socketry_testing::CountingWaker;

    use super::*;

    #[test]
    fn it_is_taken_once_for_a_wake() {
        let (signal, task) = (Signal::new(), CountingWaker::new());
        assert!(signal.take(&task.context()));
        assert!(!signal.take(&task.context()));
        signal.waker().wake_by_ref();
        assert!(signal.take(&task.context()));
    }

    #[test]
    fn it_wakes_the_task_that_asked_last() {
        let (signal, first, last) = (Signal::new(), CountingWaker::new(), CountingWaker::new());
        signal.take(&first.context());
        signal.take(&last.context());
        signal.waker().wake_by_ref();
        assert_eq!((first.count(), last.count()), (0, 1));
    }
}
