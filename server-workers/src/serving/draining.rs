//! Ending all servers without cutting off who ends in time.

use std::{
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::{Context, Poll, ready},
    time::{Duration, Instant},
};

use event_listener::Event as Ended;
use socketry_connection::{Clock, now};
use socketry_server::Control;

use super::{entry::Order, registry::Registry};
use crate::timer::Timer;

/// How a drain went: [`Handle::drain`](crate::Handle::drain).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct Drained {
    /// How many connections have ended by themselves, since the drain began.
    pub finished: u64,
    /// How many were closed by force: because the time was over, or the servers were dropped.
    pub closed: u64,
    /// How long it took.
    pub took: Duration,
}

impl fmt::Display for Drained {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { finished, closed, took } = self;
        write!(f, "drained in {took:.1?}: {finished} finished, {closed} closed by force")
    }
}

/// That a drain is wanted, and how it has ended.
#[derive(Debug, Default)]
pub(crate) struct Draining {
    state: Mutex<Drain>,
    /// The servers to be closed.
    controls: Mutex<Vec<Control>>,
    ended: Ended,
}

#[derive(Clone, Copy, Debug, Default)]
struct Drain {
    /// When connections are closed that have not ended by themselves.
    until: Option<Instant>,
    began: Option<(Instant, u64)>,
    drained: Option<Drained>,
}

impl Draining {
    fn state(&self) -> MutexGuard<'_, Drain> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn add(&self, control: Control) {
        self.controls.lock().unwrap_or_else(PoisonError::into_inner).push(control);
    }

    /// Closes the servers.
    pub(super) fn close_servers(&self) {
        let controls = self.controls.lock().unwrap_or_else(PoisonError::into_inner).clone();
        controls.iter().for_each(Control::close);
    }

    pub(super) fn has_begun(&self) -> bool {
        self.state().began.is_some()
    }

    /// Begins a drain, or makes the one under way shorter.
    pub(super) fn begin(&self, now: Instant, grace: Duration, left: u64) {
        let mut state = self.state();
        let until = now.checked_add(grace);
        state.until = state.until.into_iter().chain(until).min();
        state.began.get_or_insert((now, left));
    }

    /// Waits until the servers have ended.
    pub(super) async fn ended(&self) -> Drained {
        loop {
            let ended = self.ended.listen();
            if let Some(drained) = self.state().drained {
                return drained;
            }
            ended.await;
        }
    }

    /// Tells whoever waits that the servers have ended.
    pub(super) fn finish(&self, now: Instant, left: u64, closed: u64) {
        let mut state = self.state();
        let (began, before) = state.began.unwrap_or((now, left));
        state.drained.get_or_insert(Drained {
            finished: left.saturating_sub(before),
            closed,
            took: now.saturating_duration_since(began),
        });
        drop(state);
        self.ended.notify(usize::MAX);
    }
}

/// Ends what is left of the connections when the time of a drain is over.
pub(super) struct Deadlines {
    clock: Option<Arc<dyn Clock>>,
    /// How long connections may take to end after they were told to.
    last_words: Duration,
    stage: Stage,
    timer: Timer,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    Open,
    Closing { until: Option<Instant> },
    Cut,
}

impl Deadlines {
    pub(super) fn new(clock: Option<Arc<dyn Clock>>, last_words: Duration) -> Self {
        Self { clock, last_words, stage: Stage::Open, timer: Timer::default() }
    }

    /// Does what it is time for; ready when all connections are cut.
    pub(super) fn poll(
        &mut self,
        draining: &Draining,
        registry: &Registry,
        cx: &mut Context<'_>,
    ) -> Poll<()> {
        loop {
            let until = match self.stage {
                Stage::Open => draining.state().until,
                Stage::Closing { until } => until,
                Stage::Cut => return Poll::Ready(()),
            };
            ready!(self.timer.poll(self.clock.as_ref(), until, cx));
            if self.stage == Stage::Open {
                registry.order_all(Order::Close);
                let now = now(self.clock.as_ref());
                let until = match self.last_words.is_zero() {
                    true => None,
                    false => now.checked_add(self.last_words),
                };
                self.stage = Stage::Closing { until };
            } else {
                registry.order_all(Order::Cut);
                self.stage = Stage::Cut;
            }
        }
    }
}
