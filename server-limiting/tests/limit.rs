//! So many are open, and no more.

use std::{io, thread};

use futures_lite::{AsyncWriteExt, future::block_on};
use socketry_server::{Accept, AtLimit, LimitReached, State};
use socketry_testing::CountingWaker;

use crate::support::{accept, accept_error, come, has_ended, limiting, meet, poll_accept};

#[test]
fn as_many_as_the_limit_come_in_and_the_next_is_closed_and_told() {
    let (mut server, handle) = limiting(2);
    let _inside = [meet(&mut server, &handle), meet(&mut server, &handle)];
    let mut third = come(&handle);
    let error = accept_error(&mut server);
    assert!(has_ended(&mut third));
    assert_eq!(error.kind(), io::ErrorKind::QuotaExceeded);
    assert_eq!(
        error.to_string(),
        "connection from tcp://192.0.2.1:50000 closed: the limit of 2 open connections is reached"
    );
    assert!(error.get_ref().unwrap().is::<LimitReached>());
}

#[test]
fn a_place_is_free_when_its_connection_is_dropped() {
    let (mut server, handle) = limiting(1);
    let (_client, accepted) = meet(&mut server, &handle);
    drop(accepted);
    meet(&mut server, &handle);
}

#[test]
fn a_place_stays_taken_when_only_the_peer_has_left() {
    let (mut server, handle) = limiting(1);
    let (client, _accepted) = meet(&mut server, &handle);
    drop(client);
    let _next = come(&handle);
    accept_error(&mut server);
}

#[test]
fn a_connection_that_is_taken_out_frees_its_place_and_goes_on() {
    let (mut server, handle) = limiting(1);
    let (mut client, accepted) = meet(&mut server, &handle);
    let mut exempt = accepted.into_inner();
    assert!(server.connections().is_empty());
    block_on(exempt.write_all(b"still here")).unwrap();
    assert_eq!(crate::support::heard(&mut client), "still here");
}

#[test]
fn with_pause_nobody_is_taken_from_the_moment_on_at_which_the_last_place_was() {
    let (server, handle) = limiting(1);
    let mut server = server.at_limit(AtLimit::Pause);
    let (_one, mut two) = (come(&handle), come(&handle));
    let _accepted = accept(&mut server);
    let asked = handle.accept_polls();
    assert!(poll_accept(&mut server).is_pending());
    assert_eq!((handle.accept_polls(), handle.waiting()), (asked, 1));
    assert!(!has_ended(&mut two), "it waits as in a backlog");
}

#[test]
fn with_pause_those_who_wait_come_in_one_by_one() {
    let (server, handle) = limiting(1);
    let mut server = server.at_limit(AtLimit::Pause);
    let _clients = [come(&handle), come(&handle), come(&handle)];
    for left in [2, 1, 0] {
        drop(accept(&mut server));
        assert_eq!(handle.waiting(), left);
    }
    assert_eq!(server.connections().rejected(), 0);
}

#[test]
fn with_pause_a_place_that_is_free_wakes_the_server_at_once() {
    let (server, handle) = limiting(1);
    let mut server = server.at_limit(AtLimit::Pause);
    let (_client, accepted) = meet(&mut server, &handle);
    let waker = CountingWaker::new();
    assert!(server.poll_accept(&mut waker.context()).is_pending());
    thread::spawn(|| drop(accepted)).join().unwrap();
    assert_eq!(waker.count(), 1);
    let _next = come(&handle);
    accept(&mut server);
}

#[test]
fn with_pause_what_is_under_way_inside_goes_on() {
    let (server, handle) = limiting(1);
    let mut server = server.at_limit(AtLimit::Pause);
    let _inside = meet(&mut server, &handle);
    assert!(poll_accept(&mut server).is_pending());
    assert_eq!(handle.progress_polls(), 1);
}

#[test]
fn without_a_limit_nobody_is_turned_away_or_waits() {
    for at_limit in [AtLimit::Reject, AtLimit::Pause] {
        let (server, handle) = limiting(None);
        let mut server = server.at_limit(at_limit);
        let inside: Vec<_> = (0..100).map(|_| meet(&mut server, &handle)).collect();
        assert_eq!(server.connections().len(), inside.len());
        assert_eq!(server.connections().limit(), None);
    }
}

#[test]
fn with_a_limit_of_zero_nobody_comes_in() {
    let (mut server, handle) = limiting(0);
    let _client = come(&handle);
    assert_eq!(accept_error(&mut server).kind(), io::ErrorKind::QuotaExceeded);

    let (server, handle) = limiting(0);
    let mut server = server.at_limit(AtLimit::Pause);
    let _client = come(&handle);
    assert!(poll_accept(&mut server).is_pending());
}

#[test]
fn paused_by_hand_it_stays_so_when_a_place_is_free() {
    let (server, handle) = limiting(1);
    let mut server = server.at_limit(AtLimit::Pause);
    let (_client, accepted) = meet(&mut server, &handle);
    let _next = come(&handle);
    server.control().pause();
    drop(accepted);
    assert!(poll_accept(&mut server).is_pending());
    server.control().resume();
    accept(&mut server);
}

#[test]
fn resumed_by_hand_it_takes_nobody_before_a_place_is_free() {
    let (server, handle) = limiting(1);
    let mut server = server.at_limit(AtLimit::Pause);
    let (_client, accepted) = meet(&mut server, &handle);
    let _next = come(&handle);
    server.control().pause();
    server.control().resume();
    assert!(poll_accept(&mut server).is_pending());
    assert_eq!(server.control().state(), State::Open);
    drop(accepted);
    accept(&mut server);
}

#[test]
fn a_limit_that_is_raised_wakes_the_server_and_lets_the_next_one_in() {
    let (server, handle) = limiting(1);
    let mut server = server.at_limit(AtLimit::Pause);
    let _inside = meet(&mut server, &handle);
    let _next = come(&handle);
    let waker = CountingWaker::new();
    assert!(server.poll_accept(&mut waker.context()).is_pending());
    server.connections().set_limit(2);
    assert_eq!(waker.count(), 1);
    accept(&mut server);
}

#[test]
fn a_limit_that_is_lowered_leaves_those_in_who_are_open() {
    let (mut server, handle) = limiting(3);
    let inside = [meet(&mut server, &handle), meet(&mut server, &handle)];
    server.connections().set_limit(1);
    let _third = come(&handle);
    accept_error(&mut server);
    assert_eq!(server.connections().len(), 2);
    drop(inside);
    meet(&mut server, &handle);
}

#[test]
fn places_that_are_freed_from_many_threads_are_freed_once_each() {
    let (mut server, handle) = limiting(None);
    let connections = server.connections();
    for _ in 0..20 {
        let inside: Vec<_> = (0..64).map(|_| meet(&mut server, &handle)).collect();
        let mut threads = Vec::new();
        for accepted in inside {
            threads.push(thread::spawn(move || drop(accepted)));
        }
        threads.into_iter().for_each(|thread| thread.join().unwrap());
        assert_eq!((connections.len(), connections.iter().count()), (0, 0));
    }
    assert_eq!(connections.accepted(), 20 * 64);
}

#[test]
fn who_was_let_in_and_who_was_not_are_counted() {
    let (mut server, handle) = limiting(1);
    let _inside = meet(&mut server, &handle);
    for _ in 0..3 {
        let _client = come(&handle);
        accept_error(&mut server);
    }
    let connections = server.connections();
    assert_eq!((connections.accepted(), connections.rejected()), (1, 3));
}
