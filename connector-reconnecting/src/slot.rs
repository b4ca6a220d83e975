//! Work under way that can be dropped from outside, polled or not.

use std::{
    mem,
    sync::{Mutex, MutexGuard, PoisonError},
    task::Poll,
};

/// A place for work: whoever polls takes it out meanwhile, so that no lock is held over a poll, and
/// whoever cancels drops what is in there, or sees to it that it does not come back.
///
/// Work belongs to an epoch, so that who cancels late does not drop what was begun since.
#[derive(Debug)]
pub(crate) struct Slot<W>(Mutex<Place<W>>);

#[derive(Debug)]
enum Place<W> {
    Empty,
    Here(u64, W),
    /// It is being polled.
    Out(u64),
    /// It is being polled, and is to be dropped after that.
    Cancelled,
}

/// Ends work from outside, whatever it is.
pub(crate) trait Cancel: Send + Sync {
    /// Drops the work under way, if it is of this epoch or one before.
    fn cancel(&self, epoch: u64);

    /// Whether the work is being polled, though it is cancelled.
    fn is_ending(&self) -> bool;
}

impl<W> Slot<W> {
    pub(crate) fn new() -> Self {
        Self(Mutex::new(Place::Empty))
    }

    /// Puts work in, in place of what was there.
    pub(crate) fn put(&self, epoch: u64, work: W) {
        let before = mem::replace(&mut *self.lock(), Place::Here(epoch, work));
        drop(before); // after the lock
    }

    /// Takes what is in there out, for good.
    pub(crate) fn take(&self) -> Option<W> {
        let mut place = self.lock();
        match mem::replace(&mut *place, Place::Empty) {
            Place::Here(_, work) => Some(work),
            other => {
                *place = other;
                None
            }
        }
    }

    /// Polls what is in there. Ready with `None` if there is nothing, or no more.
    pub(crate) fn poll<R>(&self, poll: impl FnOnce(&mut W) -> Poll<R>) -> Poll<Option<R>> {
        let (epoch, mut work) = {
            let mut place = self.lock();
            match mem::replace(&mut *place, Place::Empty) {
                Place::Here(epoch, work) => {
                    *place = Place::Out(epoch);
                    (epoch, work)
                }
                // A poll that panicked has left nothing.
                Place::Empty | Place::Out(_) | Place::Cancelled => return Poll::Ready(None),
            }
        };
        let result = poll(&mut work);
        let mut place = self.lock();
        match (&*place, result) {
            (Place::Out(_), Poll::Pending) => {
                *place = Place::Here(epoch, work);
                Poll::Pending
            }
            (Place::Out(_), Poll::Ready(result)) => {
                *place = Place::Empty;
                drop(place);
                drop(work);
                Poll::Ready(Some(result))
            }
            (_, result) => {
                // Dropped without the lock, and before anybody is told that it is gone.
                drop(place);
                drop((work, result));
                *self.lock() = Place::Empty;
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
    fn cancel(&self, epoch: u64) {
        let mut place = self.lock();
        let before = match &*place {
            Place::Here(of, _) if *of <= epoch => mem::replace(&mut *place, Place::Empty),
            Place::Out(of) if *of <= epoch => mem::replace(&mut *place, Place::Cancelled),
            _ => return,
        };
        drop(place);
        drop(before);
    }

    fn is_ending(&self) -> bool {
        matches!(*self.lock(), Place::Cancelled)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    #[test]
    fn work_that_is_cancelled_while_it_is_polled_does_not_come_back() {
        let (work, slot) = (Arc::new(()), Slot::new());
        slot.put(1, work.clone());
        let polled = slot.poll(|_| {
            slot.cancel(1);
            Poll::<()>::Pending
        });
        assert!(polled.is_ready());
        assert_eq!(Arc::strong_count(&work), 1);
    }

    #[test]
    fn a_result_that_comes_with_the_cancel_is_dropped() {
        let (result, slot) = (Arc::new(()), Slot::new());
        slot.put(1, ());
        let polled = slot.poll(|()| {
            slot.cancel(1);
            Poll::Ready(result.clone())
        });
        assert!(matches!(polled, Poll::Ready(None)));
        assert_eq!(Arc::strong_count(&result), 1);
    }

    #[test]
    fn work_that_waits_is_dropped_by_a_cancel_at_once() {
        let (work, slot) = (Arc::new(()), Slot::new());
        slot.put(1, work.clone());
        assert!(slot.poll(|_| Poll::<()>::Pending).is_pending());
        slot.cancel(1);
        assert_eq!(Arc::strong_count(&work), 1);
        assert!(slot.poll(|_| Poll::Ready(())).map(|done| done.is_none()).is_ready());
    }

    #[test]
    fn who_cancels_late_does_not_drop_what_was_begun_since() {
        let (work, slot) = (Arc::new(()), Slot::new());
        slot.put(2, work.clone());
        slot.cancel(1);
        assert_eq!(Arc::strong_count(&work), 2);
    }

    #[test]
    fn it_is_ending_until_what_was_polled_is_dropped() {
        struct Looks(Arc<Slot<Looks>>);
        impl Drop for Looks {
            fn drop(&mut self) {
                assert!(self.0.is_ending());
            }
        }
        let slot = Arc::new(Slot::new());
        slot.put(1, Looks(slot.clone()));
        assert!(
            slot.poll(|work| {
                work.0.cancel(1);
                Poll::<()>::Pending
            })
            .is_ready()
        );
        assert!(!slot.is_ending());
    }
}
