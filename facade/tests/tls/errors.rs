//! What both sides say when a connection is not secured.

use std::{
    io::{self, Read, Write},
    net::{TcpListener, TcpStream},
    sync::Arc,
    thread,
    time::Duration,
};

use futures_lite::future::{self, block_on, poll_once};
use socketry::{
    Connector, ServerConfig, TlsServerConfig,
    connection::os_error,
    connector::TimedOut,
    tls::{HandshakeFailed, HandshakeFailure},
};
use socketry_testing::ManualClock;

use crate::support::{Files, bind, client, localhost, meet, refused};

fn failure(error: &io::Error) -> &HandshakeFailure {
    let payload = error.get_ref().and_then(|payload| payload.downcast_ref::<HandshakeFailed>());
    payload.expect("the error is that of a handshake").failure()
}

#[test]
fn a_server_for_another_name_is_refused_and_both_sides_say_so_in_one_line() {
    let files = Files::new();
    let mut config = TlsServerConfig::default();
    config.identity = Some(files.identity("other.example"));
    let mut server = bind(config).unwrap();
    let connector = client(files.client_config()).build().unwrap();
    let endpoint = localhost(&server);
    let (ours, theirs) = meet(&connector, &endpoint, &mut server);
    let (ours, theirs) = (ours.unwrap_err(), theirs.unwrap_err());
    let start = format!("connection to {endpoint} failed during TLS handshake: ");
    assert!(ours.to_string().starts_with(&start), "{ours}");
    assert!(ours.to_string().contains("other.example"), "{ours}");
    assert!(matches!(failure(&ours), HandshakeFailure::WrongName { .. }), "{ours:?}");
    assert!(theirs.to_string().starts_with("connection from tcp://127.0.0.1:"), "{theirs}");
    assert!(matches!(failure(&theirs), HandshakeFailure::Alert(_)), "{theirs:?}");
}

#[test]
fn a_failed_handshake_is_not_tried_again_at_the_next_address() {
    let files = Files::new();
    let mut config = TlsServerConfig::default();
    config.identity = Some(files.identity("other.example"));
    let mut server = bind(config).unwrap();
    refused(files.client_config(), &mut server);
    assert!(block_on(poll_once(server.accept())).is_none(), "there was a second client");
}

#[test]
fn nobody_there_is_told_as_it_is_with_its_number_and_the_scheme() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap();
    drop(taken);
    let error = block_on(socketry::connect(format!("tls://{address}"))).unwrap_err();
    assert!(error.to_string().starts_with(&format!("connection to tls://{address} failed: ")));
    assert_eq!(os_error(&error), Some(111));
}

#[test]
fn a_server_that_speaks_plain_text_is_told_with_what_it_said() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let answering = thread::spawn(move || {
        let (mut peer, _) = listener.accept().unwrap();
        peer.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").unwrap();
        let mut rest = Vec::new();
        let _ = peer.read_to_end(&mut rest);
    });
    let error = block_on(socketry::connect(format!("tls://{address}"))).unwrap_err();
    assert!(error.to_string().contains("HTTP/1.1 400 Bad Request"), "{error}");
    assert_eq!(failure(&error), &HandshakeFailure::NotTls);
    answering.join().unwrap();
}

#[test]
fn a_client_that_speaks_plain_text_is_refused_and_the_server_goes_on() {
    let files = Files::new();
    let mut server = files.server();
    let mut peer = TcpStream::connect(server.local_address().unwrap().socket_address().unwrap());
    peer.as_mut().unwrap().write_all(b"GET / HTTP/1.1\r\n\r\n").unwrap();
    let error = block_on(server.accept()).unwrap().unwrap_err();
    assert!(error.to_string().contains("GET / HTTP/1.1"), "{error}");
    let connector = client(files.client_config()).build().unwrap();
    assert!(meet(&connector, &localhost(&server), &mut server).1.is_ok());
}

/// What the server says of a client that has said `bytes` and gone.
fn said_of(bytes: &[u8]) -> io::Error {
    let files = Files::new();
    let mut server = files.server();
    let address = server.local_address().unwrap().socket_address().unwrap();
    let mut peer = TcpStream::connect(address).unwrap();
    peer.write_all(bytes).unwrap();
    drop(peer);
    block_on(server.accept()).unwrap().unwrap_err()
}

#[test]
fn a_client_that_goes_away_is_one_error_of_the_kind_reset() {
    for bytes in [&b""[..], &[0x16], &[0x16, 3, 1, 2]] {
        let error = said_of(bytes);
        assert_eq!(error.kind(), io::ErrorKind::ConnectionReset, "{error}");
        assert!(error.to_string().starts_with("connection from tcp://127.0.0.1:"), "{error}");
        assert!(error.to_string().ends_with("the client has closed the connection"), "{error}");
    }
}

#[test]
fn a_single_byte_that_is_not_tls_is_told_although_the_client_has_gone() {
    let error = said_of(&[0x1e]);
    assert!(error.to_string().ends_with("something that is not TLS: 1e"), "{error}");
}

#[test]
fn a_handshake_has_a_deadline_of_its_own_on_both_sides() {
    let clock = ManualClock::new();
    let files = Files::new();
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let connector = client(files.client_config()).clock(Arc::new(clock.clone())).build().unwrap();
    let endpoint = format!("tls://{}", silent.local_addr().unwrap());
    let mut connecting = Box::pin(connector.connect(endpoint));
    let error = block_on(async {
        while clock.sleeping() < 2 {
            assert!(poll_once(&mut connecting).await.is_none());
            future::yield_now().await;
        }
        clock.advance(Duration::from_secs(10));
        connecting.await.unwrap_err()
    });
    assert_eq!(error.kind(), io::ErrorKind::TimedOut);
    assert!(error.to_string().ends_with("timed out after 10s during TLS handshake"), "{error}");

    let mut config = ServerConfig::default();
    config.tls = files.server_config();
    let builder = config.to_builder().clock(Arc::new(clock.clone()));
    let mut server = block_on(builder.bind("tls://127.0.0.1:0")).unwrap();
    let _idle = TcpStream::connect(server.local_address().unwrap().socket_address().unwrap());
    let mut accepting = server.accept();
    let error = block_on(async {
        while clock.sleeping() < 1 {
            assert!(poll_once(&mut accepting).await.is_none());
            future::yield_now().await;
        }
        clock.advance(Duration::from_secs(10));
        accepting.await.unwrap().unwrap_err()
    });
    assert_eq!(error.kind(), io::ErrorKind::TimedOut, "{error}");
}

#[test]
fn the_timeout_of_the_call_says_that_it_ended_in_the_handshake() {
    let clock = ManualClock::new();
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let connector = Connector::builder()
        .timeout(Duration::from_secs(3))
        .clock(Arc::new(clock.clone()))
        .build()
        .unwrap();
    let endpoint = format!("tls://{}", silent.local_addr().unwrap());
    let mut connecting = Box::pin(connector.connect(endpoint));
    let error = block_on(async {
        while clock.sleeping() < 2 {
            assert!(poll_once(&mut connecting).await.is_none());
            future::yield_now().await;
        }
        clock.advance(Duration::from_secs(3));
        connecting.await.unwrap_err()
    });
    assert!(error.to_string().contains("timed out after 3s during TLS handshake"), "{error}");
    assert!(error.get_ref().is_some_and(|payload| payload.is::<TimedOut>()), "{error:?}");
}

#[test]
fn a_listener_that_cannot_be_is_named_as_tls() {
    let files = Files::new();
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let endpoint = format!("tls://{}", taken.local_addr().unwrap());
    let mut config = ServerConfig::default();
    config.tls = files.server_config();
    let error = block_on(config.bind(&endpoint)).unwrap_err();
    assert!(error.to_string().starts_with(&format!("listening on {endpoint} failed: ")), "{error}");
    assert_eq!(os_error(&error), Some(98));
}

#[test]
fn a_server_without_an_identity_is_refused_with_what_to_do() {
    let error = bind(TlsServerConfig::default()).unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::InvalidInput);
    assert!(error.to_string().starts_with("listening on tls://127.0.0.1:0 failed: "), "{error}");
}
