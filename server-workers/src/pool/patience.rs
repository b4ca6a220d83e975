//! How soon a worker takes the place of one that has died.

use std::time::{Duration, Instant};

const FIRST: Duration = Duration::from_millis(100);
const LONGEST: Duration = Duration::from_secs(10);

/// The delay before the next workers are started: none after the first that died, then from 100 ms
/// twice as long each time, up to 10 seconds. When one has answered its first event it is none again:
/// others that have answered for a long time do not show that new ones can.
///
/// What dies while the delay goes on does not make it longer: it is one cause for many workers.
#[derive(Debug, Default)]
pub(super) struct Patience {
    failures: u32,
    until: Option<Instant>,
}

impl Patience {
    /// A worker could not be started, or has died, broken off or asked to be replaced before it had answered
    /// anything.
    pub(super) fn failed(&mut self, now: Instant) {
        if self.until.is_some_and(|until| now < until) {
            return;
        }
        let delay = match self.failures {
            0 => Duration::ZERO,
            doublings => FIRST.saturating_mul(1 << (doublings - 1).min(16)).min(LONGEST),
        };
        self.failures = self.failures.saturating_add(1);
        self.until = now.checked_add(delay);
    }

    /// A worker has answered its first event.
    pub(super) fn succeeded(&mut self) {
        *self = Self::default();
    }

    /// When the next may be started, if that is not now.
    pub(super) fn until(&self, now: Instant) -> Option<Instant> {
        self.until.filter(|until| now < *until)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_is_replaced_at_once_and_later_ones_after_twice_the_delay_each() {
        let (mut patience, mut now) = (Patience::default(), Instant::now());
        let mut delays = Vec::new();
        for _ in 0..10 {
            patience.failed(now);
            let until = patience.until(now).unwrap_or(now);
            delays.push((until - now).as_millis());
            now = until;
        }
        assert_eq!(delays, [0, 100, 200, 400, 800, 1600, 3200, 6400, 10_000, 10_000]);
    }

    #[test]
    fn what_dies_during_a_delay_does_not_make_it_longer() {
        let (mut patience, now) = (Patience::default(), Instant::now());
        for _ in 0..5 {
            patience.failed(now);
        }
        assert_eq!(patience.until(now), Some(now + FIRST));
    }

    #[test]
    fn an_answer_ends_the_delay() {
        let (mut patience, now) = (Patience::default(), Instant::now());
        patience.failed(now);
        patience.failed(now);
        patience.succeeded();
        assert_eq!(patience.until(now), None);
    }
}
