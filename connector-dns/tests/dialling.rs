//! What is asked, and what is dialled when.

use std::{future::poll_fn, io, time::Duration};

use futures_lite::future::{block_on, zip};
use socketry_connection::{BoxConnection, Family};
use socketry_connector::{Candidates, Connect, Trace};
use socketry_connector_dns::DnsConnector;
use socketry_resolver::{Answer, LookupFailure};
use socketry_testing::{CountingWaker, pair, scripted_resolver};

use super::{
    Poll, Stage, answer, arrived, assert_pending, failure, has_ended, host, poll, refuse_all,
};

const DELAY: Duration = Duration::from_millis(50);
const INSTANT: Duration = Duration::from_nanos(1);

/// One to three addresses of each family: those of a family are equally good by any rule.
const SIZES: [(usize, usize); 9] =
    [(1, 1), (1, 2), (1, 3), (2, 1), (2, 2), (2, 3), (3, 1), (3, 2), (3, 3)];
const V6: [&str; 3] = ["2001:db8::1", "2001:db8::2", "2001:db8::3"];
const V4: [&str; 3] = ["192.0.2.1", "192.0.2.2", "192.0.2.3"];

fn with_port(ips: &[&str]) -> Vec<String> {
    let is_v6 = |ip: &str| ip.contains(':');
    ips.iter().map(|ip| if is_v6(ip) { format!("[{ip}]:80") } else { format!("{ip}:80") }).collect()
}

#[test]
fn both_families_are_asked_ipv6_first_and_nothing_else_is_done() {
    let stage = Stage::new();
    let (_connecting, v6, v4) = stage.look_up();
    assert_eq!((v6.name(), v4.name()), ("example.com", "example.com"));
    let told = (stage.resolver.begun(), stage.inner.begun(), stage.clock.sleeping());
    assert_eq!(told, (2, 0, 0));
}

#[test]
fn an_address_is_dialled_with_the_port_and_the_host_of_the_target() {
    for (ips, expected) in [(["1.2.3.4"], "1.2.3.4:80"), (["::1"], "[::1]:80")] {
        let stage = Stage::new();
        let (mut connecting, v6, v4) = stage.look_up();
        v6.answer(answer(&ips));
        v4.answer(answer(&ips));
        assert_pending(&mut connecting);
        let mut call = stage.call();
        assert_eq!(call.target().host(), Some(&host("example.com:80")));
        assert_eq!(arrived(&mut call), [expected]);
        call.succeed(pair().0);
        assert!(matches!(poll(&mut connecting), Poll::Ready(Ok(_))));
        assert_eq!(stage.inner.begun(), 1);
    }
}

#[test]
fn ipv6_that_comes_first_is_dialled_at_once_without_a_timer() {
    let stage = Stage::new();
    let (mut connecting, v6, v4) = stage.look_up();
    v6.answer(answer(&["2001:db8::1"]));
    assert_pending(&mut connecting);
    let mut call = stage.call();
    assert_eq!(arrived(&mut call), ["[2001:db8::1]:80"]);
    assert_eq!((stage.clock.sleeping(), stage.resolver.pending()), (0, 1));
    assert!(call.target().is_settled(Family::V6) && !call.target().is_settled(Family::V4));
    call.succeed(pair().0);
    assert!(matches!(poll(&mut connecting), Poll::Ready(Ok(_))));
    assert!(v4.is_cancelled());
}

#[test]
fn ipv4_that_comes_first_is_held_back_by_one_timer() {
    let stage = Stage::new();
    let (mut connecting, _v6, v4) = stage.look_up();
    v4.answer(answer(&["192.0.2.1"]));
    for _ in 0..3 {
        assert_pending(&mut connecting);
    }
    assert_eq!((stage.inner.begun(), stage.clock.sleeping()), (0, 1));
    assert_eq!(stage.clock.until_next(), Some(DELAY));
}

#[test]
fn ipv4_is_dialled_when_the_delay_is_over_and_ipv6_joins_it_later() {
    let stage = Stage::new();
    let (mut connecting, v6, v4) = stage.look_up();
    v4.answer(answer(&["192.0.2.1"]));
    assert_pending(&mut connecting);
    stage.clock.advance(DELAY - INSTANT);
    assert_pending(&mut connecting);
    assert_eq!(stage.inner.begun(), 0);
    stage.clock.advance(INSTANT);
    assert_pending(&mut connecting);
    let mut call = stage.call();
    assert_eq!(arrived(&mut call), ["192.0.2.1:80"]);
    assert_eq!((stage.clock.sleeping(), has_ended(&mut call)), (0, false));
    v6.answer(answer(&["2001:db8::1"]));
    assert_pending(&mut connecting);
    assert_eq!(arrived(&mut call), ["[2001:db8::1]:80"]);
    assert!(has_ended(&mut call));
}

#[test]
fn ipv6_that_comes_within_the_delay_ends_it_and_goes_first() {
    let stage = Stage::new();
    let (mut connecting, v6, v4) = stage.look_up();
    v4.answer(answer(&["127.0.0.1"]));
    assert_pending(&mut connecting);
    stage.clock.advance(DELAY / 2);
    v6.answer(answer(&["::1"]));
    assert_pending(&mut connecting);
    let mut call = stage.call();
    assert_eq!(arrived(&mut call), ["[::1]:80", "127.0.0.1:80"]);
    assert_eq!((stage.clock.sleeping(), has_ended(&mut call)), (0, true));
}

#[test]
fn ipv6_that_fails_or_is_empty_within_the_delay_ends_it() {
    for fails in [true, false] {
        let stage = Stage::new();
        let (mut connecting, v6, v4) = stage.look_up();
        v4.answer(answer(&["192.0.2.1"]));
        assert_pending(&mut connecting);
        match fails {
            true => v6.fail(failure(Family::V6, LookupFailure::ServerFailed)),
            false => v6.answer(Answer::default()),
        }
        assert_pending(&mut connecting);
        assert_eq!(arrived(&mut stage.call()), ["192.0.2.1:80"]);
        assert_eq!(stage.clock.sleeping(), 0);
    }
}

#[test]
fn ipv4_is_dialled_at_once_if_ipv6_has_failed_or_is_empty_already() {
    for fails in [true, false] {
        let stage = Stage::new();
        let (mut connecting, v6, v4) = stage.look_up();
        match fails {
            true => v6.fail(failure(Family::V6, LookupFailure::ServerFailed)),
            false => v6.answer(Answer::default()),
        }
        assert_pending(&mut connecting);
        assert_eq!(stage.inner.begun(), 0);
        v4.answer(answer(&["192.0.2.1"]));
        assert_pending(&mut connecting);
        assert_eq!(arrived(&mut stage.call()), ["192.0.2.1:80"]);
        assert_eq!(stage.clock.sleeping(), 0);
    }
}

#[test]
fn an_empty_answer_of_ipv4_makes_no_timer() {
    let stage = Stage::new();
    let (mut connecting, v6, v4) = stage.look_up();
    v4.answer(Answer::default());
    assert_pending(&mut connecting);
    assert_eq!((stage.inner.begun(), stage.clock.sleeping()), (0, 0));
    v6.answer(answer(&["2001:db8::1"]));
    assert_pending(&mut connecting);
    assert_eq!(arrived(&mut stage.call()), ["[2001:db8::1]:80"]);
}

#[test]
fn a_failed_lookup_is_no_error_while_the_other_is_under_way() {
    let stage = Stage::new();
    let (mut connecting, v6, _v4) = stage.look_up();
    v6.fail(failure(Family::V6, LookupFailure::NoSuchName));
    assert_pending(&mut connecting);
    let told = (stage.resolver.pending(), stage.inner.begun(), stage.clock.sleeping());
    assert_eq!(told, (1, 0, 0));
}

#[test]
fn only_ipv6_is_dialled_if_ipv4_fails_later() {
    for (count, _) in SIZES {
        let stage = Stage::new();
        let (mut connecting, v6, v4) = stage.look_up();
        v6.answer(answer(&V6[..count]));
        assert_pending(&mut connecting);
        let mut call = stage.call();
        stage.clock.advance(Duration::from_millis(70));
        v4.fail(failure(Family::V4, LookupFailure::ServerFailed));
        assert_pending(&mut connecting);
        assert_eq!(arrived(&mut call), with_port(&V6[..count]));
        assert!(has_ended(&mut call));
    }
}

#[test]
fn ipv4_is_dialled_after_the_delay_if_ipv6_fails_later() {
    for (_, count) in SIZES {
        let stage = Stage::new();
        let (mut connecting, v6, v4) = stage.look_up();
        v4.answer(answer(&V4[..count]));
        assert_pending(&mut connecting);
        stage.clock.advance(DELAY);
        assert_pending(&mut connecting);
        let mut call = stage.call();
        stage.clock.advance(Duration::from_millis(20));
        v6.fail(failure(Family::V6, LookupFailure::ServerFailed));
        assert_pending(&mut connecting);
        assert_eq!(arrived(&mut call), with_port(&V4[..count]));
        assert!(has_ended(&mut call));
    }
}

#[test]
fn what_is_known_together_is_one_list_ipv6_before_ipv4() {
    for (v6_count, v4_count) in SIZES {
        let stage = Stage::new();
        let (mut connecting, v6, v4) = stage.look_up();
        v4.answer(answer(&V4[..v4_count]));
        v6.answer(answer(&V6[..v6_count]));
        assert_pending(&mut connecting);
        let expected = [with_port(&V6[..v6_count]), with_port(&V4[..v4_count])].concat();
        let mut call = stage.call();
        assert_eq!((arrived(&mut call), has_ended(&mut call)), (expected, true));
    }
}

#[test]
fn ipv4_goes_first_if_both_are_known_and_rfc_6724_ranks_the_ipv6_address_below_it() {
    for (ip, v4_first) in [
        ("2001:db8::1", false),
        ("2002:c000:201::1", true), // 6to4
        ("2001::1", true),          // Teredo
        ("fd00::1", true),          // unique local
        ("fec0::1", true),          // site-local
        ("::1", false),
    ] {
        let stage = Stage::new();
        let (mut connecting, v6, v4) = stage.look_up();
        v4.answer(answer(&["192.0.2.1"]));
        assert_pending(&mut connecting);
        v6.answer(answer(&[ip]));
        assert_pending(&mut connecting);
        let first = arrived(&mut stage.call()).remove(0);
        assert_eq!(first == "192.0.2.1:80", v4_first, "{ip}");
    }
}

#[test]
fn an_address_that_is_there_twice_is_handed_on_twice() {
    let stage = Stage::new();
    let (mut connecting, v6, v4) = stage.look_up();
    v6.answer(answer(&["::1", "::1"]));
    v4.answer(answer(&["127.0.0.1", "127.0.0.1"]));
    assert_pending(&mut connecting);
    let expected = with_port(&["::1", "::1", "127.0.0.1", "127.0.0.1"]);
    assert_eq!(arrived(&mut stage.call()), expected);
}

#[test]
fn what_is_found_after_all_known_addresses_have_failed_is_dialled() {
    let stage = Stage::new();
    let (mut connecting, v6, v4) = stage.look_up();
    v6.answer(answer(&["2001:db8::1"]));
    assert_pending(&mut connecting);
    let mut call = stage.call();
    assert_eq!(arrived(&mut call), ["[2001:db8::1]:80"]);
    assert!(!has_ended(&mut call)); // so it waits, having nothing left to try
    v4.answer(answer(&["192.0.2.1"]));
    assert_pending(&mut connecting);
    assert_eq!(arrived(&mut call), ["192.0.2.1:80"]);
    assert!(has_ended(&mut call));
    refuse_all(call, &["[2001:db8::1]:80", "192.0.2.1:80"]);
    assert!(matches!(poll(&mut connecting), Poll::Ready(Err(_))));
}

#[test]
fn the_delay_can_be_another_one() {
    let delay = Duration::from_secs(2);
    let stage = Stage::with(|connector| connector.resolution_delay(delay));
    let (mut connecting, _v6, v4) = stage.look_up();
    v4.answer(answer(&["192.0.2.1"]));
    assert_pending(&mut connecting);
    assert_eq!(stage.clock.until_next(), Some(delay));
}

#[test]
fn without_a_delay_ipv4_is_dialled_at_once_without_a_timer() {
    let stage = Stage::with(|connector| connector.resolution_delay(Duration::ZERO));
    let (mut connecting, _v6, v4) = stage.look_up();
    v4.answer(answer(&["192.0.2.1"]));
    assert_pending(&mut connecting);
    assert_eq!(arrived(&mut stage.call()), ["192.0.2.1:80"]);
    assert_eq!(stage.clock.sleeping(), 0);
}

#[test]
fn an_endless_delay_waits_for_ipv6() {
    let stage = Stage::with(|connector| connector.resolution_delay(Duration::MAX));
    let (mut connecting, v6, v4) = stage.look_up();
    v4.answer(answer(&["192.0.2.1"]));
    assert_pending(&mut connecting);
    stage.clock.advance(Duration::from_secs(3600));
    assert_pending(&mut connecting);
    assert_eq!(stage.inner.begun(), 0);
    v6.fail(io::ErrorKind::TimedOut.into());
    assert_pending(&mut connecting);
    assert_eq!(arrived(&mut stage.call()), ["192.0.2.1:80"]);
}

#[test]
fn answers_and_the_end_of_the_delay_wake_the_call() {
    let stage = Stage::new();
    let waker = CountingWaker::new();
    let mut connecting = Box::pin(stage.connector.connect(host("example.com:80")));
    let mut poll = || connecting.as_mut().poll(&mut waker.context()).is_pending();
    assert!(poll());
    let v6 = stage.resolver.try_next_lookup().unwrap();
    stage.resolver.try_next_lookup().unwrap().answer(answer(&["192.0.2.1"]));
    assert_eq!((waker.take(), poll()), (1, true));
    stage.clock.advance(DELAY);
    assert_eq!((waker.take(), poll()), (1, true));
    v6.answer(answer(&["2001:db8::1"]));
    assert_eq!((waker.take(), poll()), (1, true));
    stage.call().succeed(pair().0);
    assert_eq!((waker.take(), poll()), (1, false));
}

/// Is connected once two addresses have come.
struct AfterTwo;

impl Connect<Candidates> for AfterTwo {
    type Connection = BoxConnection;

    async fn connect_traced(
        &self,
        mut candidates: Candidates,
        _: Trace<'_>,
    ) -> io::Result<BoxConnection> {
        for _ in 0..2 {
            poll_fn(|cx| candidates.poll_next(cx)).await.unwrap();
        }
        Ok(Box::new(pair().0))
    }
}

#[test]
fn a_connector_that_waits_for_the_next_address_gets_it() {
    let (resolver, handle) = scripted_resolver();
    let connector = DnsConnector::new(AfterTwo, resolver);
    let answering = async {
        handle.next_lookup().await.answer(answer(&["2001:db8::1"]));
        let v4 = handle.next_lookup().await;
        futures_lite::future::yield_now().await;
        v4.answer(answer(&["192.0.2.1"]));
    };
    let (result, ()) = block_on(zip(connector.connect(host("example.com:80")), answering));
    assert!(result.is_ok());
}
