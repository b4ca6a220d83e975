//! Taking over a listening socket that somebody else has opened, and refusing all else.
//!
//! A descriptor is an `OwnedFd`: a number that is no descriptor cannot be given.

use std::{
    fs::File,
    io,
    net::{TcpListener, TcpStream, UdpSocket},
    os::{
        fd::{AsRawFd, OwnedFd},
        unix::net::{UnixDatagram, UnixListener, UnixStream},
    },
};

use futures_lite::future::block_on;
use socket2::{Domain, Socket, Type};
use socketry_connection::{Address, os_error};
use socketry_server::{Accept, AcceptExt, ListenFailed};
use socketry_server_tcp::TcpServer;

use crate::{
    queue::wait_until_waiting,
    support::{accept, client_of, until_it_waits},
};

/// A listener, and a server that has adopted a duplicate of it.
fn adopted(on: &str) -> (TcpListener, TcpServer) {
    let original = TcpListener::bind(on).unwrap();
    let duplicate = original.try_clone().unwrap();
    (original, TcpServer::from_fd(duplicate.into()).unwrap())
}

/// The error with which `descriptor` is refused.
fn refused(descriptor: impl Into<OwnedFd>) -> io::Error {
    let descriptor = descriptor.into();
    let on = format!("inherited descriptor {}", descriptor.as_raw_fd());
    let error = TcpServer::from_fd(descriptor).unwrap_err();
    let failed = error.get_ref().unwrap().downcast_ref::<ListenFailed>().unwrap();
    assert_eq!(failed.on(), on);
    error
}

#[test]
fn an_adopted_listener_serves_with_its_own_address() {
    for on in ["127.0.0.1:0", "[::1]:0"] {
        let (original, mut server) = adopted(on);
        assert_eq!(server.local_address(), original.local_addr().map(Address::Tcp).ok());
        client_of(&mut server);
    }
}

#[test]
fn clients_that_waited_before_the_adoption_are_served() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let client = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    let mut server = TcpServer::from_fd(listener.into()).unwrap();
    let remote = socketry_connection::Connection::remote_address(&accept(&mut server));
    assert_eq!(remote, client.local_addr().map(Address::Tcp).ok());
}

#[test]
fn an_adopted_listener_that_would_block_is_made_to_wait() {
    let (_original, mut server) = adopted("127.0.0.1:0");
    block_on(until_it_waits(server.accept()));
}

#[test]
#[cfg(target_os = "linux")]
fn an_adopted_listener_is_closed_in_child_processes() {
    let listener = OwnedFd::from(TcpListener::bind("127.0.0.1:0").unwrap());
    let number = listener.as_raw_fd();
    rustix::io::fcntl_setfd(&listener, rustix::io::FdFlags::empty()).unwrap();
    assert!(!is_close_on_exec(number));
    let _server = TcpServer::from_fd(listener).unwrap();
    assert!(is_close_on_exec(number));
}

/// What the kernel says of a descriptor by its number, because a server does not lend its own.
#[cfg(target_os = "linux")]
fn is_close_on_exec(number: i32) -> bool {
    const CLOSE_ON_EXEC: u32 = 0o2_000_000;

    let info = std::fs::read_to_string(format!("/proc/self/fdinfo/{number}")).unwrap();
    let flags = info.lines().find_map(|line| line.strip_prefix("flags:")).unwrap();
    u32::from_str_radix(flags.trim(), 8).unwrap() & CLOSE_ON_EXEC != 0
}

#[test]
fn the_original_listens_on_after_the_server_is_closed() {
    let (original, mut server) = adopted("127.0.0.1:0");
    let address = original.local_addr().unwrap();
    client_of(&mut server);
    server.control().close();
    assert_eq!(server.local_address(), None);
    assert!(block_on(server.accept()).is_none());

    let client = TcpStream::connect(address).unwrap();
    wait_until_waiting(address, 1);
    assert_eq!(original.accept().unwrap().1, client.local_addr().unwrap());
}

#[test]
fn pausing_an_adopted_listener_leaves_the_original_alone() {
    let (original, mut server) = adopted("127.0.0.1:0");
    server.control().pause();
    let address = original.local_addr().unwrap();
    let _client = TcpStream::connect(address).unwrap();
    wait_until_waiting(address, 1);
    block_on(until_it_waits(server.accept()));
    original.accept().unwrap();
}

#[test]
fn a_regular_file_is_refused() {
    let error = refused(File::open(concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml")).unwrap());
    assert_eq!(os_error(&error), Some(88)); // ENOTSOCK
    assert!(error.to_string().ends_with("failed: Socket operation on non-socket (os error 88)"));
}

#[test]
fn a_connected_socket_is_refused() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let error = refused(TcpStream::connect(listener.local_addr().unwrap()).unwrap());
    assert_eq!(os_error(&error), Some(106)); // EISCONN
}

#[test]
fn a_connected_unix_socket_is_refused() {
    let error = refused(UnixStream::pair().unwrap().0);
    assert_eq!(os_error(&error), Some(106)); // EISCONN
}

#[test]
fn a_socket_that_does_not_listen_is_refused() {
    let bound = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
    bound.bind(&"127.0.0.1:0".parse::<std::net::SocketAddr>().unwrap().into()).unwrap();
    assert_eq!(os_error(&refused(bound)), Some(22)); // EINVAL
    let fresh = Socket::new(Domain::IPV6, Type::STREAM, None).unwrap();
    assert_eq!(os_error(&refused(fresh)), Some(22)); // EINVAL
}

#[test]
fn a_datagram_socket_is_refused() {
    let error = refused(UdpSocket::bind("127.0.0.1:0").unwrap());
    assert_eq!(os_error(&error), Some(91)); // EPROTOTYPE
    let error = refused(UnixDatagram::unbound().unwrap());
    assert_eq!(os_error(&error), Some(91)); // EPROTOTYPE
}

#[test]
#[cfg(target_os = "linux")]
fn a_unix_listener_is_refused() {
    use std::os::{linux::net::SocketAddrExt, unix::net::SocketAddr};

    let name = format!("socketry adopting {}", std::process::id());
    let address = SocketAddr::from_abstract_name(name).unwrap();
    let error = refused(UnixListener::bind_addr(&address).unwrap());
    assert_eq!(os_error(&error), Some(97)); // EAFNOSUPPORT
}

#[test]
fn a_descriptor_that_is_refused_is_closed() {
    let (stream, mut peer) = UnixStream::pair().unwrap();
    refused(stream);
    assert_eq!(io::Read::read(&mut peer, &mut [0]).unwrap(), 0);
}
