//! Configurations around a certificate authority of the test, and handshakes in memory.

use std::{io, process::Command, sync::Arc};

use futures_lite::{
    AsyncWriteExt,
    future::{block_on, zip},
};
use socketry_connection::Connection;
use socketry_connection_tls::{
    HandshakeFailed, TlsConnection, TlsOptions, default_provider, remembering,
    rustls::{
        ALL_VERSIONS, ClientConfig, RootCertStore, ServerConfig,
        SupportedProtocolVersion as Version,
        client::WebPkiServerVerifier,
        pki_types::{PrivateKeyDer, ServerName},
    },
};
use socketry_testing::{MemoryConnection, TestAuthority, TestDir, TestIdentity, pair_between};

pub(crate) fn server_config(identity: &TestIdentity) -> ServerConfig {
    server_config_of(identity, ALL_VERSIONS)
}

fn server_config_of(identity: &TestIdentity, versions: &[&'static Version]) -> ServerConfig {
    let chain = identity.chain_der().iter().map(|der| der.clone().into()).collect();
    let key = PrivateKeyDer::try_from(identity.key_der().to_vec()).unwrap();
    ServerConfig::builder_with_provider(default_provider().unwrap())
        .with_protocol_versions(versions)
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(chain, key)
        .unwrap()
}

pub(crate) fn client_config(authority: &TestAuthority) -> ClientConfig {
    let mut roots = RootCertStore::empty();
    roots.add(authority.certificate_der().into()).unwrap();
    let provider = default_provider().unwrap();
    let verifier = WebPkiServerVerifier::builder_with_provider(roots.into(), provider.clone());
    ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .dangerous()
        .with_custom_certificate_verifier(remembering(verifier.build().unwrap()))
        .with_no_client_auth()
}

/// Both configurations, for `localhost`.
pub(crate) struct Configs {
    pub(crate) client: Arc<ClientConfig>,
    pub(crate) server: Arc<ServerConfig>,
}

impl Configs {
    pub(crate) fn new() -> Self {
        let authority = TestAuthority::new();
        let server = server_config(&authority.issue(["localhost"]));
        Self { client: client_config(&authority).into(), server: server.into() }
    }
}

pub(crate) fn localhost() -> ServerName<'static> {
    "localhost".try_into().unwrap()
}

type Outcome<C> = Result<TlsConnection<C>, HandshakeFailed>;

/// What comes of the handshake on both sides: the client's first.
pub(crate) fn shake<A: Connection, B: Connection>(
    configs: &Configs,
    options: &TlsOptions,
    ends: (A, B),
) -> (Outcome<A>, Outcome<B>) {
    let connecting = options.connect(ends.0, localhost(), configs.client.clone());
    let accepting = options.accept(ends.1, |_| Ok(configs.server.clone()));
    block_on(zip(connecting, accepting))
}

/// Both ends of a connection under TLS: the client's first.
pub(crate) fn secure<A: Connection, B: Connection>(
    ends: (A, B),
) -> (TlsConnection<A>, TlsConnection<B>) {
    let (client, server) = shake(&Configs::new(), &TlsOptions::new(), ends);
    (client.unwrap(), server.unwrap())
}

pub(crate) type Secured = TlsConnection<MemoryConnection>;

/// The same in memory.
pub(crate) fn secured() -> (Secured, Secured) {
    secure(ends())
}

/// Configurations for `localhost` under these versions of the protocol.
pub(crate) fn secured_configs(versions: &[&'static Version]) -> Configs {
    let authority = TestAuthority::new();
    let server = server_config_of(&authority.issue(["localhost"]), versions);
    Configs { client: client_config(&authority).into(), server: server.into() }
}

/// The same under these versions of the protocol.
pub(crate) fn secured_by(versions: &[&'static Version]) -> (Secured, Secured) {
    let (client, server) = shake(&secured_configs(versions), &TlsOptions::new(), ends());
    (client.unwrap(), server.unwrap())
}

/// Two ends with addresses.
pub(crate) fn ends() -> (MemoryConnection, MemoryConnection) {
    let client = "tcp://192.0.2.1:50000".parse().unwrap();
    pair_between(client, "tcp://192.0.2.2:443".parse().unwrap())
}

pub(crate) fn kind<T>(result: io::Result<T>) -> Option<io::ErrorKind> {
    result.err().map(|error| error.kind())
}

/// Runs openssl in `folder`.
pub(crate) fn openssl(folder: &TestDir, arguments: &str) {
    let output = Command::new("openssl")
        .args(arguments.split(' '))
        .current_dir(folder.path())
        .output()
        .expect("the program openssl is there: install the package openssl");
    assert!(output.status.success(), "{arguments}: {}", String::from_utf8_lossy(&output.stderr));
}

/// Says `bytes`, which have to fit.
pub(crate) fn say<C: Connection>(from: &mut TlsConnection<C>, bytes: &[u8]) {
    block_on(from.write_all(bytes)).unwrap();
}
