//! What the types can be used for, checked by the compiler.

use std::{
    net::TcpListener,
    os::{fd::AsFd, unix::net::UnixListener},
};

use futures_lite::{AsyncReadExt, AsyncWriteExt, future::block_on};
use socketry_connection::Connection;
use socketry_connection_socket::{
    Adopted, Keepalive, Listener, NotOneConnection, OptionRefused, ReadHalf, SocketOptions,
    TcpConnection, UnixConnection, WriteHalf,
};

use crate::support::tcp_pair;

type TcpStream = std::net::TcpStream;

#[test]
fn every_type_can_go_to_and_be_shared_with_other_threads() {
    fn assert<T: Send + Sync + Unpin + 'static>() {}
    assert::<TcpConnection>();
    assert::<UnixConnection>();
    assert::<ReadHalf<TcpStream>>();
    assert::<WriteHalf<TcpStream>>();
    assert::<NotOneConnection<TcpStream>>();
    assert::<SocketOptions>();
    assert::<Keepalive>();
    assert::<OptionRefused>();
    assert::<Adopted>();
    assert::<Listener<TcpListener>>();
    assert::<Listener<UnixListener>>();
}

#[test]
fn both_kinds_of_sockets_are_connections_with_a_descriptor() {
    fn assert<T: Connection + AsFd>() {}
    assert::<TcpConnection>();
    assert::<UnixConnection>();
}

#[test]
fn the_futures_of_a_connection_can_go_to_other_threads() {
    fn assert_send<F: Future + Send>(future: F) -> F {
        future
    }
    let (mut connection, mut peer) = tcp_pair();
    block_on(async {
        assert_send(connection.write_all(b"x")).await.unwrap();
        assert_send(connection.close()).await.unwrap();
        assert_send(peer.read_to_end(&mut Vec::new())).await.unwrap();
    });
    let socket = peer.into_std().unwrap();
    drop(assert_send(TcpConnection::when_connected(socket, "tcp://127.0.0.1:80".parse().unwrap())));
}
