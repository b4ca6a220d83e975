//! What the tests share.

use std::{
    collections::VecDeque,
    convert::Infallible,
    future::Future,
    io,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, Waker},
};

use futures_lite::{AsyncRead, AsyncReadExt, future::block_on};
use socketry_connection::{Address, BoxConnection, Connection};
use socketry_server::{Accept, AcceptExt, Control};
use socketry_server_limiting::{LimitingServer, TrackedConnection, WhenBehind};
use socketry_testing::{
    ManualClock, MemoryConnection, ScriptedServer, ServerHandle, pair, pair_with_capacity,
    scripted_server,
};

pub(crate) type Limiting = LimitingServer<ScriptedServer>;
pub(crate) type Accepted = TrackedConnection<BoxConnection>;

pub(crate) fn limiting(limit: impl Into<Option<usize>>) -> (Limiting, ServerHandle) {
    let (server, handle) = scripted_server();
    let server = server.with_local_address(address("tcp://192.0.2.80:80"));
    (LimitingServer::new(server, limit), handle)
}

/// One for which so many bytes may wait, on a clock of the test's.
pub(crate) fn behind(
    most: usize,
    when_behind: WhenBehind,
) -> (Limiting, ServerHandle, ManualClock) {
    let clock = ManualClock::new();
    let (server, handle) = limiting(None);
    let server = server.with_clock(Arc::new(clock.clone()));
    (server.when_behind(most, when_behind), handle, clock)
}

pub(crate) fn address(text: &str) -> Address {
    text.parse().unwrap()
}

/// A client that wants to come in.
pub(crate) fn come(handle: &ServerHandle) -> MemoryConnection {
    come_over(handle, pair())
}

/// The same over a link with little room.
pub(crate) fn come_with_capacity(handle: &ServerHandle, bytes: usize) -> MemoryConnection {
    come_over(handle, pair_with_capacity(bytes))
}

fn come_over(
    handle: &ServerHandle,
    (client, accepted): (MemoryConnection, MemoryConnection),
) -> MemoryConnection {
    let accepted = accepted
        .with_local_address(address("tcp://192.0.2.80:80"))
        .with_remote_address(address("tcp://192.0.2.1:50000"));
    handle.push(accepted);
    client
}

/// A client that is in, and the server's end of it.
pub(crate) fn meet(server: &mut Limiting, handle: &ServerHandle) -> (MemoryConnection, Accepted) {
    let client = come(handle);
    (client, accept(server))
}

pub(crate) fn meet_with_capacity(
    server: &mut Limiting,
    handle: &ServerHandle,
    bytes: usize,
) -> (MemoryConnection, Accepted) {
    let client = come_with_capacity(handle, bytes);
    (client, accept(server))
}

pub(crate) fn accept<A: Accept>(server: &mut A) -> A::Connection {
    block_on(server.accept()).unwrap().unwrap()
}

pub(crate) fn poll_accept<A: Accept>(server: &mut A) -> Poll<Option<io::Result<A::Connection>>> {
    server.poll_accept(&mut Context::from_waker(Waker::noop()))
}

/// The error that the server yields next.
pub(crate) fn accept_error(server: &mut impl Accept) -> io::Error {
    block_on(server.accept()).unwrap().unwrap_err()
}

/// Reads once, without waiting.
pub(crate) fn poll_read(connection: &mut impl Connection) -> Poll<io::Result<usize>> {
    poll_read_with(connection, Waker::noop())
}

pub(crate) fn poll_read_with(
    connection: &mut impl Connection,
    waker: &Waker,
) -> Poll<io::Result<usize>> {
    Pin::new(connection).poll_read(&mut Context::from_waker(waker), &mut [0; 1024])
}

/// Writes once, without waiting.
pub(crate) fn poll_write(connection: &mut impl Connection, text: &str) -> Poll<io::Result<usize>> {
    Pin::new(connection).poll_write(&mut Context::from_waker(Waker::noop()), text.as_bytes())
}

/// What there is to read now.
pub(crate) fn heard(client: &mut MemoryConnection) -> String {
    let mut buffer = [0; 4096];
    let mut heard = Vec::new();
    let mut cx = Context::from_waker(Waker::noop());
    while let Poll::Ready(Ok(count @ 1..)) = Pin::new(&mut *client).poll_read(&mut cx, &mut buffer)
    {
        heard.extend_from_slice(&buffer[..count]);
    }
    String::from_utf8(heard).unwrap()
}

/// Whether the other side has ended.
pub(crate) fn has_ended(client: &mut MemoryConnection) -> bool {
    let mut rest = Vec::new();
    let mut reading = client.read_to_end(&mut rest);
    Pin::new(&mut reading).poll(&mut Context::from_waker(Waker::noop())).is_ready()
}

/// A server that still has some under way when it is closed, as one that makes handshakes.
pub(crate) struct Late {
    control: Control,
    pub(crate) under_way: VecDeque<BoxConnection>,
    pub(crate) progress: usize,
}

impl Late {
    /// With so many under way, and their clients.
    pub(crate) fn new(count: usize) -> (Self, Vec<MemoryConnection>) {
        let (clients, accepted): (Vec<_>, Vec<_>) = (0..count).map(|_| pair()).unzip();
        let under_way = accepted.into_iter().map(|accepted| Box::new(accepted) as _).collect();
        (Self { control: Control::new(|_| ()), under_way, progress: 0 }, clients)
    }
}

impl Accept for Late {
    type Connection = BoxConnection;

    fn poll_accept(&mut self, _: &mut Context<'_>) -> Poll<Option<io::Result<BoxConnection>>> {
        match self.under_way.pop_front() {
            Some(connection) => Poll::Ready(Some(Ok(connection))),
            None if self.control.is_closed() => Poll::Ready(None),
            None => Poll::Pending,
        }
    }

    fn poll_progress(&mut self, _: &mut Context<'_>) -> Poll<Infallible> {
        self.progress += 1;
        Poll::Pending
    }

    fn local_address(&self) -> Option<Address> {
        None
    }

    fn control(&self) -> Control {
        self.control.clone()
    }
}
