//! What can be chosen about a race.

use std::{net::SocketAddr, time::Duration};

/// The least time between the starts of two attempts, unless one fails.
const LEAST_DELAY: Duration = Duration::from_millis(10);

/// The rules of a [`Race`](crate::Race), by default those that RFC 8305 recommends.
///
/// # Examples
///
/// ```
/// use std::time::Duration;
///
/// use socketry_connector_race::Rules;
///
/// let patient = Rules::new().attempt_delay(Duration::from_secs(1)).most_in_flight(2);
/// let one_by_one = Rules::new().sequential();
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rules {
    /// `None` is for ever.
    pub(crate) delay: Option<Duration>,
    pub(crate) first_family_count: usize,
    pub(crate) most_in_flight: usize,
    pub(crate) locals: Vec<SocketAddr>,
}

impl Rules {
    /// 250 ms between attempts, one address of the first family before the other has its turn, any
    /// number of attempts in flight, and the system chooses where they come from.
    pub const fn new() -> Self {
        Self {
            delay: Some(Duration::from_millis(250)),
            first_family_count: 1,
            most_in_flight: usize::MAX,
            locals: Vec::new(),
        }
    }

    /// How long an attempt has for itself before the next one starts beside it: the Connection
    /// Attempt Delay of RFC 8305, section 8. By default 250 ms.
    ///
    /// The least is 10 ms, below which a race would be a flood: less, zero included, counts as
    /// 10 ms. [`Duration::MAX`] is [`sequential`](Self::sequential). An attempt that fails starts
    /// the next one at once, whatever the delay.
    pub fn attempt_delay(mut self, delay: Duration) -> Self {
        self.delay = (delay < Duration::MAX).then_some(delay.max(LEAST_DELAY));
        self
    }

    /// One attempt after the other: the next one starts when one fails, and only then.
    ///
    /// An address that never answers then takes all the time there is; give each a
    /// [time of its own](crate::RaceConnector::attempt_timeout).
    pub fn sequential(self) -> Self {
        self.attempt_delay(Duration::MAX)
    }

    /// How many addresses of the first family are dialled before the other family has its turn:
    /// the First Address Family Count of RFC 8305, section 8. Afterwards they take turns. By
    /// default 1, which is also the least: zero counts as 1.
    ///
    /// The first family is that of the address that comes first.
    pub fn first_family_count(mut self, count: usize) -> Self {
        self.first_family_count = count.max(1);
        self
    }

    /// How many attempts may be in flight at the same time. By default, and with zero, any number.
    ///
    /// When that many are, the next one starts as soon as one of them fails.
    pub fn most_in_flight(mut self, most: usize) -> Self {
        self.most_in_flight = if most == 0 { usize::MAX } else { most };
        self
    }

    /// The local addresses to dial from. By default, and if there are none, the system chooses.
    ///
    /// Each is paired with each candidate of its family. Within a family all pairs of the first
    /// local address are dialled before those of the second; a candidate whose family has no local
    /// address is not dialled. Equal ones count once. Port 0 lets the system choose the port.
    pub fn local_addresses(mut self, locals: impl IntoIterator<Item = SocketAddr>) -> Self {
        self.locals.clear();
        for local in locals {
            if !self.locals.contains(&local) {
                self.locals.push(local);
            }
        }
        self
    }
}

impl Default for Rules {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_delay_is_at_least_ten_milliseconds_and_the_longest_is_for_ever() {
        let delay = |delay| Rules::new().attempt_delay(delay).delay;
        assert_eq!(delay(Duration::ZERO), Some(LEAST_DELAY));
        assert_eq!(delay(Duration::from_secs(1)), Some(Duration::from_secs(1)));
        assert_eq!(delay(Duration::MAX), None);
        assert_eq!(Rules::new().delay, Some(Duration::from_millis(250)));
    }

    #[test]
    fn zero_counts_as_one_address_of_the_first_family_and_as_any_number_in_flight() {
        assert_eq!(Rules::new().first_family_count(0), Rules::new());
        assert_eq!(Rules::new().most_in_flight(0), Rules::new());
    }

    #[test]
    fn equal_local_addresses_count_once() {
        let [first, second] = [([127, 0, 0, 1], 0).into(), ([127, 0, 0, 2], 0).into()];
        let rules = Rules::new().local_addresses([first, second, first]);
        assert_eq!(rules.locals, [first, second]);
    }
}
