//! The decisions of a race, without a clock and without sockets.

use std::{
    net::SocketAddr,
    time::{Duration, Instant},
};

use crate::{Route, Rules, order::Order};

/// Decides what a race does next: Happy Eyeballs (RFC 8305, sections 4 to 6) as a value.
///
/// It opens nothing, waits for nothing and reads no clock. Whoever drives it tells it what happens
/// (an address [has come](Self::push), [nothing more will come](Self::settle), an attempt
/// [has failed](Self::failed)), and asks after each of these, and when the time that it named has
/// come, [what to do next](Self::next). The first connection to come up wins; then drop the other
/// attempts, and the race. [`RaceConnector`](crate::RaceConnector) does that for connectors.
///
/// - Families take turns, beginning with that of the first address
///   ([`Rules::first_family_count`]). Equal addresses are dialled once.
/// - The next attempt starts when one has failed, at once, or when the
///   [attempt delay](Rules::attempt_delay) since the last start is over. Nothing says that an
///   attempt is to be aborted: slow ones are kept.
/// - Addresses that come late join in, also when all others have failed.
/// - It always ends: with a connection or, once nothing more will come and all attempts have
///   failed, with [`Step::Lost`].
///
/// # Examples
///
/// A race of two addresses; the first one does not answer:
///
/// ```
/// use std::time::{Duration, Instant};
///
/// use socketry_connector_race::{Race, Rules, Step};
///
/// let mut race = Race::new(&Rules::new());
/// race.push("[2001:db8::1]:80".parse().unwrap());
/// race.push("192.0.2.1:80".parse().unwrap());
/// race.settle();
///
/// let now = Instant::now(); // or any other clock
/// let Step::Dial(first) = race.next(|| now) else { panic!() };
/// assert_eq!(first.to_string(), "[2001:db8::1]:80");
///
/// let later = now + Duration::from_millis(250);
/// assert_eq!(race.next(|| now), Step::Wait(Some(later)));
///
/// let Step::Dial(second) = race.next(|| later) else { panic!() };
/// assert_eq!(second.to_string(), "192.0.2.1:80");
///
/// assert_eq!(race.next(|| later), Step::Wait(None)); // for one of the two
/// race.failed();
/// race.failed();
/// assert_eq!(race.next(|| later), Step::Lost);
/// ```
#[derive(Clone, Debug)]
pub struct Race {
    order: Order,
    delay: Option<Duration>,
    most_in_flight: usize,
    in_flight: usize,
    is_settled: bool,
    not_before: NotBefore,
}

/// What to do next, as [`Race::next`] says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use = "a race that is not followed does not go on"]
#[allow(clippy::exhaustive_enums, reason = "who drives a race has to know all that it may say")]
pub enum Step {
    /// Start an attempt on this route, and ask again.
    Dial(Route),
    /// Nothing until this time, or until something happens; without a time, until something
    /// happens.
    Wait(Option<Instant>),
    /// Nothing any more: all attempts have failed, and nothing is left to try. Without an attempt
    /// it is lost as well, if nothing came that could be dialled.
    Lost,
}

/// When the next attempt may start.
#[derive(Clone, Copy, Debug)]
enum NotBefore {
    /// At once: nothing was dialled yet, or an attempt has failed since.
    Now,
    /// When the delay is over, which begins when the time is first needed.
    Unstamped,
    At(Instant),
    /// Not before an attempt fails.
    Never,
}

impl Race {
    /// A race by these rules, in which nothing has come yet.
    pub fn new(rules: &Rules) -> Self {
        Self {
            order: Order::new(rules.first_family_count, &rules.locals),
            delay: rules.delay,
            most_in_flight: rules.most_in_flight,
            in_flight: 0,
            is_settled: false,
            not_before: NotBefore::Now,
        }
    }

    /// An address has come. One that came before is ignored.
    pub fn push(&mut self, remote: SocketAddr) {
        self.order.push(remote);
    }

    /// No more addresses will come.
    pub fn settle(&mut self) {
        self.is_settled = true;
    }

    /// Lets `remote` go first, and its family begin; only the latter if it has not come yet, or
    /// was dialled.
    ///
    /// For who remembers what worked before. It is to be said when addresses have come and before
    /// anything is dialled.
    pub fn prefer(&mut self, remote: SocketAddr) {
        self.order.prefer(remote);
    }

    /// An attempt has failed, whichever it was.
    ///
    /// The next one starts at once, if there is one: what it would have waited for may be the one
    /// that failed.
    pub fn failed(&mut self) {
        self.in_flight = self.in_flight.saturating_sub(1);
        self.not_before = NotBefore::Now;
    }

    /// What to do next.
    ///
    /// `now` is called only if the time matters: not for a first attempt, not for the last one, and
    /// not after a failure. The delay of an attempt begins when this is first called after it and
    /// has to know the time, so ask soon after dialling.
    pub fn next(&mut self, now: impl FnOnce() -> Instant) -> Step {
        if self.order.is_empty() {
            return self.next_without_routes(now);
        }
        if self.in_flight >= self.most_in_flight {
            return Step::Wait(None);
        }
        match self.not_before {
            NotBefore::Now => self.dial(),
            NotBefore::Never => Step::Wait(None),
            NotBefore::Unstamped => Step::Wait(self.stamp(now())),
            NotBefore::At(at) if now() >= at => self.dial(),
            NotBefore::At(at) => Step::Wait(Some(at)),
        }
    }

    /// Every address that has come, dialled or not, in no particular order.
    pub fn known(&self) -> impl Iterator<Item = SocketAddr> + '_ {
        self.order.known()
    }

    fn next_without_routes(&mut self, now: impl FnOnce() -> Instant) -> Step {
        if self.is_settled {
            return if self.in_flight == 0 { Step::Lost } else { Step::Wait(None) };
        }
        if let NotBefore::Unstamped = self.not_before {
            // Who comes late has to know whether its time has come already.
            self.stamp(now());
        }
        Step::Wait(None)
    }

    /// Begins the delay; `None` if it reaches past the end of the clock.
    fn stamp(&mut self, now: Instant) -> Option<Instant> {
        let at = self.delay.and_then(|delay| now.checked_add(delay));
        self.not_before = at.map_or(NotBefore::Never, NotBefore::At);
        at
    }

    fn dial(&mut self) -> Step {
        // `next` has seen that there is one.
        let Some(route) = self.order.pop() else { return Step::Wait(None) };
        self.in_flight += 1;
        self.not_before = match self.delay {
            Some(_) => NotBefore::Unstamped,
            None => NotBefore::Never,
        };
        Step::Dial(route)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn race(rules: Rules, ports: &[u16]) -> Race {
        let mut race = Race::new(&rules);
        ports.iter().for_each(|port| race.push(([127, 0, 0, 1], *port).into()));
        race
    }

    fn nobody_may_ask() -> Instant {
        panic!("the time does not matter here");
    }

    fn dialled(step: Step) -> Option<u16> {
        match step {
            Step::Dial(route) => Some(route.remote().port()),
            Step::Wait(_) | Step::Lost => None,
        }
    }

    #[test]
    fn the_time_is_not_asked_for_a_first_attempt_nor_after_a_failure_nor_for_the_last() {
        let mut race = race(Rules::new(), &[1, 2]);
        race.settle();
        assert_eq!(dialled(race.next(nobody_may_ask)), Some(1));
        race.failed();
        assert_eq!(dialled(race.next(nobody_may_ask)), Some(2));
        assert_eq!(race.next(nobody_may_ask), Step::Wait(None));
    }

    #[test]
    fn the_time_is_not_asked_one_after_the_other_nor_when_no_more_may_be_in_flight() {
        for rules in [Rules::new().sequential(), Rules::new().most_in_flight(1)] {
            let mut race = race(rules, &[1, 2]);
            assert_eq!(dialled(race.next(nobody_may_ask)), Some(1));
            assert_eq!(race.next(nobody_may_ask), Step::Wait(None));
        }
    }

    #[test]
    fn the_delay_begins_when_the_time_is_first_needed_and_is_not_moved_by_asking_again() {
        let (mut race, start) = (race(Rules::new(), &[1, 2]), Instant::now());
        assert_eq!(dialled(race.next(nobody_may_ask)), Some(1));
        let at = start + Duration::from_millis(250);
        for later in [0, 100, 249] {
            let now = start + Duration::from_millis(later);
            assert_eq!(race.next(|| now), Step::Wait(Some(at)));
        }
        assert_eq!(dialled(race.next(|| at)), Some(2));
    }

    #[test]
    fn a_delay_past_the_end_of_the_clock_is_for_ever() {
        let endless = Rules::new().attempt_delay(Duration::MAX - Duration::from_secs(1));
        let mut race = race(endless, &[1, 2]);
        assert_eq!(dialled(race.next(Instant::now)), Some(1));
        assert_eq!(race.next(Instant::now), Step::Wait(None));
        race.failed();
        assert_eq!(dialled(race.next(Instant::now)), Some(2));
    }

    #[test]
    fn a_failure_of_nothing_harms_nothing() {
        let mut race = race(Rules::new(), &[]);
        race.failed();
        assert_eq!(race.next(Instant::now), Step::Wait(None));
        race.settle();
        assert_eq!(race.next(Instant::now), Step::Lost);
    }
}
