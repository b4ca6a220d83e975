//! Closing a server that is full.

use std::task::Poll;

use socketry_server::{Accept, AtLimit};
use socketry_server_limiting::LimitingServer;
use socketry_testing::CountingWaker;

use crate::support::{Late, accept, come, limiting, meet, poll_accept, poll_read};

#[test]
fn a_full_server_that_is_closed_ends_at_once_if_nobody_is_under_way() {
    let (server, handle) = limiting(1);
    let mut server = server.at_limit(AtLimit::Pause);
    let (_client, mut accepted) = meet(&mut server, &handle);
    let _waiting = come(&handle);
    let waker = CountingWaker::new();
    assert!(server.poll_accept(&mut waker.context()).is_pending());
    server.control().close();
    assert_eq!(waker.count(), 1);
    assert!(matches!(poll_accept(&mut server), Poll::Ready(None)));
    assert!(poll_read(&mut accepted).is_pending(), "closing leaves connections open");
}

#[test]
fn who_was_under_way_when_a_full_server_was_closed_waits_for_a_place_and_then_it_ends() {
    let (inner, _clients) = Late::new(3);
    let mut server = LimitingServer::new(inner, 1).at_limit(AtLimit::Pause);
    let first = accept(&mut server);
    server.control().close();
    let waker = CountingWaker::new();
    assert!(server.poll_accept(&mut waker.context()).is_pending());
    drop(first);
    assert_eq!(waker.count(), 1);
    drop(accept(&mut server));
    drop(accept(&mut server));
    assert!(matches!(poll_accept(&mut server), Poll::Ready(None)));
    assert_eq!(server.connections().accepted(), 3);
}

#[test]
fn what_is_under_way_goes_on_while_one_of_them_waits_for_a_place() {
    let (inner, _clients) = Late::new(3);
    let mut server = LimitingServer::new(inner, 1).at_limit(AtLimit::Pause);
    let _first = accept(&mut server);
    server.control().close();
    assert!(poll_accept(&mut server).is_pending());
    assert!(poll_accept(&mut server).is_pending());
    assert_eq!((server.get_ref().under_way.len(), server.get_ref().progress), (1, 2));
}
