//! `openssl s_client`, as a client of our server.

use std::{io::ErrorKind, sync::Arc};

use futures_lite::{
    AsyncReadExt, AsyncWriteExt,
    future::{block_on, try_zip},
    io::split,
};
use socketry_connection_tls::{HandshakeFailure, Truncation, rustls::AlertDescription};
use socketry_testing::{Program, RunningProgram, TestAuthority};

use crate::ours::{BOTH, House, MUCH, Ours, V13, Version, info, line, much, send};

/// One that checks our certificate.
fn client(ours: &Ours, house: &House, version: Version) -> Program {
    let client = Program::openssl_client(ours.address()).args(version.openssl);
    let client = client.args("-verify_return_error -verify_hostname localhost -CAfile");
    client.arg(&house.roots)
}

#[test]
fn what_is_typed_arrives_and_what_we_answer_is_printed() {
    for version in BOTH {
        let (house, mut ours) = (House::new(), Ours::listen());
        let client = client(&ours, &house, version).start();
        block_on(async {
            let mut connection = ours.accept(&client, &house.server(version).into()).await.unwrap();
            assert_eq!(info(&connection).version(), Some(version.ours.version));
            client.say("hello\n");
            assert_eq!(line(&mut connection).await, "hello");
            send(&mut connection, "hello yourself\n").await;
            client.says("hello yourself").await;
        });
    }
}

#[test]
fn ten_mebibytes_are_echoed_while_they_still_come() {
    for version in BOTH {
        let (house, mut ours) = (House::new(), Ours::listen());
        let client = client(&ours, &house, version).args("-quiet").start();
        client.say(much());
        let echoed = block_on(async {
            let connection = ours.accept(&client, &house.server(version).into()).await.unwrap();
            let (reads, mut writes) = split(connection);
            let mut reads = reads.take(MUCH as u64);
            let copied = futures_lite::io::copy(&mut reads, &mut writes).await.unwrap();
            assert_eq!(copied, MUCH as u64);
            writes.flush().await.unwrap();
            client.says_bytes(MUCH).await
        });
        assert!(echoed == much(), "{version:?}");
    }
}

#[test]
fn the_certificate_of_a_client_is_told() {
    for version in BOTH {
        let (house, mut ours) = (House::new(), Ours::listen());
        let identity = house.authority.certificate(["client.test"]).for_clients().issue();
        let files = house.files(&identity);
        let client = client(&ours, &house, version);
        let client = client.arg("-cert").arg(files.certificate).arg("-key").arg(files.key).start();
        let config = house.server_for_the_known(version).into();
        let connection = block_on(ours.accept(&client, &config)).unwrap();
        // It sends the root after it, which it knows.
        let told = info(&connection).peer_certificates().next();
        assert_eq!(told, identity.chain_der().first().map(|first| &**first), "{version:?}");
    }
}

#[test]
fn a_client_without_a_certificate_is_refused_where_one_is_needed() {
    for version in BOTH {
        let (house, mut ours) = (House::new(), Ours::listen());
        let client = client(&ours, &house, version).start();
        let config = house.server_for_the_known(version).into();
        let error = block_on(ours.accept(&client, &config)).unwrap_err();
        assert_eq!(*error.failure(), HandshakeFailure::NoCertificate, "{version:?}");
    }
}

#[test]
fn the_protocol_that_both_speak_is_agreed_upon() {
    for version in BOTH {
        let (house, mut ours) = (House::new(), Ours::listen());
        let client = client(&ours, &house, version).args("-alpn http/1.1,h2").start();
        let mut config = house.server(version);
        config.alpn_protocols = vec![b"h3".into(), b"h2".into()];
        let connection = block_on(ours.accept(&client, &config.into())).unwrap();
        assert_eq!(info(&connection).alpn(), Some(&b"h2"[..]), "{version:?}");
        block_on(client.says("ALPN protocol: h2"));
    }
}

#[test]
fn a_client_without_a_protocol_in_common_is_refused() {
    for version in BOTH {
        let (house, mut ours) = (House::new(), Ours::listen());
        let client = client(&ours, &house, version).args("-alpn smtp").start();
        let mut config = house.server(version);
        config.alpn_protocols = vec![b"h2".into()];
        let error = block_on(ours.accept(&client, &config.into())).unwrap_err();
        assert_eq!(*error.failure(), HandshakeFailure::NoProtocolInCommon, "{version:?}");
        block_on(client.says("alert no application protocol"));
    }
}

#[test]
fn the_certificate_is_chosen_by_the_name_that_is_asked_for() {
    for version in BOTH {
        let (house, mut ours) = (House::new(), Ours::listen());
        let of = |name| Arc::new(house.server_with(version, &house.authority.issue([name])));
        let (a, b) = (of("a.test"), of("b.test"));
        for name in ["a.test", "b.test"] {
            let client = Program::openssl_client(ours.address()).args(version.openssl);
            let client = client.args("-verify_return_error -CAfile").arg(&house.roots);
            let client = client.args(&format!("-servername {name} -verify_hostname {name}"));
            let client = client.start();
            let accepting = ours.accept_as(&client, |hello| match hello.server_name() {
                Some("a.test") => Ok(a.clone()),
                Some("b.test") => Ok(b.clone()),
                _ => Err(ErrorKind::NotFound.into()),
            });
            let connection = block_on(accepting).unwrap();
            assert_eq!(info(&connection).server_name(), Some(name), "{version:?}");
            block_on(client.says("Verify return code: 0 (ok)"));
        }
    }
}

#[test]
fn a_client_comes_back_to_its_session() {
    for version in BOTH {
        let (house, mut ours) = (House::new(), Ours::listen());
        let config = house.server(version).into();
        let session = house.dir.join("session");
        let first = client(&ours, &house, version).arg("-sess_out").arg(&session).start();
        let resumed = block_on(async {
            let mut connection = ours.accept(&first, &config).await.unwrap();
            send(&mut connection, "the tickets come before this\n").await;
            first.says("the tickets").await;
            let was_resumed = info(&connection).is_resumed();
            first.say("Q\n");
            assert!(first.ended().await.success());
            let second = client(&ours, &house, version).arg("-sess_in").arg(&session).start();
            let connection = ours.accept(&second, &config).await.unwrap();
            second.says("Reused, TLS").await;
            (was_resumed, info(&connection).is_resumed())
        });
        assert_eq!(resumed, (false, true), "{version:?}");
    }
}

#[test]
fn a_client_that_says_goodbye_ends_the_stream() {
    for version in BOTH {
        let (house, mut ours) = (House::new(), Ours::listen());
        let client = client(&ours, &house, version).start();
        let read = block_on(async {
            let mut connection = ours.accept(&client, &house.server(version).into()).await.unwrap();
            client.say("Q\n");
            connection.read(&mut [0]).await
        });
        assert_eq!(read.unwrap(), 0, "{version:?}");
    }
}

/// Kills a client in the middle of a connection, and reads.
fn read_from_the_killed(version: Version, truncation: Truncation) -> std::io::Result<usize> {
    let (house, mut ours) = (House::new(), Ours::listen().truncation(truncation));
    let client = client(&ours, &house, version).start();
    block_on(async {
        let mut connection = ours.accept(&client, &house.server(version).into()).await.unwrap();
        // What was sent is read: the kernel of one that is killed before resets the connection.
        send(&mut connection, "ready\n").await;
        client.says("ready").await;
        client.kill();
        connection.read(&mut [0]).await
    })
}

#[test]
fn a_killed_client_is_an_error_unless_that_is_allowed() {
    for version in BOTH {
        let error = read_from_the_killed(version, Truncation::Strict).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::UnexpectedEof, "{version:?}");
        assert_eq!(read_from_the_killed(version, Truncation::Allow).unwrap(), 0, "{version:?}");
    }
}

#[test]
fn a_client_that_does_not_trust_us_says_so() {
    for version in BOTH {
        let (mut house, mut ours) = (House::new(), Ours::listen());
        let config = house.server(version).into();
        let stranger = TestAuthority::new();
        house.roots = house.dir.write("others.pem", stranger.certificate_pem());
        let client = client(&ours, &house, version).start();
        let error = block_on(ours.accept(&client, &config)).unwrap_err();
        let unknown = HandshakeFailure::Alert(AlertDescription::UnknownCA);
        assert_eq!(*error.failure(), unknown, "{version:?}");
    }
}

#[test]
fn a_client_of_an_old_version_is_refused_and_told() {
    let (house, mut ours) = (House::new(), Ours::listen());
    let client = Program::openssl_client(ours.address()).args("-tls1_1 -cipher ALL:@SECLEVEL=0");
    let client: RunningProgram = client.start();
    let error = block_on(ours.accept(&client, &house.server(V13).into())).unwrap_err();
    assert_eq!(*error.failure(), HandshakeFailure::NothingInCommon);
    block_on(client.says("alert handshake failure"));
}

#[test]
fn both_directions_carry_ten_mebibytes_at_once() {
    for version in BOTH {
        let (house, mut ours) = (House::new(), Ours::listen());
        let client = client(&ours, &house, version).args("-quiet").start();
        client.say(much());
        let (said, heard) = block_on(async {
            let connection = ours.accept(&client, &house.server(version).into()).await.unwrap();
            let (mut reads, mut writes) = split(connection);
            let mut heard = vec![0; MUCH];
            let sent = much();
            let writing = async {
                writes.write_all(&sent).await?;
                writes.flush().await
            };
            try_zip(reads.read_exact(&mut heard), writing).await.unwrap();
            (client.says_bytes(MUCH).await, heard)
        });
        assert!(said == much() && heard == much(), "{version:?}");
    }
}

#[test]
fn what_we_said_last_arrives_although_we_leave_unread_what_was_sent_to_us() {
    for version in BOTH {
        let (house, mut ours) = (House::new(), Ours::listen());
        let client = client(&ours, &house, version).args("-quiet").start();
        client.say(&much()[..200_000]);
        let said = block_on(async {
            let mut connection = ours.accept(&client, &house.server(version).into()).await.unwrap();
            connection.write_all(&much()[..200_000]).await.unwrap();
            connection.shutdown().await.unwrap();
            drop(connection);
            client.says_bytes(200_000).await
        });
        assert!(said == much()[..200_000], "{version:?}");
    }
}
