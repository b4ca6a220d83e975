//! Servers over sockets that somebody else has opened.

use std::{
    fs::File,
    io,
    net::{TcpListener, UdpSocket},
    os::{
        fd::OwnedFd,
        unix::net::{UnixListener, UnixStream},
    },
};

use futures_lite::future;
use socket2::SockRef;
use socketry_connection::{Address, os_error};
use socketry_server::{Accept, AcceptExt, ListenFailed};
use socketry_server_unix::{SocketOptions, UnixServer, UnixServerOptions};

use crate::support::{TempDir, address, bind};

#[test]
fn an_inherited_listener_is_served() {
    let directory = TempDir::new();
    let listener = UnixListener::bind(directory.socket()).unwrap();
    let mut server = UnixServer::from_fd(listener.into()).unwrap();
    let _client = UnixStream::connect(directory.socket()).unwrap();
    let accepted = future::block_on(server.accept());
    assert!(matches!(accepted, Some(Ok(_))), "{accepted:?}");
}

#[test]
fn an_adopted_server_knows_its_address() {
    let directory = TempDir::new();
    let listener = UnixListener::bind(directory.socket()).unwrap();
    let server = UnixServer::from_fd(listener.into()).unwrap();
    assert_eq!(server.local_address(), Some(Address::Unix(address(directory.socket()))));
}

#[test]
fn closing_an_adopted_server_leaves_its_file_and_makes_no_lock() {
    let directory = TempDir::new();
    let listener = UnixListener::bind(directory.socket()).unwrap();
    let server = UnixServer::from_fd(listener.into()).unwrap();
    assert_eq!(directory.names(), ["s"]);
    server.control().close();
    assert_eq!(directory.names(), ["s"]);
}

#[test]
fn closing_an_adopted_server_releases_its_copy_only() {
    let directory = TempDir::new();
    let listener = UnixListener::bind(directory.socket()).unwrap();
    let copy = listener.try_clone().unwrap();
    drop(UnixServer::from_fd(listener.into()).unwrap());
    copy.set_nonblocking(false).unwrap();
    let _client = UnixStream::connect(directory.socket()).unwrap();
    assert!(copy.accept().is_ok());
}

#[test]
fn a_listener_that_was_handed_on_can_be_adopted_and_leaves_the_file_to_its_owner() {
    let directory = TempDir::new();
    let listener = bind(directory.socket()).into_std().unwrap();
    let mut server = UnixServer::from_fd(listener.into()).unwrap();
    let _client = UnixStream::connect(directory.socket()).unwrap();
    assert!(future::block_on(server.accept()).unwrap().is_ok());
    drop(server);
    assert_eq!(directory.names(), ["s"]);
}

#[test]
fn buffers_are_set_on_the_connections_of_an_adopted_listener() {
    let directory = TempDir::new();
    let listener = UnixListener::bind(directory.socket()).unwrap();
    let options = UnixServerOptions::new().accepted(SocketOptions::new().send_buffer(50_000));
    let mut server = options.from_fd(listener.into()).unwrap();
    let _client = UnixStream::connect(directory.socket()).unwrap();
    let connection = future::block_on(server.accept()).unwrap().unwrap();
    let doubled = if cfg!(target_os = "linux") { 2 } else { 1 };
    let size = SockRef::from(&connection).send_buffer_size().unwrap();
    assert_eq!(size, 50_000 * doubled);
}

#[test]
fn a_file_is_no_socket() {
    let file = File::open("/dev/null").unwrap();
    assert_eq!(refusal(file).0, Some(Errno::ENOTSOCK));
}

#[test]
fn a_connected_socket_is_no_listener() {
    let (stream, _peer) = UnixStream::pair().unwrap();
    assert_eq!(refusal(stream).0, Some(Errno::EISCONN));
}

#[cfg(not(target_vendor = "apple"))] // where nothing tells
#[test]
fn a_socket_that_does_not_listen_is_invalid() {
    use socket2::{Domain, SockAddr, Socket, Type};

    let directory = TempDir::new();
    let socket = Socket::new(Domain::UNIX, Type::STREAM, None).unwrap();
    socket.bind(&SockAddr::unix(directory.socket()).unwrap()).unwrap();
    assert_eq!(refusal(socket).0, Some(Errno::EINVAL));
}

#[test]
fn a_datagram_socket_is_of_the_wrong_type() {
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    assert_eq!(refusal(socket).0, Some(Errno::EPROTOTYPE));
}

#[test]
fn a_tcp_listener_is_of_the_wrong_family() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    assert_eq!(refusal(listener).0, Some(Errno::EAFNOSUPPORT));
}

#[test]
fn the_error_names_the_descriptor() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let number = std::os::fd::AsRawFd::as_raw_fd(&listener);
    let (_, error) = refusal(listener);
    let failed: &ListenFailed = error.get_ref().unwrap().downcast_ref().unwrap();
    assert_eq!(failed.on(), format!("inherited descriptor {number}"));
}

fn refusal(descriptor: impl Into<OwnedFd>) -> (Option<i32>, io::Error) {
    let error = UnixServer::from_fd(descriptor.into()).unwrap_err();
    (os_error(&error), error)
}

/// The numbers of this system.
struct Errno;

impl Errno {
    const ENOTSOCK: i32 = rustix::io::Errno::NOTSOCK.raw_os_error();
    const EISCONN: i32 = rustix::io::Errno::ISCONN.raw_os_error();
    #[cfg(not(target_vendor = "apple"))]
    const EINVAL: i32 = rustix::io::Errno::INVAL.raw_os_error();
    const EPROTOTYPE: i32 = rustix::io::Errno::PROTOTYPE.raw_os_error();
    const EAFNOSUPPORT: i32 = rustix::io::Errno::AFNOSUPPORT.raw_os_error();
}
