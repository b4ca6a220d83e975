//! Which of several connections that are not up is waited for, and what becomes of their attempts.

use std::{task::Poll, time::Duration};

use socketry_connector_reconnecting::{Backoff, CircuitOptions, Circuits, PoolOptions, PoolOrder};
use socketry_testing::pair;

use super::{PoolTest, poll, small};
use crate::{ms, poll_now, refused};

/// Waits for so long after each attempt.
fn every(milliseconds: u64) -> Backoff {
    Backoff::connman().initial(ms(milliseconds)).cap(ms(milliseconds)).after_session(None)
}

#[test]
fn a_dead_connection_keeps_nobody_from_a_live_one() {
    let test = PoolTest::bare(PoolOptions::new());
    let dead = test.pool.add_connection(1, |sessions| sessions.backoff(every(1000)));
    test.pool.add_connection(2, |sessions| sessions.backoff(every(1000)));
    let mut waiting = test.waiting();
    let call = test.script.try_next_call().unwrap();
    assert_eq!(*call.target(), 1);
    call.fail(refused());
    assert!(poll(&mut waiting).is_pending());
    let call = test.script.try_next_call().unwrap();
    assert_eq!(*call.target(), 2);
    let (ours, _theirs) = pair();
    call.succeed(ours);
    let Poll::Ready(Ok(_served)) = poll(&mut waiting) else { panic!("it is not served") };
    drop(waiting);
    assert_eq!((test.clock.sleeping(), dead.statistics().attempts), (0, 1));
}

#[test]
fn who_has_a_delay_of_its_own_takes_one_that_comes_back_and_begins_sooner() {
    let test = PoolTest::bare(PoolOptions::new().order(PoolOrder::Fifo));
    test.pool.add_connection(1, |sessions| sessions.backoff(every(5000)));
    test.pool.add_connection(2, |sessions| sessions.backoff(every(1000)));
    let (mut first, mut second) = (test.waiting(), test.waiting());
    for call in [test.script.try_next_call().unwrap(), test.script.try_next_call().unwrap()] {
        call.fail(refused());
    }
    assert!(poll(&mut first).is_pending() && poll(&mut second).is_pending());
    drop(second); // and gives back what begins in a second
    test.clock.advance(ms(1000));
    let _peer = test.prepared();
    assert!(poll(&mut first).is_ready());
}

#[test]
fn the_one_whose_attempt_begins_first_is_taken() {
    let test = PoolTest::bare(PoolOptions::new());
    for (port, delay) in [(1, 5000), (2, 1000), (3, 3000)] {
        test.pool.add_connection(port, |sessions| sessions.backoff(every(delay)));
        test.script.fail_next(refused());
    }
    drop(test.waiting()); // tries one after the other
    assert_eq!(test.script.begun(), 3);
    let mut waiting = test.waiting();
    assert_eq!(test.script.begun(), 3);
    test.clock.advance(ms(1000));
    assert!(poll(&mut waiting).is_pending());
    assert_eq!(*test.script.try_next_call().unwrap().target(), 2);
}

#[test]
fn one_that_was_never_tried_comes_before_one_that_has_failed() {
    let test = PoolTest::bare(PoolOptions::new().order(PoolOrder::Fifo));
    test.pool.add_connection(1, |sessions| sessions.backoff(every(1000)));
    test.script.fail_next(refused());
    drop(test.waiting());
    test.clock.advance(ms(5000));
    test.pool.add_connection(2, |sessions| sessions);
    let _waiting = test.waiting();
    assert_eq!(*test.script.try_next_call().unwrap().target(), 2);
}

#[test]
fn connections_that_all_fail_are_tried_once_each_and_then_waited_for() {
    let test = PoolTest::bare(PoolOptions::new());
    for port in 1..=20 {
        test.pool.add_connection(port, |sessions| sessions.backoff(every(1000)));
        test.script.fail_next(refused());
    }
    let waiting = test.waiting();
    assert_eq!((test.script.begun(), test.clock.until_next()), (20, Some(ms(1000))));
    drop(waiting);
    assert_eq!(test.clock.sleeping(), 0);
}

#[test]
fn one_that_no_circuit_holds_back_is_made_in_place_of_one_that_it_does() {
    let circuits = Circuits::new(CircuitOptions::default().failures_to_open(Some(1)));
    let test = PoolTest::with(small(3), |builder| builder.circuits(circuits.clone()));
    for port in [1, 2] {
        test.pool.add_connection(port, |sessions| sessions.backoff(every(10)));
        test.script.fail_next(refused());
    }
    let mut waiting = test.waiting();
    let call = test.script.try_next_call().unwrap();
    assert_eq!((*call.target(), test.script.begun()), (80, 3)); // both circuits are open
    let (ours, _theirs) = pair();
    call.succeed(ours);
    assert!(poll(&mut waiting).is_ready());
}

#[test]
fn a_short_delay_is_waited_out_though_there_is_room() {
    let test = PoolTest::with(small(5), |builder| {
        builder.connections(|sessions| sessions.backoff(every(1000)))
    });
    test.script.fail_next(refused());
    let _waiting = test.waiting();
    assert_eq!((test.script.begun(), test.pool.statistics().size), (1, 1));
}

#[test]
fn a_long_delay_is_not_waited_out_if_there_is_room() {
    let test = PoolTest::with(small(5), |builder| {
        builder.connections(|sessions| sessions.backoff(every(60_000)))
    });
    test.script.fail_next(refused());
    let _peer = test.prepared();
    let Poll::Ready(Ok(_served)) = poll_now(test.pool.checkout()) else {
        panic!("it waits for {:?}", test.clock.until_next())
    };
    assert_eq!(test.script.begun(), 2);
}

/// A pool that waits a second, and its circuit.
fn patient(circuits: &Circuits<u16>) -> PoolTest {
    PoolTest::with(small(10).wait_timeout(Some(ms(1000))), |builder| {
        builder.circuits(circuits.clone())
    })
}

#[test]
fn a_target_that_never_answers_is_known_to_be_dead_though_nobody_waits_for_a_whole_attempt() {
    let options = CircuitOptions::default().failures_to_open(Some(2));
    let circuits = Circuits::new(options.open_for(Duration::from_secs(3600)));
    let test = patient(&circuits);
    for _ in 0..2 {
        let mut waiting = test.waiting();
        test.clock.advance(ms(1000));
        assert!(matches!(poll(&mut waiting), Poll::Ready(Err(_))));
    }
    assert!(!circuits.of(&80).state().is_closed());
    let handles = test.pool.connections();
    let failed: u64 = handles.iter().map(|handle| handle.statistics().failed_attempts).sum();
    assert_eq!(failed, 2);
}

#[test]
fn an_attempt_that_has_had_only_the_rest_of_the_time_has_not_failed() {
    let circuits = Circuits::new(CircuitOptions::default().failures_to_open(Some(1)));
    let test = PoolTest::with(small(1).wait_timeout(Some(ms(1000))), |builder| {
        builder.circuits(circuits.clone())
    });
    let (guard, _peer) = test.fresh();
    let mut waiting = test.waiting();
    test.clock.advance(ms(900));
    guard.discard();
    assert!(poll(&mut waiting).is_pending());
    assert_eq!(test.script.pending(), 1);
    test.clock.advance(ms(100));
    assert!(matches!(poll(&mut waiting), Poll::Ready(Err(_))));
    assert!(circuits.of(&80).state().is_closed());
}

#[test]
fn an_attempt_that_is_dropped_or_has_no_time_at_all_has_not_failed() {
    let circuits = Circuits::new(CircuitOptions::default().failures_to_open(Some(1)));
    let test = patient(&circuits);
    let waiting = test.waiting();
    test.clock.advance(ms(999));
    drop(waiting);
    test.pool.set_options(small(10).wait_timeout(Some(ms(0))));
    assert!(matches!(poll_now(test.pool.checkout()), Poll::Ready(Err(_))));
    assert!(circuits.of(&80).state().is_closed());
}

#[test]
fn who_waits_for_one_that_somebody_else_makes_is_not_told_that_all_are_in_use() {
    let test = PoolTest::new(small(1).wait_timeout(Some(ms(1000))));
    let (_first, mut second) = (test.waiting(), test.waiting());
    test.clock.advance(ms(1000));
    let Poll::Ready(Err(error)) = poll(&mut second) else { panic!("it waits") };
    let text = " within 1s: 0 of 1 are in use, and others are being made";
    assert!(error.to_string().ends_with(text), "{error}");
}
