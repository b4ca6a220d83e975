//! A waker for the reader and the writer of one connection.

use std::{
    mem,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::{Context, Wake, Waker},
};

/// Wakes both tasks of a connection, the one that reads and the one that writes.
///
/// While the reader has something to send, both poll the writing direction of the connection below.
/// That keeps one waker a direction and wakes the one that it replaces; so two tasks that take turns
/// there would wake each other for ever. With this one for both it finds the same waker again.
#[derive(Debug, Default)]
pub(crate) struct BothSides {
    tasks: Mutex<Tasks>,
}

#[derive(Debug, Default)]
struct Tasks {
    reader: Option<Waker>,
    writer: Option<Waker>,
}

impl BothSides {
    /// From now on the task of `cx` is the reader.
    pub(crate) fn set_reader(&self, cx: &Context<'_>) {
        let old = self.lock().reader.replace(cx.waker().clone());
        drop(old); // after the lock
    }

    /// From now on `waker` is that of the writer.
    pub(crate) fn set_writer(&self, waker: &Waker) {
        let old = self.lock().writer.replace(waker.clone());
        drop(old);
    }

    fn lock(&self) -> MutexGuard<'_, Tasks> {
        // Nothing in here can panic half way through a change.
        self.tasks.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Wake for BothSides {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        let Tasks { reader, writer } = mem::take(&mut *self.lock());
        for waker in [reader, writer].into_iter().flatten() {
            waker.wake();
        }
    }
}

#[cfg(test)]
mod tests {
    use socketry_testing::CountingWaker;

    use super::*;

    #[test]
    fn both_are_woken_once() {
        let (reader, writer) = (CountingWaker::new(), CountingWaker::new());
        let both = Arc::new(BothSides::default());
        both.set_reader(&reader.context());
        both.set_writer(writer.context().waker());
        both.wake_by_ref();
        both.wake_by_ref();
        assert_eq!((reader.count(), writer.count()), (1, 1));
    }
}
