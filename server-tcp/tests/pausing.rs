//! Pausing and resuming: newcomers wait in the queue of the system.

use std::{net::TcpStream, thread};

use futures_lite::future::block_on;
use socketry_connection::{Address, Connection};
use socketry_server::{Accept, AcceptExt, State};

use crate::{
    queue::wait_until_waiting,
    support::{accept, server, until_it_waits},
};

#[test]
fn a_client_of_a_paused_server_connects_and_is_not_yielded() {
    let (mut server, address) = server("127.0.0.1");
    server.control().pause();
    let _client = TcpStream::connect(address).unwrap();
    wait_until_waiting(address, 1);
    block_on(until_it_waits(server.accept()));
    wait_until_waiting(address, 1);
}

#[test]
fn a_client_that_connects_after_pause_and_resume_is_yielded() {
    let (mut server, address) = server("127.0.0.1");
    server.control().pause();
    server.control().resume();
    let client = TcpStream::connect(address).unwrap();
    let remote = accept(&mut server).remote_address();
    assert_eq!(remote, client.local_addr().map(Address::Tcp).ok());
}

#[test]
fn a_client_that_connected_while_the_server_was_paused_is_yielded_after_resume() {
    let (mut server, address) = server("127.0.0.1");
    server.control().pause();
    let client = TcpStream::connect(address).unwrap();
    block_on(until_it_waits(server.accept()));
    server.control().resume();
    let remote = accept(&mut server).remote_address();
    assert_eq!(remote, client.local_addr().map(Address::Tcp).ok());
}

#[test]
fn resuming_from_another_thread_wakes_a_task_that_waits() {
    let (mut server, address) = server("127.0.0.1");
    let control = server.control();
    control.pause();
    let client = TcpStream::connect(address).unwrap();
    block_on(async {
        let mut accept = server.accept();
        until_it_waits(&mut accept).await;
        thread::spawn(move || control.resume());
        let remote = accept.await.unwrap().unwrap().remote_address();
        assert_eq!(remote, client.local_addr().map(Address::Tcp).ok());
    });
}

#[test]
fn pausing_from_another_thread_stops_a_task_that_waits_from_taking_the_next_client() {
    let (mut server, address) = server("127.0.0.1");
    let control = server.control();
    block_on(async {
        let mut accept = server.accept();
        until_it_waits(&mut accept).await;
        let pausing = control.clone();
        thread::spawn(move || pausing.pause()).join().unwrap();
        let client = TcpStream::connect(address).unwrap();
        wait_until_waiting(address, 1);
        until_it_waits(&mut accept).await;
        control.resume();
        let remote = accept.await.unwrap().unwrap().remote_address();
        assert_eq!(remote, client.local_addr().map(Address::Tcp).ok());
    });
}

#[test]
fn a_paused_server_keeps_its_address() {
    let (server, address) = server("127.0.0.1");
    server.control().pause();
    assert_eq!(server.control().state(), State::Paused);
    assert_eq!(server.local_address(), Some(Address::Tcp(address)));
}

#[test]
fn pausing_and_resuming_in_the_middle_of_a_flood_of_clients_loses_nobody() {
    let (mut server, address) = server("127.0.0.1");
    let control = server.control();
    let clients = thread::spawn(move || {
        (0..500).map(|_| TcpStream::connect(address).unwrap()).collect::<Vec<_>>()
    });
    let pauses = thread::spawn(move || {
        for _ in 0..1000 {
            control.pause();
            control.resume();
        }
    });
    block_on(async {
        for _ in 0..500 {
            server.accept().await.unwrap().unwrap();
        }
    });
    pauses.join().unwrap();
    clients.join().unwrap();
}
