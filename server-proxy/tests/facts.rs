//! What is told of a connection.

use socketry_connection::Connection;
use socketry_server_proxy::{ProxyCommand, ProxyFamily, ProxyHeader, ProxyTransport, ProxyVersion};

use crate::support::{CLIENT, OWN, PROXY, V1, accept_with, address, header, remote, v2};

fn local(connection: &impl Connection) -> String {
    connection.local_address().unwrap().to_string()
}

fn between(source: &str, destination: &str) -> ProxyHeader {
    ProxyHeader::relaying(address(source), address(destination))
}

#[test]
fn addresses_are_those_of_the_client_in_either_version() {
    for begin in [V1, &v2()] {
        let (connection, _peer) = accept_with(begin);
        assert_eq!(remote(&connection), CLIENT);
        assert_eq!(local(&connection), "tcp://192.0.2.2:443");
    }
}

#[test]
fn addresses_of_ipv6_and_of_unix_sockets_are_told() {
    for (source, destination) in [
        ("tcp://[2001:db8::1]:1", "tcp://[2001:db8::2]:2"),
        ("unix:///run/client", "unix://@server"),
    ] {
        let (connection, _peer) = accept_with(&between(source, destination).to_v2());
        assert_eq!((&*remote(&connection), &*local(&connection)), (source, destination));
    }
}

#[test]
fn a_client_in_a_unix_socket_without_a_name_has_no_address_and_not_that_of_the_proxy() {
    let mut bytes = between("unix://@client", "unix:///run/server").to_v2();
    bytes[16..16 + 108].fill(0);
    let (connection, _peer) = accept_with(&bytes);
    assert_eq!(connection.remote_address(), None);
    assert_eq!(local(&connection), "unix:///run/server");
}

#[test]
fn a_proxy_that_speaks_for_itself_or_says_unknown_keeps_its_own_addresses() {
    let local_v2 = ProxyHeader::local().to_v2();
    for begin in [&local_v2[..], b"PROXY UNKNOWN\r\n", b"PROXY UNKNOWN ::1 ::2 3 4\r\n"] {
        let (connection, _peer) = accept_with(begin);
        assert_eq!((&*remote(&connection), &*local(&connection)), (PROXY, OWN));
        let header = header(&connection).unwrap();
        assert!(!header.has_addresses());
        assert_eq!(header.proxy(), Some(&address(PROXY)));
    }
}

#[test]
fn a_check_of_health_is_told_from_a_client() {
    let (connection, _peer) = accept_with(&ProxyHeader::local().to_v2());
    assert_eq!(header(&connection).unwrap().command(), ProxyCommand::Local);
}

#[test]
fn clients_of_datagrams_keep_the_addresses_of_the_proxy() {
    let mut bytes = between(CLIENT, "tcp://192.0.2.2:443").to_v2();
    bytes[13] = 0x12;
    let (connection, _peer) = accept_with(&bytes);
    assert_eq!(remote(&connection), PROXY);
    assert_eq!(header(&connection).unwrap().transport(), ProxyTransport::Datagram);
}

#[test]
fn the_header_is_a_fact_of_the_connection() {
    let (connection, _peer) = accept_with(&v2());
    let header = header(&connection).unwrap();
    assert_eq!((header.version(), header.command()), (ProxyVersion::V2, ProxyCommand::Proxy));
    assert_eq!((header.family(), header.transport()), (ProxyFamily::V4, ProxyTransport::Stream));
    assert_eq!(header.source(), connection.remote_address().as_ref());
    assert_eq!(header.destination(), connection.local_address().as_ref());
    assert_eq!(header.proxy(), Some(&address(PROXY)));
    assert_eq!(header.authority(), Some("example.org"));
    assert!(header.has_checksum());
}

#[test]
fn the_version_1_of_a_header_is_told_without_extensions() {
    let (connection, _peer) = accept_with(V1);
    let header = header(&connection).unwrap();
    assert_eq!(header.version(), ProxyVersion::V1);
    assert!(header.tlvs().next().is_none() && header.tls().is_none());
}

#[test]
fn the_tls_that_has_ended_at_the_proxy_is_told() {
    let tls = b"\x07\0\0\0\0\x21\0\x07TLSv1.3\x22\0\x03ada\x23\0\x16TLS_AES_256_GCM_SHA384";
    let begin = between(CLIENT, OWN).with_tlv(ProxyHeader::TLS, tls).unwrap().to_v2();
    let (connection, _peer) = accept_with(&begin);
    let tls = header(&connection).unwrap().tls().unwrap();
    assert!(tls.is_tls() && tls.has_certificate() && tls.is_verified());
    assert_eq!((tls.version(), tls.common_name()), (Some("TLSv1.3"), Some("ada")));
    assert_eq!(tls.cipher(), Some("TLS_AES_256_GCM_SHA384"));
}
