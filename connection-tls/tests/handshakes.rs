//! Handshakes: over connections that misbehave, in time or not, and what is said of those that
//! fail.

use std::{error::Error, io::ErrorKind, sync::Arc, time::Duration};

use futures_lite::{
    AsyncReadExt, AsyncWriteExt,
    future::{block_on, poll_once, zip},
};
use socketry_connection::{Connection, os_error};
use socketry_connection_tls::{
    HandshakeFailed, HandshakeFailure, TlsConnection, TlsInfo, TlsOptions, default_provider,
    rustls::{
        AlertDescription, ClientConfig, ProtocolVersion, RootCertStore, ServerConfig,
        version::{TLS12, TLS13},
    },
};
use socketry_testing::{ManualClock, MemoryConnection, Operation, TestAuthority, faulty, pair};

use crate::{
    sockets::sockets,
    support::{Configs, client_config, ends, localhost, secured, server_config, shake},
};

/// What the client says of a server with this identity.
fn refused(
    authority: &TestAuthority,
    identity: &socketry_testing::TestIdentity,
) -> HandshakeFailed {
    let configs =
        Configs { client: client_config(authority).into(), server: server_config(identity).into() };
    shake(&configs, &TlsOptions::new(), ends()).0.unwrap_err()
}

#[test]
fn a_flush_that_is_not_ready_neither_hangs_nor_spins() {
    let (ours, theirs) = ends();
    let ((ours, slow), (theirs, slow_there)) = (faulty(ours), faulty(theirs));
    for faults in [&slow, &slow_there] {
        faults.buffer_writes(true);
        faults.delay(Operation::Flush, 3);
    }
    let (client, server) = shake(&Configs::new(), &TlsOptions::new(), (ours, theirs));
    assert!(client.is_ok() && server.is_ok());
    assert!(slow.counts().flushes <= 20, "{:?}", slow.counts());
}

#[test]
fn a_connection_that_takes_nothing_ends_the_handshake_with_an_error() {
    let (ours, _theirs) = ends();
    let (ours, faults) = faulty(ours);
    faults.do_nothing(Operation::Write);
    let options = TlsOptions::new();
    let connecting = options.connect(ours, localhost(), Configs::new().client);
    let error = block_on(connecting).unwrap_err();
    assert_eq!(error.error().kind(), ErrorKind::WriteZero);
}

#[test]
fn dropping_a_handshake_drops_its_connection() {
    let (ours, mut theirs) = ends();
    let options = TlsOptions::new();
    let mut connecting = Box::pin(options.connect(ours, localhost(), Configs::new().client));
    assert!(block_on(poll_once(&mut connecting)).is_none());
    drop(connecting);
    let mut heard = Vec::new();
    block_on(theirs.read_to_end(&mut heard)).unwrap();
    assert_eq!(heard[0], 0x16);
}

#[test]
fn both_sides_have_ten_seconds_unless_told_otherwise() {
    for (options, after) in
        [(TlsOptions::new(), 10), (TlsOptions::new().handshake_within(Duration::from_secs(2)), 2)]
    {
        let clock = ManualClock::new();
        let options = options.with_clock(Arc::new(clock.clone()));
        let ((ours, _silent), (theirs, _idle)) = (ends(), ends());
        let connecting = options.connect(ours, localhost(), Configs::new().client);
        let accepting = options.accept(theirs, |_| Ok(Configs::new().server));
        let mut both = Box::pin(zip(connecting, accepting));
        assert!(block_on(poll_once(&mut both)).is_none());
        clock.advance(Duration::from_secs(after));
        let (client, server) = block_on(both);
        for error in [client.unwrap_err(), server.unwrap_err()] {
            let after = Duration::from_secs(after);
            let given = match error.failure() {
                HandshakeFailure::TimedOut { after, .. } => Some(*after),
                _ => None,
            };
            assert_eq!(given, Some(after), "{error}");
            assert_eq!(std::io::Error::from(error).kind(), ErrorKind::TimedOut);
        }
    }
}

#[test]
fn there_need_not_be_a_deadline() {
    let clock = ManualClock::new();
    let options = TlsOptions::new().handshake_within(None).with_clock(Arc::new(clock.clone()));
    let (ours, _silent) = ends();
    let mut connecting = Box::pin(options.connect(ours, localhost(), Configs::new().client));
    assert!(block_on(poll_once(&mut connecting)).is_none());
    assert_eq!(clock.sleeping(), 0);
}

#[test]
fn a_timeout_is_one_line_on_both_sides() {
    let clock = ManualClock::new();
    let options = TlsOptions::new().with_clock(Arc::new(clock.clone()));
    let (theirs, _idle) = ends();
    let mut accepting = Box::pin(options.accept(theirs, |_| Ok(Configs::new().server)));
    assert!(block_on(poll_once(&mut accepting)).is_none());
    clock.advance(Duration::from_secs(10));
    assert_eq!(
        block_on(accepting).unwrap_err().to_string(),
        "connection from tcp://192.0.2.2:443 timed out after 10s during TLS handshake"
    );
}

#[test]
fn a_peer_that_leaves_is_told_on_both_sides() {
    let (ours, theirs) = ends();
    drop(theirs);
    let options = TlsOptions::new();
    let connecting = options.connect(ours, localhost(), Configs::new().client);
    let error = block_on(connecting).unwrap_err();
    assert_eq!(error.failure(), &HandshakeFailure::PeerGone);

    for said in [&b""[..], &[0x16], &[0x16, 3, 1, 2, 0, 1]] {
        let (mut ours, theirs) = ends();
        block_on(ours.write_all(said)).unwrap();
        drop(ours);
        let options = TlsOptions::new();
        let accepting = options.accept(theirs, |_| Ok(Configs::new().server));
        let error = std::io::Error::from(block_on(accepting).unwrap_err());
        assert_eq!(error.kind(), ErrorKind::ConnectionReset);
        assert_eq!(
            error.to_string(),
            "connection from tcp://192.0.2.1:50000 failed during TLS handshake: the client has closed the connection"
        );
    }
}

#[test]
fn the_number_of_the_system_is_found_under_a_failed_handshake() {
    let (ours, theirs) = sockets();
    let options = TlsOptions::new();
    let mut connecting = Box::pin(options.connect(ours, localhost(), Configs::new().client));
    block_on(async {
        assert!(poll_once(&mut connecting).await.is_none());
        drop(theirs); // with something unread: the system resets the connection
        let error = std::io::Error::from(connecting.await.unwrap_err());
        assert_eq!(error.kind(), ErrorKind::ConnectionReset);
        assert!(os_error(&error).is_some());
    });
}

#[test]
fn what_a_peer_has_said_before_it_went_is_told_though_it_was_written_to_in_vain() {
    let alert = [21, 3, 3, 0, 2, 2, 40];
    for (said, failure) in [
        (&alert[..], HandshakeFailure::Alert(AlertDescription::HandshakeFailure)),
        (&[], HandshakeFailure::PeerGone),
    ] {
        let (ours, mut theirs) = ends();
        let (ours, faults) = faulty(ours);
        block_on(theirs.write_all(said)).unwrap();
        faults.fail(Operation::Write, ErrorKind::BrokenPipe);
        let options = TlsOptions::new();
        let connecting = options.connect(ours, localhost(), Configs::new().client);
        assert_eq!(block_on(connecting).unwrap_err().failure(), &failure);
    }
}

#[test]
fn a_handshake_whose_last_message_could_not_be_sent_has_failed() {
    let (ours, theirs) = ends();
    let (ours, faults) = faulty(ours);
    let (configs, options) = (Configs::new(), TlsOptions::new());
    let mut connecting = Box::pin(options.connect(ours, localhost(), configs.client.clone()));
    let mut accepting = Box::pin(options.accept(theirs, |_| Ok(configs.server.clone())));
    block_on(async {
        assert!(poll_once(&mut connecting).await.is_none());
        assert!(poll_once(&mut accepting).await.is_none());
        faults.fail(Operation::Write, ErrorKind::BrokenPipe);
        let error = std::io::Error::from(connecting.await.unwrap_err());
        assert_eq!(error.kind(), ErrorKind::ConnectionReset);
    });
}

/// What a server says of a client that begins with `said`, and what that client gets.
fn accept_from(said: &[u8]) -> (HandshakeFailed, Vec<u8>) {
    let (mut ours, theirs) = ends();
    block_on(ours.write_all(said)).unwrap();
    let options = TlsOptions::new();
    let accepting = options.accept(theirs, |_| Ok(Configs::new().server));
    let error = block_on(poll_once(accepting)).expect("it is refused at once").unwrap_err();
    let mut heard = Vec::new();
    block_on(ours.read_to_end(&mut heard)).unwrap();
    (error, heard)
}

#[test]
fn plain_text_and_garbage_are_refused_at_once_and_shown() {
    for (said, words) in [
        (
            &b"GET / HTTP/1.1\r\nHost: a.example\r\n\r\n"[..],
            "the client spoke in plain text: GET / HTTP/1.1",
        ),
        (b"SSH-2.0-OpenSSH_9.6\r\n", "the client spoke in plain text: SSH-2.0-OpenSSH_9.6"),
        (b"\x1b[31mred\x07\r\n ", "not TLS: 1b 5b 33 31 6d 72 65 64"),
        (&[0xff; 40], "not TLS: ff ff ff ff ff ff ff ff"),
    ] {
        let (error, _) = accept_from(said);
        assert!(error.to_string().ends_with(words), "{error}");
        assert_eq!(error.failure(), &HandshakeFailure::NotTls);
    }
}

#[test]
fn a_server_that_answers_in_plain_text_is_shown() {
    let (ours, mut theirs) = ends();
    block_on(theirs.write_all(b"HTTP/1.1 400 Bad Request\r\nServer: x\r\n\r\n")).unwrap();
    let options = TlsOptions::new();
    let connecting = options.connect(ours, localhost(), Configs::new().client);
    let error = block_on(connecting).unwrap_err().with_target("tls://a.example:443");
    assert_eq!(
        error.to_string(),
        "connection to tls://a.example:443 failed during TLS handshake: the server answered in plain text: HTTP/1.1 400 Bad Request"
    );
}

#[test]
fn whoever_chooses_the_configuration_can_refuse_in_own_words() {
    let (ours, theirs) = ends();
    let options = TlsOptions::new();
    let connecting = options.connect(ours, localhost(), Configs::new().client);
    let accepting = options.accept(theirs, |hello| {
        let name = hello.server_name().unwrap_or_default().to_string();
        Err(std::io::Error::new(ErrorKind::PermissionDenied, format!("not for {name}")))
    });
    let (_, server) = block_on(zip(connecting, accepting));
    let error = server.unwrap_err();
    assert_eq!(error.failure(), &HandshakeFailure::Refused);
    assert_eq!(error.info().server_name(), Some("localhost"));
    assert!(error.to_string().ends_with("failed during TLS handshake: not for localhost"));
    assert_eq!(std::io::Error::from(error).kind(), ErrorKind::PermissionDenied);
}

#[test]
fn a_certificate_that_was_refused_is_found_in_the_error_and_the_server_is_told() {
    let (authority, stranger) = (TestAuthority::new(), TestAuthority::new());
    let identity = stranger.issue(["localhost"]);
    let configs = Configs {
        client: client_config(&authority).into(),
        server: server_config(&identity).into(),
    };
    let (client, server) = shake(&configs, &TlsOptions::new(), ends());
    let (client, server) = (client.unwrap_err(), server.unwrap_err());
    assert_eq!(client.failure(), &HandshakeFailure::UnknownIssuer);
    let shown: Vec<&[u8]> = client.info().peer_certificates().collect();
    assert_eq!(shown, identity.chain_der());
    assert!(matches!(server.failure(), HandshakeFailure::Alert(_)), "{server}");
    assert!(client.source().is_some());
}

#[test]
fn a_wrong_name_lists_those_that_the_certificate_has() {
    let authority = TestAuthority::new();
    let error = refused(&authority, &authority.issue(["a.example", "*.b.example", "192.0.2.7"]));
    assert!(
        error.to_string().ends_with(
            "certificate is not for localhost, but for a.example, *.b.example, 192.0.2.7"
        ),
        "{error}"
    );
}

#[test]
fn what_was_agreed_upon_is_known_to_both() {
    let (client, server) = secured();
    let info = |end: &TlsConnection<MemoryConnection>| -> TlsInfo {
        end.attributes().get::<TlsInfo>().unwrap().clone()
    };
    let (ours, theirs) = (info(&client), info(&server));
    assert_eq!(ours.version(), Some(ProtocolVersion::TLSv1_3));
    assert_eq!(ours.suite(), theirs.suite());
    assert_eq!(ours.key_exchange_group(), theirs.key_exchange_group());
    assert_eq!((ours.server_name(), theirs.server_name()), (Some("localhost"), Some("localhost")));
    assert_eq!((ours.is_resumed(), theirs.is_resumed()), (false, false));
}

#[test]
fn a_second_connection_resumes_the_session_and_has_its_certificates() {
    let configs = Configs::new();
    for round in 0..2 {
        let (client, server) = shake(&configs, &TlsOptions::new(), ends());
        let (mut client, mut server) = (client.unwrap(), server.unwrap());
        block_on(server.write_all(b"!")).unwrap();
        block_on(client.read_exact(&mut [0])).unwrap();
        let info = client.attributes().get::<TlsInfo>().unwrap();
        assert_eq!(info.is_resumed(), round == 1);
        assert_eq!(info.peer_certificates().count(), 1);
    }
}

#[test]
fn versions_that_have_nothing_in_common_are_told_on_both_sides() {
    let authority = TestAuthority::new();
    let server = {
        let identity = authority.issue(["localhost"]);
        let chain = identity.chain_der().iter().map(|der| der.clone().into()).collect();
        let key = identity.key_der().to_vec().try_into().unwrap();
        let provider = default_provider().unwrap();
        ServerConfig::builder_with_provider(provider)
            .with_protocol_versions(&[&TLS12])
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(chain, key)
            .unwrap()
    };
    let provider = default_provider().unwrap();
    let newest = ClientConfig::builder_with_provider(provider)
        .with_protocol_versions(&[&TLS13])
        .unwrap()
        .with_root_certificates(RootCertStore::empty())
        .with_no_client_auth();
    let configs = Configs { client: newest.into(), server: server.into() };
    let (client, server) = shake(&configs, &TlsOptions::new(), ends());
    for error in [client.unwrap_err(), server.unwrap_err()] {
        assert_eq!(error.failure(), &HandshakeFailure::NothingInCommon, "{error}");
    }
}

#[test]
fn nothing_in_common_over_a_protocol_is_told_on_both_sides() {
    let authority = TestAuthority::new();
    let mut client = client_config(&authority);
    let mut server = server_config(&authority.issue(["localhost"]));
    client.alpn_protocols = vec![b"imap".to_vec()];
    server.alpn_protocols = vec![b"h2".to_vec()];
    let configs = Configs { client: client.into(), server: server.into() };
    let (client, server) = shake(&configs, &TlsOptions::new(), ends());
    for error in [client.unwrap_err(), server.unwrap_err()] {
        assert_eq!(error.failure(), &HandshakeFailure::NoProtocolInCommon, "{error}");
    }
}

#[test]
fn a_failed_handshake_of_no_address_is_one_line_all_the_same() {
    let (ours, theirs) = pair();
    drop(ours);
    let options = TlsOptions::new();
    let accepting = options.accept(theirs, |_| Ok(Configs::new().server));
    assert_eq!(
        block_on(accepting).unwrap_err().to_string(),
        "connection failed during TLS handshake: the client has closed the connection"
    );
}
