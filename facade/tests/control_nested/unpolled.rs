//! A server that nobody polls.

use std::time::Duration;

use futures_lite::future::block_on;
use socketry::Control;
use socketry_testing::CountingWaker;

use crate::{
    case::{in_every_case, in_every_case_with},
    client::{Client, assert_all_see_the_end},
    layers::{Layer, Room},
    running::{Running, assert_refused},
};

/// Who waits in the backlog sees the end though the server is not polled, and nothing comes of them.
fn assert_is_closed(mut running: Running, mut clients: Vec<Client>) {
    assert_eq!(running.server.local_address(), None);
    running.assert_refuses();
    assert_all_see_the_end(&mut clients);
    running.run_to_the_end();
    assert_eq!((running.sockets.len(), running.errors), (0, 0));
}

#[test]
fn a_close_ends_listening_at_once() {
    in_every_case(|case| {
        let running = Running::new(case, Room::Plenty);
        let clients = running.connect(2);
        running.elsewhere(Control::close);
        assert_is_closed(running, clients);
    });
}

#[test]
fn a_close_during_a_pause_ends_listening_at_once() {
    in_every_case(|case| {
        let running = Running::new(case, Room::Plenty);
        running.control.pause();
        let clients = running.connect(1);
        running.elsewhere(Control::close);
        assert_is_closed(running, clients);
    });
}

#[test]
fn a_drain_ends_listening_at_once() {
    in_every_case_with(Layer::Limiting, |case| {
        let running = Running::new(case, Room::Plenty);
        let clients = running.connect(1);
        let connections = running.connections();
        running.elsewhere(move |_| {
            block_on(connections.drain(Duration::ZERO));
        });
        assert_is_closed(running, clients);
    });
}

/// Though its control is kept.
#[test]
fn a_drop_closes_a_server_that_was_never_polled() {
    in_every_case(|case| {
        let running = Running::new(case, Room::Plenty);
        let clients = running.connect(1);
        assert_a_drop_closes(running, clients);
    });
}

/// Who is half way in goes with the server, and so does who waits in the backlog behind them.
#[test]
fn a_drop_closes_a_server_that_waits_for_clients_who_are_half_way_in() {
    in_every_case(|case| {
        for room in case.nesting.rooms() {
            let mut running = Running::new(case, room);
            let clients = running.connect(2);
            running.run_until("somebody is in", |running| running.taken() > 0);
            running.run_until_it_waits();
            running.sockets.clear(); // these do not belong to the server
            assert_a_drop_closes(running, clients);
        }
    });
}

fn assert_a_drop_closes(running: Running, mut clients: Vec<Client>) {
    let Running { server, control, addresses, clock, .. } = running;
    let (mut watch, waker) = (control.watch(), CountingWaker::new());
    watch.poll_state(&mut waker.context());
    drop(server);
    assert_eq!(waker.count(), 1, "whoever watches hears of it");
    control.resume();
    assert!(control.is_closed(), "a dropped server is closed for good");
    assert_refused(&addresses);
    assert_all_see_the_end(&mut clients);
    assert_eq!(clock.sleeping(), 0, "no timer is left behind");
}
