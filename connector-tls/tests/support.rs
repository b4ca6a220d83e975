//! What most tests need: a server, a client that trusts it, and both ends of one handshake.

use std::{io, path::Path, sync::Arc};

use futures_lite::future::{self, block_on};
use socketry_connection::BoxConnection;
use socketry_connection_tls::{
    HandshakeFailed, HandshakeFailure, TlsConnection, TlsOptions, default_provider,
    rustls::{
        ClientConfig, RootCertStore, ServerConfig,
        crypto::CryptoProvider,
        pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject},
        sign::{CertifiedKey, SingleCertAndKey},
    },
};
use socketry_connector::{Connect, Trace};
use socketry_connector_tls::{ClientTls, TlsConnector};
use socketry_testing::{
    ConnectorHandle, MemoryConnection, ScriptedConnector, TestAuthority, TestIdentity, pair,
    scripted_connector,
};

pub(crate) fn provider() -> Arc<CryptoProvider> {
    default_provider().unwrap()
}

/// An identity as rustls takes it.
pub(crate) fn identity_of(
    identity: &TestIdentity,
) -> (Vec<CertificateDer<'static>>, PrivateKeyDer<'static>) {
    let chain = identity.chain_der().iter().cloned().map(CertificateDer::from).collect();
    (chain, identity.key_der().to_vec().try_into().unwrap())
}

/// What a server presents.
pub(crate) fn server_config(identity: &TestIdentity) -> ServerConfig {
    let (chain, key) = identity_of(identity);
    ServerConfig::builder_with_provider(provider())
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(chain, key)
        .unwrap()
}

/// What a server presents whose certificate and key are in these files, in PEM.
pub(crate) fn server_config_of(chain: &Path, key: &Path) -> ServerConfig {
    let chain = CertificateDer::pem_file_iter(chain).unwrap().map(Result::unwrap).collect();
    ServerConfig::builder_with_provider(provider())
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(chain, PrivateKeyDer::from_pem_file(key).unwrap())
        .unwrap()
}

/// What a server presents that has found the certificates of `identity`, and has another key.
pub(crate) fn with_key_of(identity: &TestIdentity, other: &TestIdentity) -> ServerConfig {
    let ((chain, _), (_, key)) = (identity_of(identity), identity_of(other));
    let key = provider().key_provider.load_private_key(key).unwrap();
    let resolver = SingleCertAndKey::from(CertifiedKey::new(chain, key));
    ServerConfig::builder_with_provider(provider())
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_cert_resolver(Arc::new(resolver))
}

/// A client that trusts nobody but the authority.
pub(crate) fn client_config(authority: &TestAuthority) -> Arc<ClientConfig> {
    let mut roots = RootCertStore::empty();
    roots.add(authority.certificate_der().into()).unwrap();
    let config = ClientConfig::builder_with_provider(provider())
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    Arc::new(config)
}

pub(crate) fn trusting(authority: &TestAuthority) -> ClientTls {
    ClientTls::with_config(client_config(authority), TlsOptions::new())
}

pub(crate) async fn accept(
    connection: MemoryConnection,
    config: Arc<ServerConfig>,
) -> Result<TlsConnection<MemoryConnection>, HandshakeFailed> {
    TlsOptions::new().accept(connection, move |_| Ok(config)).await
}

/// A connector whose inner one follows a script.
pub(crate) fn connector<T: Send>(
    tls: &ClientTls,
) -> (TlsConnector<ScriptedConnector<T>>, ConnectorHandle<T>) {
    let (inner, handle) = scripted_connector();
    (TlsConnector::new(inner, tls.clone()), handle)
}

/// Both ends of a handshake.
pub(crate) type Ends = (
    io::Result<TlsConnection<BoxConnection>>,
    Result<TlsConnection<MemoryConnection>, HandshakeFailed>,
);

/// Connects to `target` over a pair in memory, at whose other end the server is.
pub(crate) fn connect_traced<T: Send>(
    tls: &ClientTls,
    target: T,
    config: ServerConfig,
    trace: Trace<'_>,
) -> Ends
where
    TlsConnector<ScriptedConnector<T>>: Connect<T, Connection = TlsConnection<BoxConnection>>,
{
    let (connector, handle) = connector(tls);
    let (ours, theirs) = pair();
    handle.succeed_next(ours);
    let client = connector.connect_traced(target, trace);
    block_on(future::zip(client, accept(theirs, Arc::new(config))))
}

pub(crate) fn connect<T: Send>(tls: &ClientTls, target: T, config: ServerConfig) -> Ends
where
    TlsConnector<ScriptedConnector<T>>: Connect<T, Connection = TlsConnection<BoxConnection>>,
{
    connect_traced(tls, target, config, Trace::off())
}

/// Why a handshake has failed.
pub(crate) fn failure(error: &io::Error) -> &HandshakeFailure {
    error.get_ref().unwrap().downcast_ref::<HandshakeFailed>().unwrap().failure()
}
