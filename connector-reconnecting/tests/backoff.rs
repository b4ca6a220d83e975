//! When attempts begin, to the millisecond.

use std::{io, time::Duration};

use futures_lite::AsyncReadExt;
use socketry_connector_reconnecting::{Backoff, GaveUp, Measured};
use socketry_testing::pair;

use super::{Test, ms, now, refused};

fn seconds(delays: &[Duration]) -> Vec<f64> {
    delays.iter().map(|delay| (delay.as_secs_f64() * 1000.0).round() / 1000.0).collect()
}

#[test]
fn grpc_without_jitter_is_one_second_and_then_sixty_percent_more_up_to_two_minutes() {
    let mut test = Test::new(Backoff::grpc().jitter(0.0));
    let delays = test.delays(14);
    let expected = [
        1.0, 1.6, 2.56, 4.096, 6.554, 10.486, 16.777, 26.844, 42.95, 68.719, 109.951, 120.0, 120.0,
        120.0,
    ];
    assert_eq!(seconds(&delays), expected);
}

#[test]
fn grpc_with_jitter_is_up_to_a_fifth_more_or_less_but_for_the_first() {
    let mut test = Test::new(Backoff::grpc());
    let delays = seconds(&test.delays(200));
    assert_eq!(delays[0], 1.0);
    let settled = &delays[11..];
    assert!(settled.iter().all(|delay| (96.0..=144.0).contains(delay)), "{settled:?}");
    let (short, long) = (settled.iter().any(|d| *d < 105.0), settled.iter().any(|d| *d > 135.0));
    assert!(short && long, "{settled:?}");
}

#[test]
fn one_seed_gives_one_schedule() {
    let first = Test::new(Backoff::grpc()).delays(20);
    assert_eq!(first, Test::new(Backoff::grpc()).delays(20));
    let mut other = Test::with(Backoff::grpc(), 80, |sessions| sessions.with_seed(2));
    assert_ne!(first, other.delays(20));
}

#[test]
fn grpc_counts_from_the_start_of_the_attempt() {
    let mut test = Test::new(Backoff::grpc().jitter(0.0));
    assert!(test.poll().is_pending());
    test.clock.advance(ms(400));
    test.script.try_next_call().unwrap().fail(refused());
    assert_eq!(test.waits(), Some(ms(600)));
    test.clock.advance(ms(600));
    assert!(test.poll().is_pending());
    test.clock.advance(ms(5000)); // longer than the delay of 1.6 s
    test.script.try_next_call().unwrap().fail(refused());
    assert!(test.poll().is_pending());
    assert_eq!(test.script.begun(), 3); // at once
}

#[test]
fn an_attempt_has_twenty_seconds_and_more_when_the_delay_is_longer() {
    let mut test = Test::new(Backoff::grpc().jitter(0.0));
    test.delays(1);
    assert_eq!(test.waits(), Some(ms(20_000)));
    let mut test = Test::new(Backoff::grpc().jitter(0.0));
    test.delays(7);
    assert_eq!(seconds(&[test.waits().unwrap()]), [26.844]);
}

#[test]
fn an_attempt_that_takes_too_long_is_dropped_and_has_failed() {
    let mut test = Test::new(Backoff::grpc());
    assert!(test.poll().is_pending());
    let call = test.script.try_next_call().unwrap();
    test.clock.advance(ms(20_000));
    assert!(test.poll().is_pending());
    assert!(call.is_cancelled());
    assert_eq!(test.script.begun(), 2);
}

#[test]
fn connman_from_cold_doubles_from_20_ms_to_more_than_two_minutes() {
    let mut test = Test::new(Backoff::connman());
    let expected = [
        20, 40, 80, 160, 320, 640, 1280, 2560, 5120, 10_240, 20_480, 40_960, 81_920, 163_840,
        163_840,
    ];
    assert_eq!(test.delays(15), expected.map(ms));
}

#[test]
fn connman_after_a_session_doubles_from_100_ms_to_more_than_three_minutes() {
    let mut test = Test::new(Backoff::connman());
    drop(test.up());
    let mut delays = vec![test.waits().unwrap()];
    test.clock.advance(delays[0]);
    delays.extend(test.delays(13));
    let expected = [
        100, 200, 400, 800, 1600, 3200, 6400, 12_800, 25_600, 51_200, 102_400, 204_800, 204_800,
        204_800,
    ];
    assert_eq!(delays, expected.map(ms));
}

#[test]
fn connman_begins_anew_after_each_session_however_short() {
    let mut test = Test::new(Backoff::connman());
    for _ in 0..3 {
        drop(test.up());
        assert_eq!(test.waits(), Some(ms(100)));
        test.clock.advance(ms(100));
    }
}

#[test]
fn connman_gives_no_attempt_up() {
    let mut test = Test::new(Backoff::connman());
    assert_eq!(test.waits(), None);
}

#[test]
fn immediate_then_tries_once_at_once_and_then_waits() {
    let mut test = Test::new(Backoff::immediate_then(ms(500)).jitter(0.0));
    test.script.fail_next(refused());
    assert_eq!(test.delays(3), [500, 1000, 2000].map(ms));
    let mut test = Test::new(Backoff::immediate_then(ms(500)));
    let (_first, _peer) = test.up();
}

#[test]
fn after_a_session_that_has_lasted_the_next_attempt_is_at_once_and_delays_begin_anew() {
    let mut test = Test::new(Backoff::grpc().jitter(0.0));
    test.delays(5);
    let (mut session, peer) = test.up();
    test.clock.advance(ms(5000));
    drop(peer);
    assert!(now(session.read(&mut [0])).is_err());
    assert_eq!(test.delays(2), [1000, 1600].map(ms));
}

#[test]
fn a_session_that_has_not_lasted_counts_as_one_more_failed_attempt() {
    let mut test = Test::new(Backoff::grpc().jitter(0.0));
    for expected in [1000, 1600, 2560] {
        let (mut session, peer) = test.up();
        drop(peer);
        assert!(now(session.read(&mut [0])).is_err());
        assert_eq!(test.waits(), Some(ms(expected)));
        test.clock.advance(ms(expected));
    }
}

#[test]
fn the_minimum_uptime_is_a_matter_of_choice() {
    let mut test = Test::new(Backoff::grpc().jitter(0.0).stable_after(ms(100)));
    let (session, _peer) = test.up();
    test.clock.advance(ms(100));
    drop(session);
    assert_eq!(test.up().0.info().attempts(), 1);
}

#[test]
fn a_function_of_ones_own_says_the_delays() {
    let mut test = Test::new(Backoff::from_fn(|retry| {
        assert!(retry.error.is_some());
        (retry.failed < 4).then(|| ms(u64::from(retry.failed) * 7))
    }));
    assert_eq!(test.delays(3), [7, 14, 21].map(ms));
    test.script.fail_next(refused());
    assert_eq!(GaveUp::of(&test.end()).unwrap().attempts(), 4);
}

#[test]
fn delays_may_count_from_the_start_or_the_end() {
    let mut test = Test::new(Backoff::grpc().jitter(0.0).measured(Measured::FromEnd));
    assert!(test.poll().is_pending());
    test.clock.advance(ms(400));
    test.script.try_next_call().unwrap().fail(refused());
    assert_eq!(test.waits(), Some(ms(1000)));
}

#[test]
fn so_many_attempts_are_made_and_then_it_gives_up_once() {
    let mut test = Test::new(Backoff::grpc().jitter(0.0).max_attempts(Some(3)));
    test.delays(2);
    test.script.fail_next(refused());
    let error = test.end();
    assert_eq!(error.kind(), io::ErrorKind::ConnectionRefused);
    assert_eq!(error.to_string(), "gave up after 3 attempts in 2.6s: connection refused");
    let gave_up = GaveUp::of(&error).unwrap();
    assert_eq!((gave_up.attempts(), gave_up.is_final()), (3, false));
    assert!(now(test.sessions.next()).is_none());
    assert_eq!((test.script.begun(), test.clock.sleeping()), (3, 0));
}

#[test]
fn attempts_are_counted_anew_after_a_session_that_has_lasted() {
    let mut test = Test::new(Backoff::connman().max_attempts(Some(2)));
    for _ in 0..3 {
        test.delays(1);
        drop(test.up());
        let waits = test.waits().unwrap();
        test.clock.advance(waits);
    }
    test.delays(1);
    test.script.fail_next(refused());
    test.end();
}

#[test]
fn an_outage_may_last_so_long_and_an_attempt_under_way_is_ended_then() {
    let mut test = Test::new(Backoff::grpc().jitter(0.0).give_up_after(Some(ms(5000))));
    test.delays(2);
    assert_eq!(test.waits(), Some(ms(2400))); // of the attempt that hangs
    let call = test.script.try_next_call().unwrap();
    test.clock.advance(ms(2400));
    assert_eq!(test.end().kind(), io::ErrorKind::TimedOut);
    assert!(call.is_cancelled());
}

#[test]
fn no_attempt_begins_after_an_outage_may_have_ended() {
    let mut test = Test::new(Backoff::grpc().jitter(0.0).give_up_after(Some(ms(2000))));
    test.delays(1);
    test.script.fail_next(refused());
    assert_eq!(GaveUp::of(&test.end()).unwrap().attempts(), 2); // the next would be after 2.6 s
}

#[test]
fn numbers_that_mean_nothing_are_refused_before_anything_is_opened() {
    for backoff in [
        Backoff::grpc().factor(0.5),
        Backoff::grpc().factor(f64::NAN),
        Backoff::grpc().factor(f64::INFINITY),
        Backoff::grpc().jitter(-0.1),
        Backoff::grpc().jitter(1.1),
        Backoff::grpc().jitter(f64::NAN),
    ] {
        let mut test = Test::new(backoff);
        let error = test.end();
        assert_eq!((error.kind(), test.script.begun()), (io::ErrorKind::InvalidInput, 0));
        assert!(error.to_string().starts_with("backoff refused: its "), "{error}");
        assert!(test.poll().map(|end| end.is_none()) == std::task::Poll::Ready(true));
    }
}

#[test]
fn delays_of_zero_let_others_have_a_turn() {
    let mut test = Test::new(Backoff::grpc().initial(Duration::ZERO));
    for _ in 0..1000 {
        test.script.fail_next(refused());
    }
    assert!(test.poll().is_pending());
    assert!(test.script.begun() < 1000);
}

#[test]
fn the_longest_delays_and_times_do_not_overflow() {
    let longest = Duration::MAX;
    for backoff in [
        Backoff::grpc().initial(longest).cap(longest),
        Backoff::grpc().factor(1e300).cap(longest).jitter(1.0),
        Backoff::grpc().give_up_after(Some(longest)).min_connect_timeout(Some(longest)),
        Backoff::connman().after_session(Some(longest)).stable_after(longest),
        Backoff::from_fn(move |_| Some(longest)),
    ] {
        let mut test = Test::new(backoff);
        for _ in 0..3 {
            test.script.fail_next(refused());
        }
        test.script.succeed_next(pair().0);
        for _ in 0..6 {
            let _ = test.poll();
            let Some(next) = test.clock.until_next().filter(|next| *next < ms(1 << 40)) else {
                break;
            };
            test.clock.advance(next);
        }
    }
}
