//! What each option of a client does, those included that other libraries call by other names.

use std::io;

use futures_lite::future::block_on;
use socketry::{
    Connector, HostPort, IdentityConfig, PeerNamed, Setting, TlsConfig, TlsServerConfig,
    TlsVersion, TrustedRoots, tls::TlsInfo,
};
use socketry_testing::TestCertificate;

use crate::support::{Files, bind, client, localhost, meet, met, refused, say};

/// A server for another name than `localhost`.
fn other(files: &Files) -> socketry::Server {
    let mut config = TlsServerConfig::default();
    config.identity = Some(files.identity("other.example"));
    bind(config).unwrap()
}

#[test]
fn a_certificate_by_a_stranger_is_refused_unless_it_need_not_be_verified() {
    let (files, stranger) = (Files::new(), Files::new());
    let mut server = stranger.server();
    refused(files.client_config(), &mut server);
    let mut config = TlsConfig::default();
    config.verify_certificate = false;
    let (mut ours, mut theirs) = met(config, &mut server);
    assert_eq!(say(&mut ours, &mut theirs, "hello"), "hello");
}

#[test]
fn a_certificate_for_another_name_is_taken_if_the_name_need_not_be_verified() {
    let files = Files::new();
    let mut config = files.client_config();
    config.verify_name = false;
    met(config, &mut other(&files));
}

#[test]
fn without_the_name_the_signature_still_counts() {
    let (files, stranger) = (Files::new(), Files::new());
    let mut config = files.client_config();
    config.verify_name = false;
    refused(config, &mut other(&stranger));
}

#[test]
fn another_name_can_be_asked_for_by_option_and_by_endpoint() {
    let files = Files::new();
    let mut server = other(&files);
    let mut config = files.client_config();
    config.server_name = Some("other.example".into());
    met(config, &mut server);

    let connector = client(files.client_config()).build().unwrap();
    let endpoint = format!("{}?hostname=other.example", localhost(&server));
    assert!(meet(&connector, &endpoint, &mut server).0.is_ok());
}

#[test]
fn a_certificate_that_has_signed_itself_is_taken_if_it_is_pinned_or_trusted() {
    let files = Files::new();
    let alone = TestCertificate::self_signed(["localhost"]).issue();
    let mut config = TlsServerConfig::default();
    config.identity = Some(files.save("alone", &alone));
    let mut server = bind(config).unwrap();
    let mut config = TlsConfig::default();
    config.ca_files = vec![files.path("alone.pem")];
    met(config, &mut server);
}

#[test]
fn files_and_folders_of_certificates_say_who_is_trusted() {
    let files = Files::new();
    let mut server = files.server();
    let mut config = TlsConfig::default();
    config.ca_files = vec![files.path("ca.pem")];
    met(config, &mut server);
    let mut config = TlsConfig::default();
    config.ca_dirs = vec![files.path("")];
    met(config, &mut server);
    let mut config = TlsConfig::default();
    config.roots = Some(TrustedRoots::None);
    let connector = client(config).build().unwrap();
    let error = block_on(connector.connect(localhost(&server))).unwrap_err();
    assert!(error.to_string().contains("nobody is trusted"), "{error}");
}

#[test]
fn a_client_shows_its_identity_to_a_server_that_asks() {
    let files = Files::new();
    let mut config = files.server_config();
    config.client_certificates = socketry::ClientCertificatesConfig::Required;
    config.client_ca_files = vec![files.path("ca.pem")];
    let mut server = bind(config).unwrap();
    let mut config = files.client_config();
    config.identity = Some(files.identity("client"));
    let (mut ours, mut theirs) = met(config, &mut server);
    assert_eq!(say(&mut ours, &mut theirs, "hello"), "hello");
    assert_eq!(theirs.attributes().get::<TlsInfo>().unwrap().peer_certificates().count(), 1);
}

#[test]
fn an_identity_can_be_in_one_file() {
    let files = Files::new();
    let identity = files.authority.issue(["localhost"]);
    files.write("both.pem", [identity.chain_pem(), identity.key_pem()].concat());
    let mut config = TlsServerConfig::default();
    let mut both = IdentityConfig::default();
    both.certificate = files.path("both.pem");
    config.identity = Some(both);
    met(files.client_config(), &mut bind(config).unwrap());
}

#[test]
fn an_identity_that_is_not_there_is_told_with_its_path_before_anything_is_opened() {
    let mut config = TlsConfig::default();
    config.identity = Some(IdentityConfig::new("/nosuch/client.pem", "/nosuch/client.key"));
    let error = client(config).build().unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::NotFound);
    assert!(error.to_string().contains("/nosuch/client.pem"), "{error}");
}

#[test]
fn versions_can_be_bounded_on_both_ends() {
    let files = Files::new();
    let mut server = files.server();
    for (version, name) in [(TlsVersion::V1_2, "TLSv1_2"), (TlsVersion::V1_3, "TLSv1_3")] {
        let mut config = files.client_config();
        (config.min_version, config.max_version) = (Some(version), Some(version));
        let (ours, _theirs) = met(config, &mut server);
        let info = ours.attributes().get::<TlsInfo>().unwrap();
        assert_eq!(format!("{:?}", info.version().unwrap()), name);
    }
    let mut config = files.client_config();
    config.min_version = Some(TlsVersion::V1_3);
    config.max_version = Some(TlsVersion::V1_2);
    assert_eq!(client(config).build().unwrap_err().kind(), io::ErrorKind::InvalidInput);
}

#[test]
fn suites_and_groups_go_by_name_and_unknown_ones_are_refused() {
    let files = Files::new();
    let mut server = files.server();
    let mut config = files.client_config();
    config.suites = vec!["TLS13_CHACHA20_POLY1305_SHA256".into()];
    config.key_exchange_groups = vec!["secp256r1".into()];
    let (ours, _theirs) = met(config, &mut server);
    let info = ours.attributes().get::<TlsInfo>().unwrap();
    assert_eq!(format!("{:?}", info.suite().unwrap()), "TLS13_CHACHA20_POLY1305_SHA256");
    assert_eq!(format!("{:?}", info.key_exchange_group().unwrap()), "secp256r1");

    let mut config = files.client_config();
    config.suites = vec!["RC4-SHA".into()];
    let error = client(config).build().unwrap_err();
    assert!(error.to_string().contains("RC4-SHA"), "{error}");
}

#[test]
fn a_pinned_certificate_is_the_only_one_that_is_taken() {
    let files = Files::new();
    let mut server = files.server();
    let mut config = files.client_config();
    config.pins = vec!["sha256//AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=".into()];
    let error = refused(config, &mut server);
    assert!(error.to_string().contains("pin"), "{error}");
    let mut config = files.client_config();
    config.pins = vec!["no pin".into()];
    assert_eq!(client(config).build().unwrap_err().kind(), io::ErrorKind::InvalidInput);
}

#[test]
fn the_server_need_not_be_told_the_name() {
    let files = Files::new();
    let mut server = files.server();
    let mut config = files.client_config();
    config.sni = false;
    let (_ours, theirs) = met(config, &mut server);
    assert_eq!(theirs.attributes().get::<TlsInfo>().unwrap().server_name(), None);
}

#[test]
fn both_agree_on_a_protocol_or_part() {
    let files = Files::new();
    let mut config = files.server_config();
    config.alpn = vec!["h2".into(), "http/1.1".into()];
    let mut server = bind(config).unwrap();
    let mut config = files.client_config();
    config.alpn = vec!["http/1.1".into(), "h2".into()];
    let (ours, theirs) = met(config.clone(), &mut server);
    for socket in [ours, theirs] {
        let info = socket.attributes().get::<TlsInfo>().unwrap();
        assert_eq!(info.alpn(), Some(&b"h2"[..]));
    }
    config.alpn = vec!["imap".into()];
    refused(config, &mut server);
}

#[test]
fn without_kept_sessions_every_handshake_is_a_full_one() {
    let files = Files::new();
    let mut server = files.server();
    let mut config = files.client_config();
    config.sessions = 0;
    let connector = client(config).build().unwrap();
    for _ in 0..2 {
        let (ours, theirs) = meet(&connector, &localhost(&server), &mut server);
        let (mut ours, mut theirs) = (ours.unwrap(), theirs.unwrap());
        say(&mut theirs, &mut ours, "the ticket comes before this");
        assert!(!ours.attributes().get::<TlsInfo>().unwrap().is_resumed());
    }
}

#[test]
fn an_end_without_a_goodbye_is_an_error_unless_it_is_allowed() {
    use futures_lite::AsyncReadExt;

    let files = Files::new();
    let mut server = files.server();
    for (allowed, outcome) in [(false, Err(io::ErrorKind::UnexpectedEof)), (true, Ok(0))] {
        let mut config = files.client_config();
        config.allow_truncation = allowed;
        let (mut ours, theirs) = met(config, &mut server);
        let plain = theirs.as_tcp().unwrap();
        rustix::net::shutdown(plain.get_ref(), rustix::net::Shutdown::Write).unwrap();
        let read = block_on(ours.read(&mut [0; 8]));
        assert_eq!(read.map_err(|error| error.kind()), outcome);
    }
}

#[test]
fn a_deadline_of_the_handshake_can_be_set_or_left_out() {
    let files = Files::new();
    let mut server = files.server();
    let mut config = files.client_config();
    config.handshake_timeout = Setting::Off;
    met(config, &mut server);
}

#[test]
fn tls_can_be_one_configuration_for_several_connectors() {
    use socketry::tls::{ClientTls, Roots};

    let files = Files::new();
    let mut server = files.server();
    let roots = Roots::none().with_pem_file(files.path("ca.pem"));
    let tls = ClientTls::builder().roots(roots).build().unwrap();
    for _ in 0..2 {
        let connector = Connector::builder().tls(tls.clone()).build().unwrap();
        assert!(meet(&connector, &localhost(&server), &mut server).0.is_ok());
    }
}

#[test]
fn a_peer_name_in_the_target_is_that_of_the_certificate() {
    let files = Files::new();
    let mut server = other(&files);
    let connector = client(files.client_config()).build().unwrap();
    let address = server.local_address().unwrap().socket_address().unwrap();
    let target = PeerNamed::new(HostPort::from(address), "other.example".parse().unwrap());
    let accepting = async { server.accept().await.unwrap() };
    let (ours, _) = block_on(futures_lite::future::zip(connector.connect(target), accepting));
    assert!(ours.is_ok());
}

#[test]
fn roots_without_an_effect_are_refused() {
    let files = Files::new();
    let mut config = files.client_config();
    config.verify_certificate = false;
    let error = client(config).build().unwrap_err();
    assert!(error.to_string().contains("verify_certificate"), "{error}");
}
