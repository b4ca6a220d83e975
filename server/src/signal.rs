//! Telling who of several has woken a task.

use std::{
    fmt,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    task::{Context, Wake, Waker},
};

/// What a decorator lets its inner server wait with, if the same task also waits for other things: it
/// wakes the task, and tells that it was the inner server.
///
/// A handshake that goes on wakes the task that polls the server, and is no reason to ask the listener,
/// which would be a system call each time.
///
/// # Examples
///
/// ```
/// use std::task::{Context, Poll};
///
/// use socketry_server::{Accept, Signal};
///
/// /// Asks the inner server only if it may have something.
/// fn poll_newcomer<A: Accept>(inner: &mut A, signal: &mut Signal, cx: &mut Context<'_>) -> Option<A::Connection> {
///     if !signal.take(cx) {
///         return None;
///     }
///     match inner.poll_accept(&mut signal.context()) {
///         Poll::Ready(next) => {
///             signal.set(); // it may have more
///             next?.ok()
///         }
///         Poll::Pending => None,
///     }
/// }
/// ```
pub struct Signal {
    shared: Arc<Shared>,
    waker: Waker,
}

struct Shared {
    is_set: AtomicBool,
    task: Mutex<Option<Waker>>,
}

impl Signal {
    /// A signal that is set: whoever waits with it has to be asked for the first time.
    pub fn new() -> Self {
        let shared = Arc::new(Shared { is_set: AtomicBool::new(true), task: Mutex::default() });
        Self { waker: shared.clone().into(), shared }
    }

    /// Whether it was set or woken since this was asked last; from now on it wakes the task of `cx`.
    pub fn take(&mut self, cx: &Context<'_>) -> bool {
        let mut task = self.shared.task();
        let is_there = task.as_ref().is_some_and(|waker| waker.will_wake(cx.waker()));
        let replaced = if is_there { None } else { task.replace(cx.waker().clone()) };
        drop(task);
        drop(replaced); // after the lock: it may be the last of a task that holds this
        // Read after the waker is in place: a wake before this is seen, one after it wakes.
        self.shared.is_set.swap(false, Ordering::SeqCst)
    }

    /// Sets it without waking anybody.
    pub fn set(&mut self) {
        self.shared.is_set.store(true, Ordering::SeqCst);
    }

    /// What the inner server is polled with.
    pub fn context(&self) -> Context<'_> {
        Context::from_waker(&self.waker)
    }
}

impl Default for Signal {
    fn default() -> Self {
        Self::new()
    }
}

impl Shared {
    fn task(&self) -> MutexGuard<'_, Option<Waker>> {
        // Nothing can panic half way through a change.
        self.task.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Wake for Shared {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.is_set.store(true, Ordering::SeqCst);
        let task = self.task().take();
        task.into_iter().for_each(Waker::wake); // when no lock is held
    }
}

impl fmt::Debug for Signal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let is_set = self.shared.is_set.load(Ordering::SeqCst);
        f.debug_struct("Signal").field("is_set", &is_set).finish()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicUsize;

    use super::*;

    #[derive(Default)]
    struct Wakes(AtomicUsize);

    impl Wake for Wakes {
        fn wake(self: Arc<Self>) {
            self.0.fetch_add(1, Ordering::SeqCst);
        }
    }

    fn task() -> (Arc<Wakes>, Waker) {
        let wakes = Arc::new(Wakes::default());
        (wakes.clone(), wakes.into())
    }

    #[test]
    fn it_is_taken_once_for_a_wake() {
        let (mut signal, (_, task)) = (Signal::new(), task());
        let cx = Context::from_waker(&task);
        assert!(signal.take(&cx) && !signal.take(&cx));
        signal.context().waker().wake_by_ref();
        assert!(signal.take(&cx) && !signal.take(&cx));
    }

    #[test]
    fn it_wakes_the_task_that_asked_last_once() {
        let (mut signal, (first, one), (last, other)) = (Signal::new(), task(), task());
        signal.take(&Context::from_waker(&one));
        signal.take(&Context::from_waker(&other));
        signal.context().waker().wake_by_ref();
        signal.context().waker().wake_by_ref();
        let counts = [&first, &last].map(|wakes| wakes.0.load(Ordering::SeqCst));
        assert_eq!(counts, [0, 1]);
    }

    #[test]
    fn set_by_hand_it_wakes_nobody() {
        let (mut signal, (wakes, task)) = (Signal::new(), task());
        signal.take(&Context::from_waker(&task));
        signal.set();
        assert_eq!(wakes.0.load(Ordering::SeqCst), 0);
        assert!(signal.take(&Context::from_waker(&task)));
    }
}
