//! Connections from and to the sockets of other crates: what had come and was not read stays.

use std::{
    io::{ErrorKind, Read, Write},
    net::TcpStream,
    os::{fd::AsFd, unix::net::UnixStream},
};

use async_io::Async;
use futures_lite::{AsyncReadExt, AsyncWriteExt, future::block_on};
use socket2::Socket;
use socketry_connection::{Address, Connection};
use socketry_connection_socket::{PlainSocket, SocketConnection, TcpConnection, UnixConnection};

use crate::support::{std_pair, tcp_and_peer, until_it_waits};

/// A connected socket in which `waiting` waits to be read, and its peer.
fn with_bytes_waiting() -> (TcpStream, TcpStream) {
    let (stream, mut peer) = std_pair("127.0.0.1:0");
    peer.write_all(b"waiting").unwrap();
    (stream, peer)
}

/// Whether `connection` has what waited, knows its peer, and is heard by it.
fn assert_whole(mut connection: TcpConnection, mut peer: TcpStream) {
    let remote = peer.local_addr().map(Address::Tcp).ok();
    assert_eq!(connection.remote_address(), remote);
    block_on(assert_talks(&mut connection));
    let mut heard = [0; 6];
    peer.read_exact(&mut heard).unwrap();
    assert_eq!(&heard, b"thanks");
}

async fn assert_talks(connection: &mut SocketConnection<impl PlainSocket>) {
    let mut heard = [0; 7];
    connection.read_exact(&mut heard).await.unwrap();
    assert_eq!(&heard, b"waiting");
    // It would block here, were it not made non-blocking.
    until_it_waits(connection.read(&mut heard)).await;
    connection.write_all(b"thanks").await.unwrap();
}

#[test]
fn a_stream_of_the_standard_library_becomes_a_connection() {
    let (stream, peer) = with_bytes_waiting();
    assert_whole(stream.try_into().unwrap(), peer);
}

#[test]
fn a_socket_of_socket2_becomes_a_connection() {
    let (stream, peer) = with_bytes_waiting();
    assert_whole(Socket::from(stream).try_into().unwrap(), peer);
}

#[test]
fn a_stream_in_the_reactor_becomes_a_connection() {
    let (stream, peer) = with_bytes_waiting();
    let stream = Async::new(stream).unwrap();
    block_on(stream.readable()).unwrap();
    assert_whole(stream.try_into().unwrap(), peer);
}

#[test]
fn unix_streams_of_all_kinds_become_connections() {
    let pair = || {
        let (stream, mut peer) = UnixStream::pair().unwrap();
        peer.write_all(b"waiting").unwrap();
        (stream, peer)
    };
    let (std, std_peer) = pair();
    let (socket, socket_peer) = pair();
    let (reactor, reactor_peer) = pair();
    let connections = [
        (UnixConnection::try_from(std).unwrap(), std_peer),
        (UnixConnection::try_from(Socket::from(socket)).unwrap(), socket_peer),
        (UnixConnection::try_from(Async::new(reactor).unwrap()).unwrap(), reactor_peer),
    ];
    for (mut connection, mut peer) in connections {
        block_on(assert_talks(&mut connection));
        peer.read_exact(&mut [0; 6]).unwrap();
    }
}

#[test]
fn a_connection_that_was_in_use_becomes_a_stream_of_the_standard_library() {
    let (mut connection, mut peer) = tcp_and_peer();
    let handle = connection.abort_handle();
    block_on(until_it_waits(connection.read(&mut [0])));
    peer.write_all(b"waiting").unwrap();

    let stream = TcpStream::try_from(connection).unwrap();
    stream.set_nonblocking(false).unwrap();
    let mut heard = [0; 7];
    (&stream).read_exact(&mut heard).unwrap();
    assert_eq!(&heard, b"waiting");
    drop(handle);
}

#[test]
fn a_stream_that_comes_out_is_still_non_blocking() {
    let (connection, _peer) = tcp_and_peer();
    let mut stream = connection.into_std().unwrap();
    let error = Read::read(&mut stream, &mut [0]).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::WouldBlock);
}

#[test]
fn a_connection_goes_through_all_other_types_and_back() {
    let (stream, peer) = with_bytes_waiting();
    let connection = TcpConnection::try_from(stream).unwrap();
    let socket = Socket::try_from(connection).unwrap();
    let connection = TcpConnection::try_from(socket).unwrap();
    let registered = Async::<TcpStream>::try_from(connection).unwrap();
    block_on(registered.readable()).unwrap();
    let connection = TcpConnection::try_from(registered).unwrap();
    assert_whole(connection, peer);
}

#[test]
fn a_unix_connection_goes_through_all_other_types_and_back() {
    let (stream, mut peer) = UnixStream::pair().unwrap();
    peer.write_all(b"waiting").unwrap();
    let connection = UnixConnection::try_from(stream).unwrap();
    let connection = UnixConnection::try_from(UnixStream::try_from(connection).unwrap()).unwrap();
    let connection = UnixConnection::try_from(Socket::try_from(connection).unwrap()).unwrap();
    let registered = Async::<UnixStream>::try_from(connection).unwrap();
    let mut connection = UnixConnection::try_from(registered).unwrap();
    block_on(assert_talks(&mut connection));
}

#[test]
fn the_descriptor_can_be_borrowed_for_what_there_is_no_method_for() {
    let (connection, peer) = tcp_and_peer();
    let through_descriptor = connection.as_fd().try_clone_to_owned().unwrap();
    let local = Socket::from(through_descriptor).local_addr().unwrap().as_socket();
    assert_eq!(local, peer.peer_addr().ok());
    assert_eq!(connection.get_ref().local_addr().ok(), local);
}
