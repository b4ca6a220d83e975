//! How many may come in within a time.

use std::time::Duration;

/// So many connections within a time, and so many at once: a token bucket.
///
/// The bucket holds [`burst`](Self::burst) tokens and is full at first. Each connection that comes
/// in takes one, and one comes back after each [`interval`](Self::interval), to the nanosecond,
/// until the bucket is full again. Who finds no token does not come in.
///
/// A rate of zero, and one with a burst of zero, lets nobody in.
///
/// # Examples
///
/// ```
/// use std::time::Duration;
///
/// use socketry_server_gate::Rate;
///
/// let rate = Rate::per_second(50); // 50 at once, then one each 20 ms
/// assert_eq!((rate.burst(), rate.interval()), (50, Some(Duration::from_millis(20))));
///
/// let steady = Rate::per_minute(6).with_burst(1); // never two within 10 s
/// assert_eq!(steady.interval(), Some(Duration::from_secs(10)));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Rate {
    count: u32,
    within: Duration,
    burst: u32,
}

impl Rate {
    /// `count` connections in a second, and by default as many at once.
    pub const fn per_second(count: u32) -> Self {
        Self { count, within: SECOND, burst: count }
    }

    /// `count` connections in a minute, and by default as many at once.
    pub const fn per_minute(count: u32) -> Self {
        Self { count, within: MINUTE, burst: count }
    }

    /// How many may come in at once after nobody has come for a while.
    pub const fn with_burst(mut self, burst: u32) -> Self {
        self.burst = burst;
        self
    }

    /// How many may come in [`within`](Self::within) a time, in the long run.
    pub const fn count(&self) -> u32 {
        self.count
    }

    /// The time that the count is for: a second or a minute.
    pub const fn within(&self) -> Duration {
        self.within
    }

    /// How many may come in at once.
    pub const fn burst(&self) -> u32 {
        self.burst
    }

    /// After what time one more may come in; `None` if nobody may.
    ///
    /// Whole nanoseconds, and at least one of them.
    pub fn interval(&self) -> Option<Duration> {
        match self.burst {
            0 => None,
            _ => Some(self.within.checked_div(self.count)?.max(Duration::from_nanos(1))),
        }
    }

    /// What is limited, as [`LimitReached`](socketry_server::LimitReached) says it.
    pub(crate) fn of_what(&self) -> &'static str {
        match self.within {
            SECOND => "connections a second",
            _ => "connections a minute",
        }
    }

    /// How long it takes to fill an empty bucket.
    pub(crate) fn refill(&self) -> Duration {
        self.interval().and_then(|interval| interval.checked_mul(self.burst)).unwrap_or_default()
    }
}

const SECOND: Duration = Duration::from_secs(1);
const MINUTE: Duration = Duration::from_secs(60);
