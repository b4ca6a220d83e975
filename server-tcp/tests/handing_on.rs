//! Taking the listener out of a server, to hand it on.

use std::{io::ErrorKind, net::TcpStream};

use futures_lite::future::block_on;
use socketry_server::{Accept, AcceptExt};
use socketry_server_tcp::TcpServer;

use crate::{
    queue::wait_until_waiting,
    support::{accept, is_free, server, server_alone, until_it_waits},
};

#[test]
fn a_listener_that_is_taken_out_has_listened_all_the_time() {
    let (mut server, address) = server("127.0.0.1");
    block_on(until_it_waits(server.accept()));
    let client = TcpStream::connect(address).unwrap();
    wait_until_waiting(address, 1);
    let listener = server.into_std().unwrap();
    assert_eq!(listener.accept().unwrap().1, client.local_addr().unwrap());
    let next = TcpStream::connect(address).unwrap();
    wait_until_waiting(address, 1);
    assert_eq!(listener.accept().unwrap().1, next.local_addr().unwrap());
}

#[test]
fn a_listener_that_is_taken_out_is_still_non_blocking_and_the_only_one() {
    let (server, address) = server_alone();
    let listener = server.into_std().unwrap();
    assert_eq!(listener.accept().unwrap_err().kind(), ErrorKind::WouldBlock);
    drop(listener);
    assert!(is_free(address));
}

#[test]
fn the_control_of_a_server_whose_listener_was_taken_out_is_closed() {
    let (server, _) = server("127.0.0.1");
    let control = server.control();
    let _listener = server.into_std();
    assert!(control.is_closed());
}

#[test]
fn a_closed_server_has_no_listener_to_take_out() {
    let (server, _) = server("127.0.0.1");
    server.control().close();
    assert!(server.into_std().is_none());
}

#[test]
fn a_listener_can_be_handed_to_another_server() {
    let (server, address) = server("127.0.0.1");
    let _client = TcpStream::connect(address).unwrap();
    let listener = server.into_std().unwrap();
    let mut server = TcpServer::from_fd(listener.into()).unwrap();
    accept(&mut server);
}
