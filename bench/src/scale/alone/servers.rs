//! One more connection beside many.

use std::{
    pin::Pin,
    task::{Context, Poll, Waker},
    time::Duration,
};

use socketry::{
    Accept, Connection,
    server::{Gate, GateServer, GateSettings, LimitingServer},
};
use socketry_testing::EndlessServer;

use crate::work::MESSAGE;

/// Accepts, hears a message, answers it and drops, beside so many connections in the list.
pub(super) fn tracked(size: usize, idle_timeout: Option<Duration>) -> impl FnMut() {
    let mut server = LimitingServer::new(EndlessServer::new(), None).idle_timeout(idle_timeout);
    let held: Vec<_> = (0..size).map(|_| next(&mut server)).collect();
    move || {
        let _ = &held;
        round_trip(next(&mut server));
    }
}

/// Accepts and drops, beside so many connections from as many addresses; the newcomers come from
/// some of the same, in turn.
pub(super) fn gated(size: usize, addresses: usize) -> impl FnMut() {
    let mut settings = GateSettings::default();
    settings.most_open_per_prefix = Some(1_000_000);
    let gate = Gate::new(settings);
    let server = |addresses: usize| {
        let addresses = u32::try_from(addresses).unwrap_or(u32::MAX);
        GateServer::new(EndlessServer::new().addresses(addresses), gate.clone())
    };
    let mut all = server(size);
    let held: Vec<_> = (0..size).map(|_| next(&mut all)).collect();
    let mut newcomers = server(addresses);
    move || {
        let _ = &held;
        drop(next(&mut newcomers));
    }
}

/// Whom a server yields that always has somebody.
fn next<A: Accept>(server: &mut A) -> A::Connection {
    let cx = &mut Context::from_waker(Waker::noop());
    loop {
        if let Poll::Ready(Some(Ok(connection))) = server.poll_accept(cx) {
            return connection;
        }
    }
}

fn round_trip(mut connection: impl Connection) {
    let cx = &mut Context::from_waker(Waker::noop());
    let mut buffer = [0; 1024];
    let heard = Pin::new(&mut connection).poll_read(cx, &mut buffer);
    let said = Pin::new(&mut connection).poll_write(cx, &buffer[..MESSAGE]);
    assert!(heard.is_ready() && said.is_ready(), "there is always a message, and room");
}
