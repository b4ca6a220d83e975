//! What an observer hears.

use std::sync::Mutex;

use socketry_connection::Family;
use socketry_connector::{Connect, Event, EventKind, Observe, Trace};
use socketry_resolver::LookupFailure;

use super::{Connecting, Stage, answer, assert_pending, failure, host, poll};

/// Hears the lines of a trace.
#[derive(Default)]
struct Log(Mutex<Vec<String>>);

impl Log {
    fn take(&self) -> Vec<String> {
        std::mem::take(&mut self.0.lock().unwrap())
    }
}

impl Observe for Log {
    fn observe(&self, event: &Event<'_>) {
        self.0.lock().unwrap().push(event.to_string());
    }
}

fn begin<'a>(stage: &'a Stage, target: &str, log: &'a Log) -> Connecting<'a> {
    let mut connecting: Connecting<'a> =
        Box::pin(stage.connector.connect_traced(host(target), Trace::to(log)));
    assert!(poll(&mut connecting).is_pending());
    connecting
}

#[test]
fn each_lookup_is_told_when_it_begins_and_when_it_ends_and_the_connect_after_it() {
    let (stage, log) = (Stage::new(), Log::default());
    let mut connecting = begin(&stage, "example.com:80", &log);
    assert_eq!(
        log.take(),
        ["looking up IPv6 addresses of example.com", "looking up IPv4 addresses of example.com"]
    );
    let v6 = stage.resolver.try_next_lookup().unwrap();
    let v4 = stage.resolver.try_next_lookup().unwrap();
    v6.answer(answer(&["2001:db8::1"]));
    assert_pending(&mut connecting);
    assert_eq!(log.take(), ["example.com has 1 IPv6 address"]);

    let remote = "tcp://[2001:db8::1]:80".parse().unwrap();
    let call = stage.call();
    call.tell(move |trace| trace.tell(|| EventKind::attempt_started(&remote, None)));
    v4.fail(failure(Family::V4, LookupFailure::NoSuchName));
    assert_pending(&mut connecting);
    assert_eq!(
        log.take(),
        [
            "no IPv4 addresses of example.com: \
             lookup of example.com (IPv4) failed: there is no such name (NXDOMAIN)",
            "trying tcp://[2001:db8::1]:80"
        ]
    );
}

#[test]
fn a_name_that_is_known_is_not_told_to_whoever_wants_only_what_waits() {
    let (stage, log) = (Stage::new(), Log::default());
    stage.resolver.succeed_next(answer(&["2001:db8::1"]));
    stage.resolver.succeed_next(answer(&["192.0.2.1"]));
    let trace = Trace::off().through(&log);
    let connecting = stage.connector.connect_traced(host("example.com:80"), trace);
    let mut connecting: Connecting<'_> = Box::pin(connecting);
    assert_pending(&mut connecting);
    assert_eq!(log.take(), [""; 0]);
}

#[test]
fn a_lookup_is_told_as_the_resolver_has_answered_it() {
    struct Found(Mutex<Vec<String>>);
    impl Observe for Found {
        fn observe(&self, event: &Event<'_>) {
            if let EventKind::LookupEnded { result: Ok(addresses), .. } = event.kind() {
                self.0.lock().unwrap().extend(addresses.iter().map(ToString::to_string));
            }
        }
    }
    let (stage, found) = (Stage::new(), Found(Mutex::default()));
    stage.resolver.succeed_next(answer(&["2001:db8::2", "2001:db8::1"]));
    let connecting = stage.connector.connect_traced(host("example.com:80"), Trace::to(&found));
    let mut connecting: Connecting<'_> = Box::pin(connecting);
    assert_pending(&mut connecting);
    assert_eq!(*found.0.lock().unwrap(), ["[2001:db8::2]:0", "[2001:db8::1]:0"]);
}

#[test]
fn of_an_address_and_of_localhost_no_lookup_is_told_but_the_trace_is_handed_on() {
    for target in ["127.0.0.1:80", "localhost:80"] {
        let (stage, log) = (Stage::new(), Log::default());
        let mut connecting = begin(&stage, target, &log);
        let remote = "tcp://127.0.0.1:80".parse().unwrap();
        stage.call().tell(move |trace| trace.tell(|| EventKind::attempt_started(&remote, None)));
        let _ended = poll(&mut connecting);
        assert_eq!(log.take(), ["trying tcp://127.0.0.1:80"]);
    }
}

#[test]
fn the_trace_is_handed_on_if_all_is_known_before_the_connect_begins() {
    let (stage, log) = (Stage::new(), Log::default());
    stage.resolver.succeed_next(answer(&["2001:db8::1"]));
    stage.resolver.succeed_next(answer(&["192.0.2.1"]));
    let mut connecting = begin(&stage, "example.com:80", &log);
    log.take();
    let remote = "tcp://[2001:db8::1]:80".parse().unwrap();
    let call = stage.call();
    call.tell(move |trace| trace.tell(|| EventKind::attempt_won(&remote)));
    assert_pending(&mut connecting);
    assert_eq!(log.take(), ["connected to tcp://[2001:db8::1]:80"]);
}

#[test]
fn a_lookup_that_is_given_up_is_not_told_to_end() {
    let (stage, log) = (Stage::new(), Log::default());
    drop(begin(&stage, "example.com:80", &log));
    assert_eq!(log.take().len(), 2);
}
