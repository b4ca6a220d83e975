//! When a call's time is up.

use std::{
    future::Future,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    time::{Duration, Instant},
};

use socketry_connection::{Clock, Sleep, now};

/// The end of one call's time, which begins when the call is pending for the first time.
#[derive(Default)]
pub(crate) struct Expiry {
    deadline: Deadline,
    sleep: Option<Sleep>,
}

#[derive(Clone, Copy, Default)]
enum Deadline {
    /// The call has never been pending.
    #[default]
    NotBegun,
    /// It was, but only let others go first: it still is at its first poll, and no clock was read.
    Yielded,
    /// `None` is past the end of the clock.
    At(Option<Instant>),
}

impl Expiry {
    /// Whether a pending call's time is up. If not, waits for that, unless the call only `yielded`
    /// and will be polled again at once: that needs no timer.
    #[cold]
    #[inline(never)]
    pub(crate) fn poll(
        &mut self,
        yielded: bool,
        after: Duration,
        clock: Option<&Arc<dyn Clock>>,
        cx: &mut Context<'_>,
    ) -> Poll<()> {
        if let (true, Deadline::NotBegun) = (yielded, self.deadline) {
            self.deadline = Deadline::Yielded;
            return Poll::Pending;
        }
        let Some(deadline) = self.deadline.begin(after, clock) else {
            return Poll::Pending;
        };
        if yielded {
            return if now(clock) >= deadline { Poll::Ready(()) } else { Poll::Pending };
        }
        let sleep = self.sleep.get_or_insert_with(|| Sleep::until(clock, deadline));
        Pin::new(sleep).poll(cx)
    }
}

impl Deadline {
    /// When it is; it begins now if it has not begun.
    fn begin(&mut self, after: Duration, clock: Option<&Arc<dyn Clock>>) -> Option<Instant> {
        if let Self::At(deadline) = self {
            return *deadline;
        }
        let deadline = now(clock).checked_add(after);
        *self = Self::At(deadline);
        deadline
    }
}
