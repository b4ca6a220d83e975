//! What the tests share: servers, their clients and their addresses.

use std::{
    future::Future,
    io::{self, ErrorKind, Read},
    net::{Ipv4Addr, SocketAddr, TcpStream},
    process,
    sync::atomic::{AtomicU32, Ordering},
};

use futures_lite::future::{self, block_on};
use socket2::{Domain, Socket, Type};
use socketry_server::{Accept, AcceptExt};
use socketry_server_tcp::{TcpConnection, TcpServer};

/// A server on a free port of `ip`, and where it is.
pub(crate) fn server(ip: &str) -> (TcpServer, SocketAddr) {
    let any_port = SocketAddr::new(ip.parse().unwrap(), 0);
    let server = TcpServer::bind(any_port).unwrap();
    let address = address_of(&server);
    (server, address)
}

/// Where a server listens.
pub(crate) fn address_of(server: &impl Accept) -> SocketAddr {
    server.local_address().unwrap().socket_address().unwrap()
}

/// A server on an address of this machine that nobody else uses, and where it is. Whatever port it
/// gives up is free until the test is over.
pub(crate) fn server_alone() -> (TcpServer, SocketAddr) {
    server(&own_ip().to_string())
}

/// An address of this machine that nobody else uses.
pub(crate) fn own_ip() -> Ipv4Addr {
    static USED: AtomicU32 = AtomicU32::new(0);

    let number = process::id() * 251 + USED.fetch_add(1, Ordering::Relaxed);
    let [_, high, middle, low] = number.to_be_bytes();
    Ipv4Addr::new(127, high | 1, middle, low.clamp(1, 254))
}

/// The next connection of a server that has one.
pub(crate) fn accept(server: &mut TcpServer) -> TcpConnection {
    block_on(server.accept()).unwrap().unwrap()
}

/// A client that has connected, and the connection that the server made of it.
pub(crate) fn client_of(server: &mut TcpServer) -> (TcpStream, TcpConnection) {
    let client = TcpStream::connect(address_of(server)).unwrap();
    (client, accept(server))
}

/// Runs `future` until it waits.
pub(crate) async fn until_it_waits(
    future: impl Future<Output = Option<io::Result<TcpConnection>>>,
) {
    let ended = future::poll_once(future).await;
    assert!(ended.is_none(), "it ended instead: {ended:?}");
}

/// Everything that `peer` still hears. A connection that ended with bytes unread ends in a reset.
pub(crate) fn hears_to_the_end(mut peer: impl Read) -> Vec<u8> {
    let mut heard = Vec::new();
    match peer.read_to_end(&mut heard) {
        Ok(_) => {}
        Err(error) => assert_eq!(error.kind(), ErrorKind::ConnectionReset),
    }
    heard
}

/// Whether nobody listens at `address`.
pub(crate) fn is_refused(address: SocketAddr) -> bool {
    match TcpStream::connect(address) {
        Ok(_) => false,
        Err(error) => error.kind() == ErrorKind::ConnectionRefused,
    }
}

/// Whether `address` is free for a server that does not reuse addresses.
pub(crate) fn is_free(address: SocketAddr) -> bool {
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, None).unwrap();
    socket.bind(&address.into()).is_ok()
}
