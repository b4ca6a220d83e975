//! Closing: at once, from anywhere, polled or not.

use std::{
    io::{Read, Write},
    net::TcpStream,
    thread,
};

use futures_lite::{AsyncReadExt, AsyncWriteExt, future::block_on};
use socketry_server::{Accept, AcceptExt};
use socketry_server_tcp::TcpServer;

use crate::{
    queue::wait_until_waiting,
    support::{
        accept, client_of, hears_to_the_end, is_free, is_refused, server_alone, until_it_waits,
    },
};

#[test]
fn nobody_can_connect_to_a_closed_server() {
    let (server, address) = server_alone();
    server.control().close();
    assert!(is_refused(address));
}

#[test]
fn closing_from_another_thread_frees_the_port_at_once_although_nobody_polls() {
    let (server, address) = server_alone();
    let control = server.control();
    thread::spawn(move || control.close()).join().unwrap();
    assert!(is_free(address));
    drop(server);
}

#[test]
fn closing_from_another_thread_wakes_a_task_that_waits_and_frees_the_port() {
    let (mut server, address) = server_alone();
    let control = server.control();
    block_on(async {
        let mut accept = server.accept();
        until_it_waits(&mut accept).await;
        let close = thread::spawn(move || {
            control.close();
            is_free(address)
        });
        assert!(accept.await.is_none());
        assert!(close.join().unwrap(), "the port is not free when `close` returns");
    });
}

#[test]
fn a_closed_server_has_ended_for_good_and_has_no_address() {
    let (mut server, _) = server_alone();
    let control = server.control();
    control.close();
    control.close();
    control.resume();
    for _ in 0..3 {
        assert!(block_on(server.accept()).is_none());
        assert_eq!(server.local_address(), None);
    }
}

#[test]
fn clients_in_the_queue_see_an_end_when_the_server_is_closed() {
    let (mut server, address) = server_alone();
    let client = TcpStream::connect(address).unwrap();
    wait_until_waiting(address, 1);
    server.control().close();
    assert_eq!(hears_to_the_end(client), b"");
    assert!(block_on(server.accept()).is_none());
}

#[test]
fn open_connections_outlive_their_server() {
    let (mut server, _) = server_alone();
    let (mut client, mut connection) = client_of(&mut server);
    server.control().close();
    drop(server);
    block_on(async {
        client.write_all(b"ping").unwrap();
        let mut heard = [0; 4];
        connection.read_exact(&mut heard).await.unwrap();
        connection.write_all(b"pong").await.unwrap();
        client.read_exact(&mut heard).unwrap();
        assert_eq!(&heard, b"pong");
    });
}

#[test]
fn a_dropped_server_frees_its_port_although_a_control_is_kept() {
    let (mut server, address) = server_alone();
    let control = server.control();
    block_on(until_it_waits(server.accept()));
    drop(server);
    assert!(is_free(address));
    assert!(control.is_closed());
}

#[test]
fn a_paused_server_can_be_closed() {
    let (mut server, address) = server_alone();
    server.control().pause();
    block_on(async {
        let control = server.control();
        let mut accept = server.accept();
        until_it_waits(&mut accept).await;
        thread::spawn(move || control.close());
        assert!(accept.await.is_none());
    });
    assert!(is_free(address));
}

#[test]
fn an_address_can_be_listened_on_again_although_connections_of_before_are_open() {
    let (mut server, address) = server_alone();
    let (_client, _connection) = client_of(&mut server);
    drop(server);
    let mut server = TcpServer::bind(address).unwrap();
    let _next = TcpStream::connect(address).unwrap();
    accept(&mut server);
}

#[test]
fn closing_in_the_middle_of_a_flood_of_clients_ends_the_server() {
    let (mut server, address) = server_alone();
    let clients = thread::spawn(move || while !is_refused(address) {});
    let control = server.control();
    block_on(async {
        let mut accepted = 0;
        while let Some(connection) = server.accept().await {
            drop(connection.unwrap());
            accepted += 1;
            if accepted == 100 {
                let control = control.clone();
                thread::spawn(move || control.close());
            }
        }
    });
    clients.join().unwrap();
}
