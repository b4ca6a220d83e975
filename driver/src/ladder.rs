//! Whether async-io's own thread is on its ladder's short steps, and what to do about it, as a value:
//! no clock and no reactor.

use std::time::{Duration, Instant};

/// How often it is watched while there is work.
const EVERY: Duration = Duration::from_millis(10);

/// The same where it comes back to the short steps all the time, at most.
const SELDOM: Duration = Duration::from_secs(1);

/// How long it is on the steps that are shorter than many a task: 50, 75 and 100 us, and more than as much
/// again for a thread that sleeps longer than it has asked for.
const SHORT_STEPS: Duration = Duration::from_micros(600);

/// Leads async-io's own thread up its ladder where work alone does not.
///
/// With tasks that are longer than its first steps it finds at each of these that nobody has used the
/// reactor, takes it for a moment, and begins anew, for as long as the load lasts. So it is watched
/// for a slice now and then, and if it has had the reactor in that, nothing but looks at the reactor
/// is done until it is past those steps.
#[derive(Debug)]
pub(crate) struct Ladder {
    /// Watched in the slice that goes on.
    is_watched: bool,
    /// When it is to be watched next.
    next: Instant,
    /// How long after that again.
    every: Duration,
}

impl Ladder {
    /// Work begins, after nothing or an idle time: short slices are tried first.
    pub(crate) fn new(now: Instant) -> Self {
        Self { is_watched: false, next: now + EVERY, every: EVERY }
    }

    /// Whether to watch it in the slice that begins.
    pub(crate) fn begin(&mut self, now: Instant) -> bool {
        self.is_watched = now >= self.next;
        self.is_watched
    }

    /// A slice has ended, in which it had the reactor or not, if it was watched. Until the time that is
    /// returned nothing is to be done but to look at the reactor.
    pub(crate) fn end(&mut self, now: Instant, had_reactor: impl FnOnce() -> bool) -> Instant {
        if !self.is_watched {
            return now;
        }
        self.is_watched = false;
        let is_short = had_reactor();
        self.next = now + self.every;
        // What does not help is done less and less often.
        self.every = if is_short { (self.every * 2).min(SELDOM) } else { EVERY };
        if is_short { now + SHORT_STEPS } else { now }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SLICE: Duration = Duration::from_micros(300);

    /// How many of so many slices are watched, and how many of these are followed by more than a look,
    /// if the thread has had the reactor in each of them or in none.
    fn watched(slices: u32, had_reactor: bool) -> (u32, u32) {
        let mut now = Instant::now();
        let mut ladder = Ladder::new(now);
        let (mut watched, mut led) = (0, 0);
        for _ in 0..slices {
            watched += u32::from(ladder.begin(now));
            now += SLICE;
            let until = ladder.end(now, || had_reactor);
            led += u32::from(until > now);
            now = until;
        }
        (watched, led)
    }

    #[test]
    fn it_is_watched_in_one_slice_of_ten_milliseconds() {
        let slices = Duration::from_secs(1).as_micros() / SLICE.as_micros();
        let (watched, led) = watched(slices as u32, false);
        assert!((94..=100).contains(&watched), "{watched} times in a second");
        assert_eq!(led, 0);
    }

    #[test]
    fn it_is_not_watched_when_work_has_just_begun() {
        assert_eq!(watched(33, true), (0, 0));
    }

    #[test]
    fn who_has_had_the_reactor_is_led_past_the_short_steps() {
        let now = Instant::now();
        let mut ladder = Ladder::new(now);
        assert!(ladder.begin(now + EVERY));
        assert_eq!(ladder.end(now, || true), now + SHORT_STEPS);
    }

    #[test]
    fn in_a_slice_in_which_it_is_not_watched_nobody_is_asked() {
        let now = Instant::now();
        let mut ladder = Ladder::new(now);
        assert!(!ladder.begin(now));
        assert_eq!(ladder.end(now, || unreachable!()), now);
    }

    #[test]
    fn what_does_not_help_is_done_less_and_less_often() {
        let slices = Duration::from_secs(60).as_micros() / SLICE.as_micros();
        let (watched, led) = watched(slices as u32, true);
        assert_eq!(watched, led);
        assert!((60..=70).contains(&led), "{led} times in a minute");
    }

    #[test]
    fn once_it_has_helped_it_is_watched_as_often_as_before() {
        let mut now = Instant::now();
        let mut ladder = Ladder::new(now);
        for had_reactor in [true, true, true, false] {
            now += SELDOM;
            assert!(ladder.begin(now));
            ladder.end(now, || had_reactor);
        }
        now += SELDOM;
        assert!(ladder.begin(now));
        ladder.end(now, || false);
        assert!(ladder.begin(now + EVERY));
    }
}
