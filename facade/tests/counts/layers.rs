//! What each layer adds to a message and to an accept, counted in memory.

use std::{
    future::Future,
    hint::black_box,
    pin::{Pin, pin},
    task::{Context, Poll, Waker},
    time::Duration,
};

use socketry::{
    Accept, AcceptExt, Connection, Server, Socket,
    connection::BoxConnection,
    reconnecting::Reconnecting,
    resolver::{CachingResolver, Family, Resolve, StaticResolver},
    server::{
        Gate, GateServer, GateSettings, LimitingServer, ProxyOptions, ProxyServer, Rate,
        ServerGroup, Untrusted,
    },
};
use socketry_testing::{EndlessConnection, EndlessServer};

use crate::{
    names::{LOCALHOST, NAME},
    once::Once,
};

/// A layer, and what it may add to the same work without it.
pub(crate) struct Layer {
    pub(crate) work: &'static str,
    pub(crate) without: &'static str,
    pub(crate) what: &'static str,
    /// What it is added to.
    pub(crate) to: &'static str,
    pub(crate) instructions: f64,
    pub(crate) allocations: f64,
}

/// What a decorator may cost whose job is done elsewhere.
const PASSES_ON: f64 = 50.0;

/// What costs more says why. With an allocation comes what the C library does for it, which varies
/// from version to version, and what counts it in this program.
pub(crate) const LAYERS: &[Layer] = &[
    message("message-boxed", "message", "a box", PASSES_ON),
    // Which kind it is, in each call, and what the calls of the larger kinds keep on the stack.
    message("message-socket", "message-boxed", "a socket of the facade", 75.0),
    message("message-gated", "message", "a gate", PASSES_ON),
    message("message-untrusted", "message", "PROXY, of nobody who is trusted,", PASSES_ON),
    message("message-proxied", "message", "PROXY, after its header,", PASSES_ON),
    // It counts bytes, and notes the time of each read and each write, which is asked of the system.
    message("message-limited", "message", "a list of connections", 140.0),
    message("message-session", "message", "a session that comes back", PASSES_ON),
    // The allocation, and the way into it and back.
    accept("accept-boxed", "accept-memory", "a box", 300.0, 1.0),
    accept("accept-group", "accept-memory", "a group of three", PASSES_ON, 0.0),
    // A connection becomes a socket, and knows at its end which kind it was.
    accept("accept-facade", "accept-boxed", "a server of the facade", 110.0, 0.0),
    // It finds the prefix in its table four times: to look, to count, to count down, to forget.
    accept("accept-gated", "accept-memory", "a gate", 1650.0, 0.0),
    // And in the tables of those that have left it looks and notes what is left of the rate.
    accept("accept-rated", "accept-memory", "a gate with a rate", 3100.0, 0.0),
    // An entry that is allocated, put into the list, told that it is over, and taken out again.
    accept("accept-listed", "accept-memory", "a list of connections", 1270.0, 1.0),
    // A deadline is put among the others, which are ordered, and those that are over swept out.
    accept("accept-timed", "accept-listed", "a limit of time", 470.0, 0.0),
    // It asks first whether somebody's header has come, and moves the connection twice.
    accept("accept-untrusted", "accept-memory", "PROXY, of nobody who is trusted,", 350.0, 0.0),
    // Reads the header into 2 KiB, in a task of its own, and keeps it as an attribute.
    accept("accept-proxied", "accept-memory", "PROXY with a header", 2250.0, 2.0),
];

const fn message(
    work: &'static str,
    without: &'static str,
    what: &'static str,
    instructions: f64,
) -> Layer {
    Layer { work, without, what, to: "a message", instructions, allocations: 0.0 }
}

const fn accept(
    work: &'static str,
    without: &'static str,
    what: &'static str,
    instructions: f64,
    allocations: f64,
) -> Layer {
    Layer { work, without, what, to: "an accept", instructions, allocations }
}

/// `LOCAL` of version 2: the proxy itself, without addresses.
const LOCAL: &[u8] = b"\r\n\r\n\0\r\nQUIT\n\x20\0\0\0";

pub(crate) fn run(work: &str, amount: usize) {
    match work {
        "message" => messages(talking(), amount),
        "message-boxed" => messages(boxed(), amount),
        "message-socket" => messages(Socket::from(boxed()), amount),
        "message-gated" => messages(first(gated(server(), None)), amount),
        "message-untrusted" => messages(first(proxied(server())), amount),
        "message-proxied" => {
            messages(first(trusting(EndlessServer::new().greeting(LOCAL))), amount);
        }
        "message-limited" => messages(first(listed(server())), amount),
        "message-session" => messages(session(talking()), amount),
        "accept-memory" => accepts(server(), amount),
        "accept-boxed" => accepts(server().boxed(), amount),
        "accept-group" => accepts(ServerGroup::new([server(), server(), server()]), amount),
        "accept-facade" => accepts(Server::from(server().boxed()), amount),
        "accept-gated" => accepts(gated(server(), None), amount),
        "accept-rated" => accepts(gated(server(), Some(Rate::per_second(1_000_000))), amount),
        "accept-listed" => accepts(listed(server()), amount),
        "accept-timed" => accepts(listed(server()).idle_timeout(Duration::from_secs(60)), amount),
        "accept-untrusted" => accepts(proxied(server()), amount),
        "accept-proxied" => accepts(trusting(EndlessServer::new().greeting(LOCAL)), amount),
        "lookup-kept" => lookups(&kept(), amount),
        _ => panic!("there is no work {work:?}"),
    }
}

/// Hears a message and answers it, again and again.
#[inline(never)]
fn messages<C: Connection>(mut connection: C, amount: usize) {
    let cx = &mut Context::from_waker(Waker::noop());
    let mut buffer = [0; 1024];
    for _ in 0..amount {
        let heard = Pin::new(&mut connection).poll_read(cx, black_box(&mut buffer));
        let Poll::Ready(Ok(64)) = heard else { panic!("{heard:?}") };
        let said = Pin::new(&mut connection).poll_write(cx, &buffer[..64]);
        let Poll::Ready(Ok(64)) = said else { panic!("{said:?}") };
    }
}

/// Accepts and drops.
#[inline(never)]
fn accepts<A: Accept>(mut server: A, amount: usize) {
    for _ in 0..amount {
        drop(black_box(next(&mut server)));
    }
}

fn first<A: Accept>(mut server: A) -> A::Connection {
    next(&mut server)
}

/// Whom it yields; where it only lets others go first, it is asked again.
fn next<A: Accept>(server: &mut A) -> A::Connection {
    let cx = &mut Context::from_waker(Waker::noop());
    loop {
        if let Poll::Ready(next) = server.poll_accept(cx) {
            return next.unwrap().unwrap();
        }
    }
}

#[inline(never)]
fn lookups(resolver: &impl Resolve, amount: usize) {
    let cx = &mut Context::from_waker(Waker::noop());
    for _ in 0..amount {
        let lookup = pin!(resolver.resolve(black_box(NAME), Family::V4));
        let Poll::Ready(answer) = lookup.poll(cx) else { panic!("nothing to wait for") };
        assert_eq!(black_box(answer.unwrap()).len(), 1);
    }
}

fn kept() -> CachingResolver<StaticResolver> {
    let inner = StaticResolver::new().with(NAME, [LOCALHOST]);
    CachingResolver::new(inner).lifetime(Duration::from_secs(60))
}

fn talking() -> EndlessConnection {
    EndlessConnection::new()
}

fn server() -> EndlessServer {
    EndlessServer::new()
}

fn boxed() -> BoxConnection {
    Box::new(talking())
}

fn gated(server: EndlessServer, rate: Option<Rate>) -> GateServer<EndlessServer> {
    let mut settings = GateSettings::default();
    settings.most_open_per_prefix = Some(1_000_000);
    settings.rate_per_prefix = rate;
    GateServer::new(server, Gate::new(settings))
}

fn listed(server: EndlessServer) -> LimitingServer<EndlessServer> {
    LimitingServer::new(server, 1_000_000)
}

/// Trusts nobody, and lets everybody pass.
fn proxied(server: EndlessServer) -> ProxyServer<EndlessServer> {
    let nobody = ProxyOptions::trusting([]);
    ProxyServer::new(server, nobody.untrusted(Untrusted::PassThrough))
}

fn trusting(server: EndlessServer) -> ProxyServer<EndlessServer> {
    let everybody = "0.0.0.0/0".parse().unwrap();
    ProxyServer::new(server, ProxyOptions::trusting([everybody]))
}

fn session(connection: EndlessConnection) -> impl Connection {
    let mut sessions = Reconnecting::new(Once::new(connection), ());
    let cx = &mut Context::from_waker(Waker::noop());
    match sessions.poll_session(cx) {
        Poll::Ready(Some(session)) => session.unwrap(),
        _ => panic!("there is a connection"),
    }
}
