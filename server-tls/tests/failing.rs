//! Clients who do something wrong, or nothing at all.

use std::{io, sync::Arc, time::Duration};

use futures_lite::{
    AsyncWriteExt,
    future::{block_on, zip},
};
use socketry_connection_tls::{
    HandshakeFailure, TlsVersion,
    rustls::{DEFAULT_VERSIONS, RootCertStore, version::TLS12},
};
use socketry_server::AcceptExt;
use socketry_server_tls::ServerTls;

use crate::support::{
    Protocol, ask, client_config_with, come, failure, identity, is_at_its_end, meet, poll,
    poll_accept, secure, secure_with, server, server_on_a_clock, trusted,
};

/// The error of a server at which a client says `bytes`.
fn error_after(bytes: &[u8]) -> io::Error {
    let (mut server, handle) = server();
    let mut client = come(&handle);
    block_on(async {
        client.write_all(bytes).await.unwrap();
        server.accept().await.unwrap().unwrap_err()
    })
}

#[test]
fn plain_http_is_refused_at_once() {
    let error = error_after(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n");
    assert_eq!(failure(&error), HandshakeFailure::NotTls);
}

#[test]
fn garbage_is_refused_at_once() {
    assert_eq!(failure(&error_after(&[0xff; 64])), HandshakeFailure::NotTls);
}

#[test]
fn an_error_tells_who_it_was_and_in_which_phase() {
    let text = error_after(b"GET / HTTP/1.1\r\n\r\n").to_string();
    let start = "connection from tcp://192.0.2.1:50000 failed during TLS handshake: ";
    assert!(text.starts_with(start), "{text}");
}

#[test]
fn a_client_that_leaves_before_it_says_anything_is_one_error() {
    let (mut server, handle) = server();
    drop(come(&handle));
    let error = block_on(server.accept()).unwrap().unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::ConnectionReset);
    assert!(poll_accept(&mut server).is_pending());
}

#[test]
fn a_client_that_leaves_after_one_byte_is_one_error() {
    let (mut server, handle) = server();
    let mut client = come(&handle);
    block_on(client.write_all(&[0x16])).unwrap();
    drop(client);
    let error = block_on(server.accept()).unwrap().unwrap_err();
    assert_eq!(failure(&error), HandshakeFailure::PeerGone);
    assert!(poll_accept(&mut server).is_pending());
}

#[test]
fn a_client_that_gives_up_in_the_middle_of_a_handshake_is_one_error() {
    let (mut server, handle) = server();
    let client = come(&handle);
    let mut handshake = Box::pin(secure(client));
    assert!(poll(&mut handshake).is_pending());
    assert!(poll_accept(&mut server).is_pending());
    drop(handshake);
    let error = block_on(server.accept()).unwrap().unwrap_err();
    assert_eq!(failure(&error), HandshakeFailure::PeerGone);
}

#[test]
fn a_client_that_does_not_trust_the_server_is_one_error_that_says_so() {
    let (mut server, handle) = server();
    let client = come(&handle);
    let config = client_config_with(RootCertStore::empty(), DEFAULT_VERSIONS, None);
    let (client, accepted) = block_on(zip(secure_with(client, config), server.accept()));
    assert_eq!(client.unwrap_err().failure(), &HandshakeFailure::UnknownIssuer);
    let error = accepted.unwrap().unwrap_err();
    assert!(matches!(failure(&error), HandshakeFailure::Alert(_)), "{error}");
}

#[test]
fn a_client_that_says_nothing_has_ten_seconds() {
    let (mut server, handle, clock) = server_on_a_clock();
    let mut client = come(&handle);
    assert!(poll_accept(&mut server).is_pending());
    clock.advance(Duration::from_millis(9_999));
    assert!(poll_accept(&mut server).is_pending());
    clock.advance(Duration::from_millis(1));
    let error = block_on(server.accept()).unwrap().unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::TimedOut);
    assert_eq!(
        error.to_string(),
        "connection from tcp://192.0.2.1:50000 timed out after 10s during TLS handshake"
    );
    assert!(is_at_its_end(&mut client));
    assert_eq!(clock.sleeping(), 0);
}

#[test]
fn half_a_client_hello_does_not_win_time() {
    let (mut server, handle, clock) = server_on_a_clock();
    let mut client = come(&handle);
    assert!(poll_accept(&mut server).is_pending());
    clock.advance(Duration::from_secs(9));
    block_on(client.write_all(&[0x16, 3, 1, 2, 0, 1])).unwrap();
    assert!(poll_accept(&mut server).is_pending());
    clock.advance(Duration::from_secs(1));
    let error = block_on(server.accept()).unwrap().unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::TimedOut);
}

#[test]
fn after_an_error_the_server_goes_on() {
    let (mut server, handle) = server();
    drop(come(&handle));
    assert!(block_on(server.accept()).unwrap().is_err());
    let client = come(&handle);
    block_on(meet(&mut server, client));
}

#[test]
fn two_sides_without_a_common_version_are_one_error_on_each() {
    let config = client_config_with(trusted(), &[&TLS12], None);
    let tls = ServerTls::builder()
        .identity(identity(["localhost"]))
        .protocol(Protocol::new().min_version(TlsVersion::Tls13));
    let (client, accepted) = ask(&tls.build().unwrap(), "localhost", &Arc::new(config));
    assert!(client.is_err());
    assert_eq!(failure(&accepted.unwrap_err()), HandshakeFailure::NothingInCommon);
}
