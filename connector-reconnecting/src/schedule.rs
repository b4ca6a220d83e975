//! When the next attempt begins: all of it a function of what has happened and when.

use std::{
    io,
    time::{Duration, Instant},
};

use fastrand::Rng;

use crate::{
    backoff::{Backoff, Delays, Limit, Measured, Retry},
    later::later,
};

/// Follows one outage after the other. It reads no clock.
#[derive(Debug)]
pub(crate) struct Schedule {
    backoff: Backoff,
    random: Rng,
    /// When the outage began; none while a session is up.
    outage: Option<Instant>,
    /// Attempts in a row that have not led to a session that lasted, the one under way included.
    attempts: u32,
    /// Attempts, or rounds of them, that have failed in a row, and sessions that have not lasted.
    failed: u32,
    /// How many retries are left that are at once.
    at_once: u32,
    /// The last delay, before jitter.
    delay: Option<Duration>,
    /// When the next attempt may begin, if that counts from the start of the one under way.
    earliest: Option<Instant>,
}

/// What comes after a failure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Next {
    At(Instant),
    GiveUp,
}

impl Schedule {
    pub(crate) fn new(backoff: Backoff, random: Rng) -> Self {
        let at_once = backoff.at_once;
        Self {
            backoff,
            random,
            outage: None,
            attempts: 0,
            failed: 0,
            at_once,
            delay: None,
            earliest: None,
        }
    }

    /// For what else is left to chance.
    pub(crate) fn random(&mut self) -> &mut Rng {
        &mut self.random
    }

    /// How many attempts there were in a row, the one under way included.
    pub(crate) fn attempts(&self) -> u32 {
        self.attempts
    }

    /// When the next round may begin, if that counts from the start of this one.
    pub(crate) fn earliest(&self) -> Option<Instant> {
        self.earliest
    }

    /// How long there has been no session that lasted.
    pub(crate) fn outage(&self, now: Instant) -> Duration {
        self.outage.map_or(Duration::ZERO, |began| now.saturating_duration_since(began))
    }

    /// As if nothing had failed so far: the network is another one.
    pub(crate) fn begin_anew(&mut self) {
        (self.attempts, self.failed, self.delay) = (0, 0, None);
        self.at_once = self.backoff.at_once;
    }

    /// Nothing is wanted any more.
    pub(crate) fn end_outage(&mut self) {
        (self.outage, self.earliest) = (None, None);
        self.begin_anew();
    }

    /// A round of attempts begins: one for each target.
    pub(crate) fn round_begins(&mut self, now: Instant) {
        self.outage.get_or_insert(now);
        self.earliest = None;
        if self.counts_from_start() && self.at_once == 0 {
            let delay = self.next_delay();
            self.earliest = Some(later(now, delay));
        }
    }

    /// An attempt of the round begins.
    pub(crate) fn attempt_begins(&mut self) {
        self.attempts = self.attempts.saturating_add(1);
    }

    /// When an attempt that begins now is given up.
    pub(crate) fn times_out(&self, now: Instant) -> Option<Instant> {
        let least = self.backoff.min_connect_timeout.map(|least| later(now, least));
        let own = least.map(|least| self.earliest.map_or(least, |earliest| least.max(earliest)));
        match (own, self.ends()) {
            (Some(own), Some(end)) => Some(own.min(end)),
            (own, end) => own.or(end),
        }
    }

    /// Whether the outage has lasted as long as it may.
    pub(crate) fn is_over(&self, now: Instant) -> bool {
        self.ends().is_some_and(|end| now >= end)
    }

    /// Whether no attempt is left.
    pub(crate) fn is_used_up(&self) -> bool {
        self.backoff.max_attempts.is_some_and(|most| self.attempts >= most.max(1))
    }

    /// A round of attempts has failed.
    pub(crate) fn failed(&mut self, now: Instant, error: Option<&io::Error>) -> Next {
        self.failed = self.failed.saturating_add(1);
        if self.is_used_up() {
            return Next::GiveUp;
        }
        let Some(next) = self.after_failure(now, error) else { return Next::GiveUp };
        match self.ends() {
            Some(end) if next >= end => Next::GiveUp,
            _ => Next::At(next),
        }
    }

    /// A session was lost that was up for `uptime`. That is nobody's fault if it `is_excused`.
    pub(crate) fn lost(&mut self, now: Instant, uptime: Duration, is_excused: bool) -> Next {
        if uptime < self.backoff.stable_after && !is_excused {
            return self.failed(now, None);
        }
        self.outage = Some(now);
        self.begin_anew();
        if is_excused {
            return Next::At(now);
        }
        self.at_once = self.at_once.saturating_sub(1); // the attempt that follows is one of these
        match (self.backoff.after_session, &self.backoff.delays) {
            (Some(delay), Delays::Growing { limit, .. }) => {
                let delay = capped(delay, *limit);
                self.delay = Some(delay);
                Next::At(later(now, delay))
            }
            (Some(delay), Delays::Own(_)) => Next::At(later(now, delay)),
            (None, _) => Next::At(now),
        }
    }

    fn after_failure(&mut self, now: Instant, error: Option<&io::Error>) -> Option<Instant> {
        if self.at_once > 0 {
            self.at_once -= 1;
            return Some(now);
        }
        let delay = match &self.backoff.delays {
            Delays::Growing { .. } if self.counts_from_start() => {
                return Some(self.earliest.unwrap_or(now).max(now));
            }
            Delays::Growing { .. } => self.next_delay(),
            Delays::Own(delay) => {
                let outage = self.outage(now);
                delay(&Retry { failed: self.failed, outage, error })?
            }
        };
        Some(later(now, delay))
    }

    fn counts_from_start(&self) -> bool {
        self.backoff.measured == Measured::FromStart
            && matches!(self.backoff.delays, Delays::Growing { .. })
    }

    /// The delay after the last one, with jitter unless it is the first.
    fn next_delay(&mut self) -> Duration {
        let Delays::Growing { initial, factor, limit } = self.backoff.delays else {
            return Duration::ZERO; // a function says it
        };
        let Some(last) = self.delay else {
            self.delay = Some(capped(initial, limit));
            return capped(initial, limit);
        };
        let delay = grown(last, factor, limit);
        self.delay = Some(delay);
        let by = self.backoff.jitter * (2.0 * self.random.f64() - 1.0);
        times(delay, 1.0 + by)
    }

    /// When the outage has lasted as long as it may.
    pub(crate) fn ends(&self) -> Option<Instant> {
        Some(later(self.outage?, self.backoff.give_up_after?))
    }
}

fn capped(delay: Duration, limit: Limit) -> Duration {
    match limit {
        Limit::Cap(cap) => delay.min(cap),
        Limit::GrowsUntil(_) => delay,
    }
}

fn grown(delay: Duration, factor: f64, limit: Limit) -> Duration {
    match limit {
        Limit::Cap(cap) => times(delay, factor).min(cap),
        Limit::GrowsUntil(most) if delay >= most => delay,
        Limit::GrowsUntil(_) => times(delay, factor),
    }
}

/// So many times as long; the longest there is, if it would be longer than that.
fn times(delay: Duration, factor: f64) -> Duration {
    Duration::try_from_secs_f64(delay.as_secs_f64() * factor).unwrap_or(Duration::MAX)
}
