//! `openssl s_server`, as a server of our client.

use std::{io::ErrorKind, sync::Arc};

use futures_lite::{
    AsyncReadExt, AsyncWriteExt,
    future::{block_on, try_zip},
    io::split,
};
use socketry_connection_tls::{HandshakeFailure, rustls::ClientConfig};
use socketry_testing::{IdentityFiles, Program, RunningProgram, TestKey};

use crate::ours::{BOTH, House, MUCH, Tls, V13, Version, connect, info, line, much, send};

fn start(files: &IdentityFiles, version: Version, more: &str) -> RunningProgram {
    Program::openssl_server(files).args(version.openssl).args(more).start()
}

/// Connects to a server called localhost.
async fn connected(server: &mut RunningProgram, config: impl Into<Arc<ClientConfig>>) -> Tls {
    let address = server.address().await;
    connect(address, "localhost", &config.into()).await.unwrap()
}

/// How a server called localhost with that identity is refused.
fn refused(house: &House, files: &IdentityFiles, more: &str) -> HandshakeFailure {
    let mut server = start(files, V13, more);
    block_on(async {
        let address = server.address().await;
        let error = connect(address, "localhost", &house.client(V13).into()).await.unwrap_err();
        error.failure().clone()
    })
}

#[test]
fn what_we_say_is_printed_and_what_is_typed_is_read() {
    for version in BOTH {
        let house = House::new();
        let mut server = start(&house.server_files(), version, "");
        block_on(async {
            let mut connection = connected(&mut server, house.client(version)).await;
            assert_eq!(info(&connection).version(), Some(version.ours.version));
            send(&mut connection, "hello\n").await;
            server.says("hello").await;
            server.say("hello yourself\n");
            assert_eq!(line(&mut connection).await, "hello yourself");
        });
    }
}

#[test]
fn ten_mebibytes_go_both_ways() {
    for version in BOTH {
        let house = House::new();
        let mut server = start(&house.server_files(), version, "");
        let (said, heard) = block_on(async {
            let connection = connected(&mut server, house.client(version)).await;
            server.says("Secure Renegotiation").await; // what follows is what we send
            server.say(much());
            let (mut reads, mut writes) = split(connection);
            let mut heard = vec![0; MUCH];
            let sent = much();
            let writing = async {
                writes.write_all(&sent).await?;
                writes.flush().await
            };
            try_zip(reads.read_exact(&mut heard), writing).await.unwrap();
            (server.says_bytes(MUCH).await, heard)
        });
        assert!(said == much() && heard == much(), "{version:?}");
    }
}

#[test]
fn our_certificate_is_accepted_where_one_is_needed() {
    for version in BOTH {
        let house = House::new();
        let roots = house.roots.display();
        let needs = format!("-Verify 1 -verify_return_error -CAfile {roots}");
        let mut server = start(&house.server_files(), version, &needs);
        let identity = house.authority.certificate(["client.test"]).for_clients().issue();
        block_on(async {
            let config = house.client_with(version, &identity);
            let mut connection = connected(&mut server, config).await;
            send(&mut connection, "it is me\n").await;
            server.says("it is me").await;
        });
        let said = server.said();
        assert!(said.contains("for client.test"), "{version:?}: {said}");
    }
}

/// In TLS 1.3 a client is done before the server has seen its certificate, so that a read tells.
#[test]
fn without_a_certificate_where_one_is_needed_we_are_told() {
    for version in BOTH {
        let house = House::new();
        let mut server = start(&house.server_files(), version, "-Verify 1 -verify_return_error");
        let alert = block_on(async {
            let address = server.address().await;
            match connect(address, "localhost", &house.client(version).into()).await {
                Err(error) => error.to_string(),
                Ok(mut connection) => connection.read(&mut [0]).await.unwrap_err().to_string(),
            }
        });
        let expected = match version.openssl {
            "-tls1_2" => "alert handshake_failure (40)",
            _ => "alert certificate_required (116)",
        };
        assert!(alert.contains(expected), "{version:?}: {alert}");
    }
}

#[test]
fn the_protocol_that_both_speak_is_agreed_upon() {
    for version in BOTH {
        let house = House::new();
        let mut server = start(&house.server_files(), version, "-alpn h3,h2");
        let mut config = house.client(version);
        config.alpn_protocols = vec![b"http/1.1".into(), b"h2".into()];
        let connection = block_on(connected(&mut server, config));
        assert_eq!(info(&connection).alpn(), Some(&b"h2"[..]), "{version:?}");
    }
}

#[test]
fn we_come_back_to_our_session() {
    for version in BOTH {
        let house = House::new();
        let mut server = start(&house.server_files(), version, "");
        let config = Arc::new(house.client(version));
        let resumed = block_on(async {
            let mut first = connected(&mut server, config.clone()).await;
            send(&mut first, "hello\n").await;
            server.says("hello").await;
            server.say("the tickets come before this\n");
            line(&mut first).await;
            first.close().await.unwrap();
            let second = connected(&mut server, config).await;
            (info(&first).is_resumed(), info(&second).is_resumed())
        });
        assert_eq!(resumed, (false, true), "{version:?}");
    }
}

#[test]
fn we_are_shown_the_certificate_of_the_name_that_we_ask_for() {
    for version in BOTH {
        let house = House::new();
        let a = house.authority.issue(["a.test"]).write_to(&house.dir, "a");
        let b = house.authority.issue(["b.test"]).write_to(&house.dir, "b");
        let second = format!("{} -key2 {}", b.certificate.display(), b.key.display());
        let mut server = start(&a, version, &format!("-servername b.test -cert2 {second}"));
        block_on(async {
            let address = server.address().await;
            let config = house.client(version).into();
            for name in ["a.test", "b.test"] {
                connect(address, name, &config).await.unwrap().close().await.unwrap();
            }
        });
    }
}

#[test]
fn a_server_that_changes_the_keys_is_still_understood() {
    let house = House::new();
    let mut server = start(&house.server_files(), V13, "-msg");
    block_on(async {
        let mut connection = connected(&mut server, house.client(V13)).await;
        send(&mut connection, "ready\n").await;
        server.says("ready").await;
        for command in ["k\n", "K\n", "K\n"] {
            server.say(command);
            server.says(">>> TLS 1.3, Handshake [length 0005], KeyUpdate").await;
            server.say("under other keys\n");
            assert_eq!(line(&mut connection).await, "under other keys");
            send(&mut connection, "the same from here\n").await;
            server.says("the same from here").await;
        }
    });
}

#[test]
fn a_killed_server_is_an_error() {
    for version in BOTH {
        let house = House::new();
        let mut server = start(&house.server_files(), version, "");
        let error = block_on(async {
            let mut connection = connected(&mut server, house.client(version)).await;
            send(&mut connection, "ready\n").await;
            server.says("ready").await;
            server.kill();
            let mut rest = Vec::new();
            connection.read_to_end(&mut rest).await.unwrap_err()
        });
        assert_eq!(error.kind(), ErrorKind::UnexpectedEof, "{version:?}");
    }
}

#[test]
fn a_server_whose_certificate_is_not_good_is_refused_with_the_reason() {
    let house = House::new();
    let localhost = || house.authority.certificate(["localhost"]);
    for (certificate, failure) in [
        (localhost().expired(), HandshakeFailure::Expired),
        (localhost().not_valid_yet(), HandshakeFailure::NotYetValid),
        (localhost().for_clients(), HandshakeFailure::BadCertificate),
    ] {
        let files = house.files(&certificate.issue());
        assert_eq!(refused(&house, &files, ""), failure);
    }
    let wrong = refused(&house, &house.files(&house.authority.issue(["other.test"])), "");
    assert!(matches!(wrong, HandshakeFailure::WrongName { .. }), "{wrong:?}");
}

#[test]
fn a_weak_key_is_refused() {
    let house = House::new();
    let weak = house.authority.certificate(["localhost"]).with_key(TestKey::Rsa1024).issue();
    let failure = refused(&house, &house.files(&weak), "-cipher ALL:@SECLEVEL=0");
    assert_eq!(failure, HandshakeFailure::BadCertificate);
}

#[test]
fn a_server_of_an_old_version_is_refused() {
    let house = House::new();
    let options = "-tls1_1 -cipher ALL:@SECLEVEL=0";
    let mut server = Program::openssl_server(&house.server_files()).args(options).start();
    let error = block_on(async {
        let address = server.address().await;
        connect(address, "localhost", &house.client(V13).into()).await.unwrap_err()
    });
    assert_eq!(*error.failure(), HandshakeFailure::NothingInCommon);
}
