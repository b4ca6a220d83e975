//! Options of accepted connections are what the kernel says they are.

use std::{
    io::{self, ErrorKind, Read},
    net::{Ipv4Addr, TcpListener, TcpStream},
    os::fd::OwnedFd,
    time::Duration,
};

use socket2::SockRef;
use socketry_connection::Connection;
use socketry_server_tcp::{Keepalive, SocketOptions, TcpServerOptions};

use crate::support::{accept, address_of, client_of};

/// What the kernel says of a connection that was accepted with these options.
fn option<T>(accepted: SocketOptions, read: impl Fn(SockRef<'_>) -> io::Result<T>) -> T {
    option_on("127.0.0.1:0", accepted, read)
}

fn option_on<T>(
    on: &str,
    accepted: SocketOptions,
    read: impl Fn(SockRef<'_>) -> io::Result<T>,
) -> T {
    let options = TcpServerOptions::new().accepted(accepted);
    let mut server = options.bind(on.parse().unwrap()).unwrap();
    let (_client, connection) = client_of(&mut server);
    read(SockRef::from(&connection)).unwrap()
}

#[test]
fn nodelay_is_on_by_default() {
    assert!(option(SocketOptions::new(), |socket| socket.tcp_nodelay()));
}

#[test]
fn nodelay_can_be_switched_off() {
    assert!(!option(SocketOptions::new().nodelay(false), |socket| socket.tcp_nodelay()));
}

#[test]
fn keepalive_is_inherited_with_its_times() {
    let keepalive =
        Keepalive::after(Duration::from_secs(60)).interval(Duration::from_secs(7)).retries(3);
    let times = option(SocketOptions::new().keepalive(keepalive), |socket| {
        assert!(socket.keepalive()?);
        Ok((
            socket.tcp_keepalive_time()?.as_secs(),
            socket.tcp_keepalive_interval()?.as_secs(),
            socket.tcp_keepalive_retries()?,
        ))
    });
    assert_eq!(times, (60, 7, 3));
}

#[test]
#[cfg(target_os = "linux")]
fn buffers_are_inherited_with_doubled_sizes() {
    let options = SocketOptions::new().send_buffer(20_000).recv_buffer(30_000);
    let sizes =
        option(options, |socket| Ok((socket.send_buffer_size()?, socket.recv_buffer_size()?)));
    assert_eq!(sizes, (40_000, 60_000));
}

#[test]
fn ttl_and_tos_are_inherited_over_ipv4() {
    let options = SocketOptions::new().ttl(7).tos(0x10);
    assert_eq!(option(options, |socket| Ok((socket.ttl_v4()?, socket.tos_v4()?))), (7, 0x10));
}

#[test]
fn ttl_and_tos_are_inherited_over_ipv6() {
    let options = SocketOptions::new().ttl(7).tos(0x10);
    let read = |socket: SockRef<'_>| Ok((socket.unicast_hops_v6()?, socket.tclass_v6()?));
    assert_eq!(option_on("[::1]:0", options, read), (7, 0x10));
}

#[test]
#[cfg(target_os = "linux")]
fn ttl_and_tos_are_inherited_by_an_ipv4_client_of_an_ipv6_server() {
    let accepted = SocketOptions::new().ttl(7).tos(0x10);
    let options = TcpServerOptions::new().only_v6(false).accepted(accepted);
    let mut server = options.bind("[::]:0".parse().unwrap()).unwrap();
    let _client = TcpStream::connect((Ipv4Addr::LOCALHOST, address_of(&server).port())).unwrap();
    let connection = accept(&mut server);
    let socket = SockRef::from(&connection);
    assert_eq!((socket.ttl_v4().unwrap(), socket.tos_v4().unwrap()), (7, 0x10));
}

#[test]
fn linger_is_inherited() {
    let linger = Duration::from_secs(5);
    assert_eq!(option(SocketOptions::new().linger(linger), |socket| socket.linger()), Some(linger));
}

#[test]
fn a_linger_of_zero_makes_a_drop_a_reset() {
    let options = TcpServerOptions::new().accepted(SocketOptions::new().linger(Duration::ZERO));
    let mut server = options.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let (mut client, connection) = client_of(&mut server);
    drop(connection);
    assert_eq!(client.read(&mut [0]).unwrap_err().kind(), ErrorKind::ConnectionReset);
}

#[test]
#[cfg(target_os = "linux")]
fn the_user_timeout_is_inherited() {
    let timeout = Duration::from_millis(1234);
    let options = SocketOptions::new().user_timeout(timeout);
    assert_eq!(option(options, |socket| socket.tcp_user_timeout()), Some(timeout));
}

#[test]
#[cfg(target_os = "linux")]
fn the_interface_is_inherited() {
    let options = SocketOptions::new().interface("lo");
    assert_eq!(option(options, |socket| socket.device()).as_deref(), Some(&b"lo"[..]));
}

#[test]
fn an_adopted_listener_gets_them_too() {
    let listener = OwnedFd::from(TcpListener::bind("127.0.0.1:0").unwrap());
    let options = TcpServerOptions::new().accepted(SocketOptions::new().ttl(7));
    let mut server = options.from_fd(listener).unwrap();
    let (_client, connection) = client_of(&mut server);
    let socket = SockRef::from(&connection);
    assert_eq!((socket.ttl_v4().unwrap(), socket.tcp_nodelay().unwrap()), (7, true));
}

#[test]
fn a_connection_does_not_block_and_is_closed_in_child_processes() {
    let mut server = TcpServerOptions::new().bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let (_client, connection) = client_of(&mut server);
    let flags = rustix::io::fcntl_getfd(&connection).unwrap();
    assert!(flags.contains(rustix::io::FdFlags::CLOEXEC));
    assert!(connection.attributes().is_empty());
    let mut socket = connection.into_std().unwrap();
    assert_eq!(socket.read(&mut [0]).unwrap_err().kind(), ErrorKind::WouldBlock);
}
