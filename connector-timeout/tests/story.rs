//! What the error tells: after how long, in which phase, and what had been tried.

use std::{
    io,
    sync::{Arc, Mutex},
    time::Duration,
};

use futures_lite::future::block_on;
use socketry_connection::{Address, Family, os_error};
use socketry_connector::{Attempt, Connect, Event, EventKind, Observe, Phase, Trace};
use socketry_connector_timeout::{TimedOut, TimeoutConnector, TimeoutPhase};
use socketry_testing::Call;

use super::{begin, connector, error, poll};

const SECONDS_3: Duration = Duration::from_secs(3);

/// The error of a call in which the connector inside tells this and then waits until the time is up.
fn expire(after: Duration, tell: impl FnOnce(&Call<u16>)) -> io::Error {
    let (connector, handle, clock) = connector(after);
    let (mut connecting, call) = begin(&connector, &handle);
    tell(&call);
    assert!(poll(&mut connecting).is_pending());
    clock.advance(after);
    error(&mut connecting)
}

fn payload(error: &io::Error) -> &TimedOut {
    error.get_ref().and_then(|payload| payload.downcast_ref()).unwrap()
}

fn address(text: &str) -> Address {
    text.parse().unwrap()
}

fn start(call: &Call<u16>, remote: &str) {
    let remote = address(remote);
    call.tell(move |trace| {
        trace.tell(|| EventKind::attempt_started(&remote, None));
    });
}

fn refuse(call: &Call<u16>, remote: &str) {
    let refused = io::Error::from_raw_os_error(111);
    let attempt = Attempt::new(address(remote), Phase::Connect, refused, Duration::ZERO);
    call.tell(move |trace| trace.tell(|| EventKind::AttemptFailed(&attempt)));
}

fn win(call: &Call<u16>, remote: &str) {
    let remote = address(remote);
    call.tell(move |trace| trace.tell(|| EventKind::attempt_won(&remote)));
}

fn look_up(call: &Call<u16>, name: &'static str, family: Family) {
    call.tell(move |trace| trace.tell(|| EventKind::lookup_started(name, family)));
}

fn answer(call: &Call<u16>, name: &'static str, family: Family) {
    call.tell(move |trace| {
        trace.tell(|| EventKind::lookup_ended(name, family, Ok(&[])));
    });
}

fn shake_hands(call: &Call<u16>, peer_name: &'static str) {
    call.tell(move |trace| trace.tell(|| EventKind::handshake_started(peer_name)));
}

fn end_handshake(call: &Call<u16>, peer_name: &'static str) {
    call.tell(move |trace| {
        trace.tell(|| EventKind::handshake_ended(peer_name, Ok(())));
    });
}

#[test]
fn before_anything_was_heard_only_the_time_is_told() {
    let error = expire(SECONDS_3, |_| ());
    assert_eq!(error.to_string(), "connection timed out after 3s");
    assert_eq!(*payload(&error).phase(), TimeoutPhase::Unknown);
}

#[test]
fn the_time_is_told_in_the_unit_that_people_would_use() {
    for (after, text) in [
        (Duration::from_millis(1), "1ms"),
        (Duration::from_millis(10), "10ms"),
        (Duration::from_millis(2500), "2.5s"),
        (Duration::from_secs(3), "3s"),
        (Duration::from_secs_f64(10.0), "10s"),
        (Duration::from_secs(60), "60s"),
    ] {
        assert_eq!(format!("connection timed out after {text}"), expire(after, |_| ()).to_string());
    }
}

#[test]
fn no_time_at_all_is_told_as_zero_seconds() {
    let (connector, _handle, _clock) = connector(Duration::ZERO);
    let error = block_on(connector.connect(80)).unwrap_err();
    assert_eq!(error.to_string(), "connection timed out after 0s");
}

#[test]
fn during_a_lookup_the_name_is_told() {
    let error = expire(Duration::from_secs(60), |call| {
        look_up(call, "example.com", Family::V6);
        look_up(call, "example.com", Family::V4);
        answer(call, "example.com", Family::V6);
    });
    assert_eq!(
        error.to_string(),
        "connection to example.com timed out after 60s during DNS lookup"
    );
    let TimeoutPhase::Lookup { name } = payload(&error).phase() else {
        panic!("{error:?}");
    };
    assert_eq!(name, "example.com");
}

#[test]
fn a_lookup_that_has_ended_is_not_what_it_was_waiting_for() {
    let error = expire(SECONDS_3, |call| {
        look_up(call, "example.com", Family::V4);
        answer(call, "example.com", Family::V4);
    });
    assert_eq!(error.to_string(), "connection timed out after 3s");
}

#[test]
fn during_a_connect_the_one_address_is_told() {
    let error = expire(SECONDS_3, |call| start(call, "tcp://10.0.0.1:80"));
    assert_eq!(
        error.to_string(),
        "connection to tcp://10.0.0.1:80 timed out after 3s during connect"
    );
    assert_eq!(*payload(&error).phase(), TimeoutPhase::Connect);
    assert_eq!(payload(&error).unanswered(), [address("tcp://10.0.0.1:80")]);
}

#[test]
fn of_several_addresses_each_is_told_with_what_became_of_it() {
    let error = expire(SECONDS_3, |call| {
        start(call, "tcp://[::1]:80");
        start(call, "tcp://10.0.0.1:80");
        refuse(call, "tcp://10.0.0.1:80");
    });
    assert_eq!(
        error.to_string(),
        "connection timed out after 3s during connect \
         (tcp://[::1]:80: no answer; tcp://10.0.0.1:80: Connection refused (os error 111))"
    );
    assert_eq!(payload(&error).unanswered(), [address("tcp://[::1]:80")]);
    assert_eq!(payload(&error).attempts().len(), 1);
}

#[test]
fn addresses_that_all_stay_silent_are_all_told() {
    let error = expire(SECONDS_3, |call| {
        start(call, "tcp://[::1]:80");
        start(call, "tcp://10.0.0.1:80");
        start(call, "tcp://10.0.0.2:80");
    });
    assert_eq!(
        error.to_string(),
        "connection timed out after 3s during connect (tcp://[::1]:80: no answer; \
         tcp://10.0.0.1:80: no answer; tcp://10.0.0.2:80: no answer)"
    );
}

#[test]
fn while_a_connect_is_under_way_a_slower_lookup_is_not_the_phase() {
    let error = expire(SECONDS_3, |call| {
        look_up(call, "example.com", Family::V6);
        look_up(call, "example.com", Family::V4);
        answer(call, "example.com", Family::V4);
        start(call, "tcp://10.0.0.1:80");
    });
    assert_eq!(*payload(&error).phase(), TimeoutPhase::Connect);
}

#[test]
fn a_lookup_that_goes_on_after_a_failed_attempt_is_told_with_it() {
    let error = expire(SECONDS_3, |call| {
        look_up(call, "example.com", Family::V6);
        look_up(call, "example.com", Family::V4);
        answer(call, "example.com", Family::V4);
        start(call, "tcp://10.0.0.1:80");
        refuse(call, "tcp://10.0.0.1:80");
    });
    assert_eq!(
        error.to_string(),
        "connection to example.com timed out after 3s during DNS lookup \
         (tcp://10.0.0.1:80: Connection refused (os error 111))"
    );
}

#[test]
fn between_two_attempts_the_one_that_failed_is_told() {
    let error = expire(SECONDS_3, |call| {
        start(call, "tcp://10.0.0.1:80");
        refuse(call, "tcp://10.0.0.1:80");
    });
    assert_eq!(
        error.to_string(),
        "connection timed out after 3s during connect \
         (tcp://10.0.0.1:80: Connection refused (os error 111))"
    );
}

#[test]
fn during_a_handshake_the_peer_is_told() {
    let error = expire(SECONDS_3, |call| {
        start(call, "tcp://10.0.0.1:443");
        start(call, "tcp://10.0.0.2:443");
        win(call, "tcp://10.0.0.2:443");
        shake_hands(call, "example.com");
    });
    assert_eq!(
        error.to_string(),
        "connection to tls://example.com timed out after 3s during TLS handshake"
    );
    let TimeoutPhase::Handshake { peer_name } = payload(&error).phase() else {
        panic!("{error:?}");
    };
    assert_eq!(peer_name, "example.com");
}

#[test]
fn a_peer_that_goes_by_an_ipv6_address_is_told_in_brackets() {
    let error = expire(SECONDS_3, |call| shake_hands(call, "::1"));
    assert_eq!(
        error.to_string(),
        "connection to tls://[::1] timed out after 3s during TLS handshake"
    );
}

#[test]
fn after_the_connection_came_up_its_address_is_told_and_no_phase() {
    for secured in [false, true] {
        let error = expire(SECONDS_3, |call| {
            start(call, "tcp://10.0.0.1:443");
            win(call, "tcp://10.0.0.1:443");
            if secured {
                shake_hands(call, "example.com");
                end_handshake(call, "example.com");
            }
        });
        assert_eq!(error.to_string(), "connection to tcp://10.0.0.1:443 timed out after 3s");
    }
}

#[test]
fn a_new_try_after_a_connection_that_came_to_nothing_is_what_it_was_waiting_for() {
    let error = expire(SECONDS_3, |call| {
        start(call, "tcp://10.0.0.1:443");
        win(call, "tcp://10.0.0.1:443");
        look_up(call, "example.com", Family::V4);
    });
    assert!(error.to_string().ends_with("during DNS lookup"), "{error}");
    let error = expire(SECONDS_3, |call| {
        start(call, "tcp://10.0.0.1:443");
        win(call, "tcp://10.0.0.1:443");
        start(call, "tcp://10.0.0.2:443");
    });
    assert!(error.to_string().starts_with("connection to tcp://10.0.0.2:443"), "{error}");
}

#[test]
fn a_lookup_that_was_given_up_for_a_connection_is_not_what_it_was_waiting_for_later() {
    let error = expire(SECONDS_3, |call| {
        look_up(call, "example.com", Family::V6);
        start(call, "tcp://10.0.0.1:443");
        win(call, "tcp://10.0.0.1:443");
        start(call, "tcp://10.0.0.2:443");
        refuse(call, "tcp://10.0.0.2:443");
    });
    assert_eq!(*payload(&error).phase(), TimeoutPhase::Connect);
}

#[test]
fn endless_attempts_are_told_up_to_a_limit() {
    let error = expire(SECONDS_3, |call| {
        for _ in 0..1000 {
            start(call, "tcp://10.0.0.1:80");
            refuse(call, "tcp://10.0.0.1:80");
        }
    });
    assert_eq!(payload(&error).attempts().len(), 64);
}

#[test]
fn the_failed_attempts_are_not_its_source() {
    let error = expire(SECONDS_3, |call| refuse(call, "tcp://10.0.0.1:80"));
    assert_eq!(os_error(&error), None);
}

/// Hears the lines of a trace.
#[derive(Default)]
struct Log(Mutex<Vec<String>>);

impl Observe for Log {
    fn observe(&self, event: &Event<'_>) {
        self.0.lock().unwrap().push(event.to_string());
    }
}

#[test]
fn what_is_heard_is_passed_on_through_every_timeout() {
    let (inner, handle, clock) = connector(SECONDS_3);
    let connector = TimeoutConnector::new(inner, SECONDS_3).with_clock(Arc::new(clock));
    let log = Log::default();
    let mut connecting: super::Connecting<'_> =
        Box::pin(connector.connect_traced(80, Trace::to(&log)));
    assert!(poll(&mut connecting).is_pending());
    let call = handle.try_next_call().unwrap();
    start(&call, "tcp://10.0.0.1:80");
    refuse(&call, "tcp://10.0.0.1:80");
    assert!(poll(&mut connecting).is_pending());
    assert_eq!(
        *log.0.lock().unwrap(),
        ["trying tcp://10.0.0.1:80", "tcp://10.0.0.1:80: Connection refused (os error 111)"]
    );
}
