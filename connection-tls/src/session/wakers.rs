//! The tasks that wait for the connection below.
//!
//! A transport remembers one waker a direction. The reading side has to write at times (answers,
//! alerts, what a writer has left behind), and then two tasks wait for one direction: a transport
//! that forgets the first of two wakers would leave its task asleep, and one that wakes the one it
//! replaces (async-io) would wake the two by turns for ever. So while the reading side has
//! something to write, both sides wait with one waker, which wakes both.

use std::{
    mem,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::{Context, Wake, Waker},
};

/// Who waits, as far as it matters to the other side.
#[derive(Default)]
pub(crate) struct Wakers {
    /// The task that waits for something to read.
    reader: Option<Waker>,
    /// The task that waits for room to write, with its own waker.
    writer: Option<Waker>,
    shared: Option<Shared>,
}

/// One waker for both sides.
struct Shared {
    both: Arc<Both>,
    waker: Waker,
}

impl Wakers {
    /// The reading task waits for something to read.
    pub(crate) fn reader_waits(&mut self, cx: &Context<'_>) {
        remember(&mut self.reader, cx);
    }

    /// Wakes the reading task, whose own waker the transport may have lost.
    pub(crate) fn wake_reader(&mut self) {
        self.reader.take().into_iter().for_each(Waker::wake);
    }

    /// What the writing task has to wait with.
    pub(crate) fn for_writer<'a>(&'a self, cx: &'a Context<'_>) -> Context<'a> {
        match &self.shared {
            Some(Shared { both, waker }) => {
                both.set(|waiting| &mut waiting.writer, cx);
                Context::from_waker(waker)
            }
            None => Context::from_waker(cx.waker()),
        }
    }

    /// The writing task waits with what it was given.
    pub(crate) fn writer_waits(&mut self, cx: &Context<'_>) {
        if self.shared.is_none() {
            remember(&mut self.writer, cx);
        }
    }

    /// What the reading task has to wait with for room to write.
    pub(crate) fn for_reader_that_writes<'a>(&'a mut self, cx: &Context<'_>) -> Context<'a> {
        let writer = &mut self.writer;
        let shared = self.shared.get_or_insert_with(|| {
            let waiting = Mutex::new(Waiting { reader: None, writer: writer.take() });
            let both = Arc::new(Both { waiting });
            Shared { waker: both.clone().into(), both }
        });
        shared.both.set(|waiting| &mut waiting.reader, cx);
        Context::from_waker(&shared.waker)
    }

    /// The writing task has nothing left to write.
    pub(crate) fn written(&mut self) {
        self.writer = None;
        self.shared = None;
    }

    /// The reading task has written what there was to write: whoever has waited for that need not
    /// wait for the transport any more.
    pub(crate) fn written_by_reader(&mut self) {
        if let Some(shared) = self.shared.take() {
            shared.both.take_writer().into_iter().for_each(Waker::wake);
        }
        self.writer.take().into_iter().for_each(Waker::wake);
    }
}

/// Both sides as they wait for one direction.
struct Both {
    waiting: Mutex<Waiting>,
}

#[derive(Default)]
struct Waiting {
    reader: Option<Waker>,
    writer: Option<Waker>,
}

impl Both {
    fn set(&self, side: impl FnOnce(&mut Waiting) -> &mut Option<Waker>, cx: &Context<'_>) {
        let mine = cx.waker().clone();
        let before = side(&mut self.lock()).replace(mine);
        drop(before); // not under the lock
    }

    fn take_writer(&self) -> Option<Waker> {
        self.lock().writer.take()
    }

    fn lock(&self) -> MutexGuard<'_, Waiting> {
        // Nothing in here can panic half way through a change.
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Wake for Both {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        let Waiting { reader, writer } = mem::take(&mut *self.lock());
        let is_one_task = match (&reader, &writer) {
            (Some(reader), Some(writer)) => reader.will_wake(writer),
            _ => false,
        };
        reader.into_iter().for_each(Waker::wake);
        writer.into_iter().filter(|_| !is_one_task).for_each(Waker::wake);
    }
}

fn remember(place: &mut Option<Waker>, cx: &Context<'_>) {
    match place {
        Some(waker) => waker.clone_from(cx.waker()),
        None => *place = Some(cx.waker().clone()),
    }
}
