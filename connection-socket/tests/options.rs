//! Options on bare sockets: each is what the kernel then says it is.

use std::{io::ErrorKind, time::Duration};

use socket2::{Domain, Socket};
use socketry_connection_socket::{Keepalive, SocketOptions, open};

/// A socket with these options.
fn with(options: SocketOptions, domain: Domain) -> Socket {
    let socket = open(domain).unwrap();
    options.apply(&socket, domain).unwrap();
    socket
}

/// The name and the system's error of what is refused.
fn refused(options: SocketOptions) -> (&'static str, std::io::Error) {
    let socket = open(Domain::IPV4).unwrap();
    let refused = options.apply(&socket, Domain::IPV4).unwrap_err();
    (refused.option(), refused.into_error())
}

#[test]
fn a_socket_is_born_non_blocking_and_close_on_exec() {
    let socket = open(Domain::IPV6).unwrap();
    let flags = rustix::io::fcntl_getfd(&socket).unwrap();
    assert!(socket.nonblocking().unwrap() && flags.contains(rustix::io::FdFlags::CLOEXEC));
}

#[test]
fn nodelay_is_on_unless_it_is_switched_off() {
    let nodelay = |options| with(options, Domain::IPV4).tcp_nodelay().unwrap();
    assert!(nodelay(SocketOptions::new()) && nodelay(SocketOptions::default()));
    assert!(!nodelay(SocketOptions::new().nodelay(false)));
}

#[test]
fn keepalive_is_set_with_all_its_times() {
    let keepalive =
        Keepalive::after(Duration::from_secs(60)).interval(Duration::from_secs(7)).retries(3);
    let socket = with(SocketOptions::new().keepalive(keepalive), Domain::IPV4);
    assert!(socket.keepalive().unwrap());
    assert_eq!(socket.tcp_keepalive_time().unwrap(), Duration::from_secs(60));
    assert_eq!(socket.tcp_keepalive_interval().unwrap(), Duration::from_secs(7));
    assert_eq!(socket.tcp_keepalive_retries().unwrap(), 3);
}

#[test]
fn keepalive_leaves_the_times_that_are_not_given_to_the_system() {
    let plain = open(Domain::IPV4).unwrap();
    let keepalive = Keepalive::after(Duration::from_secs(60));
    let socket = with(SocketOptions::new().keepalive(keepalive), Domain::IPV4);
    assert_eq!(
        (socket.tcp_keepalive_interval().unwrap(), socket.tcp_keepalive_retries().unwrap()),
        (plain.tcp_keepalive_interval().unwrap(), plain.tcp_keepalive_retries().unwrap())
    );
}

#[test]
#[cfg(target_os = "linux")]
fn the_buffers_have_the_doubled_sizes() {
    let socket = with(SocketOptions::new().send_buffer(20_000).recv_buffer(30_000), Domain::IPV4);
    assert_eq!(socket.send_buffer_size().unwrap(), 40_000);
    assert_eq!(socket.recv_buffer_size().unwrap(), 60_000);
}

#[test]
fn ttl_and_tos_are_set_on_ipv4() {
    let socket = with(SocketOptions::new().ttl(7).tos(0x10), Domain::IPV4);
    assert_eq!((socket.ttl_v4().unwrap(), socket.tos_v4().unwrap()), (7, 0x10));
}

#[test]
fn ttl_and_tos_are_set_on_ipv6() {
    let socket = with(SocketOptions::new().ttl(7).tos(0x10), Domain::IPV6);
    assert_eq!((socket.unicast_hops_v6().unwrap(), socket.tclass_v6().unwrap()), (7, 0x10));
}

#[test]
#[cfg(target_os = "linux")]
fn ttl_and_tos_hold_for_ipv4_through_an_ipv6_socket() {
    let socket = with(SocketOptions::new().ttl(7).tos(0x10), Domain::IPV6);
    assert_eq!((socket.ttl_v4().unwrap(), socket.tos_v4().unwrap()), (7, 0x10));
}

#[test]
fn linger_is_set_and_zero_is_zero() {
    let linger = |time| with(SocketOptions::new().linger(time), Domain::IPV4).linger().unwrap();
    assert_eq!(linger(Duration::from_secs(5)), Some(Duration::from_secs(5)));
    assert_eq!(linger(Duration::ZERO), Some(Duration::ZERO));
}

#[test]
fn a_linger_of_less_than_a_second_does_not_become_a_reset() {
    let socket = with(SocketOptions::new().linger(Duration::from_millis(1)), Domain::IPV4);
    assert_eq!(socket.linger().unwrap(), Some(Duration::from_secs(1)));
}

#[test]
#[cfg(target_os = "linux")]
fn the_user_timeout_is_set_in_milliseconds() {
    let timeout = |time| {
        let socket = with(SocketOptions::new().user_timeout(time), Domain::IPV4);
        socket.tcp_user_timeout().unwrap()
    };
    assert_eq!(timeout(Duration::from_millis(1234)), Some(Duration::from_millis(1234)));
    assert_eq!(timeout(Duration::ZERO), None);
}

#[test]
#[cfg(target_os = "linux")]
fn a_user_timeout_of_less_than_a_millisecond_does_not_become_the_default() {
    let options = SocketOptions::new().user_timeout(Duration::from_micros(1));
    let timeout = with(options, Domain::IPV4).tcp_user_timeout().unwrap();
    assert_eq!(timeout, Some(Duration::from_millis(1)));
}

#[test]
#[cfg(target_os = "linux")]
fn the_interface_is_set() {
    let options = SocketOptions::new().interface("lo");
    assert!(options.has_interface() && !SocketOptions::new().has_interface());
    let socket = with(options, Domain::IPV4);
    assert_eq!(socket.device().unwrap().as_deref(), Some(&b"lo"[..]));
}

#[test]
fn a_refused_option_is_named_with_the_systems_error() {
    let (option, error) = refused(SocketOptions::new().ttl(0));
    assert_eq!((option, error.kind()), ("ttl", ErrorKind::InvalidInput));
}

#[test]
fn a_keepalive_below_a_second_is_refused_by_name() {
    let keepalive = Keepalive::after(Duration::from_millis(999));
    let (option, error) = refused(SocketOptions::new().keepalive(keepalive));
    assert_eq!((option, error.kind()), ("keepalive", ErrorKind::InvalidInput));
}

#[test]
#[cfg(target_os = "linux")]
fn an_interface_that_does_not_exist_is_refused_by_name() {
    let (option, error) = refused(SocketOptions::new().interface("no-such-if0"));
    assert_eq!((option, error.raw_os_error()), ("interface", Some(19))); // ENODEV
}

#[test]
fn a_refused_option_prints_its_name_and_the_reason() {
    let socket = open(Domain::IPV4).unwrap();
    let refused = SocketOptions::new().ttl(0).apply(&socket, Domain::IPV4).unwrap_err();
    assert_eq!(refused.to_string(), "option ttl: Invalid argument (os error 22)");
}

#[test]
fn a_unix_socket_takes_the_buffers_and_nothing_else() {
    let socket = open(Domain::UNIX).unwrap();
    let plain = open(Domain::UNIX).unwrap().recv_buffer_size().unwrap();
    SocketOptions::new().send_buffer(20_000).ttl(7).apply_buffers(&socket).unwrap();
    assert_eq!(socket.recv_buffer_size().unwrap(), plain);
    assert!((20_000..=40_000).contains(&socket.send_buffer_size().unwrap()));
}
