//! Taking the listener out of a server, or a duplicate of it, to hand it on.

use std::{io::ErrorKind, net::TcpStream};

use futures_lite::future::block_on;
use socketry_connection::Connection;
use socketry_server::{Accept, AcceptExt};
use socketry_server_tcp::{TcpServer, TcpServerHandle};

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

#[test]
fn a_server_and_one_over_its_duplicate_take_clients_side_by_side() {
    let (mut server, address) = server("127.0.0.1");
    let mut second = TcpServer::from_fd(duplicate(&server).into()).unwrap();
    let _clients = [(); 2].map(|()| TcpStream::connect(address).unwrap());
    accept(&mut server);
    accept(&mut second);
}

#[test]
fn a_client_who_waited_when_the_server_closed_is_served_over_the_duplicate() {
    let (server, address) = server("127.0.0.1");
    let mut second = TcpServer::from_fd(duplicate(&server).into()).unwrap();
    let client = TcpStream::connect(address).unwrap();
    wait_until_waiting(address, 1);
    drop(server);
    let accepted = accept(&mut second);
    assert_eq!(accepted.remote_address(), Some(client.local_addr().unwrap().into()));
}

#[test]
fn a_handle_keeps_no_port_and_has_nothing_to_duplicate_after_a_close() {
    let (server, address) = server_alone();
    let handle = server.handle();
    server.control().close();
    assert!(handle.duplicate().unwrap().is_none());
    assert!(is_free(address));
}

fn duplicate(server: &TcpServer) -> std::net::TcpListener {
    let handle: TcpServerHandle = server.handle();
    handle.duplicate().unwrap().unwrap()
}
