//! A server that is full and takes nobody until there is a place.

use std::net::TcpStream;

use futures_lite::future::block_on;
use socketry::{
    Accept, AcceptExt, Control,
    server::{Gate, GateServer, TcpServer},
};

use crate::{
    case::{Case, in_every_case},
    client::{Client, assert_all_see_the_end},
    layers::{Layer, Room},
    running::Running,
};

/// What frees a place again.
type Free = Box<dyn FnOnce()>;

/// Runs `check` with a server that is full at its gate, at its limit of connections, and at both,
/// as far as it has them. It waits, and so do clients in its backlog.
fn in_every_full_case(check: impl Fn(&Case, Running, Vec<Client>, Free)) {
    in_every_case(|case| {
        for layers in [&[Layer::Gate][..], &[Layer::Limiting], &[Layer::Gate, Layer::Limiting]] {
            if layers.iter().all(|layer| case.nesting.has(*layer)) {
                let mut running = Running::new(case, Room::OneWaits);
                let frees: Vec<Free> = layers.iter().map(|layer| fill(&running, *layer)).collect();
                let clients = running.connect(1);
                running.run_until_it_waits();
                assert_eq!(running.taken(), 0, "a full server takes nobody: {layers:?}");
                let free = Box::new(|| frees.into_iter().for_each(|free| free()));
                check(case, running, clients, free);
            }
        }
    });
}

fn fill(running: &Running, layer: Layer) -> Free {
    match layer {
        Layer::Gate => fill_gate(&running.gate),
        _ => {
            let connections = running.connections();
            connections.set_limit(0);
            Box::new(move || connections.set_limit(1))
        }
    }
}

/// Somebody else comes in through another server at the same gate, who takes the one place.
fn fill_gate(gate: &Gate) -> Free {
    let plain = TcpServer::bind(([127, 0, 0, 1], 0).into()).unwrap();
    let mut server = GateServer::new(plain, gate.clone());
    let address = server.local_address().and_then(|address| address.socket_address()).unwrap();
    let client = TcpStream::connect(address).unwrap();
    let inside = block_on(server.accept()).unwrap().unwrap();
    Box::new(move || drop((inside, client)))
}

/// Ends a server that was closed while it was full.
fn assert_ends(mut running: Running, mut clients: Vec<Client>) {
    running.run_to_the_end();
    assert_eq!((running.sockets.len(), running.errors), (0, 0));
    assert_all_see_the_end(&mut clients);
    running.assert_refuses();
}

#[test]
fn a_close_wakes_a_server_that_is_full_and_ends_it() {
    in_every_full_case(|_, mut running, clients, _free| {
        assert!(running.is_woken_by(Control::close), "a close wakes whoever is full");
        assert_ends(running, clients);
    });
}

#[test]
fn a_close_wakes_a_server_that_is_full_and_paused_and_ends_it() {
    in_every_full_case(|_, mut running, clients, _free| {
        running.elsewhere(Control::pause);
        running.run_until_it_waits();
        assert!(running.is_woken_by(Control::close), "a close wakes whoever is full and paused");
        assert_ends(running, clients);
    });
}

#[test]
fn a_drain_wakes_a_server_that_is_full_and_ends_it_paused_or_not() {
    in_every_full_case(|case, mut running, clients, _free| {
        if case.nesting.has(Layer::Limiting) {
            assert!(running.is_woken_by_a_drain(), "a drain wakes whoever is full");
            assert_ends(running, clients);
        }
    });
    in_every_full_case(|case, mut running, clients, _free| {
        if case.nesting.has(Layer::Limiting) {
            running.elsewhere(Control::pause);
            running.run_until_it_waits();
            assert!(running.is_woken_by_a_drain(), "a drain wakes whoever is full and paused");
            assert_ends(running, clients);
        }
    });
}

#[test]
fn a_pause_and_a_resume_wake_a_server_that_is_full_which_then_takes_whom_it_has_a_place_for() {
    in_every_full_case(|_, mut running, _clients, free| {
        assert!(running.is_woken_by(Control::pause), "a pause wakes whoever is full");
        running.run_until_it_waits();
        assert!(running.is_woken_by(Control::resume), "a resume wakes whoever is full");
        running.run_until_it_waits();
        assert_eq!(running.taken(), 0, "a full server takes nobody");
        free();
        running.run_until("somebody is in", |running| running.taken() > 0);
    });
}

#[test]
fn a_place_that_is_freed_during_a_pause_is_taken_after_it() {
    in_every_full_case(|_, mut running, _clients, free| {
        running.elsewhere(Control::pause);
        running.run_until_it_waits();
        free();
        running.run_until_it_waits();
        assert_eq!(running.taken(), 0, "a paused server takes nobody");
        running.elsewhere(Control::resume);
        running.run_until("somebody is in", |running| running.taken() > 0);
    });
}
