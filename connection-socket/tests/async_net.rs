//! Connections from and to async-net's streams: what had come and was not read stays.

use std::{
    io::{ErrorKind, Read, Write},
    net::{TcpListener, TcpStream},
    os::unix::net::UnixStream,
};

use async_io::Async;
use async_net::unix::UnixStream as AsyncUnixStream;
use futures_lite::{AsyncReadExt, AsyncWriteExt, future::block_on};
use socketry_connection::{Address, Connection};
use socketry_connection_socket::{TcpConnection, UnixConnection};

/// A stream of async-net in which `waiting` waits to be read, and its peer.
fn with_bytes_waiting() -> (async_net::TcpStream, TcpStream) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let mut peer = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    let (stream, _) = listener.accept().unwrap();
    peer.write_all(b"waiting").unwrap();
    (Async::new(stream).unwrap().into(), peer)
}

#[test]
fn a_tcp_stream_becomes_a_connection_and_a_stream_again() {
    let (stream, mut peer) = with_bytes_waiting();
    let mut connection = TcpConnection::try_from(stream).unwrap();
    assert_eq!(connection.remote_address(), peer.local_addr().map(Address::Tcp).ok());
    block_on(async {
        connection.read_exact(&mut [0; 3]).await.unwrap();
        let mut stream = async_net::TcpStream::try_from(connection).unwrap();
        let mut rest = [0; 4];
        stream.read_exact(&mut rest).await.unwrap();
        assert_eq!(&rest, b"ting");
        stream.write_all(b"thanks").await.unwrap();
    });
    peer.read_exact(&mut [0; 6]).unwrap();
}

#[test]
fn a_unix_stream_becomes_a_connection_and_a_stream_again() {
    let (stream, mut peer) = UnixStream::pair().unwrap();
    peer.write_all(b"waiting").unwrap();
    let stream = AsyncUnixStream::from(Async::new(stream).unwrap());
    let mut connection = UnixConnection::try_from(stream).unwrap();
    block_on(async {
        connection.read_exact(&mut [0; 3]).await.unwrap();
        let mut stream = AsyncUnixStream::try_from(connection).unwrap();
        let mut rest = [0; 4];
        stream.read_exact(&mut rest).await.unwrap();
        assert_eq!(&rest, b"ting");
    });
}

#[test]
fn a_stream_with_clones_is_refused_because_they_would_go_on_using_it() {
    let (stream, _peer) = with_bytes_waiting();
    let clone = stream.clone();
    let error = TcpConnection::try_from(stream).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidInput);
    assert!(error.to_string().contains("drop them first"), "{error}");
    TcpConnection::try_from(clone).unwrap();
}
