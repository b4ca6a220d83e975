//! What a call leaves behind: nothing.

#![cfg(target_os = "linux")]

use std::{
    fs,
    io::Read,
    os::unix::net::{UnixListener, UnixStream},
    sync::{Arc, Once},
    time::Duration,
};

use futures_lite::{AsyncReadExt, future};
use socketry_connection_socket::UnixConnection;
use socketry_connector::Connect;
use socketry_connector_unix::UnixConnector;
use socketry_testing::{Baseline, ManualClock};

use crate::support::{TestDir, address, full};

mod support;

#[test]
fn a_call_dropped_while_it_waits_for_room_leaves_no_descriptor_and_no_timer() {
    let baseline = baseline();
    let directory = TestDir::new();
    let path = directory.join("s");
    let server = full::listener(&path);
    let (connector, clock) = connector();
    for tries in 0..5 {
        let mut connect = Box::pin(connector.connect(address(&path)));
        for _ in 0..tries {
            assert!(future::block_on(future::poll_once(&mut connect)).is_none());
            clock.advance(Duration::from_millis(50));
        }
        drop(connect);
        assert_eq!(clock.sleeping(), 0, "after {tries} tries");
    }
    drop(server);
    baseline.assert_unchanged();
}

#[test]
fn a_call_that_waits_holds_one_descriptor_and_one_timer_however_often_it_asks() {
    let _baseline = baseline();
    let directory = TestDir::new();
    let path = directory.join("s");
    let _server = full::listener(&path);
    let (connector, clock) = connector();
    let without = open_descriptors();
    let mut connect = Box::pin(connector.connect(address(&path)));
    for _ in 0..100 {
        assert!(future::block_on(future::poll_once(&mut connect)).is_none());
        assert_eq!((open_descriptors(), clock.sleeping()), (without + 1, 1));
        clock.advance(Duration::from_millis(50));
    }
}

#[test]
fn a_call_that_waits_on_the_systems_clock_leaves_nothing_when_it_is_dropped() {
    let baseline = baseline();
    let directory = TestDir::new();
    let path = directory.join("s");
    let server = full::listener(&path);
    let connector = UnixConnector::new();
    let mut connect = Box::pin(connector.connect(address(&path)));
    assert!(future::block_on(future::poll_once(&mut connect)).is_none());
    drop((connect, server));
    baseline.assert_unchanged();
}

#[test]
fn a_refused_call_leaves_nothing() {
    let baseline = baseline();
    let directory = TestDir::new();
    let connector = UnixConnector::new();
    future::block_on(connector.connect(address(directory.join("s")))).unwrap_err();
    baseline.assert_unchanged();
}

#[test]
fn a_connection_that_is_dropped_leaves_nothing_and_its_peer_sees_the_end() {
    let baseline = baseline();
    let directory = TestDir::new();
    let path = directory.join("s");
    let listener = UnixListener::bind(&path).unwrap();
    let connector = UnixConnector::new();
    let mut connection = future::block_on(connector.connect(address(&path))).unwrap();
    let (mut server, _) = listener.accept().unwrap();
    read_in_vain(&mut connection);
    drop(connection);
    assert_eq!(server.read(&mut [0]).unwrap(), 0);
    drop((server, listener));
    baseline.assert_unchanged();
}

fn connector() -> (UnixConnector, ManualClock) {
    let clock = ManualClock::new();
    (UnixConnector::new().with_clock(Arc::new(clock.clone())), clock)
}

/// What the process holds once the reactor, which keeps what it opens at first use, is running.
fn baseline() -> Baseline {
    static REACTOR: Once = Once::new();
    REACTOR.call_once(|| {
        let (stream, _peer) = UnixStream::pair().unwrap();
        read_in_vain(&mut stream.try_into().unwrap());
    });
    Baseline::take()
}

/// A read that has to wait, which registers the connection with the reactor.
fn read_in_vain(connection: &mut UnixConnection) {
    assert!(future::block_on(future::poll_once(connection.read(&mut [0]))).is_none());
}

fn open_descriptors() -> usize {
    fs::read_dir("/proc/self/fd").unwrap().count()
}
