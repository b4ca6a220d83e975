//! Connections that come back under TLS, and those that do not because nobody is to be trusted there.

use std::{
    io::{self, Read, Write},
    net::TcpListener,
    thread,
    time::Duration,
};

use futures_lite::{
    AsyncReadExt, AsyncWriteExt,
    future::{self, block_on},
};
use socketry::{
    ClientCertificatesConfig, Connection, Connector, Reconnecting, Server, TlsServerConfig,
    TlsVersion,
    reconnecting::{Backoff, GaveUp, LossCause, SessionLost, is_worth_another_attempt},
    tls::{HandshakeFailed, HandshakeFailure, TlsInfo},
};
use socketry_testing::TestAuthority;

use crate::support::{Files, bind, client, localhost, meet};

fn at_once(connector: &Connector, endpoint: &str) -> Reconnecting {
    let backoff = Backoff::grpc().initial(Duration::ZERO).stable_after(Duration::ZERO);
    connector.reconnect(endpoint).unwrap().backoff(backoff.max_attempts(Some(2)))
}

/// The error with which a client gives up at a server that nobody is expected to like.
fn end(connector: &Connector, server: &mut Server) -> io::Error {
    let mut sessions = at_once(connector, &localhost(server));
    let accepting = async {
        loop {
            let _ = server.accept().await.unwrap();
        }
    };
    let ending = async { sessions.next().await.unwrap().unwrap_err() };
    block_on(future::or(accepting, ending))
}

fn failure(error: &io::Error) -> &HandshakeFailure {
    let last = GaveUp::of(error).unwrap().last_error();
    let failed = last.get_ref().and_then(|payload| payload.downcast_ref::<HandshakeFailed>());
    failed.expect("the error is that of a handshake").failure()
}

#[test]
fn one_session_follows_the_other_each_with_a_handshake_of_its_own() {
    let files = Files::new();
    let mut server = files.server();
    let connector = client(files.client_config()).build().unwrap();
    let mut sessions = at_once(&connector, &localhost(&server));
    let greeting = async {
        loop {
            let mut client = server.accept().await.unwrap()?;
            client.write_all(b"hello").await?;
            client.shutdown().await?;
        }
    };
    let visiting = async {
        for generation in 1..=3 {
            let mut session = sessions.next().await.unwrap()?;
            assert_eq!(session.generation(), generation);
            assert!(session.attributes().get::<TlsInfo>().is_some());
            let mut heard = Vec::new();
            let error = session.read_to_end(&mut heard).await.unwrap_err();
            assert_eq!(heard, b"hello");
            let lost = SessionLost::of(&error).unwrap();
            assert!(matches!(lost.cause(), LossCause::PeerClosed), "{error}");
        }
        io::Result::Ok(())
    };
    block_on(future::or(greeting, visiting)).unwrap();
}

#[test]
fn a_stream_that_was_cut_is_told_as_an_error_and_followed_by_the_next_session() {
    let files = Files::new();
    let mut server = files.server();
    let connector = client(files.client_config()).build().unwrap();
    let mut sessions = at_once(&connector, &localhost(&server));
    let cutting = async {
        loop {
            let client = server.accept().await.unwrap()?;
            drop(client); // does not say that it was the end
        }
    };
    let visiting = async {
        let mut session = sessions.next().await.unwrap()?;
        let error = session.read(&mut [0]).await.unwrap_err();
        let lost = SessionLost::of(&error).unwrap();
        assert!(matches!(lost.cause(), LossCause::Failed(_)), "{error}");
        assert_eq!(sessions.next().await.unwrap()?.generation(), 2);
        io::Result::Ok(())
    };
    block_on(future::or(cutting, visiting)).unwrap();
}

#[test]
fn a_certificate_that_is_not_to_be_trusted_ends_it_with_the_first_attempt() {
    let files = Files::new();
    let expired = files.authority.certificate(["localhost"]).expired().issue();
    let cases = [
        ("WrongName", files.identity("other.example")),
        ("UnknownIssuer", files.save("strange", &TestAuthority::new().issue(["localhost"]))),
        ("Expired", files.save("expired", &expired)),
    ];
    for (expected, identity) in cases {
        let mut config = TlsServerConfig::default();
        config.identity = Some(identity);
        let connector = client(files.client_config()).build().unwrap();
        let error = end(&connector, &mut bind(config).unwrap());
        let given_up = GaveUp::of(&error).unwrap();
        assert_eq!((given_up.attempts(), given_up.is_final()), (1, true), "{error}");
        assert!(format!("{:?}", failure(&error)).starts_with(expected), "{error}");
    }
}

/// A client with a certificate that its server does not trust, and the server.
fn refused(files: &Files, version: TlsVersion) -> (Connector, Server) {
    let mut config = files.server_config();
    config.client_certificates = ClientCertificatesConfig::Required;
    config.client_ca_files = vec![files.path("ca.pem")];
    let mut tls = files.client_config();
    tls.identity = Some(files.save("strange", &TestAuthority::new().issue(["strange"])));
    tls.max_version = Some(version);
    (client(tls).build().unwrap(), bind(config).unwrap())
}

#[test]
fn a_certificate_of_ours_that_the_server_refuses_ends_it_too() {
    let files = Files::new();
    let (connector, mut server) = refused(&files, TlsVersion::V1_2);
    let error = end(&connector, &mut server);
    assert!(GaveUp::of(&error).unwrap().is_final(), "{error}");
    assert!(matches!(failure(&error), HandshakeFailure::Alert(_)), "{error}");
}

#[test]
fn a_certificate_of_ours_that_the_server_refuses_behind_the_handshake_ends_it_too() {
    let files = Files::new();
    let (connector, mut server) = refused(&files, TlsVersion::V1_3);
    let mut sessions = connector.reconnect(localhost(&server).as_str()).unwrap();
    let accepting = async {
        loop {
            let _ = server.accept().await.unwrap();
        }
    };
    let ending = async {
        let mut session = sessions.next().await.unwrap().unwrap();
        assert!(session.read(&mut [0]).await.is_err());
        sessions.next().await.unwrap().unwrap_err()
    };
    let error = block_on(future::or(accepting, ending));
    assert!(GaveUp::of(&error).unwrap().is_final(), "{error}");
}

#[test]
fn a_server_that_does_not_speak_tls_yet_is_tried_again() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let answering = thread::spawn(move || {
        for _ in 0..2 {
            let (mut peer, _) = listener.accept().unwrap();
            peer.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").unwrap();
            let _ = peer.read_to_end(&mut Vec::new());
        }
    });
    let mut sessions = at_once(&Connector::new(), &format!("tls://{address}"));
    let error = block_on(sessions.next()).unwrap().unwrap_err();
    let given_up = GaveUp::of(&error).unwrap();
    assert_eq!((given_up.attempts(), given_up.is_final()), (2, false), "{error}");
    assert_eq!(failure(&error), &HandshakeFailure::NotTls);
    answering.join().unwrap();
}

#[test]
fn a_certificate_is_found_below_what_others_have_wrapped_around_it() {
    let files = Files::new();
    let mut config = TlsServerConfig::default();
    config.identity = Some(files.identity("other.example"));
    let mut server = bind(config).unwrap();
    let connector = client(files.client_config()).build().unwrap();
    let endpoint = localhost(&server);
    let (ours, theirs) = meet(&connector, &endpoint, &mut server);
    let wrapped = io::Error::other(io::Error::other(ours.unwrap_err()));
    assert!(!is_worth_another_attempt(&wrapped), "{wrapped}");
    drop(theirs);
}
