//! Connects that come up.

use std::{
    io::{Read, Write},
    thread,
};

use futures_lite::{AsyncReadExt, AsyncWriteExt, future::block_on};
use socketry_connection::{Address, Connection};
use socketry_connector::Connect;
use socketry_connector_tcp::{TcpConnection, TcpConnector};

use crate::support::{all, listener, mapped};

#[test]
fn a_live_server_is_connected_to_and_both_sides_hear_each_other() {
    let (listener, address) = listener("127.0.0.1:0");
    block_on(async {
        let mut client = TcpConnector::new().connect(address).await.unwrap();
        let mut server = listener.accept().unwrap().0;
        client.write_all(b"ping").await.unwrap();
        let mut heard = [0; 4];
        server.read_exact(&mut heard).unwrap();
        server.write_all(&heard).unwrap();
        client.read_exact(&mut heard).await.unwrap();
        assert_eq!(&heard, b"ping");
    });
}

#[test]
fn a_connection_over_ipv4_knows_both_ends() {
    assert_ends_are_known("127.0.0.1:0");
}

#[test]
fn a_connection_over_ipv6_knows_both_ends() {
    assert_ends_are_known("[::1]:0");
}

fn assert_ends_are_known(on: &str) {
    let (listener, address) = listener(on);
    let connection = block_on(TcpConnector::new().connect(address)).unwrap();
    let (_server, client_address) = listener.accept().unwrap();
    assert_eq!(connection.remote_address(), Some(Address::Tcp(address)));
    assert_eq!(connection.local_address(), Some(Address::Tcp(client_address)));
}

#[test]
fn a_connect_that_has_to_wait_for_the_reactor_comes_up_too() {
    let (listener, address) = listener("127.0.0.1:0");
    block_on(async {
        let mut client = TcpConnector::new().connect(mapped(address)).await.unwrap();
        assert_eq!(client.remote_address(), Some(Address::Tcp(mapped(address))));
        client.write_all(b"x").await.unwrap();
        listener.accept().unwrap().0.read_exact(&mut [0]).unwrap();
    });
}

#[test]
fn a_connection_does_not_block_and_is_closed_in_child_processes() {
    let (_listener, address) = listener("127.0.0.1:0");
    let connection = block_on(TcpConnector::new().connect(address)).unwrap();
    let flags = rustix::io::fcntl_getfd(&connection).unwrap();
    assert!(flags.contains(rustix::io::FdFlags::CLOEXEC));
    let mut socket = connection.into_std().unwrap();
    assert_eq!(socket.read(&mut [0]).unwrap_err().kind(), std::io::ErrorKind::WouldBlock);
}

#[test]
fn a_client_of_a_server_that_closes_at_accept_reads_the_end_once_and_for_good() {
    let (listener, address) = listener("127.0.0.1:0");
    block_on(async {
        let mut client = TcpConnector::new().connect(address).await.unwrap();
        drop(listener.accept().unwrap());
        assert_eq!(client.read(&mut [0; 8]).await.unwrap(), 0);
        assert_eq!(client.read(&mut [0; 8]).await.unwrap(), 0);
    });
}

#[test]
fn one_connector_makes_many_connections_at_once_in_one_task() {
    let (listener, address) = listener("127.0.0.1:0");
    let connector = TcpConnector::new();
    let connections = block_on(all((0..200).map(|_| connector.connect(address))));
    for _ in 0..200 {
        listener.accept().unwrap().0.write_all(b"x").unwrap();
    }
    let mut heard = 0;
    for connection in connections {
        heard += block_on(connection.unwrap().read(&mut [0; 8])).unwrap();
    }
    assert_eq!(heard, 200);
}

#[test]
fn one_connector_makes_many_waiting_connections_at_once_in_one_task() {
    let (_listener, address) = listener("127.0.0.1:0");
    let connector = TcpConnector::new();
    let connections = block_on(all((0..200).map(|_| connector.connect(mapped(address)))));
    assert!(connections.iter().all(Result::is_ok));
}

#[test]
fn one_connector_makes_many_connections_at_once_in_many_threads() {
    let (_listener, address) = listener("127.0.0.1:0");
    let connector = TcpConnector::new();
    thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                for target in [address, mapped(address)].repeat(20) {
                    block_on(connector.connect(target)).unwrap();
                }
            });
        }
    });
}

#[test]
fn a_connector_can_be_shared_and_its_future_can_go_to_other_threads() {
    fn assert_shared<T: Send + Sync + Unpin + Clone + 'static>(_: &T) {}
    fn assert_send<T: Send>(future: T) -> T {
        future
    }
    let (_listener, address) = listener("127.0.0.1:0");
    let connector = TcpConnector::new();
    assert_shared(&connector);
    let connect = assert_send(connector.connect(address));
    let _: TcpConnection = block_on(connect).unwrap();
}
