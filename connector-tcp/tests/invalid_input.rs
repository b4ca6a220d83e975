//! What is refused before anything is opened.

use std::{
    io::ErrorKind,
    net::{Ipv6Addr, SocketAddr, SocketAddrV6},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use futures_lite::future::block_on;
use socketry_connector::Connect;
use socketry_connector_tcp::{SocketOptions, TcpConnector};

use crate::support::listener;

/// A connector that counts the sockets it opens.
fn counting(connector: TcpConnector) -> (TcpConnector, Arc<AtomicUsize>) {
    let opened = Arc::new(AtomicUsize::new(0));
    let counter = opened.clone();
    let connector = connector.before_connect(move |_, _| {
        counter.fetch_add(1, Ordering::SeqCst);
        Err(ErrorKind::Other.into())
    });
    (connector, opened)
}

/// The text with which `remote` is refused, by a connector that opens nothing for it.
fn refusal(connector: TcpConnector, remote: SocketAddr) -> String {
    let (connector, opened) = counting(connector);
    let error = block_on(connector.connect(remote)).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidInput);
    assert_eq!(opened.load(Ordering::SeqCst), 0, "a socket was opened");
    error.to_string()
}

/// Whether a socket is opened for `remote`.
fn is_tried(connector: TcpConnector, remote: SocketAddr) -> bool {
    let (connector, opened) = counting(connector);
    block_on(connector.connect(remote)).unwrap_err();
    opened.load(Ordering::SeqCst) == 1
}

fn link_local(zone: u32) -> SocketAddr {
    let ip: Ipv6Addr = "fe80::1".parse().unwrap();
    SocketAddrV6::new(ip, 80, 0, zone).into()
}

#[test]
fn port_0_is_refused() {
    assert_eq!(
        refusal(TcpConnector::new(), "127.0.0.1:0".parse().unwrap()),
        "connection to tcp://127.0.0.1:0 refused: port 0 cannot be connected to"
    );
}

#[test]
fn port_0_is_refused_for_ipv6() {
    let text = refusal(TcpConnector::new(), "[::1]:0".parse().unwrap());
    assert!(text.starts_with("connection to tcp://[::1]:0 refused: "), "{text}");
}

#[test]
fn a_link_local_address_without_its_zone_is_refused_and_the_text_shows_one_with_it() {
    let text = refusal(TcpConnector::new(), link_local(0));
    assert!(text.contains("[fe80::1%eth0]:80"), "{text}");
}

#[test]
fn a_link_local_address_with_its_zone_is_tried() {
    assert!(is_tried(TcpConnector::new(), link_local(1)));
}

#[test]
fn a_link_local_address_is_tried_where_the_interface_is_an_option() {
    let options = SocketOptions::new().interface("lo");
    assert!(is_tried(TcpConnector::new().options(options), link_local(0)));
}

#[test]
fn a_family_without_a_local_address_is_refused_where_one_is_demanded() {
    let connector = TcpConnector::new()
        .local_address("127.0.0.1:0".parse().unwrap())
        .only_from_local_addresses(true);
    assert!(is_tried(connector.clone(), "127.0.0.1:80".parse().unwrap()));
    let text = refusal(connector, "[::1]:80".parse().unwrap());
    assert!(text.contains("no local IPv6 address is set"), "{text}");
}

#[test]
fn every_target_is_refused_where_local_addresses_are_demanded_and_none_is_set() {
    let connector = TcpConnector::new().only_from_local_addresses(true);
    let text = refusal(connector, "127.0.0.1:80".parse().unwrap());
    assert!(text.contains("no local IPv4 address is set"), "{text}");
}

#[test]
fn good_input_is_not_refused_where_local_addresses_are_not_demanded() {
    let (_listener, address) = listener("[::1]:0");
    let connector = TcpConnector::new()
        .local_address("127.0.0.1:0".parse().unwrap())
        .only_from_local_addresses(false);
    block_on(connector.connect(address)).unwrap();
}
