//! The retry budget: how many attempts may be under way and fail.

use std::time::{Duration, Instant};

use crate::{circuit::options::CircuitOptions, later::later};

/// Counts what is missing in the bucket: tokens that are lent to attempts under way, and a debt, which is
/// how long it takes until those that were spent are back.
///
/// Only what was spent comes back with time. So lent and spent tokens together are never more than fit in,
/// and no more than `burst + t / refill` attempts can fail in any time `t`, however long each takes.
#[derive(Debug)]
pub(super) struct Bucket {
    burst: u64,
    /// Zero if there is no limit.
    refill: Duration,
    lent: u64,
    debt: Duration,
    /// When the debt was that long.
    since: Instant,
}

impl Bucket {
    pub(super) fn new(options: &CircuitOptions, now: Instant) -> Self {
        let (burst, refill) = (options.burst.into(), options.refill);
        Self { burst, refill, lent: 0, debt: Duration::ZERO, since: now }
    }

    /// When there is a token for somebody with so many `ahead` who take one before, if no attempt ends until
    /// then. None if one has to end first.
    pub(super) fn ready_at(&self, ahead: usize, now: Instant) -> Option<Instant> {
        let is_free = self.refill.is_zero() || self.wanted(ahead) <= self.burst;
        is_free.then(|| self.expected_at(ahead, now))
    }

    /// The same; where attempts have to end first they fail, and at once.
    pub(super) fn expected_at(&self, ahead: usize, now: Instant) -> Instant {
        let wanted = self.wanted(ahead);
        let debt = self.debt(now);
        let wait = match self.burst.checked_sub(wanted) {
            Some(spare) => debt.saturating_sub(times(self.refill, spare)),
            None => debt.saturating_add(times(self.refill, wanted - self.burst)),
        };
        later(now, wait)
    }

    pub(super) fn lend(&mut self) {
        self.lent = self.lent.saturating_add(1);
    }

    /// A token is back that was not needed.
    pub(super) fn give_back(&mut self) {
        self.lent = self.lent.saturating_sub(1);
    }

    /// A token that was lent is spent.
    pub(super) fn spend(&mut self, now: Instant) {
        self.give_back();
        self.debt = self.debt(now).saturating_add(self.refill);
        // Somebody who has read the clock before others, and came after them, has an older time.
        self.since = self.since.max(now);
    }

    /// Nothing is missing any more, not even what is lent.
    pub(super) fn fill(&mut self, now: Instant) {
        (self.lent, self.debt, self.since) = (0, Duration::ZERO, self.since.max(now));
    }

    pub(super) fn is_full(&self, now: Instant) -> bool {
        self.lent == 0 && self.debt(now).is_zero()
    }

    /// How many tokens are lent if one more is lent after those `ahead`.
    fn wanted(&self, ahead: usize) -> u64 {
        self.lent.saturating_add(ahead as u64).saturating_add(1)
    }

    fn debt(&self, now: Instant) -> Duration {
        self.debt.saturating_sub(now.saturating_duration_since(self.since))
    }
}

fn times(each: Duration, count: u64) -> Duration {
    let nanoseconds = each.as_nanos().saturating_mul(count.into());
    match u64::try_from(nanoseconds / 1_000_000_000) {
        Ok(seconds) => Duration::new(seconds, (nanoseconds % 1_000_000_000) as u32),
        Err(_) => Duration::MAX,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    fn bucket(burst: u32, refill: Duration) -> (Bucket, Instant) {
        let now = Instant::now();
        (Bucket::new(&CircuitOptions::default().burst(burst).refill(refill), now), now)
    }

    #[test]
    fn what_is_under_way_does_not_come_back_with_time() {
        let (mut bucket, now) = bucket(2, SECOND);
        bucket.lend();
        bucket.lend();
        let much_later = now + 100 * SECOND;
        assert_eq!(bucket.ready_at(0, much_later), None);
        bucket.spend(much_later);
        assert_eq!(bucket.ready_at(0, much_later), Some(much_later + SECOND));
    }

    #[test]
    fn each_one_ahead_takes_a_token() {
        let (mut bucket, now) = bucket(3, SECOND);
        for _ in 0..3 {
            bucket.lend();
            bucket.spend(now);
        }
        for ahead in 0..3 {
            assert_eq!(bucket.ready_at(ahead, now), Some(now + (1 + ahead as u32) * SECOND));
        }
        assert_eq!(bucket.ready_at(3, now), None); // one of those ahead has to end
        assert_eq!(bucket.expected_at(3, now), now + 4 * SECOND);
    }

    #[test]
    fn a_time_that_was_read_too_early_gives_nothing_away() {
        let (mut bucket, now) = bucket(1, SECOND);
        bucket.lend();
        bucket.spend(now + SECOND);
        bucket.lend();
        bucket.spend(now);
        assert_eq!(bucket.ready_at(0, now + SECOND), Some(now + 3 * SECOND));
    }

    #[test]
    fn a_refill_that_takes_for_ever_is_counted() {
        let (mut bucket, now) = bucket(u32::MAX, Duration::MAX);
        for _ in 0..3 {
            bucket.lend();
            bucket.spend(now);
        }
        assert_eq!(bucket.ready_at(0, now), Some(now));
        assert!(bucket.ready_at(u32::MAX as usize - 1, now).is_some_and(|at| at > now));
        assert!(bucket.expected_at(usize::MAX, now) > now);
    }

    #[test]
    fn it_is_full_when_nothing_is_lent_or_owed() {
        let (mut bucket, now) = bucket(2, SECOND);
        assert!(bucket.is_full(now));
        bucket.lend();
        assert!(!bucket.is_full(now));
        bucket.spend(now);
        assert!(!bucket.is_full(now));
        assert!(bucket.is_full(now + SECOND));
    }

    #[test]
    fn a_refill_of_zero_is_no_limit() {
        let (mut bucket, now) = bucket(1, Duration::ZERO);
        for _ in 0..3 {
            assert_eq!(bucket.ready_at(5, now), Some(now));
            bucket.lend();
        }
        bucket.spend(now);
        assert_eq!(bucket.ready_at(0, now), Some(now));
    }
}
