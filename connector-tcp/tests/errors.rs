//! Connects that the system refuses: the error keeps its kind and number, and says it all.

use std::{
    io::ErrorKind,
    net::{SocketAddr, TcpStream},
    time::Duration,
};

use futures_lite::future::block_on;
use socketry_connection::{Address, os_error};
use socketry_connector::{Connect, Phase};
use socketry_connector_tcp::{SocketOptions, TcpConnector};

use crate::support::{error_of, failure, listener, mapped, nobody};

fn assert_refused(remote: SocketAddr) {
    let error = error_of(&TcpConnector::new(), remote);
    assert_eq!((error.kind(), os_error(&error)), (ErrorKind::ConnectionRefused, Some(111)));
    assert_eq!(
        error.to_string(),
        format!("connection to tcp://{remote} failed: Connection refused (os error 111)")
    );
}

#[test]
fn an_ipv4_port_at_which_nobody_listens_refuses() {
    let (_socket, address) = nobody("127.0.0.1:0");
    assert_refused(address);
}

#[test]
fn an_ipv6_port_at_which_nobody_listens_refuses() {
    let (_socket, address) = nobody("[::1]:0");
    assert_refused(address);
}

#[test]
fn a_refusal_that_comes_through_the_reactor_is_the_same() {
    let (_socket, address) = nobody("127.0.0.1:0");
    assert_refused(mapped(address));
}

#[test]
fn a_refusal_says_where_it_was_going_and_in_which_phase() {
    let (_socket, address) = nobody("127.0.0.1:0");
    let error = error_of(&TcpConnector::new(), address);
    let attempt = failure(&error).attempt();
    assert_eq!(attempt.remote(), &Address::Tcp(address));
    assert_eq!((attempt.local(), attempt.phase()), (None, Phase::Connect));
    assert_eq!(attempt.elapsed(), Duration::ZERO);
}

#[test]
fn the_source_of_an_error_is_the_systems() {
    let (_socket, address) = nobody("127.0.0.1:0");
    let error = error_of(&TcpConnector::new(), address);
    let source = std::error::Error::source(failure(&error)).unwrap();
    let source = source.downcast_ref::<std::io::Error>().unwrap();
    assert_eq!(source.raw_os_error(), Some(111));
}

#[test]
fn connecting_works_after_an_error() {
    let (_socket, nobody) = nobody("127.0.0.1:0");
    let (_listener, address) = listener("127.0.0.1:0");
    let connector = TcpConnector::new();
    error_of(&connector, nobody);
    block_on(connector.connect(address)).unwrap();
}

#[test]
fn a_foreign_local_address_fails_during_bind_and_both_ends_are_named() {
    let (_listener, remote) = listener("127.0.0.1:0");
    let local = "203.0.113.9:0".parse().unwrap();
    let error = error_of(&TcpConnector::new().local_address(local), remote);
    assert_eq!((error.kind(), os_error(&error)), (ErrorKind::AddrNotAvailable, Some(99)));
    assert_eq!(failure(&error).attempt().phase(), Phase::Bind);
    assert_eq!(
        error.to_string(),
        format!(
            "connection to tcp://{remote} from tcp://203.0.113.9:0 failed during bind: \
             Cannot assign requested address (os error 99)"
        )
    );
}

#[test]
fn a_local_address_that_is_taken_fails_during_bind() {
    let (_listener, remote) = listener("127.0.0.1:0");
    let (_socket, taken) = nobody("127.0.0.1:0");
    let error = error_of(&TcpConnector::new().local_address(taken), remote);
    assert_eq!(error.kind(), ErrorKind::AddrInUse);
    assert_eq!(failure(&error).attempt().phase(), Phase::Bind);
}

#[test]
fn an_option_that_the_system_refuses_fails_the_attempt_by_its_name() {
    let (_listener, remote) = listener("127.0.0.1:0");
    let connector = TcpConnector::new().options(SocketOptions::new().ttl(0));
    let error = error_of(&connector, remote);
    assert_eq!((error.kind(), os_error(&error)), (ErrorKind::InvalidInput, Some(22)));
    assert_eq!(failure(&error).attempt().phase(), Phase::Option("ttl"));
    assert_eq!(
        error.to_string(),
        format!(
            "connection to tcp://{remote} failed during option ttl: Invalid argument (os error 22)"
        )
    );
}

#[test]
fn an_interface_that_does_not_exist_fails_the_attempt_by_its_name() {
    let (listener, remote) = listener("127.0.0.1:0");
    let options = SocketOptions::new().interface("no-such-if0");
    let error = error_of(&TcpConnector::new().options(options), remote);
    assert_eq!(failure(&error).attempt().phase(), Phase::Option("interface"));
    // And nothing was connected: the next client is the first one.
    let next = TcpStream::connect(remote).unwrap();
    assert_eq!(listener.accept().unwrap().1, next.local_addr().unwrap());
}
