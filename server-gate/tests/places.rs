//! When places are taken and freed.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    task::Context,
    thread,
};

use socketry_connection::Connection;
use socketry_server::Accept;
use socketry_server_gate::Gate;
use socketry_testing::CountingWaker;

use crate::support::{Gated, admitted, come_from, pausing, poll, poll_until_idle, server};

/// A fact of a connection that looks how many are open when the connection is dropped.
struct Looking {
    gate: Gate,
    seen: Arc<AtomicUsize>,
}

impl Drop for Looking {
    fn drop(&mut self) {
        self.seen.store(self.gate.counts().open, Ordering::SeqCst);
    }
}

#[test]
fn a_place_is_freed_after_the_connection_inside_was_dropped() {
    let (mut server, handle, gate) = server(|_| ());
    let seen = Arc::new(AtomicUsize::new(usize::MAX));
    let (_client, mut newcomer) = socketry_testing::pair();
    newcomer.attributes_mut().insert(Looking { gate: gate.clone(), seen: seen.clone() });
    handle.push(newcomer);
    drop(admitted(&mut server));
    assert_eq!((seen.load(Ordering::SeqCst), gate.counts().open), (1, 0));
}

#[test]
fn a_refused_newcomer_was_closed_before_the_error_is_told() {
    let (mut server, handle, gate) = server(|settings| settings.most_open = Some(0));
    let seen = Arc::new(AtomicUsize::new(usize::MAX));
    let (_client, mut newcomer) = socketry_testing::pair();
    newcomer.attributes_mut().insert(Looking { gate, seen: seen.clone() });
    handle.push(newcomer);
    crate::support::refused(&mut server);
    assert_eq!(seen.load(Ordering::SeqCst), 0);
}

#[test]
fn connections_that_are_dropped_on_many_threads_free_their_places_once_each() {
    let (mut server, handle, gate) = server(|settings| {
        settings.most_open = Some(100);
        settings.most_open_per_prefix = Some(60);
    });
    for _ in 0..20 {
        let clients: Vec<_> = (0..100).map(|n| come_from(n % 2, &handle)).collect();
        let open: Vec<Gated> =
            poll_until_idle(&mut server).into_iter().map(Result::unwrap).collect();
        assert_eq!((gate.counts().open, gate.open_from([192, 0, 2, 1].into())), (100, 50));
        let mut open = open.into_iter();
        thread::scope(|scope| {
            for _ in 0..4 {
                let some: Vec<_> = open.by_ref().take(25).collect();
                scope.spawn(move || drop(some));
            }
        });
        drop(clients);
        assert_eq!((gate.counts().open, gate.open_from([192, 0, 2, 1].into())), (0, 0));
    }
}

#[test]
fn a_connection_that_is_taken_out_has_given_up_its_place() {
    let (mut server, handle, gate) = server(pausing(1));
    let _clients = [1, 2].map(|host| come_from(host, &handle));
    let connection = admitted(&mut server);
    let waker = CountingWaker::new();
    assert!(server.poll_accept(&mut waker.context()).is_pending());
    let inner = connection.into_inner();
    assert_eq!((waker.count(), gate.counts().open), (1, 0));
    let _next = admitted(&mut server);
    drop(inner);
    assert_eq!(gate.counts().open, 1, "and gives up no other");
}

#[test]
fn places_outlive_the_server() {
    let (mut server, handle, gate) = server(|_| ());
    let _client = come_from(1, &handle);
    let open = admitted(&mut server);
    drop(server);
    assert_eq!(gate.counts().open, 1);
    drop(open);
    assert_eq!(gate.counts().open, 0);
}

#[test]
fn a_server_that_is_dropped_while_it_waits_is_not_woken() {
    let (mut server, handle, _gate) = server(pausing(1));
    let _client = come_from(1, &handle);
    let open = admitted(&mut server);
    let waker = CountingWaker::new();
    assert!(server.poll_accept(&mut waker.context()).is_pending());
    drop(server);
    waker.take(); // its end is a change of state
    drop(open);
    assert_eq!(waker.count(), 0);
}

#[test]
fn what_is_woken_may_use_the_gate_at_once() {
    struct Using(Gate);
    impl std::task::Wake for Using {
        fn wake(self: Arc<Self>) {
            self.0.change(|settings| settings.most_open = None);
        }
    }
    let (mut server, handle, gate) = server(pausing(1));
    let _clients = [1, 2].map(|host| come_from(host, &handle));
    let open = admitted(&mut server);
    let waker = Arc::new(Using(gate.clone())).into();
    assert!(server.poll_accept(&mut Context::from_waker(&waker)).is_pending());
    drop(open);
    assert_eq!(gate.settings().most_open, None);
    assert!(poll(&mut server).is_ready());
}
