//! `localhost`, which always is this machine: over IPv6 first, then over IPv4.

use std::{
    io,
    net::{SocketAddr, TcpListener},
};

use futures_lite::future::block_on;
use socketry::{
    Address, Connector, TcpOptions,
    connection::os_error,
    connector::{AllAttemptsFailed, Attempt, Attempts, Phase},
};
use socketry_testing::pair;

use crate::{port::Port, slots::slot};

#[test]
fn a_server_on_ipv4_only_is_reached() {
    let port = Port::new();
    port.v4.listen(8).unwrap();
    assert_eq!(connect(&Connector::new(), &port).unwrap(), Some(v4(&port)));
}

#[test]
fn a_server_on_ipv6_only_is_reached() {
    let port = Port::new();
    port.v6.listen(8).unwrap();
    assert_eq!(connect(&Connector::new(), &port).unwrap(), Some(v6(&port)));
}

#[test]
fn a_server_on_both_is_reached_over_ipv6_and_its_ipv4_side_left_alone() {
    let port = Port::new();
    port.v4.listen(8).unwrap();
    port.v6.listen(8).unwrap();
    assert_eq!(connect(&Connector::new(), &port).unwrap(), Some(v6(&port)));
    let v4 = TcpListener::from(port.v4);
    v4.set_nonblocking(true).unwrap();
    assert_eq!(v4.accept().unwrap_err().kind(), io::ErrorKind::WouldBlock);
}

#[test]
fn what_failed_before_the_connection_came_up_is_a_fact_of_it() {
    let port = Port::new();
    port.v4.listen(8).unwrap();
    let socket = block_on(socketry::connect(("localhost", port.number))).unwrap();
    let failed: &Attempts = socket.attributes().get().unwrap();
    assert_eq!(failed.iter().map(Attempt::remote).collect::<Vec<_>>(), [&v6(&port)]);
}

#[test]
fn where_nobody_listens_both_attempts_are_kept_in_order() {
    let port = Port::new();
    let error = connect(&Connector::new(), &port).unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::ConnectionRefused);
    assert_eq!(os_error(&error), Some(rustix::io::Errno::CONNREFUSED.raw_os_error()));
    let failed: &AllAttemptsFailed = error.get_ref().unwrap().downcast_ref().unwrap();
    let attempts: Vec<_> = failed
        .attempts()
        .iter()
        .map(|attempt| (attempt.remote().clone(), attempt.phase(), attempt.error().kind()))
        .collect();
    let refused = io::ErrorKind::ConnectionRefused;
    assert_eq!(
        attempts,
        [(v6(&port), Phase::Connect, refused), (v4(&port), Phase::Connect, refused)]
    );
}

#[test]
fn where_nobody_listens_one_line_tells_of_both() {
    let port = Port::new();
    let text = connect(&Connector::new(), &port).unwrap_err().to_string();
    let host = format!("connection to tcp://localhost:{} failed: ", port.number);
    assert!(text.starts_with(&host), "{text}");
    let attempts = [v6(&port), v4(&port)].map(|address| text.find(&address.to_string()).unwrap());
    assert!(attempts.is_sorted(), "{text}");
}

#[test]
fn every_spelling_and_what_lies_below_is_this_machine() {
    let port = Port::new();
    port.v6.listen(8).unwrap();
    for host in ["localhost", "LocalHost", "localhost.", "app.localhost"] {
        let socket = block_on(socketry::connect((host, port.number))).unwrap();
        assert_eq!(socket.remote_address(), Some(v6(&port)), "{host}");
    }
}

#[test]
fn a_connector_of_addresses_is_asked_for_ipv4_whatever_it_says_of_ipv6() {
    let (addresses, handle) = slot::<SocketAddr>();
    let connector = Connector::builder().tcp(addresses).build().unwrap();
    handle.answer_next(|address, _| {
        assert!(address.is_ipv6());
        Err(io::Error::other("an error without a payload of these crates"))
    });
    handle.answer_next(|address, _| {
        assert!(address.is_ipv4());
        Ok(Box::new(pair().0))
    });
    let connected = block_on(connector.connect("localhost:80"));
    assert!(connected.is_ok(), "{connected:?}");
}

#[test]
fn what_a_connector_of_addresses_says_of_both_is_kept() {
    let (addresses, handle) = slot::<SocketAddr>();
    let connector = Connector::builder().tcp(addresses).build().unwrap();
    handle.fail_next(io::Error::other("no six"));
    handle.fail_next(io::Error::new(io::ErrorKind::PermissionDenied, "no four"));
    let error = block_on(connector.connect("localhost:80")).unwrap_err();
    let text = error.to_string();
    assert!(text.contains("tcp://[::1]:80: no six"), "{text}");
    assert!(text.contains("tcp://127.0.0.1:80: no four"), "{text}");
}

#[test]
fn a_connector_that_may_use_ipv4_only_reaches_a_server_on_ipv4() {
    let port = Port::new();
    port.v4.listen(8).unwrap();
    let mut options = TcpOptions::default();
    options.only_from_local_addresses = true;
    options.local_v4 = Some("127.0.0.1:0".parse().unwrap());
    let connector = Connector::builder().tcp(options).build().unwrap();
    assert_eq!(connect(&connector, &port).unwrap(), Some(v4(&port)));
}

#[test]
fn an_attempt_that_was_made_says_more_than_one_that_was_refused_beforehand() {
    let port = Port::new();
    let mut options = TcpOptions::default();
    options.only_from_local_addresses = true;
    options.local_v4 = Some("127.0.0.1:0".parse().unwrap());
    let connector = Connector::builder().tcp(options).build().unwrap();
    let error = connect(&connector, &port).unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::ConnectionRefused, "{error}");
}

/// Where a client of `localhost` arrives.
fn connect(connector: &Connector, port: &Port) -> io::Result<Option<Address>> {
    let socket = block_on(connector.connect(("localhost", port.number)))?;
    Ok(socket.remote_address())
}

fn v4(port: &Port) -> Address {
    format!("tcp://127.0.0.1:{}", port.number).parse().unwrap()
}

fn v6(port: &Port) -> Address {
    format!("tcp://[::1]:{}", port.number).parse().unwrap()
}
