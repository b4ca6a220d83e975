//! Dropping a call at each of its stages frees everything at once.

use socketry_connector::{EventKind, Observe, Trace};
use socketry_testing::CountingWaker;

use crate::rig::{DELAY, MS, Rig, fed, list, push};

#[test]
fn dropped_before_an_address_has_arrived_it_leaves_nothing() {
    let rig = Rig::new();
    let (feed, candidates) = fed(&[]);
    rig.race(candidates).cancel();
    push(&feed, &["127.0.0.1:80"]);
    assert_eq!(rig.handle.begun(), 0);
    rig.assert_nothing_left();
}

#[test]
fn dropped_during_the_only_attempt_it_leaves_nothing() {
    let rig = Rig::new();
    let mut racing = rig.race(list(&["127.0.0.1:80"]));
    let call = rig.call();
    racing.cancel();
    assert!(call.is_cancelled());
    rig.assert_nothing_left();
}

#[test]
fn dropped_during_the_first_attempt_of_several_it_leaves_nothing() {
    let rig = Rig::new();
    let mut racing = rig.race(list(&["[::1]:80", "127.0.0.1:80"]));
    assert_eq!((rig.handle.pending(), rig.clock.sleeping()), (1, 1));
    racing.cancel();
    rig.assert_nothing_left();
}

#[test]
fn dropped_during_several_attempts_it_leaves_nothing() {
    let rig = Rig::with(|connector| connector.attempt_timeout(4 * DELAY));
    let mut racing = rig.race(list(&["[::1]:80", "[::2]:80", "[::3]:80", "[::4]:80"]));
    racing.pass(DELAY);
    racing.pass(DELAY);
    assert_eq!((rig.handle.pending(), rig.clock.sleeping()), (3, 4));
    racing.cancel();
    rig.assert_nothing_left();
}

#[test]
fn dropped_when_all_have_failed_and_more_may_come_it_leaves_nothing() {
    let rig = Rig::new();
    let (_feed, candidates) = fed(&["[::1]:80"]);
    let mut racing = rig.race(candidates);
    racing.refuse(rig.call());
    racing.cancel();
    rig.assert_nothing_left();
}

#[test]
fn losers_and_timers_are_gone_before_the_winner_is_handed_out() {
    let rig = Rig::with(|connector| connector.attempt_timeout(4 * DELAY));
    let mut racing = rig.race(list(&["[::1]:80", "[::2]:80", "[::3]:80", "[::4]:80"]));
    racing.pass(DELAY);
    racing.pass(DELAY);
    let mut calls = rig.calls();
    let _peer = racing.accept(calls.remove(1));
    assert!(!racing.is_pending() && calls.iter().all(|call| call.is_cancelled()));
    rig.assert_nothing_left(); // and the future still lives
}

#[test]
fn attempts_and_timers_are_gone_before_the_error_is_handed_out() {
    let rig = Rig::with(|connector| connector.attempt_timeout(100 * MS));
    let mut racing = rig.race(list(&["[::1]:80"]));
    let _silent = rig.call();
    racing.pass(100 * MS);
    assert!(!racing.is_pending());
    rig.assert_nothing_left();
}

/// Hears nothing, and holds something that must not be needed any more.
struct Deaf;

impl Observe for Deaf {
    fn observe(&self, event: &socketry_connector::Event<'_>) {
        assert!(!matches!(event.kind(), EventKind::AttemptFailed(_)), "given up is not failed");
    }
}

#[test]
fn attempts_that_are_given_up_are_not_told_to_have_failed() {
    let rig = Rig::new();
    let mut racing = rig.race_traced(list(&["[::1]:80", "[::2]:80"]), Trace::to(&Deaf));
    racing.pass(DELAY);
    let mut calls = rig.calls();
    let _peer = racing.accept(calls.remove(1));
    assert!(racing.result().is_ok());
}

#[test]
fn whatever_it_waits_for_wakes_its_task() {
    use socketry_connector::Connect;
    let rig = Rig::new();
    let (feed, candidates) = fed(&["[::1]:80"]);
    let waker = CountingWaker::new();
    let mut racing = Box::pin(rig.connector.connect(candidates));
    let mut poll = || racing.as_mut().poll(&mut waker.context()).is_ready();
    assert!(!poll());
    push(&feed, &["[::2]:80"]); // an address
    assert_eq!(waker.take(), 1);
    assert!(!poll());
    rig.clock.advance(DELAY); // the delay
    assert_eq!(waker.take(), 1);
    assert!(!poll());
    let mut calls = rig.calls();
    calls.remove(1).fail(crate::rig::refused()); // an attempt
    assert_eq!(waker.take(), 1);
    assert!(!poll());
    drop(feed); // the end of the addresses
    assert_eq!(waker.take(), 1);
    assert!(!poll());
    calls.remove(0).fail(crate::rig::refused()); // the first attempt
    assert_eq!(waker.take(), 1);
    assert!(poll());
}
