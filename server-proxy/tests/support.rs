//! What the tests share: servers with a script, proxies, and headers.

use std::{
    io,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, Waker},
};

use futures_lite::{AsyncRead, AsyncReadExt, AsyncWriteExt, future::block_on};
use socketry_connection::{Address, BoxConnection, Connection};
use socketry_server::{Accept, AcceptExt};
use socketry_server_proxy::{
    ProxiedConnection, ProxyFailed, ProxyFailure, ProxyHeader, ProxyOptions, ProxyServer,
};
use socketry_testing::{
    CountingWaker, ManualClock, MemoryConnection, ScriptedServer, ServerHandle, pair_between,
    scripted_server,
};

/// The server of most tests.
pub(crate) type Server = ProxyServer<ScriptedServer>;

/// What it accepts.
pub(crate) type Proxied = ProxiedConnection<BoxConnection>;

/// A header of version 1: 192.0.2.1:4711 has connected to 192.0.2.2:443.
pub(crate) const V1: &[u8] = b"PROXY TCP4 192.0.2.1 192.0.2.2 4711 443\r\n";

/// The same in version 2, with an extension and a checksum.
pub(crate) fn v2() -> Vec<u8> {
    let header = ProxyHeader::relaying(address(CLIENT), address("tcp://192.0.2.2:443"));
    header.with_tlv(ProxyHeader::AUTHORITY, "example.org").unwrap().with_checksum().to_v2()
}

pub(crate) const CLIENT: &str = "tcp://192.0.2.1:4711";
pub(crate) const PROXY: &str = "tcp://10.0.0.1:5678";
pub(crate) const OWN: &str = "tcp://10.0.0.80:443";

/// Trusts the network of [`PROXY`].
pub(crate) fn options() -> ProxyOptions {
    ProxyOptions::trusting(["10.0.0.0/24".parse().unwrap()])
}

/// A server that trusts the network of [`PROXY`], and the handle of the one inside.
pub(crate) fn server() -> (Server, ServerHandle) {
    serving(options())
}

pub(crate) fn serving(options: ProxyOptions) -> (Server, ServerHandle) {
    let (inner, handle) = scripted_server();
    (ProxyServer::new(inner.with_local_address(address(OWN)), options), handle)
}

/// The same, on a clock that is moved by hand.
pub(crate) fn server_on_a_clock(options: ProxyOptions) -> (Server, ServerHandle, ManualClock) {
    let (server, handle) = serving(options);
    let clock = ManualClock::new();
    (server.with_clock(Arc::new(clock.clone())), handle, clock)
}

/// The other end of a connection that the proxy makes to a server.
pub(crate) fn come(handle: &ServerHandle) -> MemoryConnection {
    come_from(PROXY, handle)
}

pub(crate) fn come_from(text: &str, handle: &ServerHandle) -> MemoryConnection {
    let (peer, accepted) = pair_between(address(text), address(OWN));
    handle.push(accepted);
    peer
}

/// The same, which has said something already.
pub(crate) fn come_saying(bytes: &[u8], handle: &ServerHandle) -> MemoryConnection {
    let mut peer = come(handle);
    say(&mut peer, bytes);
    peer
}

pub(crate) fn say(connection: &mut impl Connection, bytes: &[u8]) {
    block_on(connection.write_all(bytes)).unwrap();
}

pub(crate) fn address(text: &str) -> Address {
    text.parse().unwrap()
}

/// The next connection, which has to come.
pub(crate) fn accept(server: &mut Server) -> Proxied {
    block_on(server.accept()).unwrap().unwrap()
}

/// The next error, which has to come.
pub(crate) fn refusal(server: &mut Server) -> io::Error {
    block_on(server.accept()).unwrap().unwrap_err()
}

/// The connection of a proxy that begins with `header`, and the proxy's end.
pub(crate) fn accept_with(header: &[u8]) -> (Proxied, MemoryConnection) {
    let (mut server, handle) = server();
    let peer = come_saying(header, &handle);
    (accept(&mut server), peer)
}

pub(crate) fn remote(connection: &impl Connection) -> String {
    connection.remote_address().unwrap().to_string()
}

pub(crate) fn read_exactly(connection: &mut impl Connection, length: usize) -> Vec<u8> {
    let mut bytes = vec![0; length];
    block_on(connection.read_exact(&mut bytes)).unwrap();
    bytes
}

pub(crate) fn header(connection: &impl Connection) -> Option<&ProxyHeader> {
    connection.attributes().get()
}

pub(crate) fn failure(error: &io::Error) -> &ProxyFailure {
    let payload = error.get_ref().and_then(|error| error.downcast_ref::<ProxyFailed>());
    payload.unwrap_or_else(|| panic!("it is no header that has failed: {error}")).failure()
}

/// Polls the server once, with no task to wake.
pub(crate) fn poll_accept<A: Accept>(server: &mut A) -> Poll<Option<io::Result<A::Connection>>> {
    server.poll_accept(&mut Context::from_waker(Waker::noop()))
}

/// Polls the server until it has nothing more to do.
pub(crate) fn poll_until_idle<A: Accept>(server: &mut A) -> Vec<io::Result<A::Connection>> {
    let waker = CountingWaker::new();
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

/// Lets work go on until nothing is left to do.
pub(crate) fn progress(server: &mut impl Accept) {
    let waker = CountingWaker::new();
    while {
        assert!(server.poll_progress(&mut waker.context()).is_pending());
        waker.take() > 0
    } {}
}

/// Whether the other side of `connection` has gone, which it is told at once.
pub(crate) fn is_at_its_end(connection: &mut MemoryConnection) -> bool {
    let mut cx = Context::from_waker(Waker::noop());
    matches!(Pin::new(connection).poll_read(&mut cx, &mut [0]), Poll::Ready(Ok(0) | Err(_)))
}
