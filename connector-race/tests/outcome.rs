//! How calls end: the winner with what failed before, or the error with all that failed.

use std::{
    io::{self, ErrorKind},
    time::Duration,
};

use socketry_connection::{Connection, os_error};
use socketry_connector::{AllAttemptsFailed, Attempt, Attempts, ConnectFailed, Phase};

use crate::rig::{DELAY, MS, Rig, fed, host, list, refused};

fn payload(error: &io::Error) -> &AllAttemptsFailed {
    error.get_ref().unwrap().downcast_ref().unwrap()
}

fn attempts(error: &io::Error) -> Vec<String> {
    payload(error).attempts().iter().map(Attempt::to_string).collect()
}

#[test]
fn the_first_connection_wins_whoever_was_dialled_first() {
    let rig = Rig::new();
    let mut racing = rig.race(list(&["[::1]:80", "127.0.0.1:80"]));
    racing.pass(DELAY);
    let mut calls = rig.calls();
    let _peer = racing.accept(calls.remove(1));
    assert!(racing.result().is_ok());
}

#[test]
fn of_two_that_connect_at_the_same_time_the_one_that_was_dialled_first_wins() {
    let rig = Rig::new();
    let mut racing = rig.race(list(&["[::1]:80", "127.0.0.1:80"]));
    racing.pass(DELAY);
    let mut calls = rig.calls();
    let (first, _first_peer) = socketry_testing::pair_between(
        "tcp://[::2]:1".parse().unwrap(),
        "tcp://[::1]:80".parse().unwrap(),
    );
    calls.remove(0).succeed(first);
    let _peer = racing.accept(calls.remove(0));
    let remote = racing.connection().remote_address();
    assert_eq!(remote.unwrap().to_string(), "tcp://[::1]:80");
}

#[test]
fn of_two_later_ones_that_connect_at_the_same_time_the_one_that_was_dialled_first_wins() {
    let rig = Rig::new();
    let mut racing = rig.race(list(&["[::1]:80", "[::2]:80", "[::3]:80"]));
    racing.pass(DELAY);
    racing.pass(DELAY);
    let mut calls = rig.calls();
    let (second, _second_peer) = socketry_testing::pair_between(
        "tcp://[::9]:1".parse().unwrap(),
        "tcp://[::2]:80".parse().unwrap(),
    );
    calls.remove(1).succeed(second);
    let _peer = racing.accept(calls.remove(1));
    let remote = racing.connection().remote_address();
    assert_eq!(remote.unwrap().to_string(), "tcp://[::2]:80");
}

#[test]
fn a_connection_at_the_first_attempt_has_no_failed_attempts() {
    let rig = Rig::new();
    let mut racing = rig.race(host(&["127.0.0.1:80"]));
    let _peer = racing.accept(rig.call());
    assert!(racing.connection().attributes().get::<Attempts>().is_none());
}

#[test]
fn a_connection_after_failed_attempts_knows_them() {
    let rig = Rig::new();
    let mut racing = rig.race(host(&["[::1]:80", "127.0.0.1:80", "[::2]:80"]));
    racing.pass(DELAY);
    let mut calls = rig.calls();
    racing.refuse(calls.remove(1));
    let _peer = racing.accept(calls.remove(0));
    let connection = racing.connection();
    let failed: Vec<_> =
        connection.attributes().get::<Attempts>().unwrap().iter().map(Attempt::to_string).collect();
    assert_eq!(failed, ["tcp://127.0.0.1:80: Connection refused (os error 111)"]);
}

#[test]
fn when_all_fail_the_error_has_the_host_and_every_attempt_in_the_order_in_which_they_ended() {
    let rig = Rig::new();
    let mut racing = rig.race(host(&["[::1]:80", "127.0.0.1:80"]));
    racing.pass(DELAY);
    let mut calls = rig.calls();
    racing.pass(50 * MS);
    racing.refuse(calls.remove(1));
    racing.pass(50 * MS);
    calls.remove(0).fail(io::Error::from_raw_os_error(101));
    racing.poll();
    let error = racing.error();
    assert_eq!((error.kind(), os_error(&error)), (ErrorKind::ConnectionRefused, Some(111)));
    assert_eq!(payload(&error).host().map(ToString::to_string).as_deref(), Some("example.org:80"));
    assert_eq!(
        attempts(&error),
        [
            "tcp://127.0.0.1:80: Connection refused (os error 111)",
            "tcp://[::1]:80: Network is unreachable (os error 101)"
        ]
    );
    let elapsed: Vec<_> = payload(&error).attempts().iter().map(Attempt::elapsed).collect();
    assert_eq!(elapsed, [50 * MS, DELAY + 100 * MS]);
}

#[test]
fn what_fails_alike_at_every_address_is_told_once() {
    let rig = Rig::new();
    let mut racing = rig.race(host(&["[::1]:80", "127.0.0.1:80"]));
    racing.refuse(rig.call());
    racing.refuse(rig.call());
    assert_eq!(
        racing.error().to_string(),
        "connection to tcp://example.org:80 failed: Connection refused (os error 111) \
         (tcp://[::1]:80, tcp://127.0.0.1:80)"
    );
}

#[test]
fn an_attempt_is_kept_as_its_connector_tells_it() {
    let rig = Rig::new();
    let mut racing = rig.race(host(&["[::1]:80", "127.0.0.1:80"]));
    let bind = Attempt::new(
        "tcp://[::1]:80".parse().unwrap(),
        Phase::Bind,
        io::Error::from_raw_os_error(99),
        7 * MS,
    );
    rig.call().fail(ConnectFailed::from(bind).into());
    racing.poll();
    racing.refuse(rig.call());
    let error = racing.error();
    let first = payload(&error).attempts().iter().next().unwrap();
    assert_eq!((first.phase(), first.elapsed()), (Phase::Bind, 7 * MS));
}

#[test]
fn the_only_address_of_a_host_is_told_with_the_host_and_its_time() {
    let rig = Rig::new();
    let mut racing = rig.race(host(&["127.0.0.1:80"]));
    let call = rig.call();
    racing.pass(30 * MS);
    racing.refuse(call);
    let error = racing.error();
    assert_eq!(
        error.to_string(),
        "connection to tcp://example.org:80 failed: \
         tcp://127.0.0.1:80: Connection refused (os error 111)"
    );
    let elapsed = payload(&error).attempts().iter().map(Attempt::elapsed).sum::<Duration>();
    assert_eq!(elapsed, 30 * MS);
}

#[test]
fn the_error_of_a_literal_is_handed_on_unchanged() {
    for waits in [false, true] {
        let rig = Rig::new();
        let error = io::Error::new(ErrorKind::HostUnreachable, "of its own kind");
        let mut racing = if waits {
            let mut racing = rig.race(list(&["127.0.0.1:80"]));
            rig.call().fail(error);
            racing.poll();
            racing
        } else {
            rig.handle.fail_next(error);
            rig.race(list(&["127.0.0.1:80"]))
        };
        let error = racing.error();
        assert_eq!(error.kind(), ErrorKind::HostUnreachable);
        assert_eq!(error.to_string(), "of its own kind");
        assert!(error.get_ref().unwrap().downcast_ref::<AllAttemptsFailed>().is_none());
    }
}

#[test]
fn several_addresses_without_a_host_are_all_told() {
    let rig = Rig::new();
    let mut racing = rig.race(list(&["[::1]:80", "127.0.0.1:80"]));
    racing.refuse(rig.call());
    racing.refuse(rig.call());
    let error = racing.error();
    assert_eq!((payload(&error).host(), payload(&error).attempts().len()), (None, 2));
}

#[test]
fn bad_input_at_every_address_is_handed_on_unchanged() {
    let rig = Rig::new();
    for text in ["first", "second"] {
        rig.handle.fail_next(io::Error::new(ErrorKind::InvalidInput, text));
    }
    let mut racing = rig.race(host(&["[::1]:0", "127.0.0.1:0"]));
    assert_eq!(racing.error().to_string(), "first");
}

#[test]
fn bad_input_at_one_address_hides_neither_another_that_works_nor_one_that_fails() {
    let rig = Rig::new();
    rig.handle.fail_next(io::Error::new(ErrorKind::InvalidInput, "no zone"));
    let mut racing = rig.race(host(&["[fe80::1]:80", "127.0.0.1:80"]));
    let _peer = racing.accept(rig.call());
    assert_eq!(racing.connection().attributes().get::<Attempts>().map(Attempts::len), Some(1));

    rig.handle.fail_next(io::Error::new(ErrorKind::InvalidInput, "no zone"));
    let mut racing = rig.race(host(&["[fe80::1]:80", "127.0.0.1:80"]));
    racing.refuse(rig.call());
    let error = racing.error();
    assert_eq!(error.kind(), ErrorKind::ConnectionRefused);
    assert_eq!(
        attempts(&error),
        [
            "tcp://[fe80::1]:80 during socket: no zone",
            "tcp://127.0.0.1:80: Connection refused (os error 111)"
        ]
    );
}

#[test]
fn without_any_address_the_error_says_so() {
    let ended = fed(&[]).1;
    for (candidates, connection) in
        [(host(&[]), "connection to tcp://example.org:80"), (ended, "connection")]
    {
        let error = Rig::new().race(candidates).error();
        assert_eq!(error.kind(), ErrorKind::AddrNotAvailable);
        assert_eq!(error.to_string(), format!("{connection} failed: it has no address to try"));
    }
}

#[test]
fn an_error_number_is_found_below_all_that_is_told() {
    let rig = Rig::new();
    let mut racing = rig.race(host(&["127.0.0.1:80"]));
    rig.call().fail(refused());
    racing.poll();
    assert_eq!(os_error(&racing.error()), Some(111));
}
