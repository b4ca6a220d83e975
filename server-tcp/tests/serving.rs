//! Connections that come in, and what is said over them.

use std::{
    io::{Read, Write},
    net::{Shutdown, TcpStream},
    thread,
    time::Duration,
};

use futures_lite::{AsyncReadExt, AsyncWriteExt, StreamExt, future::block_on};
use socket2::SockRef;
use socketry_connection::{Address, Connection};
use socketry_server::{Accept, AcceptExt};

use crate::support::{accept, client_of, hears_to_the_end, server, until_it_waits};

#[test]
fn it_listens_from_its_construction_before_anybody_polls() {
    let (mut server, address) = server("127.0.0.1");
    let client = TcpStream::connect(address).unwrap();
    let connection = accept(&mut server);
    assert_eq!(connection.remote_address(), client.local_addr().map(Address::Tcp).ok());
}

#[test]
fn clients_are_yielded_once_each_in_the_order_in_which_they_came() {
    let (mut server, address) = server("127.0.0.1");
    let clients = [0; 3].map(|_| TcpStream::connect(address).unwrap());
    for client in &clients {
        let remote = accept(&mut server).remote_address();
        assert_eq!(remote, client.local_addr().map(Address::Tcp).ok());
    }
    block_on(until_it_waits(server.accept()));
}

#[test]
fn a_client_that_says_nothing_is_neither_heard_nor_ended() {
    let (mut server, _) = server("127.0.0.1");
    let (_client, mut connection) = client_of(&mut server);
    let read = block_on(futures_lite::future::poll_once(connection.read(&mut [0; 8])));
    assert!(read.is_none(), "{read:?}");
}

#[test]
fn what_a_client_says_is_heard_once() {
    let (mut server, _) = server("127.0.0.1");
    let (mut client, mut connection) = client_of(&mut server);
    client.write_all(b"foo\n").unwrap();
    block_on(async {
        let mut heard = [0; 16];
        assert_eq!(connection.read(&mut heard).await.unwrap(), 4);
        assert_eq!(&heard[..4], b"foo\n");
        let more = futures_lite::future::poll_once(connection.read(&mut heard)).await;
        assert!(more.is_none(), "{more:?}");
    });
}

#[test]
fn what_a_client_says_before_it_ends_is_heard_before_the_end() {
    let (mut server, _) = server("127.0.0.1");
    let (mut client, mut connection) = client_of(&mut server);
    client.write_all(b"foo\n").unwrap();
    client.shutdown(Shutdown::Write).unwrap();
    let mut heard = String::new();
    block_on(connection.read_to_string(&mut heard)).unwrap();
    assert_eq!(heard, "foo\n");
}

#[test]
fn a_client_that_goes_is_read_to_the_end() {
    let (mut server, _) = server("127.0.0.1");
    let (client, mut connection) = client_of(&mut server);
    drop(client);
    assert_eq!(block_on(connection.read(&mut [0; 8])).unwrap(), 0);
}

#[test]
fn a_megabyte_arrives_although_the_server_is_closed_in_between() {
    const MEGABYTE: usize = 1024 * 1024;

    let (mut server, address) = server("127.0.0.1");
    let client = thread::spawn(move || {
        let mut client = TcpStream::connect(address).unwrap();
        client.write_all(&vec![7; MEGABYTE]).unwrap();
        client.shutdown(Shutdown::Write).unwrap();
        hears_to_the_end(client)
    });
    block_on(async {
        let mut connection = server.accept().await.unwrap().unwrap();
        connection.read_exact(&mut [0; 1000]).await.unwrap();
        server.control().close();
        drop(server);
        let mut rest = Vec::new();
        connection.read_to_end(&mut rest).await.unwrap();
        assert_eq!(rest.len(), MEGABYTE - 1000);
        connection.write_all(b"thanks").await.unwrap();
    });
    assert_eq!(client.join().unwrap(), b"thanks");
}

#[test]
fn a_connection_that_the_server_ends_is_ended_for_the_client() {
    let (mut server, _) = server("127.0.0.1");
    let (mut client, connection) = client_of(&mut server);
    drop(connection);
    assert_eq!(client.read(&mut [0]).unwrap(), 0);
}

#[test]
fn clients_that_came_and_went_before_anybody_polled_do_not_stop_the_server() {
    let (mut server, address) = server("127.0.0.1");
    let gone: Vec<_> = (0..10)
        .map(|_| {
            let client = TcpStream::connect(address).unwrap();
            SockRef::from(&client).set_linger(Some(Duration::ZERO)).unwrap();
            client.local_addr().unwrap()
        })
        .collect();
    let alive = TcpStream::connect(address).unwrap();
    for gone in gone {
        // Known although they are gone: it came with the connection.
        assert_eq!(accept(&mut server).remote_address(), Some(Address::Tcp(gone)));
    }
    let connection = accept(&mut server);
    assert_eq!(connection.remote_address(), alive.local_addr().map(Address::Tcp).ok());
}

#[test]
fn connections_are_also_a_stream_that_ends_when_the_server_is_closed() {
    let (mut server, address) = server("127.0.0.1");
    let _clients = [0; 3].map(|_| TcpStream::connect(address).unwrap());
    let control = server.control();
    block_on(async {
        let mut incoming = server.incoming();
        for _ in 0..3 {
            incoming.next().await.unwrap().unwrap();
        }
        control.close();
        assert!(incoming.next().await.is_none());
    });
}

#[test]
fn an_accept_that_is_given_up_loses_nobody() {
    let (mut server, address) = server("127.0.0.1");
    block_on(async {
        for _ in 0..100 {
            until_it_waits(server.accept()).await;
        }
    });
    let client = TcpStream::connect(address).unwrap();
    let remote = accept(&mut server).remote_address();
    assert_eq!(remote, client.local_addr().map(Address::Tcp).ok());
}

#[test]
fn many_clients_that_come_at_once_are_all_served() {
    let (mut server, address) = server("127.0.0.1");
    let clients: Vec<_> = (0..8)
        .map(|_| {
            thread::spawn(move || {
                for _ in 0..50 {
                    let client = TcpStream::connect(address).unwrap();
                    assert_eq!(hears_to_the_end(client), b"hello");
                }
            })
        })
        .collect();
    block_on(async {
        for _ in 0..400 {
            server.accept().await.unwrap().unwrap().write_all(b"hello").await.unwrap();
        }
    });
    clients.into_iter().for_each(|client| client.join().unwrap());
}
