//! Options of a connection are what the kernel says they are.

use std::{net::TcpListener, time::Duration};

use futures_lite::future::block_on;
use socket2::SockRef;
use socketry_connector::Connect;
use socketry_connector_tcp::{Keepalive, SocketOptions, TcpConnection, TcpConnector};

use crate::support::listener;

/// A connection with these options, and who listens for it.
fn connected(options: SocketOptions, on: &str) -> (TcpConnection, TcpListener) {
    let (listener, address) = listener(on);
    let connector = TcpConnector::new().options(options);
    (block_on(connector.connect(address)).unwrap(), listener)
}

fn option<T>(options: SocketOptions, read: impl Fn(SockRef<'_>) -> std::io::Result<T>) -> T {
    let (connection, _listener) = connected(options, "127.0.0.1:0");
    read(SockRef::from(&connection)).unwrap()
}

#[test]
fn nodelay_is_on_by_default() {
    assert!(option(SocketOptions::default(), |socket| socket.tcp_nodelay()));
}

#[test]
fn nodelay_can_be_switched_off() {
    assert!(!option(SocketOptions::new().nodelay(false), |socket| socket.tcp_nodelay()));
}

#[test]
fn keepalive_has_its_times() {
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
fn keepalive_is_off_by_default() {
    assert!(!option(SocketOptions::new(), |socket| socket.keepalive()));
}

#[test]
#[cfg(target_os = "linux")]
fn buffers_have_the_doubled_sizes() {
    let options = SocketOptions::new().send_buffer(20_000).recv_buffer(30_000);
    let sizes =
        option(options, |socket| Ok((socket.send_buffer_size()?, socket.recv_buffer_size()?)));
    assert_eq!(sizes, (40_000, 60_000));
}

#[test]
fn ttl_and_tos_hold_over_ipv4() {
    let options = SocketOptions::new().ttl(7).tos(0x10);
    assert_eq!(option(options, |socket| Ok((socket.ttl_v4()?, socket.tos_v4()?))), (7, 0x10));
}

#[test]
fn ttl_and_tos_hold_over_ipv6() {
    let (connection, _listener) = connected(SocketOptions::new().ttl(7).tos(0x10), "[::1]:0");
    let socket = SockRef::from(&connection);
    assert_eq!((socket.unicast_hops_v6().unwrap(), socket.tclass_v6().unwrap()), (7, 0x10));
}

#[test]
fn linger_holds() {
    let linger = Duration::from_secs(5);
    assert_eq!(option(SocketOptions::new().linger(linger), |socket| socket.linger()), Some(linger));
}

#[test]
fn a_linger_of_zero_makes_a_drop_a_reset() {
    let (connection, listener) = connected(SocketOptions::new().linger(Duration::ZERO), "[::1]:0");
    let (mut server, _) = listener.accept().unwrap();
    drop(connection);
    let error = std::io::Read::read(&mut server, &mut [0]).unwrap_err();
    assert_eq!(error.kind(), std::io::ErrorKind::ConnectionReset);
}

#[test]
#[cfg(target_os = "linux")]
fn the_user_timeout_holds() {
    let timeout = Duration::from_millis(1234);
    let options = SocketOptions::new().user_timeout(timeout);
    assert_eq!(option(options, |socket| socket.tcp_user_timeout()), Some(timeout));
}

#[test]
#[cfg(target_os = "linux")]
fn the_interface_holds() {
    let options = SocketOptions::new().interface("lo");
    assert_eq!(option(options, |socket| socket.device()).as_deref(), Some(&b"lo"[..]));
}
