//! A server that waits when its state changes.

use socketry::Control;

use crate::{
    case::{Case, in_every_case},
    client::{Heard, assert_all_see_the_end, count},
    layers::Room,
    running::Running,
};

/// A server that waits for somebody, and nobody is there.
fn waiting(case: &Case) -> Running {
    let mut running = Running::new(case, Room::Plenty);
    running.run_until_it_waits();
    running
}

#[test]
fn a_close_wakes_a_server_that_waits_and_ends_it() {
    in_every_case(|case| {
        let mut running = waiting(case);
        assert!(running.is_woken_by(Control::close), "a close wakes whoever waits");
        running.run_to_the_end();
        assert_eq!((running.sockets.len(), running.errors), (0, 0));
        running.assert_refuses();
    });
}

#[test]
fn a_close_wakes_a_server_that_is_paused_and_ends_it() {
    in_every_case(|case| {
        let mut running = waiting(case);
        running.control.pause();
        let mut clients = running.connect(1);
        running.run_until_it_waits();
        assert!(running.is_woken_by(Control::close), "a close wakes whoever is paused");
        running.run_to_the_end();
        assert_eq!((running.sockets.len(), running.errors), (0, 0));
        assert_all_see_the_end(&mut clients);
        running.assert_refuses();
    });
}

/// Without clients, so that nothing else could have woken it.
#[test]
fn a_pause_wakes_a_server_that_waits_and_so_does_a_resume_again_and_again() {
    in_every_case(|case| {
        let mut running = waiting(case);
        for _ in 0..3 {
            assert!(running.is_woken_by(Control::pause), "a pause wakes whoever waits");
            running.run_until_it_waits();
            assert!(running.is_woken_by(Control::resume), "a resume wakes whoever waits");
            running.run_until_it_waits();
        }
    });
}

#[test]
fn who_comes_during_a_pause_is_taken_from_the_backlog_after_it() {
    in_every_case(|case| {
        let mut running = waiting(case);
        running.elsewhere(Control::pause);
        let mut clients = running.connect(1);
        running.poll(); // though it may not have been woken
        running.run_until_it_waits();
        assert_eq!(running.taken(), 0, "a paused server takes nobody");
        assert_eq!(running.gate.counts().admitted, 0, "a paused server admits nobody");

        running.elsewhere(Control::resume);
        running.run_until("all are in", |running| running.taken() == running.addresses.len());
        running.run_until_it_waits();
        running.let_the_deadline_pass();
        let all = clients.len();
        running.run_until("all have come out", |it| it.sockets.len() + it.errors == all);
        running.greet();
        assert_eq!(count(&mut clients, Heard::Greeting), running.sockets.len());
        running.sockets.clear();
        assert_all_see_the_end(&mut clients);
    });
}
