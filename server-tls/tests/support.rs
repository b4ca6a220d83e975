//! What the tests share: one authority, servers with a script, and clients.

use std::{
    future::Future,
    io,
    sync::{Arc, LazyLock},
    task::{Context, Poll, Waker},
};

use socketry_connection::{Address, BoxConnection, Connection};
use socketry_connection_tls::{
    HandshakeFailed, HandshakeFailure, TlsConnection, TlsOptions, default_provider,
    rustls::{ClientConfig, RootCertStore, ServerConfig, pki_types::ServerName},
};
use socketry_server::{Accept, AcceptExt};
use socketry_server_tls::{ServerTls, TlsServer};
use socketry_testing::{
    ManualClock, MemoryConnection, ScriptedServer, ServerHandle, TestAuthority, pair_between,
    scripted_server,
};

pub(crate) static AUTHORITY: LazyLock<TestAuthority> = LazyLock::new(TestAuthority::new);

/// A server that proves to be `localhost`, and the handle of the one inside.
pub(crate) fn server() -> (TlsServer<ScriptedServer>, ServerHandle) {
    let (inner, handle) = scripted_server();
    let inner = inner.with_local_address("tcp://192.0.2.80:443".parse().unwrap());
    (TlsServer::new(inner, localhost()), handle)
}

/// The same, on a clock that is moved by hand.
pub(crate) fn server_on_a_clock() -> (TlsServer<ScriptedServer>, ServerHandle, ManualClock) {
    let (server, handle) = server();
    let clock = ManualClock::new();
    (server.with_clock(Arc::new(clock.clone())), handle, clock)
}

/// Proves to be `localhost`.
pub(crate) fn localhost() -> ServerTls {
    let identity = AUTHORITY.issue(["localhost"]);
    let chain = identity.chain_der().iter().map(|der| der.clone().into()).collect();
    let key = identity.key_der().to_vec().try_into().unwrap();
    let config = ServerConfig::builder_with_provider(default_provider().unwrap())
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(chain, key)
        .unwrap();
    ServerTls::from_config(Arc::new(config))
}

/// A client that trusts [`AUTHORITY`].
pub(crate) fn client_config() -> ClientConfig {
    let mut roots = RootCertStore::empty();
    roots.add(AUTHORITY.certificate_der().into()).unwrap();
    client_config_with(roots)
}

/// A client that trusts `roots`.
pub(crate) fn client_config_with(roots: RootCertStore) -> ClientConfig {
    ClientConfig::builder_with_provider(default_provider().unwrap())
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth()
}

/// The plain connection of somebody at `192.0.2.<host>` who comes to a server.
pub(crate) fn come_from(host: u8, handle: &ServerHandle) -> MemoryConnection {
    let client = address(&format!("tcp://192.0.2.{host}:50000"));
    let (client, accepted) = pair_between(client, address("tcp://192.0.2.80:443"));
    handle.push(accepted);
    client
}

pub(crate) fn come(handle: &ServerHandle) -> MemoryConnection {
    come_from(1, handle)
}

pub(crate) fn address(text: &str) -> Address {
    text.parse().unwrap()
}

/// The client's half of a handshake with `localhost`.
pub(crate) async fn secure(
    plain: MemoryConnection,
) -> Result<TlsConnection<MemoryConnection>, HandshakeFailed> {
    secure_with(plain, client_config()).await
}

pub(crate) async fn secure_with(
    plain: MemoryConnection,
    config: ClientConfig,
) -> Result<TlsConnection<MemoryConnection>, HandshakeFailed> {
    secure_as("localhost", plain, Arc::new(config)).await
}

pub(crate) async fn secure_as(
    name: &str,
    plain: MemoryConnection,
    config: Arc<ClientConfig>,
) -> Result<TlsConnection<MemoryConnection>, HandshakeFailed> {
    let name = ServerName::try_from(name.to_owned()).unwrap();
    TlsOptions::new().connect(plain, name, config).await
}

/// A whole handshake: both ends of it.
pub(crate) async fn meet(
    server: &mut TlsServer<ScriptedServer>,
    plain: MemoryConnection,
) -> (TlsConnection<MemoryConnection>, TlsConnection<BoxConnection>) {
    let (client, accepted) = futures_lite::future::zip(secure(plain), server.accept()).await;
    (client.unwrap(), accepted.unwrap().unwrap())
}

/// Polls the server once, with no task to wake.
pub(crate) fn poll_accept<A: Accept>(server: &mut A) -> Poll<Option<io::Result<A::Connection>>> {
    server.poll_accept(&mut Context::from_waker(Waker::noop()))
}

/// Polls the server until it has nothing more to do.
pub(crate) fn poll_until_idle<A: Accept>(server: &mut A) -> Vec<io::Result<A::Connection>> {
    let waker = socketry_testing::CountingWaker::new();
    let mut results = Vec::new();
    loop {
        match server.poll_accept(&mut waker.context()) {
            Poll::Ready(Some(result)) => results.push(result),
            Poll::Ready(None) => return results,
            Poll::Pending if waker.take() == 0 => return results,
            Poll::Pending => {}
        }
    }
}

/// Polls a future once.
pub(crate) fn poll<F: Future + Unpin>(future: &mut F) -> Poll<F::Output> {
    std::pin::Pin::new(future).poll(&mut Context::from_waker(Waker::noop()))
}

/// In which way the handshake behind an error has failed.
pub(crate) fn failure(error: &io::Error) -> HandshakeFailure {
    payload(error).failure().clone()
}

pub(crate) fn payload(error: &io::Error) -> &HandshakeFailed {
    let payload = error.get_ref().and_then(|error| error.downcast_ref());
    payload.unwrap_or_else(|| panic!("no handshake has failed: {error}"))
}

/// Whether the peer of `client` has gone, which it is told at once.
pub(crate) fn is_at_its_end(client: &mut impl Connection) -> bool {
    let mut block = [0; 64 * 1024];
    loop {
        let mut cx = Context::from_waker(Waker::noop());
        match std::pin::Pin::new(&mut *client).poll_read(&mut cx, &mut block) {
            Poll::Ready(Ok(0) | Err(_)) => return true,
            Poll::Ready(Ok(_)) => {}
            Poll::Pending => return false,
        }
    }
}
