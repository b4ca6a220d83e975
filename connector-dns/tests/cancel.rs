//! What is left behind: nothing, at whatever stage a call is dropped and however it ends.

use std::time::Duration;

use socketry_connection::Family;
use socketry_resolver::{Answer, LookupFailure};
use socketry_testing::pair;

use super::{Poll, Stage, answer, arrived, assert_pending, failure, poll};

const DELAY: Duration = Duration::from_millis(50);

#[test]
fn a_call_that_is_never_polled_asks_nothing() {
    use socketry_connector::Connect;
    let stage = Stage::new();
    drop(stage.connector.connect(super::host("example.com:80")));
    assert_eq!((stage.resolver.begun(), stage.inner.begun()), (0, 0));
}

#[test]
fn during_the_lookups() {
    let stage = Stage::new();
    let (connecting, v6, v4) = stage.look_up();
    drop(connecting);
    assert!(v6.is_cancelled() && v4.is_cancelled() && stage.is_clean());
    assert_eq!(stage.inner.begun(), 0);
}

#[test]
fn during_the_second_lookup_after_the_first_has_failed_or_was_empty() {
    for fails in [true, false] {
        let stage = Stage::new();
        let (mut connecting, v6, v4) = stage.look_up();
        match fails {
            true => v6.fail(failure(Family::V6, LookupFailure::ServerFailed)),
            false => v6.answer(Answer::default()),
        }
        assert_pending(&mut connecting);
        drop(connecting);
        assert!(v4.is_cancelled() && stage.is_clean());
        assert_eq!(stage.inner.begun(), 0);
    }
}

#[test]
fn in_the_resolution_delay_after_which_ipv4_is_not_dialled() {
    let stage = Stage::new();
    let (mut connecting, v6, v4) = stage.look_up();
    v4.answer(answer(&["192.0.2.1"]));
    assert_pending(&mut connecting);
    assert_eq!(stage.clock.sleeping(), 1);
    drop(connecting);
    assert!(v6.is_cancelled() && stage.is_clean());
    stage.clock.advance(DELAY);
    assert_eq!(stage.inner.begun(), 0);
}

#[test]
fn during_the_connect_while_a_lookup_is_under_way() {
    let stage = Stage::new();
    let (mut connecting, v6, v4) = stage.look_up();
    v6.answer(answer(&["2001:db8::1"]));
    assert_pending(&mut connecting);
    let call = stage.call();
    drop(connecting);
    assert!(call.is_cancelled() && v4.is_cancelled() && stage.is_clean());
}

#[test]
fn during_the_connect_to_a_name() {
    let stage = Stage::new();
    let (mut connecting, v6, v4) = stage.look_up();
    v6.answer(answer(&["2001:db8::1"]));
    v4.answer(answer(&["192.0.2.1"]));
    assert_pending(&mut connecting);
    let call = stage.call();
    drop(connecting);
    assert!(call.is_cancelled() && stage.is_clean());
}

#[test]
fn during_the_connect_to_an_address() {
    let stage = Stage::new();
    let connecting = stage.begin("127.0.0.1:80");
    let call = stage.call();
    drop(connecting);
    assert!(call.is_cancelled() && stage.is_clean());
}

#[test]
fn a_lookup_that_is_over_is_dropped_though_the_call_goes_on() {
    let stage = Stage::new();
    let (mut connecting, v6, _v4) = stage.look_up();
    v6.answer(answer(&["2001:db8::1"]));
    assert_pending(&mut connecting);
    assert_eq!(stage.resolver.pending(), 1);
}

#[test]
fn nothing_is_left_however_a_call_ends() {
    // An answer or a failure of each family, and a success or a failure of the connect.
    for (v6_found, v4_found, connects) in [
        (false, false, false),
        (true, false, false),
        (true, false, true),
        (false, true, false),
        (false, true, true),
        (true, true, false),
        (true, true, true),
    ] {
        let stage = Stage::new();
        let (peer, _other) = pair();
        match connects {
            true => stage.inner.succeed_next(peer),
            false => stage.inner.fail_next(std::io::ErrorKind::ConnectionRefused.into()),
        }
        let (mut connecting, v6, v4) = stage.look_up();
        match v4_found {
            true => v4.answer(answer(&["192.0.2.1"])),
            false => v4.fail(failure(Family::V4, LookupFailure::NoSuchName)),
        }
        assert_pending(&mut connecting);
        match v6_found {
            true => v6.answer(answer(&["2001:db8::1"])),
            false => v6.fail(failure(Family::V6, LookupFailure::NoSuchName)),
        }
        let Poll::Ready(result) = poll(&mut connecting) else { panic!("the call is not ready") };
        assert_eq!(result.is_ok(), connects);
        assert!(stage.is_clean()); // while the future is still there
    }
}

#[test]
fn several_calls_of_one_connector_do_not_touch_each_other() {
    let stage = Stage::new();
    let (first, first_v6, _first_v4) = stage.look_up();
    let (mut second, second_v6, _second_v4) = stage.look_up();
    drop(first);
    assert!(first_v6.is_cancelled() && !second_v6.is_cancelled());
    second_v6.answer(answer(&["2001:db8::1"]));
    assert_pending(&mut second);
    assert_eq!(arrived(&mut stage.call()), ["[2001:db8::1]:80"]);
}
