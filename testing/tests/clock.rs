//! The manual clock, the waker that counts, and sleeping on a given clock.

use std::{
    future::Future,
    pin::{Pin, pin},
    sync::Arc,
    time::Duration,
};

use futures_lite::future::block_on;
use socketry_connection::{Clock, Sleep};
use socketry_testing::{CountingWaker, ManualClock};

const SECOND: Duration = Duration::from_secs(1);

#[test]
fn a_sleep_is_woken_once_and_exactly_when_it_is_due() {
    let (clock, waker) = (ManualClock::new(), CountingWaker::new());
    let mut sleep = clock.sleep_until(clock.now() + SECOND);
    assert!(sleep.as_mut().poll(&mut waker.context()).is_pending());
    clock.advance(SECOND - Duration::from_nanos(1));
    assert_eq!(waker.take(), 0);
    clock.advance(Duration::from_nanos(1));
    clock.advance(SECOND);
    assert_eq!(waker.take(), 1);
    assert!(sleep.as_mut().poll(&mut waker.context()).is_ready());
}

#[test]
fn a_sleep_whose_deadline_has_passed_is_ready_at_once() {
    let clock = ManualClock::new();
    block_on(clock.sleep_until(clock.now()));
    clock.advance(SECOND);
    block_on(clock.sleep_until(clock.now() - SECOND));
}

#[test]
fn each_sleep_is_woken_at_its_own_time() {
    let clock = ManualClock::new();
    let wakers = [1, 2, 3].map(|seconds| {
        let waker = CountingWaker::new();
        let mut sleep = clock.sleep_until(clock.now() + SECOND * seconds);
        assert!(sleep.as_mut().poll(&mut waker.context()).is_pending());
        (waker, sleep)
    });
    clock.advance(SECOND * 2);
    assert_eq!(wakers.each_ref().map(|(waker, _)| waker.count()), [1, 1, 0]);
}

#[test]
fn a_sleep_counts_until_it_is_dropped_and_not_longer() {
    let clock = ManualClock::new();
    let sleeps = [clock.sleep_until(clock.now()), clock.sleep_until(clock.now() + SECOND)];
    assert_eq!(clock.sleeping(), 2);
    drop(sleeps);
    assert_eq!((clock.sleeping(), clock.until_next()), (0, None));
}

#[test]
fn the_next_sleep_is_the_one_that_is_due_first() {
    let clock = ManualClock::new();
    let _later = clock.sleep_until(clock.now() + SECOND * 2);
    let _sooner = clock.sleep_until(clock.now() + SECOND);
    assert_eq!(clock.until_next(), Some(SECOND));
    clock.advance(SECOND * 3);
    assert_eq!(clock.until_next(), Some(Duration::ZERO));
}

#[test]
fn the_last_task_to_poll_a_sleep_is_the_one_that_is_woken() {
    let (clock, first, last) = (ManualClock::new(), CountingWaker::new(), CountingWaker::new());
    let mut sleep = clock.sleep_until(clock.now() + SECOND);
    assert!(sleep.as_mut().poll(&mut first.context()).is_pending());
    assert!(sleep.as_mut().poll(&mut last.context()).is_pending());
    clock.advance(SECOND);
    assert_eq!((first.count(), last.count()), (0, 1));
}

#[test]
fn a_sleep_of_the_interface_crate_follows_the_clock_it_is_given() {
    let (manual, waker) = (ManualClock::new(), CountingWaker::new());
    let clock: Arc<dyn Clock> = Arc::new(manual.clone());
    let mut sleep = pin!(Sleep::after(Some(&clock), SECOND));
    assert!(sleep.as_mut().poll(&mut waker.context()).is_pending());
    manual.advance(SECOND);
    assert_eq!(waker.count(), 1);
    assert!(sleep.as_mut().poll(&mut waker.context()).is_ready());
}

#[test]
fn a_sleep_past_the_end_of_the_clock_never_ends() {
    let (manual, waker) = (ManualClock::new(), CountingWaker::new());
    let clock: Arc<dyn Clock> = Arc::new(manual.clone());
    let mut sleep = Sleep::after(Some(&clock), Duration::MAX);
    manual.advance(SECOND * 60 * 60 * 24 * 365);
    assert!(Pin::new(&mut sleep).poll(&mut waker.context()).is_pending());
}

#[test]
fn without_a_clock_a_sleep_waits_on_the_system_and_ends() {
    let waker = CountingWaker::new();
    let mut an_hour = pin!(Sleep::after(None, SECOND * 60 * 60));
    assert!(an_hour.as_mut().poll(&mut waker.context()).is_pending());
    block_on(Sleep::after(None, Duration::from_millis(1)));
}
