//! What the tests share: one authority, servers with a script, and clients.

use std::{
    future::Future,
    io,
    sync::{Arc, LazyLock},
    task::{Context, Poll, Waker},
};

use futures_lite::future::{block_on, zip};
use socketry_connection::{Address, BoxConnection, Connection};
use socketry_connection_tls::{
    HandshakeFailed, HandshakeFailure, TlsConnection, TlsInfo, TlsOptions, default_provider,
    rustls::{
        ClientConfig, DEFAULT_VERSIONS, RootCertStore, SupportedProtocolVersion,
        pki_types::ServerName,
    },
};
pub(crate) use socketry_connection_tls::{Identity, Protocol, Roots};
use socketry_server::{Accept, AcceptExt};
use socketry_server_tls::{ServerTls, TlsServer};
use socketry_testing::{
    ManualClock, MemoryConnection, ScriptedServer, ServerHandle, TestAuthority, TestIdentity,
    pair_between, scripted_server,
};

/// What a server accepts.
pub(crate) type Accepted = io::Result<TlsConnection<BoxConnection>>;

pub(crate) static AUTHORITY: LazyLock<TestAuthority> = LazyLock::new(TestAuthority::new);

/// A server that proves to be `localhost`, and the handle of the one inside.
pub(crate) fn server() -> (TlsServer<ScriptedServer>, ServerHandle) {
    static LOCALHOST: LazyLock<ServerTls> = LazyLock::new(localhost);
    let (inner, handle) = scripted_server();
    let inner = inner.with_local_address(address("tcp://192.0.2.80:443"));
    (TlsServer::new(inner, LOCALHOST.clone()), handle)
}

/// The same, on a clock that is moved by hand.
pub(crate) fn server_on_a_clock() -> (TlsServer<ScriptedServer>, ServerHandle, ManualClock) {
    let (server, handle) = server();
    let clock = ManualClock::new();
    (server.with_clock(Arc::new(clock.clone())), handle, clock)
}

/// A server that does as `tls` says, and the handle of the one inside.
pub(crate) fn serving(tls: &ServerTls) -> (TlsServer<ScriptedServer>, ServerHandle) {
    let (inner, handle) = scripted_server();
    (TlsServer::new(inner, tls.clone()), handle)
}

/// Proves to be `localhost`.
pub(crate) fn localhost() -> ServerTls {
    ServerTls::new(identity(["localhost"])).unwrap()
}

/// An identity for `names`, by [`AUTHORITY`].
pub(crate) fn identity<const N: usize>(names: [&str; N]) -> Identity {
    load(&AUTHORITY.issue(names))
}

pub(crate) fn load(identity: &TestIdentity) -> Identity {
    Identity::from_pem(identity.chain_pem(), identity.key_pem()).load().unwrap()
}

/// A client that trusts [`AUTHORITY`].
pub(crate) fn client_config() -> ClientConfig {
    client_config_with(trusted(), DEFAULT_VERSIONS, None)
}

pub(crate) fn trusted() -> RootCertStore {
    let mut roots = RootCertStore::empty();
    roots.add(AUTHORITY.certificate_der().into()).unwrap();
    roots
}

/// A client that trusts `roots`, speaks `versions`, and may have an identity.
pub(crate) fn client_config_with(
    roots: RootCertStore,
    versions: &[&'static SupportedProtocolVersion],
    identity: Option<&TestIdentity>,
) -> ClientConfig {
    let builder = ClientConfig::builder_with_provider(default_provider().unwrap())
        .with_protocol_versions(versions)
        .unwrap()
        .with_root_certificates(roots);
    let Some(identity) = identity else {
        return builder.with_no_client_auth();
    };
    let chain = identity.chain_der().iter().map(|der| der.clone().into()).collect();
    let key = identity.key_der().to_vec().try_into().unwrap();
    builder.with_client_auth_cert(chain, key).unwrap()
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
    let (client, accepted) = zip(secure(plain), server.accept()).await;
    (client.unwrap(), accepted.unwrap().unwrap())
}

/// The two halves of a handshake in which the client asks for `name`.
pub(crate) fn ask(
    tls: &ServerTls,
    name: &str,
    config: &Arc<ClientConfig>,
) -> (Result<TlsConnection<MemoryConnection>, HandshakeFailed>, Accepted) {
    let (mut server, handle) = serving(tls);
    let client = secure_as(name, come(&handle), config.clone());
    let (client, accepted) = block_on(zip(client, server.accept()));
    (client, accepted.unwrap())
}

/// The certificate that a server proves to those who ask for `name`.
pub(crate) fn proved(tls: &ServerTls, name: &str) -> Vec<u8> {
    let (client, _accepted) = ask(tls, name, &Arc::new(client_config()));
    info(&client.unwrap()).peer_certificates().next().unwrap().into()
}

pub(crate) fn info(connection: &impl Connection) -> &TlsInfo {
    connection.attributes().get::<TlsInfo>().unwrap()
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
