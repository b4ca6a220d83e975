//! Whether the server inside has to be asked.

use std::{
    fmt,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    task::{Context, Wake, Waker},
};

use futures_util::task::AtomicWaker;

/// What the server inside waits with: it wakes the task, and leaves a note that it has.
///
/// A header that arrives wakes the same task, and is no reason to ask the listener, which would be
/// a system call each time.
pub(crate) struct Due {
    note: Arc<Note>,
    waker: Waker,
}

struct Note {
    is_due: AtomicBool,
    task: AtomicWaker,
}

impl Due {
    /// It has to be asked for the first time.
    pub(crate) fn new() -> Self {
        let note = Arc::new(Note { is_due: AtomicBool::new(true), task: AtomicWaker::new() });
        Self { waker: note.clone().into(), note }
    }

    /// Takes the note away, and says whether there was one. From now on the task of `cx` is woken.
    pub(crate) fn take(&mut self, cx: &Context<'_>) -> bool {
        self.note.task.register(cx.waker());
        self.note.is_due.swap(false, Ordering::SeqCst)
    }

    /// Leaves a note without waking anybody.
    pub(crate) fn set(&mut self) {
        self.note.is_due.store(true, Ordering::SeqCst);
    }

    pub(crate) fn context(&self) -> Context<'_> {
        Context::from_waker(&self.waker)
    }
}

impl Wake for Note {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.is_due.store(true, Ordering::SeqCst);
        self.task.wake();
    }
}

impl fmt::Debug for Due {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Due").field(&self.note.is_due.load(Ordering::SeqCst)).finish()
    }
}

#[cfg(test)]
mod tests {
    use socketry_testing::CountingWaker;

    use super::*;

    #[test]
    fn a_wake_leaves_one_note_and_wakes_the_task_that_looked_last() {
        let (mut due, first, last) = (Due::new(), CountingWaker::new(), CountingWaker::new());
        assert!(due.take(&first.context()) && !due.take(&last.context()));
        due.context().waker().wake_by_ref();
        assert_eq!((first.count(), last.count()), (0, 1));
        assert!(due.take(&last.context()) && !due.take(&last.context()));
    }

    #[test]
    fn a_note_that_is_set_wakes_nobody() {
        let (mut due, task) = (Due::new(), CountingWaker::new());
        due.take(&task.context());
        due.set();
        assert!(task.count() == 0 && due.take(&task.context()));
    }
}
