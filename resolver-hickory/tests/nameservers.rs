//! Which nameserver is asked when, and for how long.

use std::{
    future::Future,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use futures_lite::future::{self, block_on, poll_once};
use hickory_resolver::proto::op::ResponseCode;
use socketry_resolver::{Answer, Family, LookupFailure, Resolve};
use socketry_resolver_hickory::{HickoryBuilder, HickoryResolver, Nameserver};
use socketry_testing::ManualClock;

use crate::support::{Reply, Server, failure_of, found, nobody, v4};

const SECOND: Duration = Duration::from_secs(1);
const MILLISECOND: Duration = Duration::from_millis(1);

fn builder(
    nameservers: impl IntoIterator<Item = Nameserver>,
    clock: &ManualClock,
) -> HickoryBuilder {
    HickoryResolver::builder()
        .nameservers(nameservers)
        .use_hosts(false)
        .with_clock(Arc::new(clock.clone()))
}

type Lookup<'a> = Pin<Box<dyn Future<Output = std::io::Result<Answer>> + Send + 'a>>;

fn begin<'a>(resolver: &'a HickoryResolver, name: &'a str) -> Lookup<'a> {
    Box::pin(resolver.resolve(name, Family::V4))
}

fn answering(ip: &'static str) -> Server {
    Server::new(move |question| question.addresses(&[ip]))
}

#[test]
fn the_next_nameserver_is_asked_a_second_after_one_that_keeps_silent() {
    let (silent, other, clock) = (Server::silent(), answering("192.0.2.2"), ManualClock::new());
    let resolver = builder([silent.over_udp(), other.over_udp()], &clock).build().unwrap();
    block_on(async {
        let mut lookup = begin(&resolver, "a.example");
        silent.is_asked_by(&mut lookup).await;
        clock.advance(SECOND - MILLISECOND);
        assert!(poll_once(&mut lookup).await.is_none());
        assert_eq!(clock.until_next(), Some(MILLISECOND));
        assert_eq!(other.asked().len(), 0);
        clock.advance(MILLISECOND);
        assert_eq!(found(lookup.await), ["192.0.2.2"]);
    });
    assert_eq!(clock.sleeping(), 0);
}

#[test]
fn a_short_try_gives_the_next_nameserver_a_third_of_it() {
    let (silent, other, clock) = (Server::silent(), answering("192.0.2.2"), ManualClock::new());
    let resolver = builder([silent.over_udp(), other.over_udp()], &clock)
        .try_timeout(Duration::from_millis(600))
        .build()
        .unwrap();
    block_on(async {
        let mut lookup = begin(&resolver, "a.example");
        silent.is_asked_by(&mut lookup).await;
        assert_eq!(clock.until_next(), Some(Duration::from_millis(200)));
    });
}

#[test]
fn an_answer_that_comes_after_the_next_one_was_asked_still_counts() {
    let (ask, asked) = smol::channel::bounded::<()>(1);
    let late = Server::new(move |question| {
        asked.recv_blocking().unwrap(); // until the other one was asked
        question.addresses(&["192.0.2.1"])
    });
    let (silent, clock) = (Server::silent(), ManualClock::new());
    let resolver = builder([late.over_udp(), silent.over_udp()], &clock).build().unwrap();
    block_on(async {
        let mut lookup = begin(&resolver, "a.example");
        assert!(poll_once(&mut lookup).await.is_none());
        clock.advance(SECOND);
        silent.is_asked_by(&mut lookup).await;
        ask.send(()).await.unwrap();
        assert_eq!(found(lookup.await), ["192.0.2.1"]);
        drop(ask);
    });
}

#[test]
fn one_that_fails_refuses_or_is_not_there_makes_the_next_one_be_asked_at_once() {
    let clock = ManualClock::new();
    let failed = Server::new(|question| question.code(ResponseCode::ServFail));
    let refused = Server::new(|question| question.code(ResponseCode::Refused));
    let (_socket, nobody) = nobody();
    let other = answering("192.0.2.2");
    let resolver = builder(
        [
            failed.over_udp(),
            refused.over_udp(),
            Nameserver::udp(nobody),
            Nameserver::tcp(nobody),
            other.over_udp(),
        ],
        &clock,
    );
    assert_eq!(v4(&resolver.build().unwrap(), "a.example"), ["192.0.2.2"]);
}

#[test]
fn one_that_fails_while_another_is_silent_makes_the_next_one_be_asked_at_once() {
    let (silent, clock) = (Server::silent(), ManualClock::new());
    let failed = Server::new(|question| question.code(ResponseCode::ServFail));
    let other = answering("192.0.2.2");
    let nameservers = [silent.over_udp(), failed.over_udp(), other.over_udp()];
    let resolver = builder(nameservers, &clock).build().unwrap();
    block_on(async {
        let mut lookup = begin(&resolver, "a.example");
        silent.is_asked_by(&mut lookup).await;
        clock.advance(SECOND);
        assert_eq!(found(lookup.await), ["192.0.2.2"]);
    });
}

#[test]
fn that_there_is_no_such_name_is_an_answer_and_nobody_else_is_asked() {
    let (first, second) =
        (Server::new(|question| question.no(ResponseCode::NXDomain, 60)), answering("192.0.2.2"));
    let resolver = crate::support::resolver([first.over_udp(), second.over_udp()]);
    assert_eq!(crate::support::failure(&resolver, "a.example"), LookupFailure::NoSuchName);
    assert_eq!(second.asked().len(), 0);
}

#[test]
fn who_answers_while_the_first_is_silent_is_asked_first_for_half_a_minute() {
    let (silent, other, clock) = (Server::silent(), answering("192.0.2.2"), ManualClock::new());
    let resolver = builder([silent.over_udp(), other.over_udp()], &clock).build().unwrap();
    block_on(async {
        let mut lookup = begin(&resolver, "a.example");
        silent.is_asked_by(&mut lookup).await;
        clock.advance(SECOND);
        lookup.await.unwrap();
        assert_eq!(found(begin(&resolver, "b.example").await), ["192.0.2.2"]);
        clock.advance(30 * SECOND);
        let mut lookup = begin(&resolver, "c.example");
        let first_again = async {
            while !silent.names().contains(&"c.example.".to_string()) {
                silent.is_asked().await;
            }
        };
        let ended = async {
            let _ = (&mut lookup).await;
            panic!("the preferred one was asked first")
        };
        future::or(first_again, ended).await;
    });
    assert!(!silent.names().contains(&"b.example.".to_string()));
}

#[test]
fn one_that_keeps_silent_is_asked_twice_for_five_seconds_each() {
    let (silent, clock) = (Server::silent(), ManualClock::new());
    let resolver = builder([silent.over_udp()], &clock).build().unwrap();
    let error = block_on(async {
        let mut lookup = begin(&resolver, "a.example");
        assert!(poll_once(&mut lookup).await.is_none());
        for _ in 0..2 {
            clock.advance(5 * SECOND - MILLISECOND);
            assert!(poll_once(&mut lookup).await.is_none());
            assert_eq!(clock.until_next(), Some(MILLISECOND));
            clock.advance(MILLISECOND);
            if let Some(result) = poll_once(&mut lookup).await {
                return result.unwrap_err();
            }
        }
        panic!("it was asked three times");
    });
    assert_eq!(failure_of(&error), LookupFailure::TimedOut);
    assert_eq!(
        error.to_string(),
        format!(
            "lookup of a.example (IPv4) failed: no nameserver answered in time: udp://{}: \
             no answer in time",
            silent.address()
        )
    );
    assert_eq!(clock.sleeping(), 0);
}

#[test]
fn a_question_is_repeated_twice_over_the_same_socket() {
    let (silent, clock) = (Server::silent(), ManualClock::new());
    let resolver = builder([silent.over_udp()], &clock).build().unwrap();
    block_on(async {
        let mut lookup = begin(&resolver, "a.example");
        silent.is_asked_by(&mut lookup).await;
        for _ in 0..2 {
            clock.advance(333 * MILLISECOND);
            silent.is_asked_by(&mut lookup).await;
        }
        clock.advance(4 * SECOND); // and not a third time
        assert!(poll_once(&mut lookup).await.is_none());
    });
    let clients: Vec<_> = silent.asked().iter().map(|question| question.client).collect();
    assert_eq!(clients, [clients[0]; 3]);
}

#[test]
fn a_question_that_was_lost_is_answered_when_it_is_repeated() {
    let lost = AtomicBool::new(false);
    let server = Server::new(move |question| match lost.swap(true, Ordering::SeqCst) {
        false => Reply::Silence,
        true => question.addresses(&["192.0.2.1"]).into(),
    });
    let clock = ManualClock::new();
    let resolver = builder([server.over_udp()], &clock).build().unwrap();
    block_on(async {
        let mut lookup = begin(&resolver, "a.example");
        server.is_asked_by(&mut lookup).await;
        clock.advance(333 * MILLISECOND);
        assert_eq!(found(lookup.await), ["192.0.2.1"]);
    });
}

#[test]
fn one_that_has_failed_is_not_asked_again_while_a_silent_one_is() {
    let failed = Server::new(|question| question.code(ResponseCode::ServFail));
    let (silent, clock) = (Server::silent(), ManualClock::new());
    let resolver = builder([failed.over_udp(), silent.over_udp()], &clock).attempts(3).build();
    let resolver = resolver.unwrap();
    let error = block_on(async {
        let mut lookup = begin(&resolver, "a.example");
        silent.is_asked_by(&mut lookup).await;
        loop {
            clock.advance(5 * SECOND);
            if let Some(result) = poll_once(&mut lookup).await {
                return result.unwrap_err();
            }
        }
    });
    assert_eq!(failed.asked().len(), 1);
    assert_eq!(failure_of(&error), LookupFailure::ServerFailed);
}

#[test]
fn the_whole_lookup_ends_at_its_deadline() {
    let (silent, clock) = (Server::silent(), ManualClock::new());
    let resolver = builder([silent.over_udp()], &clock).attempts(99).build().unwrap();
    let error = block_on(async {
        let mut lookup = begin(&resolver, "a.example");
        for _ in 0..3 {
            assert!(poll_once(&mut lookup).await.is_none());
            clock.advance(5 * SECOND);
        }
        lookup.await.unwrap_err()
    });
    assert_eq!(failure_of(&error), LookupFailure::TimedOut);
    let reason = format!("udp://{}; the whole lookup may take 15s", silent.address());
    assert!(error.to_string().ends_with(&reason), "{error}");
}

#[test]
fn a_try_takes_at_most_a_third_of_the_deadline() {
    let (silent, clock) = (Server::silent(), ManualClock::new());
    let resolver =
        builder([silent.over_udp()], &clock).deadline(3 * SECOND).attempts(1).build().unwrap();
    block_on(async {
        let mut lookup = begin(&resolver, "a.example");
        assert!(poll_once(&mut lookup).await.is_none());
        clock.advance(SECOND);
        assert!(poll_once(&mut lookup).await.unwrap().is_err());
    });
}

#[test]
fn a_family_that_gets_no_answer_does_not_hold_up_the_other() {
    let server = Server::new(|question| match question.family() {
        Family::V4 => question.addresses(&["192.0.2.1"]).into(),
        Family::V6 => Reply::Silence,
    });
    let clock = ManualClock::new();
    let resolver = builder([server.over_udp()], &clock).build().unwrap();
    block_on(async {
        let mut v6 = Box::pin(resolver.resolve("a.example", Family::V6));
        server.is_asked_by(&mut v6).await;
        assert_eq!(found(begin(&resolver, "a.example").await), ["192.0.2.1"]);
    });
}

#[test]
fn a_connection_on_which_the_nameserver_keeps_silent_is_not_used_again() {
    let lost = AtomicBool::new(false);
    let server = Server::new(move |question| match question.name().as_str() {
        "b.example." if !lost.swap(true, Ordering::SeqCst) => Reply::Silence,
        _ => question.addresses(&["192.0.2.1"]).into(),
    });
    let clock = ManualClock::new();
    let resolver = builder([server.over_tcp()], &clock).build().unwrap();
    assert_eq!(v4(&resolver, "a.example"), ["192.0.2.1"]);
    block_on(async {
        server.is_asked().await; // for the first
        let mut lookup = begin(&resolver, "b.example");
        server.is_asked_by(&mut lookup).await;
        clock.advance(5 * SECOND);
        assert_eq!(found(lookup.await), ["192.0.2.1"]);
    });
    assert_eq!(server.connections(), 2);
}
