//! Work under way that can be dropped from outside, polled or not.

use std::{
    mem,
    sync::{Mutex, MutexGuard, PoisonError},
    task::Poll,
};

/// A place for work: whoever polls takes it out meanwhile, so that no lock is held over a poll, and
/// whoever cancels drops what is in there, or sees to it that it does not come back.
#[derive(Debug)]
pub(crate) struct Slot<W>(Mutex<Place<W>>);

#[derive(Debug)]
enum Place<W> {
    Empty,
    Here(W),
    /// It is being polled.
    Out,
    /// It is being polled, and is to be dropped after that.
    Cancelled,
}

/// Ends work from outside, whatever it is.
pub(crate) trait Cancel: Send + Sync {
    /// Drops the work under way.
    fn cancel(&self);
}

impl<W> Slot<W> {
    pub(crate) fn new() -> Self {
        Self(Mutex::new(Place::Empty))
    }

    /// Puts work in, in place of what was there.
    pub(crate) fn put(&self, work: W) {
        let before = mem::replace(&mut *self.lock(), Place::Here(work));
        drop(before); // after the lock
    }

    /// Polls what is in there. Ready with `None` if there is nothing, or no more.
    pub(crate) fn poll<R>(&self, poll: impl FnOnce(&mut W) -> Poll<R>) -> Poll<Option<R>> {
        let Place::Here(mut work) = mem::replace(&mut *self.lock(), Place::Out) else {
            *self.lock() = Place::Empty; // a poll that panicked has left nothing
            return Poll::Ready(None);
        };
        let result = poll(&mut work);
        let mut place = self.lock();
        match (&*place, result) {
            (Place::Out, Poll::Pending) => {
                *place = Place::Here(work);
                Poll::Pending
            }
            (Place::Out, Poll::Ready(result)) => {
                *place = Place::Empty;
                drop(place);
                drop(work);
                Poll::Ready(Some(result))
            }
            _ => {
                *place = Place::Empty;
                drop(place); // the work and its result are dropped without the lock
                Poll::Ready(None)
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, Place<W>> {
        // Nothing in here can panic half way through a change.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<W: Send> Cancel for Slot<W> {
    fn cancel(&self) {
        let mut place = self.lock();
        let after = match &*place {
            Place::Out | Place::Cancelled => Place::Cancelled,
            Place::Empty | Place::Here(_) => Place::Empty,
        };
        let before = mem::replace(&mut *place, after);
        drop(place);
        drop(before);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    #[test]
    fn work_that_is_cancelled_while_it_is_polled_does_not_come_back() {
        let (work, slot) = (Arc::new(()), Slot::new());
        slot.put(work.clone());
        let polled = slot.poll(|_| {
            slot.cancel();
            Poll::<()>::Pending
        });
        assert!(polled.is_ready());
        assert_eq!(Arc::strong_count(&work), 1);
    }

    #[test]
    fn a_result_that_comes_with_the_cancel_is_dropped() {
        let (result, slot) = (Arc::new(()), Slot::new());
        slot.put(());
        let polled = slot.poll(|()| {
            slot.cancel();
            Poll::Ready(result.clone())
        });
        assert!(matches!(polled, Poll::Ready(None)));
        assert_eq!(Arc::strong_count(&result), 1);
    }

    #[test]
    fn work_that_waits_is_dropped_by_a_cancel_at_once() {
        let (work, slot) = (Arc::new(()), Slot::new());
        slot.put(work.clone());
        assert!(slot.poll(|_| Poll::<()>::Pending).is_pending());
        slot.cancel();
        assert_eq!(Arc::strong_count(&work), 1);
        assert!(slot.poll(|_| Poll::Ready(())).map(|done| done.is_none()).is_ready());
    }
}
