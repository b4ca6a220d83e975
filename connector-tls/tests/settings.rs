//! What else can be chosen.

use std::{
    io::ErrorKind,
    sync::{Arc, Mutex},
    time::Duration,
};

use futures_lite::{
    AsyncReadExt, AsyncWriteExt,
    future::{block_on, zip},
};
use socketry_connection::{BoxConnection, Connection};
use socketry_connection_tls::rustls::{
    KeyLog, RootCertStore, ServerConfig, client::ClientSessionMemoryCache,
    server::WebPkiClientVerifier,
};
use socketry_connector::{Connect, HostPort, PeerNamed};
use socketry_connector_tls::{
    ClientTls, ClientTlsBuilder, HandshakeFailure, Identity, Protocol, Roots, TlsConnection,
    TlsInfo, TlsOptions, TlsVersion,
};
use socketry_testing::{MemoryConnection, TestAuthority, TestIdentity};

use crate::support::{connect, connector, failure, identity_of, provider, server_config};

fn target() -> HostPort {
    "example.com:443".parse().unwrap()
}

fn trusting(authority: &TestAuthority) -> ClientTlsBuilder {
    ClientTls::builder().roots(Roots::none().with_pem(authority.certificate_pem()))
}

/// Both sides of a connection to a server that is who it should be.
fn connected(
    tls: &ClientTls,
    config: ServerConfig,
) -> (TlsConnection<BoxConnection>, TlsConnection<MemoryConnection>) {
    let (client, server) = connect(tls, target(), config);
    (client.unwrap(), server.unwrap())
}

fn info(connection: &impl Connection) -> &TlsInfo {
    connection.attributes().get().unwrap()
}

#[test]
fn the_server_is_told_the_name_unless_that_is_off() {
    let authority = TestAuthority::new();
    let server = || server_config(&authority.issue(["example.com"]));
    let (_, told) = connected(&trusting(&authority).build().unwrap(), server());
    assert_eq!(info(&told).server_name(), Some("example.com"));
    let (_, untold) = connected(&trusting(&authority).sni(false).build().unwrap(), server());
    assert_eq!(info(&untold).server_name(), None);
}

#[test]
fn a_name_for_all_goes_before_that_of_any_target() {
    let authority = TestAuthority::new();
    let tls = trusting(&authority).server_name("other.example".parse().unwrap()).build().unwrap();
    let server = || server_config(&authority.issue(["other.example"]));
    let (_, server_side) = connected(&tls, server());
    assert_eq!(info(&server_side).server_name(), Some("other.example"));
    let named = PeerNamed::new(target(), "third.example".parse().unwrap());
    let (connector, handle) = connector::<HostPort>(&tls);
    let (ours, theirs) = socketry_testing::pair();
    handle.succeed_next(ours);
    let accepting = crate::support::accept(theirs, server().into());
    let (client, _) = block_on(zip(connector.connect(named), accepting));
    client.unwrap();
}

#[test]
fn a_name_for_all_that_no_certificate_can_have_is_refused() {
    let tls = ClientTls::builder().server_name("-bad-.example".parse().unwrap());
    assert_eq!(tls.build().unwrap_err().kind(), ErrorKind::InvalidInput);
}

#[test]
fn a_protocol_that_cannot_be_spoken_is_refused() {
    let none = Protocol::new().min_version(TlsVersion::Tls13).max_version(TlsVersion::Tls12);
    let error = ClientTls::builder().protocol(none).build().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidInput);
}

#[test]
fn the_protocols_are_offered_and_the_choice_is_known() {
    let authority = TestAuthority::new();
    let protocol = Protocol::new().alpn(["h2", "http/1.1"]);
    let tls = trusting(&authority).protocol(protocol).build().unwrap();
    let mut server = server_config(&authority.issue(["example.com"]));
    server.alpn_protocols = vec![b"http/1.1".to_vec()];
    let (client, _) = connected(&tls, server);
    assert_eq!(info(&client).alpn(), Some(&b"http/1.1"[..]));
}

#[test]
fn a_server_without_a_common_protocol_is_told_as_that() {
    let authority = TestAuthority::new();
    let tls = trusting(&authority).protocol(Protocol::new().alpn(["h2"])).build().unwrap();
    let mut server = server_config(&authority.issue(["example.com"]));
    server.alpn_protocols = vec![b"http/1.1".to_vec()];
    let (client, _) = connect(&tls, target(), server);
    let error = client.unwrap_err();
    let is_told = matches!(
        failure(&error),
        HandshakeFailure::Alert(_) | HandshakeFailure::NoProtocolInCommon
    );
    assert!(is_told, "{error}");
}

#[test]
fn the_greatest_version_is_spoken_that_is_allowed() {
    let authority = TestAuthority::new();
    for (most, expected) in [(TlsVersion::Tls12, "TLSv1_2"), (TlsVersion::Tls13, "TLSv1_3")] {
        let protocol = Protocol::new().max_version(most);
        let tls = trusting(&authority).protocol(protocol).build().unwrap();
        let (client, _) = connected(&tls, server_config(&authority.issue(["example.com"])));
        assert_eq!(format!("{:?}", info(&client).version().unwrap()), expected);
    }
}

/// A server that asks for a certificate by `authority`, and refuses who has none if it `must`.
fn asking(identity: &TestIdentity, authority: &TestAuthority, must: bool) -> ServerConfig {
    let mut roots = RootCertStore::empty();
    roots.add(authority.certificate_der().into()).unwrap();
    let clients = WebPkiClientVerifier::builder_with_provider(roots.into(), provider());
    let clients = if must { clients } else { clients.allow_unauthenticated() };
    let (chain, key) = identity_of(identity);
    ServerConfig::builder_with_provider(provider())
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_client_cert_verifier(clients.build().unwrap())
        .with_single_cert(chain, key)
        .unwrap()
}

#[test]
fn an_identity_is_shown_to_a_server_that_asks_for_one() {
    let authority = TestAuthority::new();
    let client = authority.issue(["client.example"]);
    let identity = Identity::from_pem(client.chain_pem(), client.key_pem()).load().unwrap();
    let tls = trusting(&authority).identity(identity).build().unwrap();
    let server = asking(&authority.issue(["example.com"]), &authority, true);
    let (_, server_side) = connected(&tls, server);
    let shown: Vec<_> = info(&server_side).peer_certificates().collect();
    assert_eq!(shown, [&client.chain_der()[0][..]]);
}

#[test]
fn no_identity_is_shown_to_a_server_that_does_not_ask() {
    let authority = TestAuthority::new();
    let client = authority.issue(["client.example"]);
    let identity = Identity::from_pem(client.chain_pem(), client.key_pem()).load().unwrap();
    let tls = trusting(&authority).identity(identity).build().unwrap();
    let (_, server_side) = connected(&tls, server_config(&authority.issue(["example.com"])));
    assert_eq!(info(&server_side).peer_certificates().count(), 0);
}

#[test]
fn a_client_without_an_identity_says_so_to_a_server_that_asks() {
    let authority = TestAuthority::new();
    let tls = trusting(&authority).build().unwrap();
    let server = asking(&authority.issue(["example.com"]), &authority, false);
    let (_, server_side) = connected(&tls, server);
    assert_eq!(info(&server_side).peer_certificates().count(), 0);
}

/// Connects, and hears a word, before which a server sends its tickets.
fn is_resumed(tls: &ClientTls, config: &ServerConfig) -> bool {
    let (mut client, mut server) = connected(tls, config.clone());
    block_on(async {
        server.write_all(b"hello").await.unwrap();
        client.read_exact(&mut [0; 5]).await.unwrap();
    });
    info(&client).is_resumed()
}

#[test]
fn sessions_are_resumed_by_all_clones() {
    let authority = TestAuthority::new();
    let server = server_config(&authority.issue(["example.com"]));
    let tls = trusting(&authority).build().unwrap();
    assert_eq!([is_resumed(&tls, &server), is_resumed(&tls.clone(), &server)], [false, true]);
}

#[test]
fn no_sessions_are_resumed_if_none_are_kept() {
    let authority = TestAuthority::new();
    let server = server_config(&authority.issue(["example.com"]));
    let tls = trusting(&authority).sessions(0).build().unwrap();
    assert_eq!([is_resumed(&tls, &server), is_resumed(&tls, &server)], [false, false]);
}

#[test]
fn sessions_in_a_shared_store_are_resumed_only_by_who_has_begun_them() {
    let authority = TestAuthority::new();
    let server = server_config(&authority.issue(["example.com"]));
    let store = Arc::new(ClientSessionMemoryCache::new(16));
    let [first, second] =
        [(); 2].map(|()| trusting(&authority).session_store(store.clone()).build().unwrap());
    assert_eq!([is_resumed(&first, &server), is_resumed(&second, &server)], [false, false]);
    assert!(is_resumed(&second, &server));
}

#[derive(Debug, Default)]
struct Labels(Mutex<Vec<String>>);

impl KeyLog for Labels {
    fn log(&self, label: &str, _client_random: &[u8], _secret: &[u8]) {
        self.0.lock().unwrap().push(label.into());
    }
}

#[test]
fn keys_are_handed_to_the_key_log() {
    let authority = TestAuthority::new();
    let labels = Arc::new(Labels::default());
    let tls = trusting(&authority).key_log(labels.clone()).build().unwrap();
    connected(&tls, server_config(&authority.issue(["example.com"])));
    assert!(labels.0.lock().unwrap().iter().any(|label| label == "CLIENT_TRAFFIC_SECRET_0"));
}

#[test]
fn options_are_those_of_all_connections() {
    let options = TlsOptions::new().handshake_within(Duration::from_secs(3));
    let tls = ClientTls::builder().options(options).build().unwrap();
    assert!(format!("{:?}", tls.options()).contains("3s"));
}

#[test]
fn the_configuration_is_made_once_and_shared() {
    let tls = trusting(&TestAuthority::new()).build().unwrap();
    let (first, second) = block_on(zip(tls.config(), tls.config()));
    let third = block_on(tls.config()).unwrap();
    let first = first.unwrap();
    assert!(Arc::ptr_eq(&first, &second.unwrap()) && Arc::ptr_eq(&first, &third));
}
