//! Accepting while the process is out of file descriptors.
//!
//! A program without the test harness, whose own threads would want descriptors, too. No real time
//! passes: the servers wait on a clock that stands still until it is moved.

use std::{
    fs::File,
    io::{self, Read},
    net::{SocketAddr, TcpStream},
    sync::Arc,
    task::{Context, Poll, Waker},
    time::Duration,
};

use futures_lite::{
    AsyncReadExt,
    future::{self, block_on},
};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use socket2::{Domain, Socket, Type};
use socketry_connection::{Address, os_error};
use socketry_server::{Accept, AcceptExt, AcceptFailed};
use socketry_server_tcp::{TcpConnection, TcpServer, TcpServerOptions};
use socketry_testing::ManualClock;

use crate::queue::{wait_until_waiting, waiting_at};

mod queue;

const EMFILE: i32 = 24;

fn main() {
    let limit = Rlimit { current: Some(64), maximum: getrlimit(Resource::Nofile).maximum };
    setrlimit(Resource::Nofile, limit).unwrap();
    // Descriptors of the reactor are opened once, at its first use.
    let (mut server, _) = server();
    assert!(poll(&mut server).is_pending());
    drop(server);

    let tests: &[(&str, fn())] = &[
        (
            "running_out_is_one_error_that_says_what_to_do",
            running_out_is_one_error_that_says_what_to_do,
        ),
        ("waiting_clients_see_an_end", waiting_clients_see_an_end),
        ("nobody_waiting_is_no_error", nobody_waiting_is_no_error),
        (
            "it_asks_again_at_growing_waits_and_tells_nothing",
            it_asks_again_at_growing_waits_and_tells_nothing,
        ),
        ("it_serves_again_when_descriptors_are_free", it_serves_again_when_descriptors_are_free),
        ("a_second_episode_is_told_again", a_second_episode_is_told_again),
        ("an_episode_that_ended_unseen_is_over", an_episode_that_ended_unseen_is_over),
        ("a_missing_reserve_is_made_up_for", a_missing_reserve_is_made_up_for),
        ("closing_ends_the_wait", closing_ends_the_wait),
        (
            "a_listener_can_be_taken_out_without_a_descriptor",
            a_listener_can_be_taken_out_without_a_descriptor,
        ),
        ("all_descriptors_come_back", all_descriptors_come_back),
        ("listening_without_a_descriptor_is_an_error", listening_without_a_descriptor_is_an_error),
    ];
    for (name, test) in tests {
        test();
        println!("test {name} ... ok");
    }
}

fn running_out_is_one_error_that_says_what_to_do() {
    let (mut server, _clock) = server();
    let address = address_of(&server);
    let (_clients, _all) = exhausted_with_clients(address, 1);
    let error = error_of(&mut server);
    assert_eq!(os_error(&error), Some(EMFILE));
    let text = error.to_string();
    let start = format!("accepting on tcp://{address} failed: Too many open files (os error 24); ");
    assert!(text.starts_with(&start), "{text}");
    assert!(text.contains("raise the limit"), "{text}");
    let failed = error.get_ref().unwrap().downcast_ref::<AcceptFailed>().unwrap();
    assert_eq!(failed.error().raw_os_error(), Some(EMFILE));
    assert!(poll(&mut server).is_pending(), "one episode is one error");
}

fn waiting_clients_see_an_end() {
    let (mut server, _clock) = server();
    let (clients, all) = exhausted_with_clients(address_of(&server), 5);
    error_of(&mut server);
    for mut client in clients {
        assert_eq!(client.read(&mut [0]).unwrap(), 0);
    }
    drop(all);
    assert_eq!(waiting_at(address_of(&server)), 0);
}

fn nobody_waiting_is_no_error() {
    let (mut server, clock) = server();
    let client = new_socket();
    let address = address_of(&server);
    let _all = take_all();
    for _ in 0..3 {
        assert!(poll(&mut server).is_pending());
    }
    assert_eq!(clock.sleeping(), 0, "it waits for a client and not for the clock");
    client.connect(&address.into()).unwrap();
    assert_eq!(os_error(&error_of(&mut server)), Some(EMFILE));
}

fn it_asks_again_at_growing_waits_and_tells_nothing() {
    let (mut server, clock) = server();
    let address = address_of(&server);
    let newcomers: Vec<Socket> = (0..6).map(|_| new_socket()).collect();
    let (_clients, _all) = exhausted_with_clients(address, 1);
    error_of(&mut server);
    let mut kept = Vec::new(); // so that none gives its descriptor back
    for (newcomer, wait) in newcomers.into_iter().zip([5, 10, 20, 40, 50, 50]) {
        assert!(poll(&mut server).is_pending());
        assert_eq!(clock.until_next(), Some(Duration::from_millis(wait)));
        clock.advance(Duration::from_millis(wait));
        newcomer.connect(&address.into()).unwrap();
        let mut newcomer = TcpConnection::try_from(newcomer).unwrap();
        block_on(future::or(
            async { panic!("one episode is one error, and not {:?}", server.accept().await) },
            async { assert_eq!(newcomer.read(&mut [0]).await.unwrap(), 0) },
        ));
        kept.push(newcomer);
    }
}

fn it_serves_again_when_descriptors_are_free() {
    let (mut server, clock) = server();
    let (_clients, all) = exhausted_with_clients(address_of(&server), 1);
    error_of(&mut server);
    assert!(poll(&mut server).is_pending());
    drop(all);
    let next = TcpStream::connect(address_of(&server)).unwrap();
    assert!(poll(&mut server).is_pending(), "it waits for the clock");
    clock.advance(Duration::from_millis(5));
    assert_is(&accept(&mut server), &next);
    assert_eq!(clock.sleeping(), 0);
}

fn a_second_episode_is_told_again() {
    let (mut server, clock) = server();
    for _ in 0..3 {
        let (_clients, all) = exhausted_with_clients(address_of(&server), 1);
        assert_eq!(os_error(&error_of(&mut server)), Some(EMFILE));
        assert!(poll(&mut server).is_pending());
        assert_eq!(clock.until_next(), Some(Duration::from_millis(5)), "the waits begin anew");
        drop(all);
        clock.advance(Duration::from_millis(5));
        let _next = TcpStream::connect(address_of(&server)).unwrap();
        accept(&mut server);
    }
}

fn an_episode_that_ended_unseen_is_over() {
    let (mut server, clock) = server();
    let (_clients, all) = exhausted_with_clients(address_of(&server), 1);
    error_of(&mut server);
    drop(all);
    assert!(poll(&mut server).is_pending());
    clock.advance(Duration::from_millis(5));
    // Nobody is there, but there would be a descriptor.
    assert!(poll(&mut server).is_pending());
    assert_eq!(clock.sleeping(), 0);

    let (_clients, _all) = exhausted_with_clients(address_of(&server), 1);
    assert_eq!(os_error(&error_of(&mut server)), Some(EMFILE));
}

fn a_missing_reserve_is_made_up_for() {
    let mut all = take_all();
    all.pop();
    let (mut server, _clock) = server(); // the last descriptor is its own
    drop(all);
    let _first = TcpStream::connect(address_of(&server)).unwrap();
    accept(&mut server);

    let (_clients, all) = exhausted_with_clients(address_of(&server), 3);
    error_of(&mut server);
    drop(all);
    assert_eq!(waiting_at(address_of(&server)), 0, "clients were left hanging");
}

fn closing_ends_the_wait() {
    let (mut server, clock) = server();
    let (_clients, _all) = exhausted_with_clients(address_of(&server), 1);
    error_of(&mut server);
    assert!(poll(&mut server).is_pending());
    assert_eq!(clock.sleeping(), 1);
    server.control().close();
    assert!(block_on(server.accept()).is_none());
    assert_eq!(clock.sleeping(), 0);
}

fn a_listener_can_be_taken_out_without_a_descriptor() {
    let (server, _clock) = server();
    let address = address_of(&server);
    let (clients, all) = exhausted_with_clients(address, 1);
    let listener = server.into_std().unwrap();
    drop(all);
    assert_eq!(listener.accept().unwrap().1, clients[0].local_addr().unwrap());
}

fn all_descriptors_come_back() {
    let before = take_all().len();
    let (mut server, _clock) = server();
    let (clients, all) = exhausted_with_clients(address_of(&server), 3);
    error_of(&mut server);
    drop((server, clients, all));
    assert_eq!(take_all().len(), before);
}

fn listening_without_a_descriptor_is_an_error() {
    let _all = take_all();
    let error = TcpServer::bind("127.0.0.1:0".parse().unwrap()).unwrap_err();
    assert_eq!(os_error(&error), Some(EMFILE));
    assert_eq!(
        error.to_string(),
        "listening on tcp://127.0.0.1:0 failed: Too many open files (os error 24)"
    );
}

/// A server, and the clock on which it waits.
fn server() -> (TcpServer, ManualClock) {
    let clock = ManualClock::new();
    let options = TcpServerOptions::new().clock(Arc::new(clock.clone()));
    (options.bind("127.0.0.1:0".parse().unwrap()).unwrap(), clock)
}

/// Clients that wait to be accepted, and all descriptors that were left.
fn exhausted_with_clients(address: SocketAddr, count: usize) -> (Vec<TcpStream>, Vec<File>) {
    let clients = (0..count).map(|_| TcpStream::connect(address).unwrap()).collect();
    wait_until_waiting(address, count);
    (clients, take_all())
}

/// Every descriptor that the process can still have, until they are dropped.
fn take_all() -> Vec<File> {
    let all: Vec<File> = std::iter::from_fn(|| File::open("/dev/null").ok()).collect();
    assert!(!all.is_empty());
    all
}

fn new_socket() -> Socket {
    Socket::new(Domain::IPV4, Type::STREAM, None).unwrap()
}

/// Where a server listens.
fn address_of(server: &TcpServer) -> SocketAddr {
    server.local_address().as_ref().and_then(Address::socket_address).unwrap()
}

/// The connection that a server yields next.
fn accept(server: &mut TcpServer) -> TcpConnection {
    block_on(server.accept()).unwrap().unwrap()
}

/// The error that a server yields next.
fn error_of(server: &mut TcpServer) -> io::Error {
    block_on(server.accept()).unwrap().unwrap_err()
}

fn poll(server: &mut TcpServer) -> Poll<Option<io::Result<TcpConnection>>> {
    server.poll_accept(&mut Context::from_waker(Waker::noop()))
}

/// Whether `accepted` is the other end of `client`.
fn assert_is(accepted: &TcpConnection, client: &TcpStream) {
    assert_eq!(accepted.get_ref().peer_addr().unwrap(), client.local_addr().unwrap());
}
