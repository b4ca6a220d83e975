//! One clock around everything that a connect does.

use std::{
    future::Future,
    io,
    net::SocketAddr,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, Waker},
    time::Duration,
};

use socketry::{
    Connector, ConnectorBuilder, HostPort, PeerNamed, Socket, UnixAddress,
    connector::{Attempt, ConnectFailed, EventKind, Phase, TimedOut},
};
use socketry_testing::{ConnectorHandle, ManualClock, pair};

use crate::slots::slot;

const MINUTE: Duration = Duration::from_secs(60);
const SECOND: Duration = Duration::from_secs(1);

type Connecting<'a> = Pin<Box<dyn Future<Output = io::Result<Socket>> + Send + 'a>>;

/// A connector whose every slot is played by the test.
struct Played {
    builder: ConnectorBuilder,
    clock: ManualClock,
    tcp: ConnectorHandle<HostPort>,
    tls: ConnectorHandle<PeerNamed<HostPort>>,
    unix: ConnectorHandle<UnixAddress>,
}

fn played() -> Played {
    let ((hosts, tcp), (peers, tls)) = (slot(), slot());
    let (names, unix) = slot();
    let clock = ManualClock::new();
    let builder = Connector::builder().tcp(hosts).tls(peers).unix(names);
    Played { builder: builder.clock(Arc::new(clock.clone())), clock, tcp, tls, unix }
}

impl Played {
    /// How long a call to `endpoint` may take, once it waits. `None` is for ever.
    fn patience(&self, endpoint: &str) -> Option<Duration> {
        let connector = self.builder.clone().build().unwrap();
        let mut connecting = begin(&connector, endpoint);
        assert!(poll(&mut connecting).is_pending());
        self.clock.until_next()
    }
}

fn begin<'a>(connector: &'a Connector, endpoint: &'a str) -> Connecting<'a> {
    Box::pin(connector.connect(endpoint))
}

/// Polls for a task that is never woken.
fn poll(connecting: &mut Connecting<'_>) -> Poll<io::Result<Socket>> {
    connecting.as_mut().poll(&mut Context::from_waker(Waker::noop()))
}

fn error(connecting: &mut Connecting<'_>) -> io::Error {
    match poll(connecting) {
        Poll::Ready(result) => result.unwrap_err(),
        Poll::Pending => panic!("the call still waits"),
    }
}

#[test]
fn by_default_tcp_and_tls_may_take_60_seconds_and_unix_as_long_as_it_takes() {
    let played = played();
    let patience = ["a:80", "tls://a:443", "unix://a"].map(|endpoint| played.patience(endpoint));
    assert_eq!(patience, [Some(MINUTE), Some(MINUTE), None]);
}

#[test]
fn a_timeout_is_for_tcp_and_tls_and_never_for_unix() {
    let mut played = played();
    played.builder = played.builder.timeout(SECOND);
    let patience = ["a:80", "tls://a:443", "unix://a"].map(|endpoint| played.patience(endpoint));
    assert_eq!(patience, [Some(SECOND), Some(SECOND), None]);
}

#[test]
fn unix_has_a_timeout_of_its_own() {
    let mut played = played();
    played.builder = played.builder.timeout(None).unix_timeout(SECOND);
    let patience = ["a:80", "tls://a:443", "unix://a"].map(|endpoint| played.patience(endpoint));
    assert_eq!(patience, [None, None, Some(SECOND)]);
}

#[test]
fn without_a_timeout_a_call_waits_for_ever() {
    let played = played();
    let connector = played.builder.timeout(None).build().unwrap();
    let mut connecting = begin(&connector, "a:80");
    assert!(poll(&mut connecting).is_pending());
    played.clock.advance(1000 * MINUTE);
    assert!(poll(&mut connecting).is_pending());
}

#[test]
fn a_call_over_a_unix_socket_outlives_the_timeout_of_the_others() {
    let played = played();
    let connector = played.builder.build().unwrap();
    let mut connecting = begin(&connector, "unix://a");
    assert!(poll(&mut connecting).is_pending());
    played.clock.advance(1000 * MINUTE);
    played.unix.try_next_call().unwrap().succeed(pair().0);
    assert!(matches!(poll(&mut connecting), Poll::Ready(Ok(_))));
}

#[test]
fn when_the_time_is_up_the_call_is_over_the_slot_cancelled_and_no_timer_left() {
    let played = played();
    let connector = played.builder.build().unwrap();
    let mut connecting = begin(&connector, "a:80");
    assert!(poll(&mut connecting).is_pending());
    let call = played.tcp.try_next_call().unwrap();
    played.clock.advance(MINUTE - Duration::from_millis(1));
    assert!(poll(&mut connecting).is_pending() && !call.is_cancelled());
    played.clock.advance(Duration::from_millis(1));
    assert_eq!(error(&mut connecting).kind(), io::ErrorKind::TimedOut);
    assert!(call.is_cancelled());
    assert_eq!((played.tcp.pending(), played.clock.sleeping()), (0, 0));
}

#[test]
fn the_time_of_tls_is_up_as_well() {
    let played = played();
    let connector = played.builder.build().unwrap();
    let mut connecting = begin(&connector, "tls://a:443");
    assert!(poll(&mut connecting).is_pending());
    let call = played.tls.try_next_call().unwrap();
    played.clock.advance(MINUTE);
    assert_eq!(error(&mut connecting).kind(), io::ErrorKind::TimedOut);
    assert!(call.is_cancelled());
}

#[test]
fn the_error_says_after_how_long_in_which_phase_and_what_was_tried() {
    let (addresses, handle) = slot::<SocketAddr>();
    let clock = ManualClock::new();
    let builder = Connector::builder().tcp(addresses).clock(Arc::new(clock.clone()));
    let connector = builder.timeout(3 * SECOND).build().unwrap();
    let mut connecting = begin(&connector, "localhost:80");
    assert!(poll(&mut connecting).is_pending());
    refuse(&handle);
    assert!(poll(&mut connecting).is_pending());
    let call = handle.try_next_call().unwrap();
    let remote = (*call.target()).into();
    call.tell(move |trace| {
        trace.tell(|| EventKind::attempt_started(&remote, None));
    });
    assert!(poll(&mut connecting).is_pending());
    clock.advance(3 * SECOND);
    let error = error(&mut connecting);
    assert_eq!(
        error.to_string(),
        "connection to tcp://localhost:80 timed out after 3s during connect (tcp://127.0.0.1:80: no answer; tcp://[::1]:80: connection refused)"
    );
    let timed_out: &TimedOut = error.get_ref().unwrap().downcast_ref().unwrap();
    assert_eq!(timed_out.after(), 3 * SECOND);
}

#[test]
fn both_addresses_of_localhost_share_one_time() {
    let (addresses, handle) = slot::<SocketAddr>();
    let clock = ManualClock::new();
    let builder = Connector::builder().tcp(addresses).clock(Arc::new(clock.clone()));
    let connector = builder.build().unwrap();
    let mut connecting = begin(&connector, "localhost:80");
    assert!(poll(&mut connecting).is_pending());
    clock.advance(59 * SECOND);
    refuse(&handle);
    assert!(poll(&mut connecting).is_pending());
    assert_eq!((clock.sleeping(), clock.until_next()), (1, Some(SECOND)));
}

#[test]
fn zero_is_a_timeout_that_only_what_is_there_at_once_keeps() {
    let played = played();
    let connector = played.builder.timeout(Duration::ZERO).build().unwrap();
    assert_eq!(error(&mut begin(&connector, "a:80")).kind(), io::ErrorKind::TimedOut);
    played.tcp.succeed_next(pair().0);
    assert!(matches!(poll(&mut begin(&connector, "a:80")), Poll::Ready(Ok(_))));
}

#[test]
fn what_is_there_at_once_takes_no_timer() {
    let played = played();
    let connector = played.builder.build().unwrap();
    played.tcp.succeed_next(pair().0);
    let mut connecting = begin(&connector, "a:80");
    let connected = poll(&mut connecting);
    assert_eq!((connected.is_ready(), played.clock.sleeping()), (true, 0));
}

#[test]
fn an_error_that_comes_in_time_is_handed_out_and_no_timer_left() {
    let played = played();
    let connector = played.builder.build().unwrap();
    let mut connecting = begin(&connector, "a:80");
    assert!(poll(&mut connecting).is_pending());
    played.tcp.try_next_call().unwrap().fail(io::Error::other("Failed"));
    assert_eq!(error(&mut connecting).to_string(), "Failed");
    assert_eq!(played.clock.sleeping(), 0);
}

#[test]
fn a_connection_that_comes_with_the_last_tick_wins() {
    let played = played();
    let connector = played.builder.build().unwrap();
    let mut connecting = begin(&connector, "a:80");
    assert!(poll(&mut connecting).is_pending());
    played.clock.advance(MINUTE);
    played.tcp.try_next_call().unwrap().succeed(pair().0);
    assert!(matches!(poll(&mut connecting), Poll::Ready(Ok(_))));
}

#[test]
fn a_call_that_is_given_up_cancels_the_slot_and_its_timer() {
    let played = played();
    let connector = played.builder.build().unwrap();
    let mut connecting = begin(&connector, "a:80");
    assert!(poll(&mut connecting).is_pending());
    let call = played.tcp.try_next_call().unwrap();
    assert_eq!(played.clock.sleeping(), 1);
    drop(connecting);
    assert!(call.is_cancelled());
    assert_eq!(played.clock.sleeping(), 0);
}

#[test]
fn a_refused_endpoint_takes_no_timer() {
    let played = played();
    let connector = played.builder.tcp(false).build().unwrap();
    let mut connecting = begin(&connector, "a:80");
    assert_eq!(error(&mut connecting).kind(), io::ErrorKind::InvalidInput);
    assert_eq!(played.clock.sleeping(), 0);
}

/// Answers the call that waits as a connector does whose attempt was refused.
fn refuse(handle: &ConnectorHandle<SocketAddr>) {
    let call = handle.try_next_call().unwrap();
    let refused = io::ErrorKind::ConnectionRefused.into();
    let attempt = Attempt::new((*call.target()).into(), Phase::Connect, refused, Duration::ZERO);
    let told = attempt.clone();
    call.tell(move |trace| trace.tell(|| EventKind::AttemptFailed(&told)));
    call.fail(ConnectFailed::from(attempt).into());
}
