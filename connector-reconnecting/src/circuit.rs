//! What many connections to one address know together.

use std::{
    fmt,
    future::Future,
    io,
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::{Context, Poll},
    time::Instant,
};

use socketry_connection::{Clock, Sleep, now};

use crate::circuit::ledger::{Answer, Ledger, Outcome, Pass};
pub use crate::circuit::{
    options::CircuitOptions,
    state::{CircuitState, CircuitStatistics},
};

mod breaker;
mod bucket;
mod ledger;
mod options;
mod state;
#[cfg(test)]
mod tests;

/// What many connections to one address know together, so that they back off as one, and stop asking one
/// that is known to be dead. A clone is the same circuit.
///
/// Before each attempt a connection asks for a permit, and waits in a queue until it has one. Two things
/// decide on that:
///
/// - **The retry budget.** Each attempt takes a token. A success gives it back at once, and so does an
///   attempt that is dropped; a failure spends it, and spent tokens come back one by one, each after a
///   [`refill`](CircuitOptions::refill). So in any time `t` at most `burst + t / refill` attempts fail,
///   however many connections there are; and an address that works is limited only in how many attempts
///   are under way at the same time. Tokens go to those who wait in the order in which they came.
/// - **The breaker.** After [some failures in a row](CircuitOptions::failures_to_open) it opens: nobody is
///   let through for [a while](CircuitOptions::open_for). Then one attempt probes, if there is a token for
///   it. If that succeeds all go on, as far as there are tokens; if it fails nobody is let through for twice
///   as long, up to [a limit](CircuitOptions::open_at_most); and if it is dropped another one probes.
///
/// Attempts that are still under way when it opens may succeed, which closes it. If they fail they have
/// only spent their tokens: it is not open for longer, and they do not count towards the next time.
///
/// A connection that may go on but is not polled holds up the token that it could have, and no other; a
/// probe is made by whichever connection is polled first. So none should be left unpolled for ever while it
/// waits: drop it, or [disconnect](crate::Handle::disconnect) it.
///
/// # Examples
///
/// ```
/// use std::time::Duration;
///
/// use socketry_connector_reconnecting::{Circuit, CircuitOptions};
///
/// let circuit = Circuit::new(CircuitOptions::default().burst(3).refill(Duration::from_secs(5)));
/// assert!(circuit.state().is_closed());
/// assert_eq!(circuit.state().to_string(), "closed");
/// assert_eq!(circuit.statistics().attempts, 0);
/// ```
#[derive(Clone)]
pub struct Circuit(Arc<Inner>);

struct Inner {
    options: CircuitOptions,
    clock: Option<Arc<dyn Clock>>,
    ledger: Mutex<Ledger>,
}

impl Circuit {
    /// A closed circuit with all its tokens, on the clock of the system.
    pub fn new(options: CircuitOptions) -> Self {
        Self::on_clock(options, None)
    }

    pub(crate) fn on_clock(options: CircuitOptions, clock: Option<Arc<dyn Clock>>) -> Self {
        let ledger = Mutex::new(Ledger::new(&options, now(clock.as_ref())));
        Self(Arc::new(Inner { options, clock, ledger }))
    }

    /// Another circuit with the same options, which takes the time from `clock` instead of the system.
    /// Choose that first: clones that were made before stay what they are, and share nothing with it.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::sync::Arc;
    ///
    /// use socketry_connector_reconnecting::{Circuit, CircuitOptions};
    /// use socketry_testing::ManualClock;
    ///
    /// let clock = ManualClock::new();
    /// let circuit = Circuit::new(CircuitOptions::default()).with_clock(Arc::new(clock.clone()));
    /// # let _ = circuit;
    /// ```
    pub fn with_clock(self, clock: Arc<dyn Clock>) -> Self {
        Self::on_clock(self.0.options.clone(), Some(clock))
    }

    /// Whether attempts are let through.
    pub fn state(&self) -> CircuitState {
        let now = self.now();
        self.ledger().state(now)
    }

    /// What has come to pass so far.
    pub fn statistics(&self) -> CircuitStatistics {
        self.ledger().statistics()
    }

    /// Why it is open, if it is.
    pub(crate) fn last_error(&self) -> Option<Arc<io::Error>> {
        match self.state() {
            CircuitState::Open { error, .. } => Some(error),
            CircuitState::Closed | CircuitState::HalfOpen => None,
        }
    }

    /// Closes it and fills the bucket, as if nothing had failed so far: the network is back, or another one.
    /// Whoever waits goes on, as far as there are tokens.
    ///
    /// Attempts that are under way are no longer counted: their tokens are there again at once, and if they
    /// fail it was the old network. If they succeed, so much the better. The statistics stay.
    pub fn reset(&self) {
        let now = self.now();
        let afterwards = self.ledger().reset(now);
        afterwards.happen();
    }

    /// Leave to make one attempt, when its turn has come.
    pub(crate) fn permit(&self) -> Permitting {
        Permitting { circuit: self.clone(), ticket: None, timer: None }
    }

    /// When somebody who asks now is let through, if no attempt succeeds or is dropped before. None if that
    /// is now.
    pub(crate) fn next_at(&self) -> Option<Instant> {
        let now = self.now();
        self.ledger().next_at(now)
    }

    /// Whether nobody else holds it, and nothing of worth would be lost with it at that time.
    pub(crate) fn is_spare(&self, now: Instant) -> bool {
        Arc::strong_count(&self.0) == 1 && self.ledger().is_as_new(now)
    }

    fn now(&self) -> Instant {
        now(self.0.clock.as_ref())
    }

    /// No clock is read, nobody woken, and nothing of anybody else dropped while it is locked.
    fn ledger(&self) -> MutexGuard<'_, Ledger> {
        // Nothing in there can panic half way through a change.
        self.0.ledger.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Circuit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Circuit")
            .field("state", &self.state())
            .field("statistics", &self.statistics())
            .finish_non_exhaustive()
    }
}

/// Waits for a [`Permit`]. It is queued at the first poll.
///
/// # Cancel safety
///
/// Dropped, it leaves the queue, and those behind move up. What it was woken for goes to the next.
#[must_use = "futures do nothing unless polled"]
pub(crate) struct Permitting {
    circuit: Circuit,
    /// While it is queued.
    ticket: Option<u64>,
    timer: Option<(Instant, Sleep)>,
}

impl Future for Permitting {
    type Output = Permit;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Permit> {
        let this = &mut *self;
        let (waker, now) = (cx.waker().clone(), this.circuit.now());
        let (answer, afterwards) = this.circuit.ledger().ask(&mut this.ticket, waker, now);
        afterwards.happen();
        match answer {
            Answer::Go(pass) => {
                this.timer = None;
                Poll::Ready(Permit { circuit: this.circuit.clone(), pass: Some(pass) })
            }
            Answer::At(at) => {
                this.poll_timer(at, cx);
                Poll::Pending
            }
            Answer::Woken => {
                this.timer = None;
                Poll::Pending
            }
        }
    }
}

impl Permitting {
    /// Sees to it that the task is woken at that time.
    fn poll_timer(&mut self, at: Instant, cx: &mut Context<'_>) {
        let clock = self.circuit.0.clock.as_ref();
        let timer = match self.timer.take() {
            Some(timer) if timer.0 == at => timer,
            _ => (at, Sleep::until(clock, at)),
        };
        let (_, sleep) = self.timer.insert(timer);
        if Pin::new(sleep).poll(cx).is_ready() {
            self.timer = None;
            cx.waker().wake_by_ref(); // the time has passed meanwhile
        }
    }
}

impl Drop for Permitting {
    fn drop(&mut self) {
        let Some(ticket) = self.ticket.take() else { return };
        let now = self.circuit.now();
        let afterwards = self.circuit.ledger().leave(ticket, now);
        afterwards.happen();
    }
}

impl fmt::Debug for Permitting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Permitting")
            .field("circuit", &self.circuit)
            .field("is_queued", &self.ticket.is_some())
            .finish_non_exhaustive()
    }
}

/// Leave to make one attempt. Dropped without a result it has never been.
#[derive(Debug)]
#[must_use = "dropped, it tells that no attempt was made"]
pub(crate) struct Permit {
    circuit: Circuit,
    /// Until there is a result.
    pass: Option<Pass>,
}

impl Permit {
    /// The attempt has succeeded.
    pub(crate) fn succeeded(mut self) {
        self.end(Outcome::Succeeded);
    }

    /// The attempt has failed.
    pub(crate) fn failed(mut self, error: &Arc<io::Error>) {
        self.end(Outcome::Failed(error.clone()));
    }

    fn end(&mut self, outcome: Outcome) {
        let Some(pass) = self.pass.take() else { return };
        let now = self.circuit.now();
        let afterwards = self.circuit.ledger().ended(&pass, outcome, now);
        afterwards.happen();
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        self.end(Outcome::Dropped);
    }
}
