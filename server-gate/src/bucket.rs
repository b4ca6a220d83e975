//! The tokens that are left of a rate.

use std::time::{Duration, Instant};

use crate::Rate;

/// A token bucket, as the moment at which it is full again.
///
/// That one moment says how many tokens are missing, exactly and without a fraction, and a bucket
/// that nobody takes from need not be touched to be filled.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Bucket {
    /// `None` if nobody has taken from it yet.
    full_at: Option<Instant>,
}

/// There is no token. There will be one at `until`, or never if the rate is zero.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct NoToken {
    pub(crate) until: Option<Instant>,
}

impl Bucket {
    /// Whether there is a token.
    pub(crate) fn check(&self, rate: Rate, now: Instant) -> Result<(), NoToken> {
        let Some(interval) = rate.interval() else {
            return Err(NoToken { until: None });
        };
        // Of an empty bucket this much is missing when the first token has come back.
        let may_miss = rate.refill().saturating_sub(interval);
        match self.missing(now).checked_sub(may_miss) {
            None | Some(Duration::ZERO) => Ok(()),
            Some(wait) => Err(NoToken { until: now.checked_add(wait) }),
        }
    }

    /// Takes a token, which has to be there.
    pub(crate) fn take(&mut self, rate: Rate, now: Instant) {
        let full_at = self.full_at.map_or(now, |full_at| full_at.max(now));
        self.full_at = rate.interval().and_then(|interval| full_at.checked_add(interval));
    }

    /// Whether it is certain, without a look at the clock, that no token is missing.
    pub(crate) fn is_untouched(&self) -> bool {
        self.full_at.is_none()
    }

    /// Goes over from one rate to another. What was taken stays taken, as far as the bucket is deep
    /// enough; without a rate to compare with, it is full.
    pub(crate) fn change(&mut self, from: Option<Rate>, to: Option<Rate>, now: Instant) {
        if from == to {
            return;
        }
        let interval = |rate: Option<Rate>| rate.and_then(|rate| rate.interval());
        let (Some(from), Some(interval)) = (interval(from), interval(to)) else {
            self.full_at = None;
            return;
        };
        let most = to.map_or(Duration::ZERO, |rate| rate.refill());
        let missing = scaled(self.missing(now), from, interval).min(most);
        self.full_at = if missing.is_zero() { None } else { now.checked_add(missing) };
    }

    /// How long it takes until it is full.
    fn missing(&self, now: Instant) -> Duration {
        self.full_at.map_or(Duration::ZERO, |full_at| full_at.saturating_duration_since(now))
    }
}

/// As many of the interval `to` as `time` has of the interval `from`.
fn scaled(time: Duration, from: Duration, to: Duration) -> Duration {
    const NANOS: u128 = 1_000_000_000;
    let nanos = time.as_nanos().saturating_mul(to.as_nanos()) / from.as_nanos().max(1);
    match u64::try_from(nanos / NANOS) {
        Ok(seconds) => Duration::new(seconds, (nanos % NANOS) as u32),
        Err(_) => Duration::MAX,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MILLISECOND: Duration = Duration::from_millis(1);

    /// How many come in at once.
    fn take_all(bucket: &mut Bucket, rate: Rate, now: Instant) -> usize {
        let mut taken = 0;
        while taken < 1000 && bucket.check(rate, now).is_ok() {
            bucket.take(rate, now);
            taken += 1;
        }
        taken
    }

    #[test]
    fn a_full_bucket_has_as_many_tokens_as_the_burst() {
        let now = Instant::now();
        for burst in [1, 2, 10, 999] {
            let rate = Rate::per_second(10).with_burst(burst);
            assert_eq!(take_all(&mut Bucket::default(), rate, now), burst as usize);
        }
    }

    #[test]
    fn a_token_comes_back_to_the_nanosecond() {
        let (mut bucket, start) = (Bucket::default(), Instant::now());
        let rate = Rate::per_second(10);
        take_all(&mut bucket, rate, start);
        let due = start + 100 * MILLISECOND;
        let early = due - Duration::from_nanos(1);
        assert_eq!(bucket.check(rate, early), Err(NoToken { until: Some(due) }));
        assert_eq!(take_all(&mut bucket, rate, due), 1);
    }

    #[test]
    fn time_that_nobody_used_fills_it_and_no_more() {
        let (mut bucket, start) = (Bucket::default(), Instant::now());
        let rate = Rate::per_second(10).with_burst(3);
        take_all(&mut bucket, rate, start);
        assert_eq!(take_all(&mut bucket, rate, start + 250 * MILLISECOND), 2);
        assert_eq!(take_all(&mut bucket, rate, start + 300 * MILLISECOND), 1, "of the half token");
        assert_eq!(take_all(&mut bucket, rate, start + 3600 * 1000 * MILLISECOND), 3);
    }

    #[test]
    fn a_clock_that_two_threads_read_in_another_order_gives_no_token_away() {
        let (mut bucket, start) = (Bucket::default(), Instant::now());
        let rate = Rate::per_second(1);
        bucket.take(rate, start + MILLISECOND);
        assert!(bucket.check(rate, start).is_err());
    }

    #[test]
    fn a_rate_or_a_burst_of_zero_never_has_a_token() {
        let now = Instant::now();
        for rate in [Rate::per_second(0).with_burst(5), Rate::per_second(5).with_burst(0)] {
            assert_eq!(Bucket::default().check(rate, now), Err(NoToken { until: None }));
        }
    }

    #[test]
    fn the_largest_rates_are_counted_without_an_overflow() {
        let now = Instant::now();
        let rates = [Rate::per_second(u32::MAX), Rate::per_minute(1).with_burst(u32::MAX)];
        for (from, to) in [(rates[0], rates[1]), (rates[1], rates[0])] {
            let mut bucket = Bucket::default();
            assert_eq!(take_all(&mut bucket, from, now), 1000);
            bucket.change(Some(from), Some(to), now);
            assert!(bucket.check(to, now).is_ok());
        }
    }

    #[test]
    fn what_was_taken_stays_taken_when_the_rate_changes() {
        let (mut bucket, now) = (Bucket::default(), Instant::now());
        let slow = Rate::per_second(1).with_burst(10);
        let fast = Rate::per_second(100).with_burst(12);
        take_all(&mut bucket, slow, now);
        bucket.change(Some(slow), Some(fast), now);
        assert_eq!(take_all(&mut bucket, fast, now), 2);
        assert_eq!(take_all(&mut bucket, fast, now + 10 * MILLISECOND), 1);
    }

    #[test]
    fn a_bucket_that_becomes_less_deep_is_at_most_empty() {
        let (mut bucket, now) = (Bucket::default(), Instant::now());
        let (deep, flat) = (Rate::per_second(10), Rate::per_second(10).with_burst(1));
        take_all(&mut bucket, deep, now);
        bucket.change(Some(deep), Some(flat), now);
        assert_eq!(take_all(&mut bucket, flat, now + 100 * MILLISECOND), 1);
    }
}
