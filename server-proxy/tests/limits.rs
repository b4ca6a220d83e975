//! How many headers there may be at once.

use std::time::Duration;

use futures_lite::future::block_on;
use socketry_server::{Accept, AcceptExt};
use socketry_server_proxy::Untrusted;
use socketry_testing::{MemoryConnection, ServerHandle};

use crate::support::{
    CLIENT, V1, accept, come, come_from, come_saying, is_at_its_end, options, poll_accept,
    poll_until_idle, progress, say, server, server_on_a_clock, serving,
};

/// As many who say nothing.
fn silent(number: usize, handle: &ServerHandle) -> Vec<MemoryConnection> {
    (0..number).map(|_| come(handle)).collect()
}

#[test]
fn nine_who_say_nothing_do_not_hold_up_the_tenth() {
    let (mut server, handle) = server();
    let _silent = silent(9, &handle);
    let _good = come_saying(V1, &handle);
    accept(&mut server);
}

#[test]
fn a_full_server_leaves_newcomers_in_the_backlog_and_lets_the_one_inside_go_on() {
    let (mut server, handle) = serving(options().most_headers(3));
    let _silent = silent(5, &handle);
    assert!(poll_until_idle(&mut server).is_empty());
    let (accepts, progresses) = (handle.accept_polls(), handle.progress_polls());
    assert_eq!(handle.waiting(), 2);
    assert!(poll_until_idle(&mut server).is_empty());
    assert_eq!(handle.accept_polls(), accepts);
    assert!(handle.progress_polls() > progresses && handle.wake_progress());
}

#[test]
fn a_header_that_has_come_or_failed_lets_the_next_one_in() {
    let (mut server, handle) = serving(options().most_headers(3));
    let mut silent = silent(6, &handle);
    poll_until_idle(&mut server);
    say(&mut silent[0], V1);
    drop(silent.remove(1));
    assert_eq!(poll_until_idle(&mut server).len(), 2);
    assert_eq!(handle.waiting(), 1);
}

#[test]
fn two_hundred_and_fifty_six_who_say_nothing_hold_up_a_good_one_until_their_deadline() {
    let (mut server, handle, clock) = server_on_a_clock(options());
    let mut silent = silent(256, &handle);
    let _good = come_saying(V1, &handle);
    assert!(poll_until_idle(&mut server).is_empty());
    assert_eq!(handle.waiting(), 1);
    clock.advance(Duration::from_secs(5));
    let results = poll_until_idle(&mut server);
    assert_eq!(results.iter().filter(|result| result.is_err()).count(), 256);
    assert_eq!(results.len(), 257);
    assert!(silent.iter_mut().all(is_at_its_end));
    assert_eq!(clock.sleeping(), 0);
}

#[test]
fn nobody_new_is_taken_before_all_that_has_ended_was_taken_out() {
    let (mut server, handle) = serving(options().most_headers(2));
    let mut peers = silent(3, &handle);
    assert!(poll_until_idle(&mut server).is_empty());
    peers.iter_mut().for_each(|peer| say(peer, V1));
    progress(&mut server);
    assert_eq!(handle.waiting(), 1);
    assert!(poll_accept(&mut server).is_ready() && poll_accept(&mut server).is_ready());
    assert_eq!(handle.waiting(), 1);
    accept(&mut server);
}

#[test]
fn strangers_take_no_place() {
    let (mut server, handle) = serving(options().most_headers(1).untrusted(Untrusted::PassThrough));
    let _strangers: Vec<_> = (0..5).map(|_| come_from(CLIENT, &handle)).collect();
    assert_eq!(poll_until_idle(&mut server).len(), 5);
}

#[test]
fn a_limit_of_zero_counts_as_one() {
    let (mut server, handle) = serving(options().most_headers(0));
    let _peers = [come_saying(V1, &handle), come_saying(V1, &handle)];
    accept(&mut server);
    accept(&mut server);
    server.control().close();
    assert!(block_on(server.accept()).is_none());
}

#[test]
fn a_flood_of_newcomers_lets_other_tasks_have_a_turn() {
    let (mut server, handle) = server();
    let _silent = silent(100, &handle);
    assert!(poll_accept(&mut server).is_pending());
    assert_eq!(handle.waiting(), 100 - 32);
}

#[test]
fn a_flood_of_results_lets_other_tasks_have_a_turn() {
    let (mut server, handle) = server();
    let mut peers = silent(40, &handle);
    assert!(poll_until_idle(&mut server).is_empty());
    peers.iter_mut().for_each(|peer| say(peer, V1));
    let results = (0..40).take_while(|_| poll_accept(&mut server).is_ready()).count();
    assert_eq!(results, 32);
    assert!(poll_accept(&mut server).is_ready());
}

#[test]
fn a_flood_of_strangers_lets_other_tasks_have_a_turn() {
    let (mut server, handle) = server();
    let _strangers: Vec<_> = (0..40).map(|_| come_from(CLIENT, &handle)).collect();
    let results = (0..40).take_while(|_| poll_accept(&mut server).is_ready()).count();
    assert_eq!(results, 32);
}
