//! Where a future is while its task does not poll it.

use std::{
    future::Future,
    mem,
    pin::Pin,
    sync::{Mutex, MutexGuard, PoisonError},
    task::{Context, Poll, Waker},
};

/// A future that one side polls and the other can drop at any time.
///
/// It is out of the slot while it is polled, so no lock is held then. One that is dropped in that
/// moment ends with the poll.
pub(super) struct Slot<F> {
    state: Mutex<State<F>>,
}

struct State<F> {
    future: Place<F>,
    /// The task that polls it.
    task: Option<Waker>,
}

enum Place<F> {
    Here(Pin<Box<F>>),
    Polled,
    Dropped,
}

impl<F> Slot<F> {
    pub(super) fn new(future: F) -> Self {
        let future = Place::Here(Box::pin(future));
        Self { state: Mutex::new(State { future, task: None }) }
    }

    /// Drops the future, and wakes its task so that it ends.
    pub(super) fn empty(&self) {
        let mut state = self.lock();
        let future = mem::replace(&mut state.future, Place::Dropped);
        let task = state.task.take();
        drop(state);
        drop(future);
        if let Some(task) = task {
            task.wake();
        }
    }

    fn lock(&self) -> MutexGuard<'_, State<F>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<F: Future> Slot<F> {
    /// Polls the future; `None` if it was dropped.
    pub(super) fn poll(&self, cx: &mut Context<'_>) -> Poll<Option<F::Output>> {
        let Some(mut future) = self.take_out(cx) else {
            return Poll::Ready(None);
        };
        match future.as_mut().poll(cx) {
            Poll::Ready(output) => Poll::Ready(Some(output)),
            Poll::Pending => match self.put_back(future) {
                Ok(()) => Poll::Pending,
                Err(_dropped) => Poll::Ready(None),
            },
        }
    }

    fn take_out(&self, cx: &Context<'_>) -> Option<Pin<Box<F>>> {
        let mut state = self.lock();
        let Place::Here(future) = mem::replace(&mut state.future, Place::Polled) else {
            state.future = Place::Dropped;
            return None;
        };
        let is_known = state.task.as_ref().is_some_and(|task| task.will_wake(cx.waker()));
        let replaced = if is_known { None } else { state.task.replace(cx.waker().clone()) };
        drop(state);
        drop(replaced); // after the lock: it may be the last of a task
        Some(future)
    }

    /// Gives the future back if it was dropped meanwhile.
    fn put_back(&self, future: Pin<Box<F>>) -> Result<(), Pin<Box<F>>> {
        let mut state = self.lock();
        match state.future {
            Place::Dropped => Err(future),
            Place::Here(_) | Place::Polled => {
                state.future = Place::Here(future);
                Ok(())
            }
        }
    }
}
