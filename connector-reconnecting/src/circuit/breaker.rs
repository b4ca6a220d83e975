//! The breaker: whether anybody asks the address at all.

use std::{
    io, mem,
    sync::Arc,
    time::{Duration, Instant},
};

use crate::{
    circuit::{options::CircuitOptions, state::CircuitState},
    later::later,
};

/// Opens after failures in a row. It reads no clock.
#[derive(Debug)]
pub(super) struct Breaker {
    failures_to_open: Option<u32>,
    open_for: Duration,
    open_at_most: Duration,
    /// How often it has opened or was reset: what began before the last time says nothing of what is now
    /// if it fails.
    turn: u64,
    phase: Phase,
}

#[derive(Debug)]
enum Phase {
    Closed {
        /// In a row.
        failures: u32,
    },
    /// Half-open from `until` on.
    Open {
        until: Instant,
        /// How long it was open this time.
        duration: Duration,
        error: Arc<io::Error>,
        is_probed: bool,
    },
}

/// Who is let through.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Gate {
    All,
    /// One, from then on.
    ProbeAt(Instant),
    /// Nobody until the probe has ended.
    Shut,
}

/// Remembers in which turn an attempt was let through.
#[derive(Debug)]
pub(super) struct Stamp(u64);

impl Breaker {
    pub(super) fn new(options: &CircuitOptions) -> Self {
        let open_at_most = options.open_at_most;
        Self {
            failures_to_open: options.failures_to_open,
            open_for: options.open_for.min(open_at_most),
            open_at_most,
            turn: 0,
            phase: Phase::Closed { failures: 0 },
        }
    }

    pub(super) fn gate(&self) -> Gate {
        match self.phase {
            Phase::Closed { .. } => Gate::All,
            Phase::Open { until, is_probed: false, .. } => Gate::ProbeAt(until),
            Phase::Open { is_probed: true, .. } => Gate::Shut,
        }
    }

    pub(super) fn state(&self, now: Instant) -> CircuitState {
        match &self.phase {
            Phase::Closed { .. } => CircuitState::Closed,
            Phase::Open { until, error, is_probed: false, .. } if now < *until => {
                CircuitState::Open { until: *until, error: error.clone() }
            }
            Phase::Open { .. } => CircuitState::HalfOpen,
        }
    }

    /// Whether it is closed, or was not asked for so long that what it knows is old.
    pub(super) fn is_as_new(&self, now: Instant) -> bool {
        match self.phase {
            Phase::Closed { .. } => true,
            Phase::Open { until, .. } => now >= later(until, self.open_at_most),
        }
    }

    /// Somebody is let through, as the gate allows.
    pub(super) fn let_through(&mut self) -> Stamp {
        if let Phase::Open { is_probed, .. } = &mut self.phase {
            *is_probed = true;
        }
        Stamp(self.turn)
    }

    /// An attempt has succeeded, whenever it began. Hands back an error to drop.
    pub(super) fn succeeded(&mut self) -> Option<Arc<io::Error>> {
        mem::replace(&mut self.phase, Phase::Closed { failures: 0 }).into_error()
    }

    /// An attempt has failed. Hands back whether that has opened it, and an error to drop.
    pub(super) fn failed(
        &mut self,
        stamp: &Stamp,
        error: Arc<io::Error>,
        now: Instant,
    ) -> (bool, Option<Arc<io::Error>>) {
        if stamp.0 != self.turn {
            return (false, Some(error));
        }
        let duration = match &mut self.phase {
            Phase::Closed { failures } => {
                *failures = failures.saturating_add(1);
                if self.failures_to_open.is_none_or(|most| *failures < most) {
                    return (false, Some(error));
                }
                self.open_for
            }
            // While it is open no attempt of its turn is under way but the probe.
            Phase::Open { duration, .. } => duration.saturating_mul(2).min(self.open_at_most),
        };
        self.turn += 1;
        let until = later(now, duration);
        let open = Phase::Open { until, duration, error, is_probed: false };
        (true, mem::replace(&mut self.phase, open).into_error())
    }

    /// An attempt has ended without a result.
    pub(super) fn dropped(&mut self, stamp: &Stamp) {
        match &mut self.phase {
            Phase::Open { is_probed, .. } if stamp.0 == self.turn => *is_probed = false,
            _ => {} // it was none that others wait for
        }
    }

    /// As if nothing had failed so far. Hands back an error to drop.
    pub(super) fn reset(&mut self) -> Option<Arc<io::Error>> {
        self.turn += 1;
        self.succeeded()
    }
}

impl Phase {
    fn into_error(self) -> Option<Arc<io::Error>> {
        match self {
            Self::Closed { .. } => None,
            Self::Open { error, .. } => Some(error),
        }
    }
}
