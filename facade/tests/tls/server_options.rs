//! What each option of a server does.

use std::{fs, io, sync::Arc, time::Duration};

use futures_lite::{
    AsyncReadExt,
    future::{self, block_on, poll_once},
};
use socketry::{
    ClientCertificatesConfig, IdentityConfig, Server, ServerConfig, TlsServerConfig,
    tls::{Identity, ServerTls, TlsInfo},
};
use socketry_testing::ManualClock;

use crate::support::{Files, bind, client, localhost, meet, met, refused};

/// What the server shows to a client that asks for `name`.
fn shown(files: &Files, server: &mut Server, name: &str) -> io::Result<Vec<u8>> {
    let connector = client(files.client_config()).build().unwrap();
    let endpoint = format!("{}?hostname={name}", localhost(server));
    let (ours, _theirs) = meet(&connector, &endpoint, server);
    let ours = ours?;
    let info = ours.attributes().get::<TlsInfo>().unwrap();
    Ok(info.peer_certificates().next().unwrap().to_vec())
}

#[test]
fn each_name_has_its_own_certificate_and_the_rest_the_default() {
    let files = Files::new();
    let mut config = files.server_config();
    let exact = files.authority.issue(["a.example"]);
    let wild = files.authority.issue(["*.b.example"]);
    config.names.insert("a.example".into(), files.save("a", &exact));
    config.names.insert("*.b.example".into(), files.save("b", &wild));
    let mut server = bind(config.clone()).unwrap();
    assert_eq!(shown(&files, &mut server, "a.example").unwrap(), exact.chain_der()[0]);
    assert_eq!(shown(&files, &mut server, "x.b.example").unwrap(), wild.chain_der()[0]);
    assert!(shown(&files, &mut server, "localhost").is_ok());
    assert!(shown(&files, &mut server, "c.example").is_err(), "it is shown the default");

    config.refuse_unknown_names = true;
    let mut server = bind(config).unwrap();
    let error = shown(&files, &mut server, "c.example").unwrap_err();
    assert!(error.to_string().contains("alert"), "{error}");
}

#[test]
fn a_client_may_or_must_say_who_it_is() {
    let files = Files::new();
    let mut config = files.server_config();
    config.client_ca_files = vec![files.path("ca.pem")];
    config.client_certificates = ClientCertificatesConfig::Optional;
    let (_ours, theirs) = met(files.client_config(), &mut bind(config.clone()).unwrap());
    assert_eq!(theirs.attributes().get::<TlsInfo>().unwrap().peer_certificates().count(), 0);

    config.client_certificates = ClientCertificatesConfig::Required;
    let mut server = bind(config.clone()).unwrap();
    let connector = client(files.client_config()).build().unwrap();
    let (ours, theirs) = meet(&connector, &localhost(&server), &mut server);
    assert!(theirs.unwrap_err().to_string().contains("certificate"));
    // In TLS 1.3 the client has finished by then, and hears of it when it reads.
    let error = block_on(ours.unwrap().read(&mut [0; 8])).unwrap_err();
    assert!(error.to_string().contains("certificate"), "{error}");

    config.client_certificates = ClientCertificatesConfig::None;
    let error = bind(config).unwrap_err();
    assert!(error.to_string().contains("client_certificates"), "{error}");
}

#[test]
fn a_certificate_is_reloaded_by_the_handle_and_a_bad_one_changes_nothing() {
    let files = Files::new();
    let config = files.identity("localhost");
    let identity = Identity::from_files(&config.certificate, config.key.as_ref().unwrap());
    let tls = ServerTls::new(identity.load().unwrap()).unwrap();
    let builder = Server::builder().tls(tls.clone());
    let mut server = block_on(builder.bind("tls://127.0.0.1:0")).unwrap();
    let first = shown(&files, &mut server, "localhost").unwrap();

    let next = files.authority.issue(["localhost"]);
    fs::write(&config.certificate, "no certificate").unwrap();
    let error = tls.reload().unwrap_err();
    assert!(error.to_string().contains("localhost.pem"), "{error}");
    assert_eq!(shown(&files, &mut server, "localhost").unwrap(), first);

    files.save("localhost", &next);
    tls.reload().unwrap();
    assert_eq!(shown(&files, &mut server, "localhost").unwrap(), next.chain_der()[0]);
}

#[test]
fn bad_files_are_told_when_the_server_is_bound_with_their_path() {
    let files = Files::new();
    let mut config = TlsServerConfig::default();
    config.identity = Some(IdentityConfig::new("/nosuch.pem", "/nosuch.key"));
    let error = bind(config.clone()).unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::NotFound);
    assert!(error.to_string().contains("/nosuch.pem"), "{error}");

    let (a, b) = (files.identity("a.example"), files.identity("b.example"));
    config.identity = Some(IdentityConfig::new(a.certificate, b.key.unwrap()));
    let error = bind(config).unwrap_err();
    assert!(error.to_string().contains("b.example.key"), "{error}");
}

#[test]
fn files_are_watched_if_that_is_asked_for() {
    let files = Files::new();
    let clock = ManualClock::new();
    let mut config = ServerConfig::default();
    config.tls = files.server_config();
    config.tls.watch_files = Some(Duration::from_secs(60));
    let builder = config.to_builder().clock(Arc::new(clock.clone()));
    let mut server = block_on(builder.bind("tls://127.0.0.1:0")).unwrap();
    let first = shown(&files, &mut server, "localhost").unwrap();
    files.identity("localhost");
    let connector = client(files.client_config()).build().unwrap();
    let endpoint = localhost(&server);
    block_on(async {
        loop {
            clock.advance(Duration::from_secs(60));
            let accepting = async { server.accept().await.unwrap().unwrap() };
            let (ours, _theirs) = future::zip(connector.connect(&endpoint), accepting).await;
            let ours = ours.unwrap();
            let info = ours.attributes().get::<TlsInfo>().unwrap();
            if info.peer_certificates().next() != Some(&first[..]) {
                break;
            }
        }
    });
}

#[test]
fn a_server_that_is_full_of_handshakes_closes_newcomers_if_that_is_asked_for() {
    let files = Files::new();
    let mut config = files.server_config();
    (config.most_handshakes, config.refuse_when_full) = (1, true);
    let mut server = bind(config).unwrap();
    let address = server.local_address().unwrap().socket_address().unwrap();
    let _idle: Vec<_> = (0..2).map(|_| std::net::TcpStream::connect(address).unwrap()).collect();
    let error = block_on(server.accept()).unwrap().unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::QuotaExceeded, "{error}");
}

#[test]
fn newcomers_wait_while_a_server_is_full_of_handshakes() {
    let files = Files::new();
    let mut config = files.server_config();
    config.most_handshakes = 1;
    let mut server = bind(config).unwrap();
    let address = server.local_address().unwrap().socket_address().unwrap();
    let idle = std::net::TcpStream::connect(address).unwrap();
    assert!(block_on(poll_once(server.accept())).is_none());
    drop(idle);
    let connector = client(files.client_config()).build().unwrap();
    let endpoint = localhost(&server);
    block_on(async {
        let accepting = async {
            assert!(server.accept().await.unwrap().is_err(), "the idle one has gone");
            server.accept().await.unwrap()
        };
        let (ours, theirs) = future::zip(connector.connect(&endpoint), accepting).await;
        assert!(ours.is_ok() && theirs.is_ok());
    });
}

#[test]
fn an_encrypted_key_needs_its_passphrase_and_nobody_is_asked_for_it() {
    let files = Files::new();
    let identity = files.identity("localhost");
    let (plain, encrypted) = (identity.key.clone().unwrap(), files.path("encrypted.key"));
    let status = std::process::Command::new("openssl")
        .args(["pkcs8", "-topk8", "-v2", "aes-256-cbc", "-passout", "pass:secret", "-in"])
        .arg(&plain)
        .arg("-out")
        .arg(&encrypted)
        .status()
        .expect("openssl is there: install the package openssl");
    assert!(status.success());
    let mut config = TlsServerConfig::default();
    let mut wrong = IdentityConfig::new(identity.certificate, encrypted);
    for passphrase in [None, Some("wrong")] {
        wrong.passphrase = passphrase.map(Into::into);
        config.identity = Some(wrong.clone());
        let error = bind(config.clone()).unwrap_err();
        assert!(error.to_string().contains("passphrase"), "{error}");
        assert!(!format!("{config:?} {error}").contains("secret"));
    }
    wrong.passphrase = Some("secret".into());
    config.identity = Some(wrong);
    met(files.client_config(), &mut bind(config).unwrap());
}

#[test]
fn without_tickets_and_sessions_nothing_is_resumed() {
    let files = Files::new();
    let mut config = files.server_config();
    (config.tickets, config.sessions) = (false, 0);
    let mut server = bind(config).unwrap();
    let connector = client(files.client_config()).build().unwrap();
    for _ in 0..2 {
        let (ours, theirs) = meet(&connector, &localhost(&server), &mut server);
        let (mut ours, mut theirs) = (ours.unwrap(), theirs.unwrap());
        crate::support::say(&mut theirs, &mut ours, "the ticket would come before this");
        assert!(!ours.attributes().get::<TlsInfo>().unwrap().is_resumed());
    }
}

#[test]
fn a_stranger_among_clients_is_refused() {
    let (files, stranger) = (Files::new(), Files::new());
    let mut config = files.server_config();
    config.client_certificates = ClientCertificatesConfig::Required;
    config.client_ca_files = vec![files.path("ca.pem")];
    let mut server = bind(config).unwrap();
    let mut config = files.client_config();
    config.identity = Some(stranger.identity("client"));
    config.max_version = Some(socketry::TlsVersion::V1_2);
    let error = refused(config, &mut server);
    assert!(error.to_string().contains("failed during TLS handshake"), "{error}");
}

#[test]
fn handshakes_can_be_made_by_tasks_of_an_executor() {
    let files = Files::new();
    let tls = files.server_config().to_server().unwrap();
    let builder = Server::builder().tls(tls).spawner(|handshake| smol::spawn(handshake).detach());
    let mut server = block_on(builder.bind("tls://127.0.0.1:0")).unwrap();
    let (mut ours, mut theirs) = met(files.client_config(), &mut server);
    assert_eq!(crate::support::say(&mut ours, &mut theirs, "hello"), "hello");
}

#[test]
fn of_a_handle_and_a_configuration_the_last_one_counts() {
    let files = Files::new();
    let tls = files.server_config().to_server().unwrap();
    let builder = Server::builder().tls(tls).tls(TlsServerConfig::default());
    assert!(block_on(builder.bind("tls://127.0.0.1:0")).is_err(), "there is no identity");
}

#[test]
fn a_configuration_secures_a_socket_that_is_in_use_on_both_sides() {
    use socketry::Socket;

    let files = Files::new();
    let client = files.client_config().to_client().unwrap();
    let tls = files.server_config().to_server().unwrap();
    let mut server = block_on(socketry::bind("127.0.0.1:0")).unwrap();
    let endpoint = server.local_address().unwrap();
    let asking = async {
        let socket = socketry::connect(endpoint).await?;
        client.upgrade(socket, "localhost".parse()?).await
    };
    let serving = async {
        let socket = server.accept().await.unwrap()?;
        tls.upgrade(socket).await
    };
    let (ours, theirs) = block_on(future::try_zip(asking, serving)).unwrap();
    let (mut ours, mut theirs) = (Socket::from(ours), Socket::from(theirs));
    assert_eq!(crate::support::say(&mut ours, &mut theirs, "in confidence"), "in confidence");
    assert_eq!(ours.remote_address().unwrap().scheme(), "tls");
}
