//! When the driver works, when it lets the reactor be looked at, and when it does nothing else.

use std::{future::poll_fn, task::Poll, time::Instant};

use crate::{
    ladder::{Ladder, Slice},
    slices::Slices,
    trap::Trap,
};

/// What is around the driver.
pub(crate) trait Surroundings {
    fn now(&self) -> Instant;

    /// From now on it matters who uses the reactor. Whoever waits in it comes out for a moment.
    fn set_trap(&mut self);

    /// Whether async-io's own thread has used it since.
    fn take_trap(&mut self) -> bool;
}

pub(crate) struct Real {
    trap: Trap,
}

impl Real {
    pub(crate) fn new() -> Self {
        Self { trap: Trap::new() }
    }
}

impl Surroundings for Real {
    fn now(&self) -> Instant {
        Instant::now()
    }

    fn set_trap(&mut self) {
        self.trap.set();
    }

    fn take_trap(&mut self) -> bool {
        self.trap.take_away()
    }
}

/// A wait that has ended.
pub(crate) struct Waited {
    /// When the thread had something to do again.
    pub(crate) until: Instant,
    /// async-io's own thread has had the reactor in it.
    pub(crate) helper_had_reactor: bool,
}

/// Follows [`Slices`] and [`Ladder`].
pub(crate) struct Pace<A> {
    slices: Slices,
    ladder: Ladder,
    around: A,
}

impl<A: Surroundings> Pace<A> {
    pub(crate) fn new(around: A) -> Self {
        let now = around.now();
        Self { slices: Slices::new(now), ladder: Ladder::new(now), around }
    }

    pub(crate) fn now(&self) -> Instant {
        self.around.now()
    }

    /// Whether this turn was the last of its slice.
    pub(crate) fn is_slice_over(&mut self) -> bool {
        self.slices.is_over(|| self.around.now())
    }

    /// A slice begins, and the reactor has just been looked at.
    pub(crate) fn begin_slice(&mut self) {
        let now = self.now();
        self.slices.begin(now);
        if self.ladder.begin(now) {
            self.around.set_trap();
        }
    }

    /// A slice begins with the end of a wait.
    pub(crate) fn go_on(&mut self, waited: &Waited) {
        if waited.helper_had_reactor {
            self.slices.be_wary(waited.until);
        }
        if self.slices.begin(waited.until) {
            self.ladder = Ladder::new(waited.until);
        }
    }

    /// Whether async-io's own thread had the reactor in a slice that has ended, if it was watched. If so
    /// it was driven out, and given the time to get past its short steps.
    pub(crate) async fn has_led_away(&mut self, slice: Slice) -> bool {
        if !self.ladder.is_watching() {
            return false;
        }
        let had_reactor = self.around.take_trap();
        let Some(end) = self.ladder.end(self.now(), had_reactor, slice) else { return false };
        // It may be waiting in the reactor just now, and nobody else can look then: that drives it out.
        self.around.set_trap();
        while self.now() < end {
            look().await;
        }
        self.around.take_trap();
        self.slices.be_wary(self.now());
        true
    }
}

/// Lets whoever polls look at the reactor, and goes on.
pub(crate) async fn look() {
    let mut has_looked = false;
    poll_fn(|cx| {
        if has_looked {
            return Poll::Ready(());
        }
        has_looked = true;
        cx.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}
