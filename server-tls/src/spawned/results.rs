//! What tasks hand to the server.

use std::{
    collections::VecDeque,
    mem,
    sync::{Mutex, MutexGuard, PoisonError},
    task::{Context, Poll, Waker},
};

/// Results of tasks, in the order in which they came.
pub(super) struct Results<T> {
    state: Mutex<State<T>>,
}

struct State<T> {
    results: VecDeque<T>,
    /// The task that waits for one.
    waiting: Option<Waker>,
    is_closed: bool,
}

impl<T> Results<T> {
    pub(super) fn new() -> Self {
        let state = State { results: VecDeque::new(), waiting: None, is_closed: false };
        Self { state: Mutex::new(state) }
    }

    /// Adds one, which is dropped if nobody will ever ask for it.
    pub(super) fn push(&self, result: T) {
        let mut state = self.lock();
        if state.is_closed {
            drop(state);
            drop(result); // after the lock: it closes a connection
            return;
        }
        state.results.push_back(result);
        let waiting = state.waiting.take();
        drop(state);
        if let Some(waiting) = waiting {
            waiting.wake();
        }
    }

    /// Takes the first one; the task is woken once by the next.
    pub(super) fn poll(&self, cx: &Context<'_>) -> Poll<T> {
        let mut state = self.lock();
        if let Some(result) = state.results.pop_front() {
            return Poll::Ready(result);
        }
        let is_known = state.waiting.as_ref().is_some_and(|task| task.will_wake(cx.waker()));
        let replaced = if is_known { None } else { state.waiting.replace(cx.waker().clone()) };
        drop(state);
        drop(replaced); // after the lock: it may be the last of a task
        Poll::Pending
    }

    /// Drops what is there and what will come.
    pub(super) fn close(&self) {
        let mut state = self.lock();
        state.is_closed = true;
        let results = mem::take(&mut state.results);
        let waiting = state.waiting.take();
        drop(state);
        drop((results, waiting)); // after the lock
    }

    fn lock(&self) -> MutexGuard<'_, State<T>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
