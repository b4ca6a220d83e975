//! Waking a task at a moment that may change.

use std::{
    future::Future,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    time::Instant,
};

use socketry_connection::{Clock, Sleep, now};

/// Wakes a task at a moment that is said anew with each poll.
#[derive(Debug, Default)]
pub(crate) struct Timer(Option<(Instant, Sleep)>);

impl Timer {
    /// Ready when the moment has come; never, if there is none.
    pub(crate) fn poll(
        &mut self,
        clock: Option<&Arc<dyn Clock>>,
        until: Option<Instant>,
        cx: &mut Context<'_>,
    ) -> Poll<()> {
        let set = self.0.take();
        let Some(until) = until else { return Poll::Pending };
        if now(clock) >= until {
            return Poll::Ready(());
        }
        let kept = set.filter(|(moment, _)| *moment == until);
        let mut sleep = kept.map_or_else(|| Sleep::until(clock, until), |(_, sleep)| sleep);
        // A sleep that was ready is so only once, and is not kept.
        let polled = Pin::new(&mut sleep).poll(cx);
        if polled.is_pending() {
            self.0 = Some((until, sleep));
        }
        polled
    }
}
