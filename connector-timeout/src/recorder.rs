//! What is heard of a call, in case it does not end in time.

use std::{
    mem,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use socketry_connector::{Event, EventKind, Observe, Trace};

use crate::{TimedOut, story::Story};

/// Keeps what it hears of one call, and passes it on.
///
/// If nobody else listens it hears only what is waited for, so that a call which is ready at once
/// costs next to nothing.
pub(crate) struct Recorder<'a> {
    next: Trace<'a>,
    heard: Mutex<Heard>,
}

/// What was heard so far.
#[derive(Default)]
struct Heard {
    yielded: bool,
    story: Option<Box<Story>>,
}

impl<'a> Recorder<'a> {
    /// Has heard nothing, and passes on to `next` what it will hear.
    #[inline]
    pub(crate) fn new(next: Trace<'a>) -> Self {
        Self { next, heard: Mutex::default() }
    }

    /// What the call inside tells.
    #[inline]
    pub(crate) fn trace(&self) -> Trace<'_> {
        self.next.through(self)
    }

    /// Whether the call inside is pending only because it lets others go first. Forgets it.
    #[cold]
    pub(crate) fn take_yielded(&self) -> bool {
        mem::take(&mut self.heard().yielded)
    }

    /// The error of a call that did not end in time; what was heard goes into it.
    #[cold]
    pub(crate) fn take_timed_out(&self, after: Duration) -> TimedOut {
        let story = self.heard().story.take();
        story.unwrap_or_default().into_timed_out(after)
    }

    fn heard(&self) -> MutexGuard<'_, Heard> {
        // Nothing in here can panic half way through a change.
        self.heard.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Observe for Recorder<'_> {
    fn observe(&self, event: &Event<'_>) {
        let mut heard = self.heard();
        match event.kind() {
            EventKind::Yielded => heard.yielded = true,
            kind => heard.story.get_or_insert_default().note(kind),
        }
        drop(heard);
        self.next.pass(event);
    }
}

impl Drop for Heard {
    /// Keeps the end of a call without a story down to one look.
    #[inline]
    fn drop(&mut self) {
        if let Some(story) = self.story.take() {
            discard(story);
        }
    }
}

#[cold]
#[inline(never)]
fn discard(story: Box<Story>) {
    drop(story);
}
