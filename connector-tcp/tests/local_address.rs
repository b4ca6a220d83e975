//! Where connections come from.

use std::net::IpAddr;

use futures_lite::future::block_on;
use socketry_connection::Connection;
use socketry_connector::Connect;
use socketry_connector_tcp::TcpConnector;

use crate::support::{listener, nobody};

/// Where the server sees a client of `connector` come from.
fn seen_from(connector: &TcpConnector, on: &str) -> IpAddr {
    let (listener, address) = listener(on);
    let connection = block_on(connector.connect(address)).unwrap();
    let (_server, seen) = listener.accept().unwrap();
    assert_eq!(connection.local_address().unwrap().socket_address(), Some(seen));
    seen.ip()
}

fn from(locals: &[&str]) -> TcpConnector {
    let locals = locals.iter().map(|local| local.parse().unwrap());
    locals.fold(TcpConnector::new(), TcpConnector::local_address)
}

#[test]
fn the_server_sees_the_local_address() {
    let seen = seen_from(&from(&["127.0.0.2:0"]), "127.0.0.1:0");
    assert_eq!(seen, "127.0.0.2".parse::<IpAddr>().unwrap());
}

#[test]
fn the_server_sees_the_local_port() {
    let (socket, local) = nobody("127.0.0.3:0");
    drop(socket); // its port is free now, and nobody else uses this address
    let (listener, address) = listener("127.0.0.1:0");
    let connector = TcpConnector::new().local_address(local);
    let _connection = block_on(connector.connect(address)).unwrap();
    assert_eq!(listener.accept().unwrap().1, local);
}

#[test]
fn a_local_address_for_ipv4_does_not_break_a_target_of_ipv6() {
    let seen = seen_from(&from(&["127.0.0.2:0"]), "[::1]:0");
    assert_eq!(seen, "::1".parse::<IpAddr>().unwrap());
}

#[test]
fn a_local_address_for_ipv6_does_not_break_a_target_of_ipv4() {
    let seen = seen_from(&from(&["[::1]:0"]), "127.0.0.1:0");
    assert_eq!(seen, "127.0.0.1".parse::<IpAddr>().unwrap());
}

#[test]
fn each_family_has_a_local_address_of_its_own() {
    let connector = from(&["127.0.0.2:0", "[::1]:0"]).only_from_local_addresses(true);
    let seen = [seen_from(&connector, "127.0.0.1:0"), seen_from(&connector, "[::1]:0")];
    assert_eq!(seen.map(|ip| ip.to_string()), ["127.0.0.2", "::1"]);
}

#[test]
fn a_second_local_address_of_a_family_replaces_the_first() {
    let seen = seen_from(&from(&["203.0.113.9:0", "127.0.0.2:0"]), "127.0.0.1:0");
    assert_eq!(seen.to_string(), "127.0.0.2");
}

#[test]
fn debug_shows_where_from() {
    let text = format!("{:?}", from(&["127.0.0.2:0"]));
    assert!(text.contains("local_v4: Some(127.0.0.2:0), local_v6: None"), "{text}");
}
