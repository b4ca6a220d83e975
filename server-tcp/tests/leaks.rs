//! However a server ends, nothing is left behind.
//!
//! Every test here holds a baseline of the process, so they run one after the other.

use std::{
    fs::File,
    net::{SocketAddr, TcpListener, TcpStream},
    sync::Once,
};

use futures_lite::future::{block_on, poll_once};
use socketry_connection::Address;
use socketry_server::{Accept, AcceptExt};
use socketry_server_tcp::TcpServer;
use socketry_testing::Baseline;

/// A baseline that has the reactor in it.
fn baseline() -> Baseline {
    static REACTOR: Once = Once::new();

    REACTOR.call_once(|| drop(waiting_server()));
    Baseline::take()
}

/// A server that was polled and waits for its first client, and where it is.
fn waiting_server() -> (TcpServer, SocketAddr) {
    let mut server = TcpServer::bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let address = server.local_address().as_ref().and_then(Address::socket_address).unwrap();
    assert!(block_on(poll_once(server.accept())).is_none());
    (server, address)
}

#[test]
fn a_server_that_is_dropped_while_it_waits_leaves_nothing() {
    let baseline = baseline();
    drop(waiting_server());
    baseline.assert_unchanged();
}

#[test]
fn closing_leaves_nothing_although_the_server_is_still_there() {
    let baseline = baseline();
    let (server, _) = waiting_server();
    server.control().close();
    baseline.assert_unchanged();
}

#[test]
fn a_kept_control_keeps_nothing() {
    let baseline = baseline();
    let (server, _) = waiting_server();
    let control = server.control();
    drop(server);
    baseline.assert_unchanged();
    assert!(control.is_closed());
}

#[test]
fn a_connection_that_is_dropped_leaves_nothing() {
    let baseline = baseline();
    let (mut server, address) = waiting_server();
    for _ in 0..10 {
        let _client = TcpStream::connect(address).unwrap();
        drop(block_on(server.accept()).unwrap().unwrap());
    }
    drop(server);
    baseline.assert_unchanged();
}

#[test]
fn a_listener_that_was_taken_out_leaves_nothing_else() {
    let baseline = baseline();
    let (server, _) = waiting_server();
    drop(server.into_std());
    baseline.assert_unchanged();
}

#[test]
fn an_adopted_listener_is_closed_with_its_server() {
    let baseline = baseline();
    let original = TcpListener::bind("127.0.0.1:0").unwrap();
    let server = TcpServer::from_fd(original.try_clone().unwrap().into()).unwrap();
    drop((server, original));
    baseline.assert_unchanged();
}

#[test]
fn servers_that_could_not_be_opened_leave_nothing() {
    let baseline = baseline();
    TcpServer::bind("203.0.113.9:0".parse().unwrap()).unwrap_err();
    TcpServer::from_fd(File::open("/dev/null").unwrap().into()).unwrap_err();
    baseline.assert_unchanged();
}
