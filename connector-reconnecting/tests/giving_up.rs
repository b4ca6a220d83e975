//! How long it is tried, and what is told when it is not any more.

use std::{io, time::Duration};

use socketry_connector_reconnecting::{Backoff, Fatal, GaveUp, Targets};

use super::{Test, ms, now, refused};

#[test]
fn nothing_begins_after_an_outage_has_lasted_as_long_as_it_may() {
    let backoff = Backoff::grpc().jitter(0.0).give_up_after(Some(ms(5000)));
    let mut test = Test::with(backoff, Targets::list([1, 2, 3]), |sessions| sessions);
    assert!(test.poll().is_pending());
    let call = test.script.try_next_call().unwrap();
    test.clock.advance(ms(5000));
    assert_eq!(test.end().kind(), io::ErrorKind::TimedOut);
    assert!(call.is_cancelled());
    assert_eq!(test.script.begun(), 1);
}

#[test]
fn who_asks_too_late_is_told_so_and_nothing_is_tried() {
    let mut test = Test::new(Backoff::connman().give_up_after(Some(ms(1000))));
    test.script.fail_next(refused());
    test.waits();
    test.clock.advance(Duration::from_secs(3600));
    assert_eq!(GaveUp::of(&test.end()).unwrap().attempts(), 1);
}

#[test]
fn a_delay_that_is_too_long_to_be_counted_is_waited_for_and_not_at_once() {
    let forever = Backoff::grpc().initial(Duration::MAX).cap(Duration::MAX);
    for backoff in
        [forever.clone(), forever.measured(socketry_connector_reconnecting::Measured::FromEnd)]
    {
        let mut test = Test::new(backoff);
        test.script.fail_next(refused());
        assert!(test.waits().unwrap() > Duration::from_secs(365 * 86_400));
        assert_eq!(test.script.begun(), 1);
    }
}

#[test]
fn a_session_that_has_lasted_is_no_part_of_the_outage_that_ends_it() {
    let mut test = Test::new(Backoff::grpc());
    let (mut session, _peer) = test.up();
    test.clock.advance(Duration::from_secs(36_000));
    session.give_up(Fatal::error(io::Error::other("not wanted")));
    let error = test.end();
    assert_eq!(error.to_string(), "gave up: not wanted");
    assert_eq!(GaveUp::of(&error).unwrap().outage(), Duration::ZERO);
}

#[test]
fn the_cap_is_that_of_the_delay_after_a_session_too() {
    let mut test = Test::new(Backoff::connman().cap(ms(50)));
    drop(test.up());
    assert_eq!(test.waits(), Some(ms(50)));
}

#[test]
fn after_a_session_the_first_retry_is_at_once_and_the_second_waits() {
    let mut test = Test::new(Backoff::immediate_then(ms(500)).jitter(0.0).stable_after(ms(0)));
    drop(test.up());
    assert_eq!(test.delays(2), [500, 1000].map(ms));
}

#[test]
fn a_hook_that_panics_does_not_end_what_comes_after() {
    let mut is_first = true;
    let mut test = Test::with(Backoff::connman(), 80, |sessions| {
        sessions.on_reset(move |_| assert!(!std::mem::take(&mut is_first), "a hook that panics"))
    });
    drop(test.up());
    let polled =
        std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| now(test.sessions.next())));
    assert!(polled.is_err());
    assert_eq!(test.up().0.generation(), 2);
}
