//! When to look at the reactor, as a value: no clock and no executor.

use std::time::{Duration, Instant};

/// How long work goes on without a look at the reactor.
///
/// async-io's own thread looks whether anybody has used the reactor since it last looked: after 50,
/// 75, 100, 250, 500, 750, 1000, 2500 and 5000 us, and then every 10 ms. If nobody has, it takes the
/// reactor, and begins anew when it has waited for an event. So nobody may work longer than its next
/// look is away.
const LONG: Duration = Duration::from_micros(300);

/// The same while that thread may be at the bottom of its ladder.
const SHORT: Duration = Duration::from_micros(35);

/// How long it stays where a long slice might be too long; it is there for 1 ms, and the rest is
/// for a thread that was not scheduled at once.
const CLIMB: Duration = Duration::from_micros(2500);

/// Who has not used the reactor for longer than this may have lost it: that thread gives up looking
/// after 10 ms, and waits to be next.
const IDLE: Duration = Duration::from_millis(5);

/// The clock is read at least every so many turns.
const MOST_TURNS: u32 = 4;

/// Divides work into slices, between which somebody is to look at the reactor.
///
/// A turn is a poll of a task, of the main future, or one of each. A slice is over at the first
/// reading of the clock past its end, and the clock is read after each turn, or after every second
/// or fourth as long as they are short. So what the reactor has to say is heard one slice and
/// [`MOST_TURNS`] turns later at the latest.
#[derive(Debug)]
pub(crate) struct Slices {
    /// Until when slices are short.
    wary_until: Instant,
    length: Duration,
    end: Instant,
    /// When the clock was last read.
    read: Instant,
    /// How many turns there are from one reading to the next.
    stride: u32,
    /// How many are left of these.
    left: u32,
}

impl Slices {
    /// The first slice begins.
    pub(crate) fn new(now: Instant) -> Self {
        let wary_until = now + CLIMB;
        Self { wary_until, length: SHORT, end: now + SHORT, read: now, stride: 1, left: 1 }
    }

    /// A slice begins: the reactor has been looked at, or waited for. Says whether that was an idle
    /// time.
    pub(crate) fn begin(&mut self, now: Instant) -> bool {
        let was_idle = now.saturating_duration_since(self.read) > IDLE;
        if was_idle {
            self.be_wary(now);
        }
        self.length = if now < self.wary_until { SHORT } else { LONG };
        self.end = now + self.length;
        self.read = now;
        self.left = self.stride;
        was_idle
    }

    /// async-io's own thread has had the reactor.
    pub(crate) fn be_wary(&mut self, now: Instant) {
        self.wary_until = now + CLIMB;
    }

    /// Whether this turn was the last of its slice.
    pub(crate) fn is_over(&mut self, now: impl FnOnce() -> Instant) -> bool {
        self.left -= 1;
        if self.left > 0 {
            return false;
        }
        let now = now();
        let took = now.saturating_duration_since(self.read);
        if took > self.length / 8 {
            self.stride = 1;
        } else if took < self.length / 16 {
            self.stride = (self.stride * 2).min(MOST_TURNS);
        }
        self.left = self.stride;
        self.read = now;
        now >= self.end
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn us(micros: u64) -> Duration {
        Duration::from_micros(micros)
    }

    /// Turns of this length until the slice is over, and how long they took.
    fn turns(slices: &mut Slices, now: &mut Instant, length: Duration) -> (u32, Duration) {
        slices.begin(*now);
        let begun = *now;
        for count in 1..1_000_000 {
            *now += length;
            if slices.is_over(|| *now) {
                return (count, *now - begun);
            }
        }
        panic!("the slice has no end");
    }

    /// Past the beginning, when slices are long.
    fn settled() -> (Slices, Instant) {
        let start = Instant::now();
        let mut slices = Slices::new(start);
        let now = start + CLIMB;
        slices.begin(now);
        (slices, now)
    }

    #[test]
    fn slices_are_short_at_the_beginning_and_long_later() {
        let mut now = Instant::now();
        let start = now;
        let mut slices = Slices::new(now);
        while now < start + CLIMB {
            assert_eq!(turns(&mut slices, &mut now, us(5)), (7, SHORT));
        }
        assert_eq!(turns(&mut slices, &mut now, us(30)), (10, LONG));
    }

    #[test]
    fn slices_are_short_again_after_an_idle_time_and_after_the_other_thread_was_seen() {
        let (mut slices, mut now) = settled();
        now += IDLE;
        assert_eq!(turns(&mut slices, &mut now, us(30)), (10, LONG), "not idle for long enough");
        now += IDLE + us(1);
        assert_eq!(turns(&mut slices, &mut now, us(35)), (1, SHORT));
        now += CLIMB;
        assert_eq!(turns(&mut slices, &mut now, us(30)), (10, LONG));
        slices.be_wary(now);
        assert_eq!(turns(&mut slices, &mut now, us(35)), (1, SHORT));
    }

    #[test]
    fn a_turn_that_is_longer_than_a_slice_is_the_only_one_of_it() {
        let (mut slices, mut now) = settled();
        for _ in 0..3 {
            assert_eq!(turns(&mut slices, &mut now, us(1000)), (1, us(1000)));
        }
    }

    #[test]
    fn a_slice_is_at_most_four_turns_too_long_whatever_their_lengths() {
        let (mut slices, mut now) = settled();
        let mut random = 1_u64;
        for _ in 0..10_000 {
            slices.begin(now);
            let mut late = 0;
            loop {
                random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                // Some short, some long, and some at random.
                now += us([1, 200, random >> 54][(random >> 33) as usize % 3]);
                late += u32::from(now >= slices.end);
                if slices.is_over(|| now) {
                    break;
                }
            }
            assert!((1..=MOST_TURNS).contains(&late), "{late} turns past the end");
        }
    }

    #[test]
    fn the_clock_is_read_every_fourth_turn_if_turns_are_short_and_every_time_if_not() {
        for (length, most) in [(us(1), 80), (us(50), 6)] {
            let (mut slices, mut now) = settled();
            turns(&mut slices, &mut now, length);
            slices.begin(now);
            let mut readings = 0;
            loop {
                now += length;
                let is_over = slices.is_over(|| {
                    readings += 1;
                    now
                });
                if is_over {
                    break;
                }
            }
            assert!(readings <= most, "{readings} readings with turns of {length:?}");
        }
    }

    #[test]
    fn a_clock_that_stands_still_or_goes_back_does_no_harm() {
        let (mut slices, now) = settled();
        slices.begin(now - us(1000));
        assert!(!slices.is_over(|| now - us(2000)));
    }
}
