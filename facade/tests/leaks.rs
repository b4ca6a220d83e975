//! What calls and servers leave behind: no descriptor, no thread, no timer.

#![cfg(target_os = "linux")]

use std::{
    io::ErrorKind,
    net::{TcpListener, TcpStream},
    os::fd::AsRawFd,
    sync::{Arc, Once},
    time::Duration,
};

use futures_lite::{
    AsyncReadExt,
    future::{block_on, poll_once},
};
use socket2::Domain;
use socketry::{Connector, Socket};
use socketry_testing::{Baseline, ManualClock};

use crate::{
    port::Port,
    support::{Client, TempDir, accept, bind, bind_error, bound, pair, tcp_server},
};

mod full;
mod port;
mod support;

const MINUTE: Duration = Duration::from_secs(60);

#[test]
fn a_connection_made_used_and_dropped_leaves_nothing() {
    let baseline = baseline();
    let (mut client, mut accepted) = pair("127.0.0.1:0");
    read_in_vain(&mut client);
    read_in_vain(&mut accepted);
    drop((client, accepted));
    baseline.assert_unchanged();
}

#[test]
fn a_refused_connect_leaves_nothing() {
    let baseline = baseline();
    let nobody = bound("127.0.0.1:0");
    let address = nobody.local_addr().unwrap().as_socket().unwrap();
    let (connector, clock) = connector();
    let error = block_on(connector.connect(address)).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::ConnectionRefused);
    drop(nobody);
    assert_eq!(clock.sleeping(), 0);
    baseline.assert_unchanged();
}

#[test]
fn a_connect_given_up_midway_leaves_nothing() {
    let baseline = baseline();
    let (listener, waiting) = full::tcp();
    let (connector, clock) = connector();
    let mut connecting = Box::pin(connector.connect(listener.local_addr().unwrap()));
    assert!(block_on(poll_once(&mut connecting)).is_none());
    assert_eq!(clock.sleeping(), 1);
    drop(connecting);
    assert_eq!(clock.sleeping(), 0);
    drop((listener, waiting));
    baseline.assert_unchanged();
}

#[test]
fn a_connect_without_a_timeout_given_up_midway_leaves_nothing() {
    let baseline = baseline();
    let (listener, waiting) = full::tcp();
    let connector = Connector::builder().timeout(None).build().unwrap();
    let mut connecting = Box::pin(connector.connect(listener.local_addr().unwrap()));
    assert!(block_on(poll_once(&mut connecting)).is_none());
    drop((connecting, listener, waiting));
    baseline.assert_unchanged();
}

#[test]
fn a_connect_on_the_systems_clock_given_up_midway_leaves_nothing() {
    let baseline = baseline();
    let (listener, waiting) = full::tcp();
    let mut connecting = Box::pin(socketry::connect(listener.local_addr().unwrap()));
    assert!(block_on(poll_once(&mut connecting)).is_none());
    drop((connecting, listener, waiting));
    baseline.assert_unchanged();
}

#[test]
fn a_connect_whose_time_is_up_leaves_nothing_and_says_what_it_tried() {
    let baseline = baseline();
    let (listener, waiting) = full::tcp();
    let address = listener.local_addr().unwrap();
    let (connector, clock) = connector();
    let mut connecting = Box::pin(connector.connect(address));
    assert!(block_on(poll_once(&mut connecting)).is_none());
    clock.advance(MINUTE);
    let error = block_on(poll_once(&mut connecting)).unwrap().unwrap_err();
    assert_eq!(
        error.to_string(),
        format!("connection to tcp://{address} timed out after 60s during connect")
    );
    // The future is over but not dropped: what it has opened is gone all the same.
    drop((listener, waiting));
    assert_eq!(clock.sleeping(), 0);
    baseline.assert_unchanged();
}

#[test]
fn a_connection_that_comes_back_leaves_nothing_wherever_it_is_ended() {
    let baseline = baseline();
    let (full, waiting) = full::tcp();
    let nobody = bound("127.0.0.1:0");
    let refusing = nobody.local_addr().unwrap().as_socket().unwrap();
    // In an attempt, and in a wait for the next one.
    for address in [full.local_addr().unwrap(), refusing] {
        let (connector, clock) = connector();
        let (mut sessions, handle) = connector.reconnect(address).unwrap().with_handle();
        assert!(block_on(poll_once(sessions.next())).is_none());
        assert_ne!(clock.sleeping(), 0);
        // From elsewhere, while nobody polls.
        assert!(block_on(poll_once(handle.disconnect(MINUTE))).is_some());
        assert_eq!(clock.sleeping(), 0);

        assert!(handle.connect());
        assert!(block_on(poll_once(sessions.next())).is_none());
        assert_ne!(clock.sleeping(), 0);
        drop(sessions);
        assert_eq!(clock.sleeping(), 0);
    }
    drop((full, waiting, nobody));
    baseline.assert_unchanged();
}

#[test]
fn a_session_that_was_disconnected_or_dropped_leaves_nothing() {
    let baseline = baseline();
    let mut server = tcp_server();
    let address = server.local_address().unwrap();
    let (mut sessions, handle) = socketry::reconnect(address).unwrap().with_handle();
    let session = block_on(sessions.next()).unwrap().unwrap();
    let first = accept(&mut server);
    block_on(handle.disconnect(Duration::ZERO));
    drop((session, first));

    assert!(handle.connect());
    let session = block_on(sessions.next()).unwrap().unwrap();
    let second = accept(&mut server);
    drop((session, sessions, handle, second, server));
    baseline.assert_unchanged();
}

#[test]
fn a_connect_to_localhost_given_up_at_its_first_address_leaves_nothing() {
    let baseline = baseline();
    let port = Port::new();
    let waiting = full::fill(&port.v6, Domain::IPV6);
    give_up_localhost(&port);
    drop((port, waiting));
    baseline.assert_unchanged();
}

#[test]
fn a_connect_to_localhost_given_up_at_its_second_address_leaves_nothing() {
    let baseline = baseline();
    let port = Port::new();
    let waiting = full::fill(&port.v4, Domain::IPV4);
    give_up_localhost(&port);
    drop((port, waiting));
    baseline.assert_unchanged();
}

#[test]
fn a_connect_over_a_unix_socket_given_up_while_it_waits_for_room_leaves_nothing() {
    let baseline = baseline();
    let directory = TempDir::new();
    let server = full::unix(&directory.join("s"));
    let (connector, clock) = connector();
    let mut connecting = Box::pin(connector.connect(directory.endpoint()));
    assert!(block_on(poll_once(&mut connecting)).is_none());
    assert_eq!(clock.sleeping(), 1, "it asks again by the clock of the connector");
    drop((connecting, server));
    assert_eq!(clock.sleeping(), 0);
    baseline.assert_unchanged();
}

#[test]
fn a_connect_over_a_unix_socket_whose_time_is_up_leaves_nothing() {
    let baseline = baseline();
    let directory = TempDir::new();
    let server = full::unix(&directory.join("s"));
    let clock = ManualClock::new();
    let builder = Connector::builder().unix_timeout(MINUTE).clock(Arc::new(clock.clone()));
    let connector = builder.build().unwrap();
    let mut connecting = Box::pin(connector.connect(directory.endpoint()));
    assert!(block_on(poll_once(&mut connecting)).is_none());
    clock.advance(MINUTE);
    assert_eq!(
        block_on(poll_once(&mut connecting)).unwrap().unwrap_err().kind(),
        ErrorKind::TimedOut
    );
    drop(server);
    assert_eq!(clock.sleeping(), 0);
    baseline.assert_unchanged();
}

#[test]
fn what_is_refused_beforehand_opens_nothing() {
    let baseline = baseline();
    let (connector, clock) = connector();
    let refused = ["tls://8443", "tls://a:0", "unknown://a:1", "a b:1", "8080"];
    let mut connecting = refused.map(|endpoint| Box::pin(connector.connect(endpoint)));
    for connect in &mut connecting {
        assert!(block_on(connect).is_err());
    }
    for endpoint in ["localhost:0", "tls://127.0.0.1:0", "fd://2147483647", "systemd://"] {
        bind_error(endpoint);
    }
    assert_eq!(clock.sleeping(), 0);
    baseline.assert_unchanged();
}

#[test]
fn a_server_dropped_with_clients_waiting_leaves_nothing_and_they_see_the_end() {
    let baseline = baseline();
    let directory = TempDir::new();
    for mut server in [tcp_server(), bind(directory.endpoint())] {
        assert!(block_on(poll_once(server.accept())).is_none());
        let address = server.local_address().unwrap();
        let mut clients = [(); 3].map(|()| Client::connect(&address).unwrap());
        let control = server.control();
        drop(server);
        assert!(clients.iter_mut().all(Client::sees_the_end));
        assert!(control.is_closed());
    }
    baseline.assert_unchanged();
}

#[test]
fn a_server_closed_from_outside_while_it_waited_leaves_nothing_although_it_is_kept() {
    let baseline = baseline();
    let mut server = tcp_server();
    assert!(block_on(poll_once(server.accept())).is_none());
    server.control().close();
    baseline.assert_unchanged();
}

#[test]
fn a_server_over_a_descriptor_by_its_number_gives_its_copy_back() {
    let baseline = baseline();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let mut server = bind(format!("fd://{}", listener.as_raw_fd()));
    assert!(block_on(poll_once(server.accept())).is_none());
    drop((server, listener));
    baseline.assert_unchanged();
}

#[test]
fn a_descriptor_that_cannot_be_taken_over_stays_the_only_one() {
    let baseline = baseline();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let connected = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    bind_error(&format!("fd://{}", connected.as_raw_fd()));
    drop((listener, connected));
    baseline.assert_unchanged();
}

/// Begins a connect, which has to wait, and drops it.
fn give_up_localhost(port: &Port) {
    let (connector, clock) = connector();
    let mut connecting = Box::pin(connector.connect(("localhost", port.number)));
    assert!(block_on(poll_once(&mut connecting)).is_none());
    drop(connecting);
    assert_eq!(clock.sleeping(), 0);
}

fn connector() -> (Connector, ManualClock) {
    let clock = ManualClock::new();
    (Connector::builder().clock(Arc::new(clock.clone())).build().unwrap(), clock)
}

/// What the process holds once the reactor, which keeps what it opens at first use, is running.
fn baseline() -> Baseline {
    static REACTOR: Once = Once::new();
    REACTOR.call_once(|| {
        let mut server = tcp_server();
        let mut client = block_on(socketry::connect(server.local_address().unwrap())).unwrap();
        accept(&mut server);
        assert!(block_on(poll_once(server.accept())).is_none());
        read_to_the_end(&mut client);
    });
    Baseline::take()
}

/// A read that has to wait, which registers the socket with the reactor.
fn read_in_vain(socket: &mut Socket) {
    assert!(block_on(poll_once(socket.read(&mut [0]))).is_none());
}

fn read_to_the_end(socket: &mut Socket) {
    block_on(socket.read_to_end(&mut Vec::new())).unwrap();
}
