//! Which identity is proved, and which configuration is chosen.

use std::{io, sync::Arc};

use socketry_connection_tls::{
    HandshakeFailure, default_provider,
    rustls::{ServerConfig, server::ResolvesServerCertUsingSni},
};
use socketry_server_tls::ServerTls;

use crate::support::{
    AUTHORITY, Identity, Protocol, ask, client_config, failure, identity, info, load, proved,
};

/// What a server proves that has these identities and a default for `localhost`.
fn server_with(names: &[&str]) -> ServerTls {
    let builder = ServerTls::builder().identity(identity(["localhost", "127.0.0.1", "a.test"]));
    let with = |builder: socketry_server_tls::ServerTlsBuilder, name: &&str| {
        builder.identity_for(name, identity(["www.example.com", "*.example.com"]))
    };
    names.iter().fold(builder, with).build().unwrap()
}

#[test]
fn each_name_gets_its_identity() {
    let tls = server_with(&["www.example.com", "*.example.com"]);
    let (www, ftp) = (proved(&tls, "www.example.com"), proved(&tls, "ftp.example.com"));
    assert_ne!(www, ftp);
    assert_ne!(www, proved(&tls, "localhost"));
}

#[test]
fn a_client_that_asks_for_an_unknown_name_gets_the_default() {
    let tls = server_with(&["www.example.com"]);
    assert_eq!(proved(&tls, "a.test"), proved(&tls, "localhost"));
}

#[test]
fn a_client_that_asks_for_no_name_gets_the_default() {
    let tls = server_with(&["www.example.com"]);
    assert_eq!(proved(&tls, "127.0.0.1"), proved(&tls, "localhost"));
}

/// The server's error, if a client asks for `name`.
fn error(tls: &ServerTls, name: &str) -> io::Error {
    let (client, accepted) = ask(tls, name, &Arc::new(client_config()));
    assert!(client.is_err());
    accepted.unwrap_err()
}

#[test]
fn an_unknown_name_is_refused_if_that_is_asked_for() {
    let named = identity(["www.example.com"]);
    let tls = ServerTls::builder()
        .identity(identity(["localhost"]))
        .identity_for("www.example.com", named)
        .refuse_unknown_names(true)
        .build()
        .unwrap();
    let error = error(&tls, "ftp.example.com");
    assert_eq!(failure(&error), HandshakeFailure::Refused);
    let text = "this server has no identity for the name \"ftp.example.com\"";
    assert!(error.to_string().ends_with(text), "{error}");
}

#[test]
fn who_asks_for_no_name_is_refused_if_there_is_no_default() {
    let named = identity(["127.0.0.1"]);
    let tls = ServerTls::builder().identity_for("www.example.com", named).build().unwrap();
    assert_eq!(failure(&error(&tls, "127.0.0.1")), HandshakeFailure::Refused);
}

#[test]
fn the_whole_configuration_can_be_chosen_by_the_first_message() {
    let resolver = Arc::new(ResolvesServerCertUsingSni::new());
    let mut special = ServerConfig::builder_with_provider(default_provider().unwrap())
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_cert_resolver(resolver);
    let provider = special.crypto_provider().clone();
    let key = identity(["localhost"]).certified_key(&provider).unwrap();
    special.cert_resolver =
        Arc::new(socketry_connection_tls::rustls::sign::SingleCertAndKey::from(key));
    special.alpn_protocols = vec![b"special".to_vec()];
    let special = Arc::new(special);
    let tls = ServerTls::builder()
        .identity(identity(["localhost"]))
        .choose(move |hello| {
            let is_special = hello.alpn()?.any(|name| name == b"special");
            is_special.then(|| special.clone())
        })
        .build()
        .unwrap();

    let usual = Arc::new(client_config());
    let (_client, accepted) = ask(&tls, "localhost", &usual);
    assert_eq!(info(&accepted.unwrap()).alpn(), None);
    let mut special = client_config();
    special.alpn_protocols = vec![b"special".to_vec()];
    let (_client, accepted) = ask(&tls, "localhost", &Arc::new(special));
    assert_eq!(info(&accepted.unwrap()).alpn(), Some(&b"special"[..]));
}

#[test]
fn the_first_protocol_of_the_server_that_the_client_knows_is_spoken() {
    let tls = ServerTls::builder()
        .identity(identity(["localhost"]))
        .protocol(Protocol::new().alpn(["h2", "http/1.1"]))
        .build()
        .unwrap();
    let mut config = client_config();
    config.alpn_protocols = vec![b"http/1.1".to_vec(), b"h2".to_vec()];
    let (client, accepted) = ask(&tls, "localhost", &Arc::new(config));
    let (client, accepted) = (client.unwrap(), accepted.unwrap());
    assert_eq!(info(&accepted).alpn(), Some(&b"h2"[..]));
    assert_eq!(info(&client).alpn(), Some(&b"h2"[..]));
}

#[test]
fn a_server_without_an_identity_is_bad_input_that_says_how_to_give_one() {
    let error = ServerTls::builder().build().unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::InvalidInput);
    assert!(error.to_string().contains("Identity::from_files"), "{error}");
}

#[test]
fn two_identities_for_one_name_are_bad_input() {
    let tls = ServerTls::builder()
        .identity_for("www.example.com", identity(["www.example.com"]))
        .identity_for("WWW.example.com.", identity(["www.example.com"]));
    assert_eq!(tls.build().unwrap_err().kind(), io::ErrorKind::InvalidInput);
}

#[test]
fn what_is_no_name_is_bad_input() {
    let tls = ServerTls::builder().identity_for("*", identity(["www.example.com"]));
    assert_eq!(tls.build().unwrap_err().kind(), io::ErrorKind::InvalidInput);
}

#[test]
fn a_file_that_is_not_there_is_told_before_there_is_a_server() {
    let error = Identity::from_files("/nowhere/cert.pem", "/nowhere/key.pem").load().unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::NotFound);
    assert!(error.to_string().contains("/nowhere/cert.pem"), "{error}");
}

#[test]
fn an_identity_can_be_replaced_while_the_server_runs() {
    let tls = server_with(&[]);
    let next = AUTHORITY.issue(["localhost"]);
    tls.replace(load(&next)).unwrap();
    assert_eq!(proved(&tls, "localhost"), next.chain_der()[0]);
}

#[test]
fn an_identity_for_a_name_can_be_added_and_replaced_while_the_server_runs() {
    let tls = server_with(&[]);
    for _ in 0..2 {
        let next = AUTHORITY.issue(["www.example.com"]);
        tls.clone().replace_for("www.example.com", load(&next)).unwrap();
        assert_eq!(proved(&tls, "www.example.com"), next.chain_der()[0]);
    }
}
