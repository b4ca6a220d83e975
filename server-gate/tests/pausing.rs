//! Newcomers who wait until there is room.

use std::time::Duration;

use futures_lite::future::{block_on, zip};
use socketry_server::{Accept, AcceptExt, AtLimit};
use socketry_server_gate::{GateSettings, Rate};
use socketry_testing::CountingWaker;

use crate::support::{
    MILLISECOND, admitted, come_from, network, pausing, poll, poll_until_idle, refused, server,
    server_on_a_clock,
};

/// A rate that lets newcomers wait.
fn pausing_at(rate: Rate) -> impl FnOnce(&mut GateSettings) {
    move |settings| {
        settings.rate = Some(rate);
        settings.at_limit = AtLimit::Pause;
    }
}

#[test]
fn a_full_server_leaves_newcomers_in_the_backlog() {
    let (mut server, handle, gate) = server(pausing(2));
    let _clients = [1, 2, 3, 4].map(|host| come_from(host, &handle));
    let _open = [admitted(&mut server), admitted(&mut server)];
    assert!(poll_until_idle(&mut server).is_empty());
    assert_eq!((handle.waiting(), gate.counts().refused()), (2, 0));
}

#[test]
fn what_is_under_way_inside_goes_on_while_the_server_is_full() {
    let (mut server, handle, _gate) = server(pausing(0));
    let waker = CountingWaker::new();
    assert!(server.poll_accept(&mut waker.context()).is_pending());
    assert_eq!((handle.accept_polls(), handle.progress_polls()), (0, 1));
    assert!(handle.wake_progress());
    assert_eq!(waker.count(), 1);
}

#[test]
fn what_is_under_way_inside_goes_on_if_the_server_is_asked_for_that_only() {
    let (mut server, handle, _gate) = server(|_| ());
    assert!(server.poll_progress(&mut CountingWaker::new().context()).is_pending());
    assert_eq!((handle.accept_polls(), handle.progress_polls()), (0, 1));
}

#[test]
fn who_leaves_wakes_a_full_server() {
    let (mut server, handle, _gate) = server(pausing(1));
    let _clients = [1, 2].map(|host| come_from(host, &handle));
    let open = admitted(&mut server);
    let waker = CountingWaker::new();
    assert!(server.poll_accept(&mut waker.context()).is_pending());
    drop(open);
    assert_eq!(waker.count(), 1);
    admitted(&mut server);
}

#[test]
fn who_leaves_on_another_thread_wakes_a_full_server() {
    let (mut server, handle, gate) = server(pausing(1));
    for host in 1..=100 {
        let client = come_from(host, &handle);
        let open = block_on(server.accept()).unwrap().unwrap();
        let leaving = std::thread::spawn(move || drop((open, client)));
        let _next = come_from(host, &handle);
        drop(block_on(server.accept()).unwrap().unwrap());
        leaving.join().unwrap();
    }
    assert_eq!((gate.counts().open, gate.counts().admitted), (0, 200));
}

#[test]
fn who_leaves_a_server_that_is_still_too_full_wakes_nobody() {
    let (mut server, handle, gate) = server(pausing(3));
    let _clients = [1, 2, 3].map(|host| come_from(host, &handle));
    let open = [admitted(&mut server), admitted(&mut server), admitted(&mut server)];
    gate.change(|settings| settings.most_open = Some(1));
    let waker = CountingWaker::new();
    assert!(server.poll_accept(&mut waker.context()).is_pending());
    let [first, second, third] = open;
    drop((first, second));
    assert_eq!(waker.count(), 0);
    drop(third);
    assert_eq!(waker.count(), 1);
}

#[test]
fn what_concerns_one_address_is_refused_and_holds_up_nobody() {
    let (mut server, handle, _gate, _clock) = server_on_a_clock(|settings| {
        settings.most_open_per_prefix = Some(1);
        settings.rate_per_prefix = Some(Rate::per_second(2));
        settings.deny = vec![network("192.0.2.9")];
        settings.at_limit = AtLimit::Pause;
    });
    let _clients = [1, 1, 9, 2].map(|host| come_from(host, &handle));
    let _open = admitted(&mut server);
    refused(&mut server);
    refused(&mut server);
    admitted(&mut server);
}

#[test]
fn a_server_without_tokens_goes_on_when_its_timer_says_so() {
    let (mut server, handle, gate, clock) = server_on_a_clock(pausing_at(Rate::per_second(2)));
    let _clients = [1, 2, 3, 4].map(|host| come_from(host, &handle));
    let _open = [admitted(&mut server), admitted(&mut server)];
    let waker = CountingWaker::new();
    assert!(server.poll_accept(&mut waker.context()).is_pending());
    assert_eq!(clock.until_next(), Some(500 * MILLISECOND));
    clock.advance(499 * MILLISECOND);
    assert_eq!(waker.count(), 0);
    clock.advance(MILLISECOND);
    assert_eq!(waker.count(), 1);
    admitted(&mut server);
    assert!(poll(&mut server).is_pending());
    assert_eq!((handle.waiting(), gate.counts().refused()), (1, 0));
}

#[test]
fn the_timer_is_that_of_the_system_if_there_is_no_other_clock() {
    let (mut server, handle, gate) = server(pausing_at(Rate::per_second(1000).with_burst(1)));
    let _clients = [1, 2, 3].map(|host| come_from(host, &handle));
    for _ in 0..3 {
        assert!(block_on(server.accept()).unwrap().is_ok());
    }
    assert_eq!(gate.counts().refused(), 0);
}

#[test]
fn there_is_no_timer_but_while_a_server_waits_for_the_rate() {
    let (mut server, handle, _gate, clock) = server_on_a_clock(|settings| {
        pausing_at(Rate::per_second(1))(settings);
        settings.most_open = Some(1);
    });
    let _clients = [1, 2].map(|host| come_from(host, &handle));
    let open = admitted(&mut server);
    assert!(poll(&mut server).is_pending());
    assert_eq!(clock.sleeping(), 0, "it waits for a place");
    drop(open);
    assert!(poll(&mut server).is_pending());
    assert_eq!(clock.sleeping(), 1, "it waits for the rate");
    clock.advance(Duration::from_secs(1));
    admitted(&mut server);
    assert_eq!(clock.sleeping(), 0);
}

#[test]
fn dropping_a_server_that_waits_for_the_rate_frees_its_timer() {
    let (mut server, handle, _gate, clock) = server_on_a_clock(pausing_at(Rate::per_second(1)));
    let _client = come_from(1, &handle);
    let _open = admitted(&mut server);
    assert!(poll(&mut server).is_pending());
    assert_eq!(clock.sleeping(), 1);
    drop(server);
    assert_eq!(clock.sleeping(), 0);
}

#[test]
fn a_wait_that_is_given_up_loses_nobody() {
    let (mut server, handle, _gate, clock) = server_on_a_clock(pausing_at(Rate::per_second(1)));
    let _clients = [1, 2].map(|host| come_from(host, &handle));
    let _open = admitted(&mut server);
    for _ in 0..3 {
        drop(block_on(futures_lite::future::poll_once(server.accept())));
    }
    let (next, ()) = block_on(zip(server.accept(), async {
        clock.advance(Duration::from_secs(1));
    }));
    assert!(next.unwrap().is_ok());
}

#[test]
fn a_rate_of_zero_is_waited_for_without_a_timer() {
    let (mut server, handle, gate, clock) = server_on_a_clock(pausing_at(Rate::per_second(0)));
    let _client = come_from(1, &handle);
    let waker = CountingWaker::new();
    assert!(server.poll_accept(&mut waker.context()).is_pending());
    assert_eq!(clock.sleeping(), 0);
    gate.change(|settings| settings.rate = None);
    assert_eq!(waker.count(), 1);
    admitted(&mut server);
}

#[test]
fn the_exempt_wait_with_everybody_else() {
    let (mut server, handle, _gate) = server(|settings| {
        pausing(0)(settings);
        settings.exempt = vec![network("192.0.2.1")];
    });
    let _client = come_from(1, &handle);
    assert!(poll(&mut server).is_pending());
    assert_eq!(handle.waiting(), 1);
}
