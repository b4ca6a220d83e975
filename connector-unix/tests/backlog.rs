//! Connecting to a server that has no room just now.

use std::{
    future::Future, io, os::unix::net::UnixListener, pin::Pin, sync::Arc, task::Poll,
    time::Duration,
};

use futures_lite::future;
use socketry_connection_socket::UnixConnection;
use socketry_connector::{Connect, ConnectFailed};
use socketry_connector_unix::UnixConnector;
use socketry_testing::{CountingWaker, ManualClock};

use crate::support::{TestDir, address, full};

type Connecting<'a> = Pin<Box<dyn Future<Output = io::Result<UnixConnection>> + Send + 'a>>;

#[test]
fn a_full_backlog_is_waited_for_and_never_blocks_the_thread() {
    let directory = TestDir::new();
    let path = directory.join("s");
    let (_listener, _waiting) = full::listener(&path);
    let (connector, _clock) = connector();
    let mut connect: Connecting<'_> = Box::pin(connector.connect(address(&path)));
    assert!(poll(&mut connect).is_pending());
}

#[test]
fn the_server_is_asked_again_after_1_ms_doubling_up_to_50() {
    let directory = TestDir::new();
    let path = directory.join("s");
    let (_listener, _waiting) = full::listener(&path);
    let (connector, clock) = connector();
    let mut connect: Connecting<'_> = Box::pin(connector.connect(address(&path)));
    let mut waits = Vec::new();
    for _ in 0..9 {
        assert!(poll(&mut connect).is_pending());
        let wait = clock.until_next().unwrap();
        waits.push(wait.as_millis());
        clock.advance(wait);
    }
    assert_eq!(waits, [1, 2, 4, 8, 16, 32, 50, 50, 50]);
}

#[test]
fn once_the_server_has_accepted_somebody_the_next_try_connects() {
    let directory = TestDir::new();
    let path = directory.join("s");
    let (listener, _waiting) = full::listener(&path);
    let (connector, clock) = connector();
    let mut connect: Connecting<'_> = Box::pin(connector.connect(address(&path)));
    assert!(poll(&mut connect).is_pending());
    listener.accept().unwrap();
    clock.advance(Duration::from_millis(1));
    let connected = poll(&mut connect);
    assert!(matches!(connected, Poll::Ready(Ok(_))), "{connected:?}");
}

#[test]
fn the_clock_wakes_the_task_that_waits_and_nothing_else_does() {
    let directory = TestDir::new();
    let path = directory.join("s");
    let (listener, _waiting) = full::listener(&path);
    let (connector, clock) = connector();
    let mut connect: Connecting<'_> = Box::pin(connector.connect(address(&path)));
    let waker = CountingWaker::new();
    assert!(connect.as_mut().poll(&mut waker.context()).is_pending());
    listener.accept().unwrap();
    assert_eq!(waker.take(), 0);
    clock.advance(Duration::from_millis(1));
    assert_eq!(waker.take(), 1);
}

#[test]
fn a_server_that_closes_meanwhile_is_an_error_that_says_how_long_it_was_waited_for() {
    let directory = TestDir::new();
    let path = directory.join("s");
    let (listener, _waiting) = full::listener(&path);
    let (connector, clock) = connector();
    let mut connect: Connecting<'_> = Box::pin(connector.connect(address(&path)));
    for milliseconds in [1, 2] {
        assert!(poll(&mut connect).is_pending());
        clock.advance(Duration::from_millis(milliseconds));
    }
    drop(listener);
    let Poll::Ready(Err(error)) = poll(&mut connect) else { panic!("it goes on waiting") };
    assert_eq!(error.kind(), io::ErrorKind::ConnectionRefused);
    let failed: &ConnectFailed = error.get_ref().unwrap().downcast_ref().unwrap();
    assert_eq!(failed.attempt().elapsed(), Duration::from_millis(3));
}

#[test]
fn a_call_that_had_to_wait_has_let_others_have_a_turn() {
    let directory = TestDir::new();
    let (fast, slow) = (directory.join("fast"), directory.join("slow"));
    let roomy = UnixListener::bind(&fast).unwrap();
    let (_listener, _waiting) = full::listener(&slow);
    let (connector, _clock) = connector();
    let mut connect_fast = |_| {
        let mut connect: Connecting<'_> = Box::pin(connector.connect(address(&fast)));
        assert!(poll(&mut connect).is_ready());
        roomy.accept().unwrap();
    };
    // Fewer than make a call give way, twice.
    (0..30).for_each(&mut connect_fast);
    let mut connect: Connecting<'_> = Box::pin(connector.connect(address(&slow)));
    assert!(poll(&mut connect).is_pending());
    (0..30).for_each(&mut connect_fast);
}

#[test]
fn on_the_systems_clock_it_connects_too_and_others_run_meanwhile() {
    let directory = TestDir::new();
    let path = directory.join("s");
    let (listener, _waiting) = full::listener(&path);
    let connector = UnixConnector::new();
    let connect = connector.connect(address(&path));
    // Runs on the same thread, after the connect was polled and had to wait.
    let accept = async { listener.accept().unwrap() };
    let (connected, _) = future::block_on(future::zip(connect, accept));
    assert!(connected.is_ok(), "{connected:?}");
}

fn connector() -> (UnixConnector, ManualClock) {
    let clock = ManualClock::new();
    (UnixConnector::new().with_clock(Arc::new(clock.clone())), clock)
}

fn poll(connect: &mut Connecting<'_>) -> Poll<io::Result<UnixConnection>> {
    match future::block_on(future::poll_once(connect)) {
        Some(result) => Poll::Ready(result),
        None => Poll::Pending,
    }
}
