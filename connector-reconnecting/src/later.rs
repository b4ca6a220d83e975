//! Moments that may lie too far ahead to be counted.

use std::time::{Duration, Instant};

/// What is further away than this is as good as never.
const A_CENTURY: Duration = Duration::from_secs(100 * 365 * 24 * 60 * 60);

/// The moment `duration` after `now`, or a century after it if that is earlier.
pub(crate) fn later(now: Instant, duration: Duration) -> Instant {
    // A clock that stands within a century of its end is none that a system has.
    now.checked_add(duration.min(A_CENTURY)).unwrap_or(now)
}
