//! What the tests share: gates, servers with a script, and clients.

use std::{
    io,
    sync::Arc,
    task::{Context, Poll, Waker},
    time::Duration,
};

use socketry_connection::{Address, BoxConnection};
use socketry_server::{Accept, AtLimit, LimitReached, Network};
use socketry_server_gate::{Gate, GateServer, GateSettings, GatedConnection, NotAdmitted};
use socketry_testing::{
    CountingWaker, ManualClock, MemoryConnection, ScriptedServer, ServerHandle, pair_between,
    scripted_server,
};

pub(crate) type Gated = GatedConnection<BoxConnection>;

pub(crate) const MILLISECOND: Duration = Duration::from_millis(1);

/// A server at a gate with these settings, the handle of the server inside, and the gate.
pub(crate) fn server(
    set: impl FnOnce(&mut GateSettings),
) -> (GateServer<ScriptedServer>, ServerHandle, Gate) {
    let gate = gate(set);
    let (server, handle) = server_at(&gate);
    (server, handle, gate)
}

/// The same, on a clock that is moved by hand.
pub(crate) fn server_on_a_clock(
    set: impl FnOnce(&mut GateSettings),
) -> (GateServer<ScriptedServer>, ServerHandle, Gate, ManualClock) {
    let clock = ManualClock::new();
    let gate = gate(set).with_clock(Arc::new(clock.clone()));
    let (server, handle) = server_at(&gate);
    (server, handle, gate, clock)
}

pub(crate) fn server_at(gate: &Gate) -> (GateServer<ScriptedServer>, ServerHandle) {
    let (inner, handle) = scripted_server();
    let inner = inner.with_local_address(address("tcp://192.0.2.80:80"));
    (GateServer::new(inner, gate.clone()), handle)
}

pub(crate) fn gate(set: impl FnOnce(&mut GateSettings)) -> Gate {
    let mut settings = GateSettings::default();
    set(&mut settings);
    Gate::new(settings)
}

/// A gate with so many places, that lets newcomers wait.
pub(crate) fn pausing(most: usize) -> impl FnOnce(&mut GateSettings) {
    move |settings| {
        settings.most_open = Some(most);
        settings.at_limit = AtLimit::Pause;
    }
}

/// Somebody at `192.0.2.<host>` who comes to a server.
pub(crate) fn come_from(host: u8, handle: &ServerHandle) -> MemoryConnection {
    come(&format!("tcp://192.0.2.{host}:50000"), handle)
}

/// Somebody at `from` who comes to a server.
pub(crate) fn come(from: &str, handle: &ServerHandle) -> MemoryConnection {
    let (client, accepted) = pair_between(address(from), address("tcp://192.0.2.80:80"));
    handle.push(accepted);
    client
}

pub(crate) fn address(text: &str) -> Address {
    text.parse().unwrap()
}

pub(crate) fn network(text: &str) -> Network {
    text.parse().unwrap()
}

/// Polls the server once, with no task to wake.
pub(crate) fn poll<A: Accept>(server: &mut A) -> Poll<Option<io::Result<A::Connection>>> {
    server.poll_accept(&mut Context::from_waker(Waker::noop()))
}

/// The next connection, which has to be there.
pub(crate) fn admitted<A: Accept>(server: &mut A) -> A::Connection {
    match poll(server) {
        Poll::Ready(Some(Ok(connection))) => connection,
        other => panic!("nobody has come in: {:?}", other.map(|next| next.map(|r| r.err()))),
    }
}

/// The next error, which has to be there.
pub(crate) fn refused<A: Accept>(server: &mut A) -> io::Error {
    match poll(server) {
        Poll::Ready(Some(Err(error))) => error,
        Poll::Ready(Some(Ok(_))) => panic!("somebody has come in"),
        Poll::Ready(None) => panic!("the server has ended"),
        Poll::Pending => panic!("nobody has come"),
    }
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

/// How many of `number` newcomers from one address come in, one after the other.
pub(crate) fn how_many_come_in(
    number: usize,
    server: &mut GateServer<ScriptedServer>,
    handle: &ServerHandle,
) -> usize {
    let clients: Vec<_> = (0..number).map(|_| come_from(1, handle)).collect();
    let results = poll_until_idle(server);
    assert_eq!(results.len(), clients.len(), "one result for each");
    results.iter().filter(|result| result.is_ok()).count()
}

pub(crate) fn limit(error: &io::Error) -> &LimitReached {
    let payload = error.get_ref().and_then(|error| error.downcast_ref());
    payload.unwrap_or_else(|| panic!("no limit was reached: {error}"))
}

pub(crate) fn not_admitted(error: &io::Error) -> &NotAdmitted {
    let payload = error.get_ref().and_then(|error| error.downcast_ref());
    payload.unwrap_or_else(|| panic!("no rule was broken: {error}"))
}

/// Whether the server's end of `client` has gone.
pub(crate) fn is_at_its_end(client: &mut MemoryConnection) -> bool {
    let mut cx = Context::from_waker(Waker::noop());
    futures_io::AsyncRead::poll_read(std::pin::Pin::new(client), &mut cx, &mut [0]).is_ready()
}
