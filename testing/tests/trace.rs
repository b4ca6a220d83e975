//! The trace of one call.

use std::{
    net::{IpAddr, Ipv4Addr, SocketAddr},
    sync::Mutex,
    time::Instant,
};

use futures_lite::future::{block_on, zip};
use socketry_connection::{Address, Family};
use socketry_connector::{Connect, Event, EventKind, Observe, Timings, Trace};
use socketry_testing::{pair, scripted_connector};

/// Keeps what it hears, and hands it on.
#[derive(Default)]
struct Log<'a> {
    heard: Mutex<Vec<(String, Instant)>>,
    next: Trace<'a>,
}

impl Log<'_> {
    fn lines(&self) -> Vec<String> {
        self.heard.lock().unwrap().iter().map(|(line, _)| line.clone()).collect()
    }

    fn times(&self) -> Vec<Instant> {
        self.heard.lock().unwrap().iter().map(|(_, at)| *at).collect()
    }
}

impl Observe for Log<'_> {
    fn observe(&self, event: &Event<'_>) {
        self.heard.lock().unwrap().push((event.to_string(), event.at()));
        self.next.pass(event);
    }
}

static REMOTE: Address = Address::Tcp(SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 80));

#[test]
fn a_trace_that_is_off_does_not_even_ask_what_happened() {
    assert!(!Trace::off().is_on() && !Trace::default().is_on());
    Trace::off().tell(|| unreachable!("nobody listens"));
}

#[test]
fn all_observers_in_a_row_hear_the_same_event_at_the_same_time() {
    let outer = Log::default();
    let inner = Log { next: Trace::to(&outer), ..Log::default() };
    Trace::to(&inner).tell(|| EventKind::attempt_won(&REMOTE));
    assert_eq!(inner.lines(), ["connected to tcp://127.0.0.1:80"]);
    assert_eq!((inner.lines(), inner.times()), (outer.lines(), outer.times()));
}

#[test]
fn what_is_told_in_a_call_reaches_the_callers_trace_in_order() {
    let (connector, handle) = scripted_connector::<u16>();
    let log = Log::default();
    let answer = async {
        let call = handle.next_call().await;
        call.tell(|trace| {
            trace.tell(|| EventKind::attempt_started(&REMOTE, None));
        });
        call.tell(|trace| trace.tell(|| EventKind::attempt_won(&REMOTE)));
        call.succeed(pair().0);
    };
    let (result, ()) = block_on(zip(connector.connect_traced(80, Trace::to(&log)), answer));
    assert!(result.is_ok());
    assert_eq!(log.lines(), ["trying tcp://127.0.0.1:80", "connected to tcp://127.0.0.1:80"]);
}

#[test]
fn timings_measure_the_phases_that_were_heard_and_no_others() {
    let timings = Timings::start();
    let trace = Trace::to(&timings);
    trace.tell(|| EventKind::attempt_started(&REMOTE, None));
    trace.tell(|| EventKind::attempt_won(&REMOTE));
    trace.tell(|| EventKind::handshake_started("example.org"));
    assert!(timings.connect().is_some());
    assert_eq!((timings.lookup(), timings.handshake()), (None, None));
    assert!(timings.to_string().starts_with("connect "), "{timings}");
}

#[test]
fn timings_that_hear_only_of_waits_give_the_attempt_the_time_that_is_left() {
    let timings = Timings::start();
    let trace = Trace::off().through(&timings);
    trace.lookup("known.example", Family::V6).ended(Ok(&[]));
    trace.attempt(&REMOTE, None).won();
    assert_eq!((timings.lookup(), timings.connect(), timings.total()), (None, None, None));
    timings.end();
    assert_eq!((timings.lookup(), timings.connect()), (None, timings.total()));
    assert!(timings.total().is_some());
}

#[test]
fn a_lookup_lasts_until_the_last_answer_before_the_first_attempt_and_what_follows_is_not_connecting()
 {
    let timings = Timings::start();
    let trace = Trace::off().through(&timings);
    let ended = || {
        let mut lookup = trace.lookup("asked.example", Family::V6);
        lookup.waits();
        lookup.ended(Ok(&[]));
        timings.lookup().unwrap()
    };
    let (first, second) = (ended(), ended());
    assert!(first <= second, "the second answer may be the one with addresses");
    trace.attempt(&REMOTE, None).won();
    timings.end();
    assert_eq!((timings.lookup(), timings.connect()), (Some(second), None));
    trace.attempt(&REMOTE, None).waits();
    ended();
    assert_eq!(timings.lookup(), Some(second), "a late answer was not waited for");
}

#[test]
fn the_first_end_of_timings_counts() {
    let timings = Timings::start();
    timings.end();
    let total = timings.total();
    timings.end();
    assert_eq!(timings.total(), total);
}

#[test]
fn a_lookup_is_told_to_whoever_wants_all_and_to_others_when_it_waits_or_fails() {
    let (all, waits) = (Log::default(), Log::default());
    for trace in [Trace::to(&all), Trace::off().through(&waits)] {
        trace.lookup("known.example", Family::V4).ended(Ok(&[]));
        let mut waiting = trace.lookup("asked.example", Family::V4);
        waiting.waits();
        waiting.ended(Ok(&[]));
        let error = std::io::Error::other("no");
        trace.lookup("failed.example", Family::V4).ended(Err(&error));
    }
    let told_to_both = [
        "looking up IPv4 addresses of asked.example",
        "asked.example has 0 IPv4 addresses",
        "looking up IPv4 addresses of failed.example",
        "no IPv4 addresses of failed.example: no",
    ];
    assert_eq!(waits.lines(), told_to_both);
    assert_eq!(all.lines()[2..], told_to_both);
    assert_eq!(all.lines()[1], "known.example has 0 IPv4 addresses");
}
