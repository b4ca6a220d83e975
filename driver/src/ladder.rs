//! Whether async-io's own thread is on its ladder's short steps, and what to do about it, as a value:
//! no clock and no reactor.

use std::time::{Duration, Instant};

/// How soon it is watched when work has begun, and how long it is not watched after that, at first.
const SOON: Duration = Duration::from_millis(10);

/// The longest time for which it is not watched.
const LONG: Duration = Duration::from_millis(250);

/// How soon it is watched again if that came to nothing, at first.
const AT_ONCE: Duration = Duration::from_millis(1);

/// How long it is on the steps that are shorter than many a task: 50, 75 and 100 us, and more than as much
/// again for a thread that sleeps longer than it has asked for.
const SHORT_STEPS: Duration = Duration::from_micros(600);

/// How a slice in which it was watched has ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Slice {
    Over,
    /// There was nothing more to do.
    CutShort,
}

/// Leads async-io's own thread up its ladder where work alone does not.
///
/// With tasks that are longer than its first steps it finds at each of these that nobody has used the
/// reactor, takes it until the next event, and begins anew, for as long as the load lasts. So it is
/// watched for a slice now and then, and if it has had the reactor in that, nothing but looks at the
/// reactor is done until it is past those steps.
///
/// To watch it is to disturb whoever waits in the reactor, which may be another thread that does
/// nothing else. So it is done less and less often, whatever comes of it.
#[derive(Debug)]
pub(crate) struct Ladder {
    is_watching: bool,
    /// When it is to be watched next.
    next: Instant,
    /// How long after that again.
    pause: Duration,
    /// The same after a slice that came to nothing.
    retry: Duration,
}

impl Ladder {
    /// Work begins, after nothing or an idle time: short slices are tried first.
    pub(crate) fn new(now: Instant) -> Self {
        Self { is_watching: false, next: now + SOON, pause: SOON, retry: AT_ONCE }
    }

    /// Whether it is watched in the slice that is under way.
    pub(crate) fn is_watching(&self) -> bool {
        self.is_watching
    }

    /// Whether to watch it in the slice that begins.
    pub(crate) fn begin(&mut self, now: Instant) -> bool {
        self.is_watching = now >= self.next;
        self.is_watching
    }

    /// The slice in which it was watched has ended; it had the reactor in that slice, or not. Until the
    /// time that is returned nothing is to be done but to look at the reactor.
    pub(crate) fn end(&mut self, now: Instant, had_reactor: bool, slice: Slice) -> Option<Instant> {
        self.is_watching = false;
        if !had_reactor && slice == Slice::CutShort {
            // It need not have looked in so short a time.
            self.next = now + self.retry;
            self.retry = (self.retry * 2).min(LONG);
            return None;
        }
        self.next = now + self.pause;
        self.pause = (self.pause * 2).min(LONG);
        had_reactor.then(|| now + SHORT_STEPS)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SLICE: Duration = Duration::from_micros(300);

    /// How many of the slices of so long a time are watched, and how many of these are followed by more
    /// than a look, if the thread has had the reactor in each of them or in none.
    fn watched(time: Duration, had_reactor: bool) -> (u32, u32) {
        let start = Instant::now();
        let mut now = start;
        let mut ladder = Ladder::new(now);
        let (mut watched, mut led) = (0, 0);
        while now < start + time {
            let is_watched = ladder.begin(now);
            now += SLICE;
            if is_watched {
                watched += 1;
                if let Some(end) = ladder.end(now, had_reactor, Slice::Over) {
                    led += 1;
                    now = end;
                }
            }
        }
        (watched, led)
    }

    #[test]
    fn it_is_not_watched_when_work_has_just_begun() {
        assert_eq!(watched(SOON, true), (0, 0));
        assert_eq!(watched(SOON + SLICE, true), (1, 1));
    }

    #[test]
    fn who_has_had_the_reactor_is_led_past_the_short_steps() {
        let now = Instant::now();
        let mut ladder = Ladder::new(now);
        assert!(ladder.begin(now + SOON));
        assert_eq!(ladder.end(now, true, Slice::Over), Some(now + SHORT_STEPS));
        assert!(!ladder.is_watching());
    }

    #[test]
    fn who_has_not_is_left_alone() {
        let now = Instant::now();
        let mut ladder = Ladder::new(now);
        assert!(ladder.begin(now + SOON));
        assert_eq!(ladder.end(now, false, Slice::Over), None);
    }

    #[test]
    fn it_is_watched_less_and_less_often_whatever_comes_of_it() {
        for had_reactor in [true, false] {
            let (watched, led) = watched(Duration::from_secs(10), had_reactor);
            assert!((40..=45).contains(&watched), "{watched} times in ten seconds");
            assert_eq!(led, if had_reactor { watched } else { 0 });
        }
    }

    #[test]
    fn what_is_always_cut_short_is_watched_less_and_less_often_too() {
        let start = Instant::now();
        let (mut now, mut ladder, mut watched) = (start, Ladder::new(start), 0);
        while now < start + Duration::from_secs(10) {
            let is_watched = ladder.begin(now);
            now += SLICE;
            if is_watched {
                watched += 1;
                assert_eq!(ladder.end(now, false, Slice::CutShort), None);
            }
        }
        assert!((40..=55).contains(&watched), "{watched} times in ten seconds");
    }

    #[test]
    fn a_slice_that_was_cut_short_proves_it_only_if_it_had_the_reactor() {
        let now = Instant::now();
        let mut ladder = Ladder::new(now);
        let now = now + SOON;
        assert!(ladder.begin(now));
        assert_eq!(ladder.end(now, false, Slice::CutShort), None);
        assert!(!ladder.begin(now));
        let now = now + AT_ONCE;
        assert!(ladder.begin(now), "that came to nothing");
        assert_eq!(ladder.end(now, true, Slice::CutShort), Some(now + SHORT_STEPS));
        assert!(!ladder.begin(now + AT_ONCE));
    }
}
