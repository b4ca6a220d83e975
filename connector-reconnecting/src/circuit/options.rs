//! What can be chosen of a circuit.

use std::time::Duration;

/// How often the attempts to one address may fail, and when nobody asks it any more: all that is chosen
/// of a [`Circuit`](crate::Circuit).
///
/// # Examples
///
/// ```
/// use std::time::Duration;
///
/// use socketry_connector_reconnecting::CircuitOptions;
///
/// // at most 3 + 1 every 5 seconds fail; after 3 in a row nobody tries for 2 seconds, then 4, 8 ...
/// let options = CircuitOptions::default()
///     .burst(3)
///     .refill(Duration::from_secs(5))
///     .failures_to_open(Some(3))
///     .open_for(Duration::from_secs(2));
/// # let _ = options;
/// ```
#[derive(Clone, Debug)]
pub struct CircuitOptions {
    pub(super) burst: u32,
    pub(super) refill: Duration,
    pub(super) failures_to_open: Option<u32>,
    pub(super) open_for: Duration,
    pub(super) open_at_most: Duration,
}

impl CircuitOptions {
    /// How many tokens there are: so many attempts may be under way at the same time, and so many may
    /// fail in a row before the next has to wait for a [refill](Self::refill). By default 10. Zero is as
    /// one.
    pub fn burst(mut self, attempts: u32) -> Self {
        self.burst = attempts.max(1);
        self
    }

    /// How long it takes until a token that a failure has spent is back; they come back one after the
    /// other. By default 1 s. Zero turns the budget off: attempts are not limited, not by
    /// [`burst`](Self::burst) either.
    pub fn refill(mut self, each: Duration) -> Self {
        self.refill = each;
        self
    }

    /// After how many failures in a row, of all connections together and without a success between them,
    /// it opens. By default 5. `None` means that it never does. Zero is as one.
    pub fn failures_to_open(mut self, failures: Option<u32>) -> Self {
        self.failures_to_open = failures;
        self
    }

    /// How long nobody is let through after it has opened. It is twice as long each time that the probe
    /// after it fails. By default 1 s. Zero means that there is a probe at once, one at a time, however
    /// often they fail.
    pub fn open_for(mut self, duration: Duration) -> Self {
        self.open_for = duration;
        self
    }

    /// The longest that it is open before the next probe, the first time included. By default 30 s. Zero
    /// is as [`open_for`](Self::open_for) zero.
    pub fn open_at_most(mut self, duration: Duration) -> Self {
        self.open_at_most = duration;
        self
    }
}

/// A burst of 10, a refill each second; open after 5 failures, for 1 s to 30 s.
impl Default for CircuitOptions {
    fn default() -> Self {
        Self {
            burst: 10,
            refill: Duration::from_secs(1),
            failures_to_open: Some(5),
            open_for: Duration::from_secs(1),
            open_at_most: Duration::from_secs(30),
        }
    }
}
