//! How calls end, what they leave behind, and what is told on the way.

use std::{
    future::Future,
    io::{self, ErrorKind},
    pin::Pin,
    sync::{Arc, Mutex},
    task::{Context, Poll, Waker},
    time::Duration,
};

use futures_lite::{
    AsyncReadExt, AsyncWriteExt,
    future::{block_on, poll_once, zip},
};
use socketry_connection::{Address, BoxConnection, Connection};
use socketry_connection_tls::{HandshakeFailure, TlsConnection, TlsOptions};
use socketry_connector::{Connect, Event, EventKind, HostPort, Observe, PeerNamed, Trace};
use socketry_connector_tls::{ClientTls, TlsConnector};
use socketry_testing::{
    ManualClock, MemoryConnection, TestAuthority, faulty, pair, pair_between, pair_with_capacity,
    scripted_connector,
};

use crate::support::{
    accept, client_config, connect, connect_traced, connector, failure, server_config, trusting,
};

fn target() -> HostPort {
    "example.com:443".parse().unwrap()
}

type Connecting = Pin<Box<dyn Future<Output = io::Result<TlsConnection<BoxConnection>>> + Send>>;

/// A call in its handshake, with a server that does not answer.
fn in_handshake(tls: &ClientTls) -> (Connecting, MemoryConnection) {
    let (connector, handle) = connector::<HostPort>(tls);
    let (ours, theirs) = pair();
    handle.succeed_next(ours);
    let mut connecting: Connecting = Box::pin(async move { connector.connect(target()).await });
    assert!(poll(&mut connecting).is_pending());
    (connecting, theirs)
}

fn poll(connecting: &mut Connecting) -> Poll<io::Result<TlsConnection<BoxConnection>>> {
    connecting.as_mut().poll(&mut Context::from_waker(Waker::noop()))
}

/// Everything that a peer still gets.
fn rest(connection: &mut MemoryConnection) -> Vec<u8> {
    let mut rest = Vec::new();
    block_on(poll_once(connection.read_to_end(&mut rest))).expect("the peer is gone").unwrap();
    rest
}

#[test]
fn a_call_waits_for_the_connector_inside() {
    let (connector, handle) = connector::<HostPort>(&trusting(&TestAuthority::new()));
    let mut connecting = Box::pin(connector.connect(target()));
    assert!(block_on(poll_once(&mut connecting)).is_none());
    assert_eq!(handle.try_next_call().unwrap().target(), &target());
}

#[test]
fn an_error_of_the_connector_inside_is_handed_on_unchanged() {
    let (connector, handle) = connector::<HostPort>(&trusting(&TestAuthority::new()));
    handle.fail_next(io::Error::from_raw_os_error(111));
    let error = block_on(connector.connect(target())).unwrap_err();
    assert_eq!(error.raw_os_error(), Some(111));
}

#[test]
fn bad_input_that_the_connector_inside_refuses_stays_bad_input() {
    let (connector, handle) = connector::<HostPort>(&trusting(&TestAuthority::new()));
    handle.fail_next(io::Error::new(ErrorKind::InvalidInput, "no port 0"));
    let error = block_on(connector.connect(target())).unwrap_err();
    assert_eq!((error.kind(), error.to_string()), (ErrorKind::InvalidInput, "no port 0".into()));
}

#[test]
fn the_handshake_begins_when_the_connector_inside_is_done() {
    let (connecting, mut server) = in_handshake(&trusting(&TestAuthority::new()));
    let mut first = [0];
    block_on(poll_once(server.read_exact(&mut first))).unwrap().unwrap();
    assert_eq!(first, [22], "a handshake record");
    drop(connecting);
}

#[test]
fn both_sides_understand_each_other() {
    let authority = TestAuthority::new();
    let server = server_config(&authority.issue(["example.com"]));
    let (client, server) = connect(&trusting(&authority), target(), server);
    let (mut client, mut server) = (client.unwrap(), server.unwrap());
    let mut heard = [0; 5];
    block_on(async {
        client.write_all(b"hello").await.unwrap();
        server.read_exact(&mut heard).await.unwrap();
    });
    assert_eq!(&heard, b"hello");
}

#[test]
fn tls_in_tls_is_made_by_one_connector_in_another() {
    let authority = TestAuthority::new();
    let tls = trusting(&authority);
    let (inner, handle) = scripted_connector::<u16>();
    let connector = TlsConnector::new(TlsConnector::new(inner, tls.clone()), tls);
    let (ours, theirs) = pair();
    handle.succeed_next(ours);
    let proxy = Arc::new(server_config(&authority.issue(["proxy.example"])));
    let server = Arc::new(server_config(&authority.issue(["example.com"])));
    let serving = async {
        let outer = accept(theirs, proxy).await.unwrap();
        TlsOptions::new().accept(outer, |_| Ok(server)).await.unwrap()
    };
    let target = PeerNamed::new(443, "proxy.example".parse().unwrap());
    let target = PeerNamed::new(target, "example.com".parse().unwrap());
    let (client, mut server) = block_on(zip(connector.connect(target), serving));
    let mut client = client.unwrap();
    let mut heard = [0; 5];
    block_on(async {
        client.write_all(b"hello").await.unwrap();
        server.read_exact(&mut heard).await.unwrap();
    });
    assert_eq!(&heard, b"hello");
}

#[test]
fn a_dropped_call_drops_the_call_inside() {
    let (connector, handle) = connector::<HostPort>(&trusting(&TestAuthority::new()));
    let mut connecting = Box::pin(connector.connect(target()));
    assert!(block_on(poll_once(&mut connecting)).is_none());
    let call = handle.try_next_call().unwrap();
    drop(connecting);
    assert!(call.is_cancelled());
    assert_eq!(handle.pending(), 0);
}

#[test]
fn a_call_that_is_dropped_in_the_handshake_closes_the_connection_at_once() {
    let (connecting, mut server) = in_handshake(&trusting(&TestAuthority::new()));
    drop(connecting);
    assert!(!rest(&mut server).is_empty(), "a hello, and the end");
}

#[test]
fn a_call_that_is_dropped_half_way_through_the_handshake_closes_the_connection_at_once() {
    let authority = TestAuthority::new();
    let (connector, handle) = connector::<HostPort>(&trusting(&authority));
    let (ours, theirs) = pair_with_capacity(100); // so that it takes many turns
    let (theirs, faults) = faulty(theirs);
    handle.succeed_next(ours);
    let mut connecting = Box::pin(connector.connect(target()));
    let server = Arc::new(server_config(&authority.issue(["example.com"])));
    let options = TlsOptions::new();
    let mut accepting = Box::pin(options.accept(theirs, |_| Ok(server)));
    while faults.counts().bytes_written < 300 {
        assert!(block_on(poll_once(&mut connecting)).is_none());
        assert!(block_on(poll_once(&mut accepting)).is_none());
    }
    drop(connecting);
    assert!(block_on(poll_once(&mut accepting)).is_some_and(|result| result.is_err()));
}

#[test]
fn a_call_that_was_never_polled_does_nothing_at_all() {
    let (connector, handle) = connector::<HostPort>(&trusting(&TestAuthority::new()));
    drop(connector.connect(target()));
    assert_eq!(handle.begun(), 0);
}

#[test]
fn a_failed_handshake_closes_the_connection_before_it_is_told() {
    let authority = TestAuthority::new();
    let (connector, handle) = connector::<HostPort>(&trusting(&authority));
    let (ours, mut theirs) = pair();
    handle.succeed_next(ours);
    let mut connecting = Box::pin(connector.connect(target()));
    assert!(block_on(poll_once(&mut connecting)).is_none());
    block_on(theirs.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n")).unwrap();
    assert!(block_on(&mut connecting).is_err());
    rest(&mut theirs); // the future itself still lives
}

#[test]
fn a_failed_handshake_is_not_tried_again() {
    let (connector, handle) = connector::<HostPort>(&trusting(&TestAuthority::new()));
    let stranger = server_config(&TestAuthority::new().issue(["example.com"]));
    let (ours, theirs) = pair();
    handle.succeed_next(ours);
    let client = connector.connect(target());
    assert!(block_on(zip(client, accept(theirs, stranger.into()))).0.is_err());
    assert_eq!(handle.begun(), 1);
}

#[test]
fn a_server_that_goes_away_in_the_handshake_is_told_as_that() {
    let (mut connecting, server) = in_handshake(&trusting(&TestAuthority::new()));
    drop(server);
    let Poll::Ready(Err(error)) = poll(&mut connecting) else { panic!("it is gone") };
    assert_eq!(failure(&error), &HandshakeFailure::PeerGone);
}

#[test]
fn the_error_of_a_handshake_is_one_line_and_names_the_target() {
    let stranger = server_config(&TestAuthority::new().issue(["example.com"]));
    let (client, _) = connect(&trusting(&TestAuthority::new()), target(), stranger);
    let text = client.unwrap_err().to_string();
    let start = "connection to tls://example.com:443 failed during TLS handshake: ";
    assert!(text.starts_with(start) && !text.contains('\n'), "{text}");
}

#[test]
fn the_error_of_a_handshake_with_a_named_peer_names_both() {
    let authority = TestAuthority::new();
    let (inner, handle) = scripted_connector::<u16>();
    let connector = TlsConnector::new(inner, trusting(&authority));
    let address = |text: &str| text.parse::<Address>().unwrap();
    let (ours, theirs) =
        pair_between(address("tcp://192.0.2.1:50000"), address("tcp://192.0.2.2:443"));
    handle.succeed_next(ours);
    let connecting = connector.connect(PeerNamed::new(443, "example.com".parse().unwrap()));
    drop(theirs);
    let text = block_on(connecting).unwrap_err().to_string();
    assert!(text.starts_with("connection to tls://192.0.2.2:443 as example.com failed"), "{text}");
}

#[test]
fn a_handshake_has_its_own_time() {
    let clock = ManualClock::new();
    let options = TlsOptions::new()
        .handshake_within(Duration::from_secs(3))
        .with_clock(Arc::new(clock.clone()));
    let tls = ClientTls::with_config(client_config(&TestAuthority::new()), options);
    let (mut connecting, mut server) = in_handshake(&tls);
    clock.advance(Duration::from_secs(3));
    let Poll::Ready(Err(error)) = poll(&mut connecting) else { panic!("the time is up") };
    assert_eq!(error.kind(), ErrorKind::TimedOut);
    assert_eq!(
        error.to_string(),
        "connection to tls://example.com:443 timed out after 3s during TLS handshake"
    );
    rest(&mut server);
}

#[test]
fn a_call_inside_is_not_under_the_time_of_the_handshake() {
    let clock = ManualClock::new();
    let options = TlsOptions::new()
        .handshake_within(Duration::from_secs(3))
        .with_clock(Arc::new(clock.clone()));
    let tls = ClientTls::with_config(client_config(&TestAuthority::new()), options);
    let (connector, _handle) = connector::<HostPort>(&tls);
    let mut connecting = Box::pin(connector.connect(target()));
    assert!(block_on(poll_once(&mut connecting)).is_none());
    assert_eq!(clock.sleeping(), 0);
}

#[derive(Default)]
struct Log(Mutex<Vec<String>>);

impl Observe for Log {
    fn observe(&self, event: &Event<'_>) {
        self.0.lock().unwrap().push(event.to_string());
    }
}

#[test]
fn a_handshake_is_told_with_its_end() {
    let authority = TestAuthority::new();
    let server = server_config(&authority.issue(["example.com"]));
    let log = Log::default();
    let (client, _) = connect_traced(&trusting(&authority), target(), server, Trace::to(&log));
    client.unwrap();
    let log = log.0.into_inner().unwrap();
    assert_eq!(log, ["TLS handshake with example.com", "secured with example.com"]);
}

#[test]
fn a_failed_handshake_is_told_with_its_error() {
    let stranger = server_config(&TestAuthority::new().issue(["example.com"]));
    let log = Log::default();
    let tls = trusting(&TestAuthority::new());
    let (client, _) = connect_traced(&tls, target(), stranger, Trace::to(&log));
    let error = client.unwrap_err();
    let log = log.0.into_inner().unwrap();
    assert_eq!(log[1..], [format!("TLS handshake with example.com failed: {error}")]);
}

#[test]
fn what_the_connector_inside_tells_is_heard_once_and_before_the_handshake() {
    let authority = TestAuthority::new();
    let (connector, handle) = connector::<HostPort>(&trusting(&authority));
    let (ours, theirs) = pair();
    handle.answer_next(|_, trace| {
        let remote = "tcp://192.0.2.1:443".parse().unwrap();
        trace.tell(|| EventKind::attempt_won(&remote));
        Ok(Box::new(ours))
    });
    let log = Log::default();
    let client = connector.connect_traced(target(), Trace::to(&log));
    let server = Arc::new(server_config(&authority.issue(["example.com"])));
    block_on(zip(client, accept(theirs, server))).0.unwrap();
    let log = log.0.into_inner().unwrap();
    assert_eq!(log[..2], ["connected to tcp://192.0.2.1:443", "TLS handshake with example.com"]);
    assert_eq!(log.len(), 3);
}

#[test]
fn a_dropped_handshake_is_told_no_end() {
    let log = Log::default();
    let (connector, handle) = connector::<HostPort>(&trusting(&TestAuthority::new()));
    let (ours, _theirs) = pair();
    handle.succeed_next(ours);
    let mut connecting = Box::pin(connector.connect_traced(target(), Trace::to(&log)));
    assert!(block_on(poll_once(&mut connecting)).is_none());
    drop(connecting);
    assert_eq!(*log.0.lock().unwrap(), ["TLS handshake with example.com"]);
}

#[test]
fn the_connection_knows_its_addresses_as_secured() {
    let authority = TestAuthority::new();
    let (connector, handle) = connector::<HostPort>(&trusting(&authority));
    let address = |text: &str| text.parse::<Address>().unwrap();
    let (ours, theirs) =
        pair_between(address("tcp://192.0.2.1:50000"), address("tcp://192.0.2.2:443"));
    handle.succeed_next(ours);
    let server = Arc::new(server_config(&authority.issue(["example.com"])));
    let (client, _) = block_on(zip(connector.connect(target()), accept(theirs, server)));
    assert_eq!(client.unwrap().remote_address(), Some(address("tls://192.0.2.2:443")));
}
