//! Stopping, whoever is polled or not.

use std::{future::Future, io, pin::pin, sync::Arc, task::Poll, thread, time::Duration};

use futures_lite::{
    AsyncReadExt,
    future::{block_on, poll_once},
};
use socketry_server::{Accept, AtLimit, State};
use socketry_server_limiting::{ConnectionEnded, Drained, EndReason, LimitingServer};
use socketry_testing::{CountingWaker, ManualClock, ServerHandle};

use crate::support::{
    Late, Limiting, accept, accept_error, has_ended, limiting, meet, poll_accept, poll_read,
};

const MINUTE: Duration = Duration::from_secs(60);

fn on_a_clock(limit: impl Into<Option<usize>>) -> (Limiting, ServerHandle, ManualClock) {
    let clock = ManualClock::new();
    let (server, handle) = limiting(limit);
    (server.with_clock(Arc::new(clock.clone())), handle, clock)
}

fn counts(drained: Drained) -> (u64, u64) {
    (drained.finished, drained.closed)
}

#[test]
fn it_closes_the_server_first_and_tells_every_connection() {
    let (mut server, handle, _clock) = on_a_clock(None);
    let (_client, accepted) = meet(&mut server, &handle);
    let waker = CountingWaker::new();
    let mut told = pin!(accepted.draining());
    assert!(told.as_mut().poll(&mut waker.context()).is_pending());
    let connections = server.connections();
    let mut draining = Box::pin(connections.drain(MINUTE));
    assert!(block_on(poll_once(&mut draining)).is_none());
    assert_eq!((handle.state(), waker.count()), (State::Closed, 1));
    assert!(told.as_mut().poll(&mut waker.context()).is_ready());
}

#[test]
fn it_is_over_when_the_last_connection_has_ended() {
    let (mut server, handle, clock) = on_a_clock(None);
    let mut inside: Vec<_> = (0..3).map(|_| meet(&mut server, &handle)).collect();
    let mut draining = Box::pin(server.connections().drain(MINUTE));
    assert!(block_on(poll_once(&mut draining)).is_none());
    while inside.pop().is_some() {
        clock.advance(Duration::from_secs(1));
        if !inside.is_empty() {
            assert!(block_on(poll_once(&mut draining)).is_none());
        }
    }
    let drained = block_on(draining);
    assert_eq!(counts(drained), (3, 0));
    assert_eq!(drained.took, Duration::from_secs(3));
    assert_eq!(drained.to_string(), "drained in 3.0s: 3 finished, 0 closed by force");
    assert_eq!(clock.sleeping(), 0);
}

#[test]
fn at_the_deadline_those_who_are_left_are_ended_and_counted() {
    let (mut server, handle, clock) = on_a_clock(None);
    let (_, finished) = meet(&mut server, &handle);
    let (mut client, mut left) = meet(&mut server, &handle);
    let mut draining = Box::pin(server.connections().drain(MINUTE));
    assert!(block_on(poll_once(&mut draining)).is_none());
    drop(finished);
    clock.advance(MINUTE);
    let drained = block_on(draining);
    assert_eq!((counts(drained), drained.took), ((1, 1), MINUTE));
    assert!(has_ended(&mut client));
    let error = block_on(left.read(&mut [0; 8])).unwrap_err();
    let payload = error.get_ref().unwrap().downcast_ref::<ConnectionEnded>().unwrap();
    assert_eq!(payload.reason(), EndReason::Drained);
}

#[test]
fn without_connections_it_is_over_at_once_also_if_nobody_polls_the_server() {
    let (server, _handle, clock) = on_a_clock(None);
    let drained = block_on(server.connections().drain(MINUTE));
    assert_eq!((counts(drained), clock.sleeping()), ((0, 0), 0));
}

#[test]
fn with_a_deadline_of_zero_all_are_ended_at_once() {
    let (mut server, handle) = limiting(None);
    let mut inside: Vec<_> = (0..3).map(|_| meet(&mut server, &handle)).collect();
    let drained = block_on(server.connections().drain(Duration::ZERO));
    assert_eq!(counts(drained), (0, 3));
    assert!(inside.iter_mut().all(|(client, _)| has_ended(client)));
}

#[test]
fn a_server_that_is_paused_or_full_or_gone_is_drained_as_well() {
    for what in ["paused", "full", "gone"] {
        let (server, handle, clock) = on_a_clock(1);
        let mut server = server.at_limit(AtLimit::Pause);
        let (_client, accepted) = meet(&mut server, &handle);
        let connections = server.connections();
        let waker = CountingWaker::new();
        match what {
            "paused" => server.control().pause(),
            "full" => assert!(server.poll_accept(&mut waker.context()).is_pending()),
            _ => drop(server),
        }
        let mut draining = Box::pin(connections.drain(MINUTE));
        assert!(block_on(poll_once(&mut draining)).is_none(), "{what}");
        clock.advance(MINUTE);
        assert_eq!(counts(block_on(draining)), (0, 1), "{what}");
        drop(accepted);
    }
}

#[test]
fn a_server_that_waits_is_woken_by_it_and_ends() {
    for limit in [None, Some(1)] {
        let (server, handle, _clock) = on_a_clock(limit);
        let mut server = server.at_limit(AtLimit::Pause);
        let _inside = meet(&mut server, &handle);
        let waker = CountingWaker::new();
        assert!(server.poll_accept(&mut waker.context()).is_pending());
        let connections = server.connections();
        let draining = thread::spawn(move || block_on(poll_once(connections.drain(MINUTE))));
        assert!(draining.join().unwrap().is_none());
        assert!(waker.count() > 0);
        assert!(matches!(poll_accept(&mut server), Poll::Ready(None)));
    }
}

#[test]
fn who_is_dropped_in_the_middle_has_closed_and_told_and_ended_nobody() {
    let (mut server, handle, clock) = on_a_clock(None);
    let (_client, mut accepted) = meet(&mut server, &handle);
    let mut draining = Box::pin(server.connections().drain(MINUTE));
    assert!(block_on(poll_once(&mut draining)).is_none());
    drop(draining);
    assert_eq!((handle.state(), clock.sleeping()), (State::Closed, 0));
    assert!(poll_read(&mut accepted).is_pending());
    block_on(accepted.draining());
}

#[test]
fn who_comes_out_of_a_handshake_during_a_drain_is_told_at_once_and_waited_for() {
    let clock = ManualClock::new();
    let (inner, _clients) = Late::new(2);
    let mut server = LimitingServer::new(inner, None).with_clock(Arc::new(clock.clone()));
    let _first = accept(&mut server);
    let mut draining = Box::pin(server.connections().drain(MINUTE));
    assert!(block_on(poll_once(&mut draining)).is_none());
    let second = accept(&mut server);
    block_on(second.draining());
    clock.advance(MINUTE);
    assert_eq!(counts(block_on(draining)), (0, 2));
}

#[test]
fn who_comes_out_of_a_handshake_after_a_drain_is_refused_and_then_the_server_ends() {
    let (inner, _clients) = Late::new(1);
    let mut server = LimitingServer::new(inner, None);
    block_on(server.connections().drain(MINUTE));
    let error = accept_error(&mut server);
    assert_eq!(error.kind(), io::ErrorKind::ConnectionAborted);
    assert_eq!(
        error.to_string(),
        "connection ended: the server has stopped, and the time for that was up"
    );
    assert!(matches!(poll_accept(&mut server), Poll::Ready(None)));
}

#[test]
fn who_waits_for_a_place_when_a_drain_ends_is_refused_and_the_server_woken() {
    let (inner, _clients) = Late::new(2);
    let mut server = LimitingServer::new(inner, 1).at_limit(AtLimit::Pause);
    let _first = accept(&mut server);
    server.control().close();
    let waker = CountingWaker::new();
    assert!(server.poll_accept(&mut waker.context()).is_pending());
    block_on(server.connections().drain(Duration::ZERO));
    assert_eq!(waker.count(), 1);
    accept_error(&mut server);
    assert!(matches!(poll_accept(&mut server), Poll::Ready(None)));
}

#[test]
fn two_drains_wait_side_by_side() {
    let (mut server, handle, clock) = on_a_clock(None);
    let _inside = meet(&mut server, &handle);
    let connections = server.connections();
    let mut long = Box::pin(connections.drain(MINUTE * 2));
    let mut short = Box::pin(connections.drain(MINUTE));
    assert!(block_on(poll_once(&mut long)).is_none());
    assert!(block_on(poll_once(&mut short)).is_none());
    clock.advance(MINUTE);
    assert_eq!(counts(block_on(short)), (0, 1));
    assert!(block_on(poll_once(&mut long)).is_none(), "the owner has not dropped it yet");
}

#[test]
fn who_was_ended_by_one_drain_has_not_finished_for_another() {
    let (mut server, handle, _clock) = on_a_clock(None);
    let (_client, accepted) = meet(&mut server, &handle);
    let connections = server.connections();
    let mut long = Box::pin(connections.drain(MINUTE));
    assert!(block_on(poll_once(&mut long)).is_none());
    assert_eq!(counts(block_on(connections.drain(Duration::ZERO))), (0, 1));
    drop(accepted);
    assert_eq!(counts(block_on(long)), (0, 1));
}

#[test]
fn who_is_ended_through_the_list_during_a_drain_has_not_finished() {
    let (mut server, handle, _clock) = on_a_clock(None);
    let (_client, accepted) = meet(&mut server, &handle);
    let connections = server.connections();
    let mut draining = Box::pin(connections.drain(MINUTE));
    assert!(block_on(poll_once(&mut draining)).is_none());
    connections.close_all();
    drop(accepted);
    assert_eq!(counts(block_on(draining)), (0, 1));
}

#[test]
fn a_time_that_nobody_lives_to_see_is_no_deadline() {
    let (mut server, handle, clock) = on_a_clock(None);
    let (_client, accepted) = meet(&mut server, &handle);
    let mut draining = Box::pin(server.connections().drain(Duration::MAX));
    assert!(block_on(poll_once(&mut draining)).is_none());
    clock.advance(MINUTE * 1_000_000);
    assert!(block_on(poll_once(&mut draining)).is_none());
    drop(accepted);
    assert_eq!(counts(block_on(draining)), (1, 0));
}
