//! Peers that are trusted, and those that are not.

use std::io::ErrorKind;

use socketry_connection::Connection;
use socketry_server_proxy::{ProxyFailure, ProxyHeader, ProxyOptions, Untrusted};
use socketry_testing::{Operation, faulty, pair, pair_between};

use crate::support::{
    CLIENT, OWN, PROXY, V1, accept, address, come, come_from, failure, header, is_at_its_end,
    options, poll_until_idle, read_exactly, refusal, remote, say, server, serving,
};

#[test]
fn a_stranger_is_refused_before_a_byte_is_read() {
    let (mut server, handle) = server();
    let (mut peer, accepted) = pair_between(address(CLIENT), address(OWN));
    let (accepted, faults) = faulty(accepted);
    handle.push(accepted);
    say(&mut peer, V1);
    let error = refusal(&mut server);
    assert_eq!(error.kind(), ErrorKind::PermissionDenied);
    assert!(matches!(failure(&error), ProxyFailure::NotTrusted));
    assert_eq!(faults.counts().reads, 0);
    assert!(is_at_its_end(&mut peer));
}

#[test]
fn the_error_says_who_was_refused_and_why() {
    let (mut server, handle) = server();
    let _peer = come_from(CLIENT, &handle);
    assert_eq!(
        refusal(&mut server).to_string(),
        "connection from tcp://192.0.2.1:4711 closed: \
         it is from no trusted proxy, whose network would have to be named"
    );
}

#[test]
fn a_stranger_who_is_passed_through_is_taken_as_he_is() {
    let (mut server, handle) = serving(options().untrusted(Untrusted::PassThrough));
    let (mut peer, accepted) = pair_between(address(CLIENT), address(OWN));
    let (accepted, faults) = faulty(accepted);
    faults.hold(Operation::Read);
    handle.push(accepted);
    say(&mut peer, b"PROXY TCP4 10.9.9.9 10.9.9.9 1 2\r\n");
    let mut connection = accept(&mut server);
    assert_eq!((faults.counts().reads, connection.held()), (0, 0));
    assert_eq!(remote(&connection), CLIENT);
    assert_eq!(connection.local_address(), Some(address(OWN)));
    assert_eq!(header(&connection), None);
    faults.release(Operation::Read);
    assert_eq!(read_exactly(&mut connection, 34), b"PROXY TCP4 10.9.9.9 10.9.9.9 1 2\r\n");
}

#[test]
fn a_proxy_has_to_send_a_header_where_strangers_are_passed_through_too() {
    let (mut server, handle) = serving(options().untrusted(Untrusted::PassThrough));
    let mut peer = come(&handle);
    say(&mut peer, b"GET / HTTP/1.1\r\n");
    assert_eq!(refusal(&mut server).kind(), ErrorKind::InvalidData);
}

#[test]
fn with_no_network_nobody_is_trusted() {
    let (mut server, handle) = serving(ProxyOptions::trusting([]));
    let _peer = come(&handle);
    assert_eq!(refusal(&mut server).kind(), ErrorKind::PermissionDenied);
}

#[test]
fn a_proxy_is_known_by_its_ipv4_address_on_a_socket_for_both_families() {
    let (mut server, handle) = server();
    let mut peer = come_from("tcp://[::ffff:10.0.0.1]:5678", &handle);
    say(&mut peer, V1);
    assert_eq!(remote(&accept(&mut server)), CLIENT);
}

#[test]
fn what_a_header_says_makes_nobody_trusted() {
    let (mut server, handle) = server();
    let mut peer = come_from(CLIENT, &handle);
    say(&mut peer, &ProxyHeader::relaying(address(PROXY), address(OWN)).to_v2());
    assert_eq!(refusal(&mut server).kind(), ErrorKind::PermissionDenied);
}

#[test]
fn who_has_no_ip_address_is_trusted_only_if_that_is_said() {
    for trust in [false, true] {
        let (mut server, handle) = serving(options().trust_without_ip(trust));
        let (mut unnamed, accepted) = pair();
        handle.push(accepted);
        let mut named = come_from("unix:///run/proxy", &handle);
        say(&mut unnamed, V1);
        say(&mut named, V1);
        let results = poll_until_idle(&mut server);
        assert_eq!(results.len(), 2);
        assert!(results.iter().all(|result| result.is_ok() == trust), "{trust}");
    }
}

#[test]
fn who_has_no_address_at_all_is_called_a_connection() {
    let (mut server, handle) = server();
    handle.push(pair().1);
    let error = refusal(&mut server).to_string();
    assert!(error.starts_with("connection closed: it is from no trusted proxy"), "{error}");
}
