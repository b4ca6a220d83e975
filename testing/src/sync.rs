//! Locks that a failed assertion leaves usable.

use std::{
    sync::{Mutex, MutexGuard, PoisonError},
    task::{Context, Waker},
};

/// Locks; what a panicking test left behind is as good as any other state.
pub(crate) fn lock<T: ?Sized>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Remembers the task of `cx` in `place`.
pub(crate) fn remember(place: &mut Option<Waker>, cx: &Context<'_>) {
    match place {
        Some(waker) => waker.clone_from(cx.waker()),
        None => *place = Some(cx.waker().clone()),
    }
}

/// Wakes whoever waited, once each.
pub(crate) fn wake(waiting: impl IntoIterator<Item = Waker>) {
    waiting.into_iter().for_each(Waker::wake);
}
