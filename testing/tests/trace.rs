//! The trace of one call.

use std::{
    net::{IpAddr, Ipv4Addr, SocketAddr},
    sync::Mutex,
    time::Instant,
};

use futures_lite::future::{block_on, zip};
use socketry_connection::Address;
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
