//! Listening sockets that were opened by somebody else, by their number.

use std::{
    fs::File,
    io,
    net::{Shutdown, TcpListener, TcpStream, UdpSocket},
    os::{
        fd::{AsRawFd, RawFd},
        unix::net::{UnixListener, UnixStream},
    },
};

use futures_lite::future::block_on;
use rustix::io::Errno;
use socket2::SockRef;
use socketry::{Address, UnixAddress, connection::os_error, server::ListenFailed};
use socketry_testing::{check_control, check_drop};

use crate::support::{Client, TempDir, accept, bind, bind_error, bound};

#[test]
fn the_address_is_that_of_the_original() {
    for endpoint in ["127.0.0.1:0", "[::1]:0"] {
        let original = TcpListener::bind(endpoint).unwrap();
        let address = Some(Address::Tcp(original.local_addr().unwrap()));
        let number = original.as_raw_fd();
        assert_eq!(bind(format!("fd://{number}")).local_address(), address);
        assert_eq!(bind(format!("php://fd/{number}")).local_address(), address);
    }
}

#[test]
fn the_address_of_a_unix_socket_is_its_path() {
    let directory = TempDir::new();
    let original = UnixListener::bind(directory.join("s")).unwrap();
    let path = UnixAddress::from_path(directory.join("s")).unwrap();
    let server = bind(format!("fd://{}", original.as_raw_fd()));
    assert_eq!(server.local_address(), Some(path.into()));
}

#[test]
fn clients_are_served() {
    let directory = TempDir::new();
    let tcp = TcpListener::bind("127.0.0.1:0").unwrap();
    let unix = UnixListener::bind(directory.join("s")).unwrap();
    for number in [tcp.as_raw_fd(), unix.as_raw_fd()] {
        let mut server = bind(format!("fd://{number}"));
        let address = server.local_address();
        let _client = Client::connect(address.as_ref().unwrap()).unwrap();
        assert_eq!(accept(&mut server).local_address(), address);
    }
}

#[test]
fn closing_the_server_leaves_the_original_listening_and_the_server_without_address() {
    let original = TcpListener::bind("127.0.0.1:0").unwrap();
    let server = bind(format!("fd://{}", original.as_raw_fd()));
    server.control().close();
    assert_eq!(server.local_address(), None);
    original.set_nonblocking(false).unwrap();
    let client = TcpStream::connect(original.local_addr().unwrap()).unwrap();
    assert_eq!(original.accept().unwrap().1, client.local_addr().unwrap());
}

#[test]
fn closing_the_server_leaves_the_file_of_a_unix_socket() {
    let directory = TempDir::new();
    let original = UnixListener::bind(directory.join("s")).unwrap();
    drop(bind(format!("fd://{}", original.as_raw_fd())));
    assert!(UnixStream::connect(directory.join("s")).is_ok());
}

#[test]
fn it_pauses_resumes_and_closes_as_a_server_does() {
    let original = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = original.local_addr().unwrap();
    let server = || bind(format!("fd://{}", original.as_raw_fd()));
    block_on(check_control(server(), || TcpStream::connect(address).unwrap()));
    block_on(check_drop(server()));
}

#[cfg(target_os = "linux")] // where a listener can be shut down, and listen again
#[test]
fn a_failure_to_accept_is_an_error_and_no_end() {
    let original = TcpListener::bind("127.0.0.1:0").unwrap();
    let mut server = bind(format!("fd://{}", original.as_raw_fd()));
    SockRef::from(&original).shutdown(Shutdown::Both).unwrap();
    let error = block_on(server.accept()).unwrap().unwrap_err();
    assert_eq!(os_error(&error), Some(Errno::INVAL.raw_os_error()));
    SockRef::from(&original).listen(16).unwrap();
    let _client = TcpStream::connect(original.local_addr().unwrap()).unwrap();
    accept(&mut server);
}

#[test]
fn the_same_descriptor_can_be_taken_over_more_than_once() {
    let original = TcpListener::bind("127.0.0.1:0").unwrap();
    let [mut first, second] = [(); 2].map(|()| bind(format!("fd://{}", original.as_raw_fd())));
    drop(second);
    let _client = TcpStream::connect(original.local_addr().unwrap()).unwrap();
    accept(&mut first);
}

#[test]
fn a_number_that_no_descriptor_has_is_told_in_one_line() {
    let error = bind_error("fd://2147483647");
    let bad = io::Error::from(Errno::BADF);
    assert_eq!(
        error.to_string(),
        format!(
            "listening on fd://2147483647 failed: {bad}; no descriptor 2147483647 was passed to this process"
        )
    );
    assert_eq!(error.kind(), bad.kind());
    assert_eq!(os_error(&error), Some(Errno::BADF.raw_os_error()));
}

#[test]
fn a_file_is_no_socket() {
    let file = File::open("/dev/null").unwrap();
    let number = file.as_raw_fd();
    assert_eq!(refused(number), Errno::NOTSOCK);
    let (error, not_a_socket) =
        (bind_error(&format!("fd://{number}")), io::Error::from(Errno::NOTSOCK));
    assert_eq!(
        error.to_string(),
        format!(
            "listening on fd://{number} failed: {not_a_socket}; descriptor {number} is no socket"
        )
    );
    assert_eq!(error.kind(), not_a_socket.kind());
}

#[test]
fn a_regular_file_is_no_socket_either() {
    let directory = TempDir::new();
    std::fs::write(directory.join("f"), "").unwrap();
    let file = File::open(directory.join("f")).unwrap();
    assert_eq!(refused(file.as_raw_fd()), Errno::NOTSOCK);
}

#[test]
fn a_connected_socket_is_no_listener() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let client = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    assert_eq!(refused(client.as_raw_fd()), Errno::ISCONN);
}

#[cfg(not(target_vendor = "apple"))] // where nothing tells
#[test]
fn a_socket_that_does_not_listen_is_invalid() {
    assert_eq!(refused(bound("127.0.0.1:0").as_raw_fd()), Errno::INVAL);
}

#[test]
fn a_datagram_socket_is_of_the_wrong_type() {
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    assert_eq!(refused(socket.as_raw_fd()), Errno::PROTOTYPE);
}

#[test]
fn the_error_names_the_endpoint_however_it_was_written() {
    let file = File::open("/dev/null").unwrap();
    let number = file.as_raw_fd();
    for endpoint in [format!("fd://{number}"), format!("php://fd/{number}")] {
        let error = bind_error(&endpoint);
        let failed: &ListenFailed = error.get_ref().unwrap().downcast_ref().unwrap();
        assert_eq!(failed.on(), format!("fd://{number}"));
    }
}

#[test]
fn what_is_no_number_is_invalid_input() {
    for endpoint in [
        "fd://-1",
        "php://fd/-1",
        "fd://",
        "fd://three",
        "fd://tcp://127.0.0.1:8080",
        "php://stdin",
    ] {
        assert_eq!(bind_error(endpoint).kind(), io::ErrorKind::InvalidInput, "{endpoint}");
    }
}

/// Why the descriptor of this number cannot be taken over. It stays open.
fn refused(number: RawFd) -> Errno {
    let error = bind_error(&format!("fd://{number}"));
    assert_eq!(bind_error(&format!("fd://{number}")).to_string(), error.to_string());
    Errno::from_raw_os_error(os_error(&error).unwrap())
}
