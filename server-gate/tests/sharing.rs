//! Several servers at one gate.

use std::{
    convert::Infallible,
    io,
    sync::Arc,
    task::{Context, Poll},
    thread,
    time::Duration,
};

use futures_lite::future::block_on;
use socketry_connection::{Address, BoxConnection, Connection};
use socketry_server::{Accept, AcceptExt, AtLimit, Control};
use socketry_server_gate::{AccessRule, Gate, GateServer, Rate};
use socketry_testing::{
    CountingWaker, ManualClock, MemoryConnection, ScriptedServer, scripted_server,
};

use crate::support::{
    Gated, address, admitted, come_from, gate, is_at_its_end, limit, network, not_admitted,
    pausing, poll, refused, server_at,
};

#[test]
fn who_is_in_through_one_counts_for_the_others() {
    let gate = gate(|settings| {
        settings.most_open = Some(2);
        settings.most_open_per_prefix = Some(1);
    });
    let ((mut one, one_handle), (mut other, other_handle)) = (server_at(&gate), server_at(&gate));
    let _clients = [(1, &one_handle), (1, &other_handle), (2, &other_handle), (3, &one_handle)]
        .map(|(host, handle)| come_from(host, handle));
    let _open = admitted(&mut one);
    assert_eq!(limit(&refused(&mut other)).limit(), 1);
    let _open_too = admitted(&mut other);
    assert_eq!(limit(&refused(&mut one)).limit(), 2);
    assert_eq!(gate.counts().open, 2);
}

#[test]
fn a_place_that_is_freed_wakes_every_server_that_waits() {
    let gate = gate(pausing(1));
    let mut servers: Vec<_> = (0..3).map(|_| server_at(&gate)).collect();
    let _client = come_from(1, &servers[0].1);
    let open = admitted(&mut servers[0].0);
    let wakers: Vec<_> = servers
        .iter_mut()
        .map(|(server, _)| {
            let waker = CountingWaker::new();
            assert!(server.poll_accept(&mut waker.context()).is_pending());
            waker
        })
        .collect();
    drop(open);
    let woken: Vec<_> = wakers.iter().map(CountingWaker::count).collect();
    assert_eq!(woken, [1, 1, 1]);
}

#[test]
fn a_token_that_comes_back_is_for_one_of_them() {
    let clock = ManualClock::new();
    let gate = gate(|settings| {
        settings.rate = Some(Rate::per_second(1));
        settings.at_limit = AtLimit::Pause;
    })
    .with_clock(Arc::new(clock.clone()));
    let ((mut one, one_handle), (mut other, other_handle)) = (server_at(&gate), server_at(&gate));
    let _clients = [&one_handle, &one_handle, &other_handle].map(|handle| come_from(1, handle));
    admitted(&mut one);
    assert!(poll(&mut one).is_pending() && poll(&mut other).is_pending());
    clock.advance(Duration::from_secs(1));
    admitted(&mut other);
    assert!(poll(&mut one).is_pending());
    clock.advance(Duration::from_secs(1));
    admitted(&mut one);
}

#[test]
fn on_several_threads_no_more_are_open_than_may_be_and_nobody_is_forgotten() {
    let gate = gate(pausing(2));
    thread::scope(|scope| {
        for _ in 0..3 {
            scope.spawn(|| {
                let (mut server, handle) = server_at(&gate);
                for host in 0..250 {
                    let _client = come_from(host, &handle);
                    let open = block_on(server.accept()).unwrap().unwrap();
                    assert!(gate.counts().open <= 2);
                    drop(open);
                }
            });
        }
    });
    assert_eq!((gate.counts().open, gate.counts().admitted), (0, 750));
}

/// A server inside that is asked while there is a last place, which another server at the gate has
/// given away before this one yields somebody.
struct Overtaken {
    inner: ScriptedServer,
    other: GateServer<ScriptedServer>,
    in_the_last_place: Option<Gated>,
}

impl Accept for Overtaken {
    type Connection = BoxConnection;

    fn poll_accept(&mut self, cx: &mut Context<'_>) -> Poll<Option<io::Result<BoxConnection>>> {
        if let Poll::Ready(Some(Ok(open))) = poll(&mut self.other) {
            self.in_the_last_place = Some(open);
        }
        self.inner.poll_accept(cx)
    }

    fn poll_progress(&mut self, cx: &mut Context<'_>) -> Poll<Infallible> {
        self.inner.poll_progress(cx)
    }

    fn local_address(&self) -> Option<Address> {
        self.inner.local_address()
    }

    fn control(&self) -> Control {
        self.inner.control()
    }
}

/// A server to which somebody comes while there is a last place, which another server gives away
/// before that one is let in; and the client.
fn overtaken(gate: &Gate) -> (GateServer<Overtaken>, MemoryConnection) {
    let (other, other_handle) = server_at(gate);
    drop(come_from(1, &other_handle));
    let (inner, handle) = scripted_server();
    let client = come_from(2, &handle);
    let inside = Overtaken { inner, other, in_the_last_place: None };
    (GateServer::new(inside, gate.clone()), client)
}

/// The same, after that one was taken and found no place.
fn waiting(gate: &Gate) -> (GateServer<Overtaken>, MemoryConnection) {
    let (mut server, mut client) = overtaken(gate);
    assert!(poll(&mut server).is_pending());
    assert!(server.get_ref().in_the_last_place.is_some() && !is_at_its_end(&mut client));
    assert!(poll(&mut server.get_mut().inner).is_pending(), "the client was taken");
    (server, client)
}

#[test]
fn who_is_over_the_limit_of_his_prefix_does_not_wait_for_a_place() {
    let gate = gate(|settings| {
        pausing(1)(settings);
        settings.most_open_per_prefix = Some(1);
        settings.ipv4_prefix = 24;
    });
    let (mut server, mut client) = overtaken(&gate);
    assert_eq!(limit(&refused(&mut server)).of_what(), "open connections from 192.0.2.0/24");
    assert!(is_at_its_end(&mut client));
}

#[test]
fn who_finds_the_last_place_taken_waits_and_comes_in_when_it_is_free() {
    let gate = gate(pausing(1));
    let (mut server, _client) = waiting(&gate);
    let waker = CountingWaker::new();
    assert!(server.poll_accept(&mut waker.context()).is_pending());
    server.get_mut().in_the_last_place = None;
    assert_eq!(waker.count(), 1);
    let open = admitted(&mut server);
    assert_eq!(open.remote_address(), Some(address("tcp://192.0.2.2:50000")));
}

#[test]
fn who_finds_the_last_place_taken_is_refused_if_nobody_is_to_wait() {
    let gate = gate(|settings| settings.most_open = Some(1));
    let (mut server, mut client) = overtaken(&gate);
    assert_eq!(limit(&refused(&mut server)).limit(), 1);
    assert!(is_at_its_end(&mut client));
}

#[test]
fn who_waits_in_a_server_is_refused_when_that_is_closed() {
    let gate = gate(pausing(1));
    let (mut server, mut client) = waiting(&gate);
    server.control().close();
    assert_eq!(limit(&refused(&mut server)).limit(), 1);
    assert!(is_at_its_end(&mut client));
    assert!(matches!(poll(&mut server), Poll::Ready(None)));
}

#[test]
fn who_waits_in_a_server_is_closed_with_it() {
    let gate = gate(pausing(1));
    let (server, mut client) = waiting(&gate);
    let inside = server.into_inner();
    assert!(is_at_its_end(&mut client));
    assert_eq!(gate.counts().open, 1);
    drop(inside);
}

#[test]
fn who_was_denied_while_waiting_does_not_come_in() {
    let gate = gate(pausing(1));
    let (mut server, _client) = waiting(&gate);
    gate.change(|settings| settings.deny.push(network("192.0.2.2")));
    server.get_mut().in_the_last_place = None;
    assert_eq!(not_admitted(&refused(&mut server)).rule(), AccessRule::Deny(network("192.0.2.2")));
}
