//! What is known of connections, and ending them from outside.

use std::{collections::HashSet, io, sync::Arc, task::Poll, time::Duration};

use futures_lite::{AsyncReadExt, AsyncWriteExt, future::block_on};
use socketry_connection::Clock;
use socketry_server_limiting::{ConnectionEnded, EndReason, LimitingServer};
use socketry_testing::{CountingWaker, ManualClock, faulty, pair, scripted_server};

use crate::support::{
    accept, address, come, has_ended, limiting, meet, poll_read, poll_read_with, poll_write,
};

#[test]
fn it_shows_who_is_connected_since_when_and_how_much_was_said() {
    let clock = ManualClock::new();
    let (server, handle) = limiting(None);
    let mut server = server.with_clock(Arc::new(clock.clone()));
    let began = clock.now();
    clock.advance(Duration::from_secs(1));
    let (mut client, mut accepted) = meet(&mut server, &handle);
    clock.advance(Duration::from_secs(2));
    block_on(async {
        client.write_all(b"hello").await.unwrap();
        accepted.read(&mut [0; 16]).await.unwrap();
        accepted.write_all(b"hi").await.unwrap();
    });
    let shown = server.connections().iter().next().unwrap();
    assert_eq!(shown.id().to_string(), "1");
    assert_eq!(shown.remote_address(), Some(&address("tcp://192.0.2.1:50000")));
    assert_eq!(shown.opened() - began, Duration::from_secs(1));
    assert_eq!(shown.last_activity() - began, Duration::from_secs(3));
    assert_eq!((shown.bytes_read(), shown.bytes_written()), (5, 2));
}

#[test]
fn local_addresses_are_shown_if_that_was_asked() {
    let (mut server, handle) = limiting(None);
    let (_client, accepted) = meet(&mut server, &handle);
    assert_eq!(accepted.tracked().local_address(), None);

    let (server, handle) = limiting(None);
    let mut server = server.local_addresses();
    let (_client, accepted) = meet(&mut server, &handle);
    assert_eq!(accepted.tracked().local_address(), Some(address("tcp://192.0.2.80:80")));
}

#[test]
fn one_is_found_by_its_number_until_it_has_left() {
    let (mut server, handle) = limiting(None);
    let (_client, accepted) = meet(&mut server, &handle);
    let id = accepted.tracked().id();
    let connections = server.connections();
    assert_eq!(connections.get(id).as_ref(), Some(accepted.tracked()));
    drop(accepted);
    assert_eq!(connections.get(id), None);
    let (_client, next) = meet(&mut server, &handle);
    assert_eq!(connections.get(id), None, "not even when its place is taken");
    assert_ne!(next.tracked().id(), id);
}

#[test]
fn those_who_leave_are_no_longer_shown_and_the_others_are() {
    let (mut server, handle) = limiting(None);
    let mut inside: Vec<_> = (0..10).map(|_| meet(&mut server, &handle)).collect();
    inside.retain(|(_, accepted)| !accepted.tracked().id().to_string().contains(['3', '7']));
    let shown: HashSet<_> = server.connections().iter().map(|shown| shown.id()).collect();
    let expected: HashSet<_> = inside.iter().map(|(_, accepted)| accepted.tracked().id()).collect();
    assert_eq!((shown.len(), shown), (8, expected));
}

#[test]
fn one_that_is_closed_from_outside_ends_on_both_sides_and_its_owner_learns_why() {
    let (mut server, handle) = limiting(None);
    let (mut client, mut accepted) = meet(&mut server, &handle);
    let waker = CountingWaker::new();
    assert!(poll_read_with(&mut accepted, waker.waker()).is_pending());
    assert!(server.connections().iter().all(|connection| connection.close()));
    assert!(waker.count() > 0);
    assert!(has_ended(&mut client));
    let error = block_on(accepted.read(&mut [0; 16])).unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::ConnectionAborted);
    assert_eq!(
        error.to_string(),
        "connection from tcp://192.0.2.1:50000 ended: it was closed through the list of connections"
    );
    let payload = error.get_ref().unwrap().downcast_ref::<ConnectionEnded>().unwrap();
    assert_eq!(payload.reason(), EndReason::Closed);
}

#[test]
fn the_owner_of_one_that_was_closed_learns_it_whatever_it_does_next() {
    let (mut server, handle) = limiting(None);
    let (_client, mut accepted) = meet(&mut server, &handle);
    accepted.tracked().close();
    let kinds = block_on(async {
        [
            accepted.read(&mut [0; 16]).await.unwrap_err().kind(),
            accepted.write(b"hello").await.unwrap_err().kind(),
            accepted.flush().await.unwrap_err().kind(),
            accepted.close().await.unwrap_err().kind(),
        ]
    });
    assert_eq!(kinds, [io::ErrorKind::ConnectionAborted; 4]);
}

#[test]
fn one_that_is_closed_keeps_its_place_until_its_owner_drops_it() {
    let (mut server, handle) = limiting(None);
    let (_client, accepted) = meet(&mut server, &handle);
    let connections = server.connections();
    assert!(accepted.tracked().close());
    assert!(!accepted.tracked().close(), "once is enough");
    assert_eq!((connections.len(), accepted.tracked().is_open()), (1, false));
    drop(accepted);
    assert_eq!(connections.len(), 0);
}

#[test]
fn one_that_has_left_cannot_be_closed() {
    let (mut server, handle) = limiting(None);
    let (_client, accepted) = meet(&mut server, &handle);
    let tracked = accepted.tracked().clone();
    drop(accepted);
    assert!(!tracked.close());
}

#[test]
fn all_are_closed_at_once() {
    let (mut server, handle) = limiting(None);
    let mut inside: Vec<_> = (0..3).map(|_| meet(&mut server, &handle)).collect();
    assert_eq!(server.connections().close_all(), 3);
    assert!(inside.iter_mut().all(|(client, _)| has_ended(client)));
    assert_eq!(server.connections().close_all(), 0);
}

#[test]
fn one_without_an_abort_handle_ends_when_its_owner_looks_and_wakes_it() {
    let (server, handle) = scripted_server();
    let (_client, accepted) = pair();
    let (accepted, faults) = faulty(accepted);
    faults.hide_abort_handle();
    handle.push(accepted);
    let mut server = LimitingServer::new(server, None);
    let mut accepted = accept(&mut server);
    let waker = CountingWaker::new();
    assert!(poll_read_with(&mut accepted, waker.waker()).is_pending());
    accepted.tracked().close();
    assert_eq!(waker.count(), 1);
    let Poll::Ready(Err(error)) = poll_read(&mut accepted) else {
        panic!("it goes on");
    };
    assert_eq!(error.kind(), io::ErrorKind::ConnectionAborted);
    assert!(matches!(poll_write(&mut accepted, "hello"), Poll::Ready(Err(_))));
}

#[test]
fn what_is_known_of_one_is_still_known_when_it_has_left() {
    let (mut server, handle) = limiting(None);
    let (_client, mut accepted) = meet(&mut server, &handle);
    block_on(accepted.write_all(b"hello")).unwrap();
    let tracked = accepted.tracked().clone();
    drop((accepted, server));
    assert_eq!((tracked.bytes_written(), tracked.is_open()), (5, false));
}

#[test]
fn an_owner_that_has_left_is_no_longer_held_by_the_list() {
    let (mut server, handle) = limiting(None);
    let (_client, mut accepted) = meet(&mut server, &handle);
    let tracked = accepted.tracked().clone();
    let task = Arc::new(Task);
    let waker = task.clone().into();
    assert!(poll_read_with(&mut accepted, &waker).is_pending());
    drop((accepted, waker));
    assert_eq!(Arc::strong_count(&task), 1, "{tracked:?}");
}

struct Task;

impl std::task::Wake for Task {
    fn wake(self: Arc<Self>) {}
}

#[test]
fn a_list_of_many_is_empty_when_all_have_left() {
    let (mut server, handle) = limiting(None);
    let inside: Vec<_> = (0..3000).map(|_| meet(&mut server, &handle)).collect();
    drop(inside);
    let (_client, accepted) = meet(&mut server, &handle);
    assert_eq!(server.connections().iter().next().as_ref(), Some(accepted.tracked()));
    let _ = come(&handle);
}
