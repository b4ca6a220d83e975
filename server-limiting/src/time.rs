//! When something happened, in a number.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use socketry_connection::Clock;

/// The time since a server began, in nanoseconds.
#[derive(Debug)]
pub(crate) struct Time {
    begin: Instant,
    coarse_begin: u64,
    clock: Option<Arc<dyn Clock>>,
}

impl Time {
    /// Time that begins now.
    pub(crate) fn on(clock: Option<Arc<dyn Clock>>) -> Self {
        let begin = socketry_connection::now(clock.as_ref());
        Self { begin, coarse_begin: coarse::now(begin), clock }
    }

    /// What to wait on.
    pub(crate) fn clock(&self) -> Option<&Arc<dyn Clock>> {
        self.clock.as_ref()
    }

    /// Now.
    pub(crate) fn now(&self) -> u64 {
        nanoseconds(socketry_connection::now(self.clock.as_ref()).duration_since(self.begin))
    }

    /// Now, or a few milliseconds ago: cheap enough for every read and write.
    pub(crate) fn about_now(&self) -> u64 {
        match &self.clock {
            Some(_) => self.now(),
            None => coarse::now(self.begin).saturating_sub(self.coarse_begin),
        }
    }

    /// How far `about_now` may be away from now: some ticks of the kernel.
    pub(crate) fn blur(&self) -> u64 {
        match &self.clock {
            Some(_) => 0,
            None => coarse::BLUR,
        }
    }

    /// The moment that a number stands for.
    pub(crate) fn instant(&self, time: u64) -> Instant {
        self.begin + Duration::from_nanos(time)
    }
}

/// As a number; what does not fit is the end of all time.
pub(crate) fn nanoseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}

/// The clock that the kernel moves with its own ticks: reading it reads memory and no more.
#[cfg(any(target_os = "linux", target_os = "android"))]
mod coarse {
    use std::time::Instant;

    use rustix::time::{ClockId, clock_gettime};

    /// Two ticks, where there are a hundred in a second.
    pub(super) const BLUR: u64 = 20_000_000;

    pub(super) fn now(_begin: Instant) -> u64 {
        let now = clock_gettime(ClockId::MonotonicCoarse);
        // Never negative: it is the time since the system has started.
        (now.tv_sec as u64).wrapping_mul(1_000_000_000).wrapping_add(now.tv_nsec as u64)
    }
}

#[cfg(not(any(target_os = "linux", target_os = "android")))]
mod coarse {
    use std::time::Instant;

    pub(super) const BLUR: u64 = 0;

    pub(super) fn now(begin: Instant) -> u64 {
        super::nanoseconds(begin.elapsed())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_about_now_is_at_most_some_ticks_away() {
        let time = Time::on(None);
        let (about, now) = (time.about_now(), time.now());
        assert!(about.abs_diff(now) < 1_000_000_000, "{about} and {now}");
    }

    #[test]
    fn a_duration_that_does_not_fit_is_the_end_of_all_time() {
        assert_eq!(nanoseconds(Duration::MAX), u64::MAX);
    }
}
