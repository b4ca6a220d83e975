//! Clients that are half way in: they were taken, and say nothing.

use socketry::Control;

use crate::{
    case::{Case, in_every_case, in_every_case_with},
    client::{Client, Heard, assert_all_see_the_end},
    layers::{Layer, Room},
    running::Running,
};

/// A server with some clients: all are in if there is room, or at least one. It waits.
fn with_clients(case: &Case, room: Room) -> (Running, Vec<Client>) {
    let mut running = Running::new(case, room);
    let clients = running.connect(2);
    let expected = if room == Room::Plenty { clients.len() } else { 1 };
    running.run_until("they are in", |running| running.taken() >= expected);
    running.run_until_it_waits();
    (running, clients)
}

/// Polls a server that was closed to its end. Nobody is left hanging: whoever was handed out stays
/// connected until dropped, and all others see the end.
fn assert_ends(mut running: Running, mut clients: Vec<Client>) {
    running.run_to_the_end();
    let handed_out = running.sockets.len();
    assert!(handed_out + running.errors <= clients.len(), "a client is one result at the most");
    running.greet();
    let heard: Vec<Heard> = clients.iter_mut().map(Client::hear).collect();
    let greeted = heard.iter().filter(|heard| **heard == Heard::Greeting).count();
    assert_eq!(greeted, handed_out, "a close leaves connections alone: {heard:?}");
    assert!(!heard.contains(&Heard::Nothing), "somebody is left hanging: {heard:?}");
    running.sockets.clear();
    assert_all_see_the_end(&mut clients);
    running.assert_refuses();
}

#[test]
fn a_close_wakes_the_server_which_ends_at_the_deadline_of_those_who_are_half_way_in() {
    in_every_case(|case| {
        for room in case.nesting.rooms() {
            let (mut running, clients) = with_clients(case, room);
            assert!(running.is_woken_by(Control::close), "a close wakes it: {room:?}");
            if running.clock.sleeping() > 0 {
                running.run_until_it_waits();
            }
            running.let_the_deadline_pass();
            assert_ends(running, clients);
        }
    });
}

/// The task that polls it is late: it hears of both in one poll.
#[test]
fn a_close_at_the_same_moment_as_the_deadline_ends_the_server_as_well() {
    in_every_case(|case| {
        for room in case.nesting.rooms() {
            let (running, clients) = with_clients(case, room);
            running.elsewhere(Control::close);
            running.let_the_deadline_pass();
            assert_ends(running, clients);
        }
    });
}

#[test]
fn a_close_during_a_pause_ends_the_server_at_the_deadline_as_well() {
    in_every_case(|case| {
        for room in case.nesting.rooms() {
            let (mut running, clients) = with_clients(case, room);
            running.elsewhere(Control::pause);
            running.run_until_it_waits();
            assert!(running.is_woken_by(Control::close), "a close wakes it: {room:?}");
            running.let_the_deadline_pass();
            assert_ends(running, clients);
        }
    });
}

#[test]
fn a_paused_server_ends_whoever_is_half_way_in_at_their_deadline_and_takes_nobody_instead() {
    in_every_case(|case| {
        let (mut running, mut clients) = with_clients(case, Room::Plenty);
        assert!(running.is_woken_by(Control::pause), "a pause wakes it");
        running.run_until_it_waits();
        let handed_out = running.sockets.len();
        let mut late = running.connect(1);
        running.let_the_deadline_pass();
        let half_way_in = clients.len() - handed_out;
        running.run_until("all have come out", |running| running.errors == half_way_in);
        running.run_until_it_waits();
        assert_eq!((running.taken(), running.errors), (handed_out, half_way_in));
        running.sockets.clear();
        assert_all_see_the_end(&mut clients);
        assert!(running.is_woken_by(Control::close), "a close wakes it");
        running.run_to_the_end();
        assert_all_see_the_end(&mut late);
    });
}

/// A server that is full asks for nobody, but what is under way inside goes on.
#[test]
fn a_server_that_gets_full_ends_whoever_is_half_way_in_at_their_deadline() {
    in_every_case_with(Layer::Limiting, |case| {
        check_getting_full(case, |running| running.connections().set_limit(0));
    });
    in_every_case_with(Layer::Gate, |case| {
        check_getting_full(case, |running| {
            running.gate.change(|settings| settings.most_open = Some(0));
        });
    });
}

fn check_getting_full(case: &Case, fill: impl Fn(&Running)) {
    let (mut running, mut clients) = with_clients(case, Room::Plenty);
    fill(&running);
    running.poll(); // it need not be woken for this
    running.run_until_it_waits();
    running.let_the_deadline_pass();
    running.run_until("nobody is half way in", |running| running.clock.sleeping() == 0);
    running.sockets.clear();
    assert_all_see_the_end(&mut clients);
    running.run_until_it_waits();
    assert!(running.is_woken_by(Control::close), "a close wakes it");
    running.run_to_the_end();
}

/// Those who were handed out are ended by the drain, and those who are half way in by the deadline at
/// the latest.
#[test]
fn a_drain_wakes_the_server_which_ends_at_the_deadline_and_nobody_is_left() {
    in_every_case_with(Layer::Limiting, |case| {
        for room in case.nesting.rooms() {
            let (mut running, mut clients) = with_clients(case, room);
            assert!(running.is_woken_by_a_drain(), "a drain wakes it: {room:?}");
            running.let_the_deadline_pass();
            running.run_to_the_end();
            assert_all_see_the_end(&mut clients);
            running.assert_refuses();
        }
    });
}
