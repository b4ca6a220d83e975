//! GnuTLS, a second implementation that is not ours.

use std::sync::Arc;

use futures_lite::{AsyncReadExt, AsyncWriteExt, future::block_on};
use socketry_connection_tls::HandshakeFailure;
use socketry_testing::Program;

use crate::ours::{BOTH, House, Ours, V13, Version, connect, info, line, send};

fn client(ours: &Ours, house: &House, version: Version) -> Program {
    Program::gnutls_client(ours.address(), "localhost", &house.roots).arg(version.gnutls)
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
fn the_protocol_that_both_speak_is_agreed_upon() {
    for version in BOTH {
        let (house, mut ours) = (House::new(), Ours::listen());
        let client = client(&ours, &house, version).args("--alpn=http/1.1 --alpn=h2").start();
        let mut config = house.server(version);
        config.alpn_protocols = vec![b"h2".into()];
        let connection = block_on(ours.accept(&client, &config.into())).unwrap();
        assert_eq!(info(&connection).alpn(), Some(&b"h2"[..]), "{version:?}");
        block_on(client.says("Application protocol: h2"));
    }
}

#[test]
fn the_certificate_of_a_client_is_told() {
    for version in BOTH {
        let (house, mut ours) = (House::new(), Ours::listen());
        let identity = house.authority.certificate(["client.test"]).for_clients().issue();
        let files = house.files(&identity);
        let client = client(&ours, &house, version);
        let client = client.arg("--x509certfile").arg(files.certificate);
        let client = client.arg("--x509keyfile").arg(files.key).start();
        let config = house.server_for_the_known(version).into();
        let connection = block_on(ours.accept(&client, &config)).unwrap();
        let told: Vec<_> = info(&connection).peer_certificates().collect();
        assert_eq!(told, identity.chain_der(), "{version:?}");
    }
}

#[test]
fn a_client_comes_back_to_its_session() {
    for version in BOTH {
        let (house, mut ours) = (House::new(), Ours::listen());
        let config = house.server(version).into();
        let client = client(&ours, &house, version).args("--resume --waitresumption").start();
        let resumed = block_on(async {
            let mut first = ours.accept(&client, &config).await.unwrap();
            let was_resumed = info(&first).is_resumed();
            assert_eq!(first.read(&mut [0]).await.unwrap(), 0);
            first.close().await.unwrap();
            let second = ours.accept(&client, &config).await.unwrap();
            client.says("This is a resumed session").await;
            (was_resumed, info(&second).is_resumed())
        });
        assert_eq!(resumed, (false, true), "{version:?}");
    }
}

#[test]
fn a_client_that_asks_for_pages_in_plain_text_is_refused() {
    let (house, mut ours) = (House::new(), Ours::listen());
    let client = client(&ours, &house, V13).args("--starttls --crlf").start();
    client.say("GET / HTTP/1.1\nHost: localhost\n\n");
    let error = block_on(ours.accept(&client, &house.server(V13).into())).unwrap_err();
    assert_eq!(*error.failure(), HandshakeFailure::NotTls);
}

#[test]
fn a_server_knows_us_by_our_certificate_and_takes_us_back() {
    for version in BOTH {
        let house = House::new();
        let server = Program::gnutls_server(&house.server_files()).arg(version.gnutls);
        let server = server.args("--require-client-cert --verify-client-cert --x509cafile");
        let mut server = server.arg(&house.roots).start();
        let identity = house.authority.certificate(["client.test"]).for_clients().issue();
        let config = Arc::new(house.client_with(version, &identity));
        let resumed = block_on(async {
            let address = server.address().await;
            let mut resumed = Vec::new();
            for _ in 0..2 {
                let mut connection = connect(address, "localhost", &config).await.unwrap();
                send(&mut connection, "hello\n").await;
                assert_eq!(line(&mut connection).await, "hello");
                resumed.push(info(&connection).is_resumed());
                connection.close().await.unwrap();
            }
            resumed
        });
        assert_eq!(resumed, [false, true], "{version:?}");
    }
}
