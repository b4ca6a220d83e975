//! A server that is not asked for connections.

use std::time::Duration;

use futures_lite::future::block_on;
use socketry_connection_tls::HandshakeFailure;
use socketry_server::Accept;
use socketry_testing::CountingWaker;

use crate::support::{
    come, come_from, failure, is_at_its_end, poll, poll_accept, poll_until_idle, secure, server,
    server_on_a_clock,
};

/// Lets work go on until nothing is left to do.
fn progress(server: &mut impl Accept) {
    let waker = CountingWaker::new();
    while {
        assert!(server.poll_progress(&mut waker.context()).is_pending());
        waker.take() > 0
    } {}
}

#[test]
fn a_handshake_finishes_and_its_connection_is_kept() {
    let (mut server, handle) = server();
    let mut client = Box::pin(secure(come(&handle)));
    assert!(poll_accept(&mut server).is_pending());
    assert!(poll(&mut client).is_pending());
    progress(&mut server);
    let _client = block_on(client).unwrap();
    progress(&mut server);
    assert!(matches!(poll_accept(&mut server), std::task::Poll::Ready(Some(Ok(_)))));
}

#[test]
fn nobody_is_taken() {
    let (mut server, handle) = server();
    let _client = come(&handle);
    progress(&mut server);
    assert_eq!((handle.waiting(), handle.accept_polls()), (1, 0));
}

#[test]
fn the_server_inside_goes_on_too() {
    let (mut server, handle) = server();
    progress(&mut server);
    assert_eq!(handle.progress_polls(), 1);
}

#[test]
fn the_server_inside_goes_on_while_all_places_are_taken() {
    let (server, handle) = server();
    let mut server = server.most_handshakes(1);
    let _idle = come(&handle);
    poll_until_idle(&mut server);
    assert!(handle.progress_polls() > 0);
    assert!(handle.wake_progress());
}

#[test]
fn deadlines_are_kept() {
    let (mut server, handle, clock) = server_on_a_clock();
    let mut client = come(&handle);
    assert!(poll_accept(&mut server).is_pending());
    clock.advance(Duration::from_secs(10));
    progress(&mut server);
    assert!(is_at_its_end(&mut client));
    let error = block_on(socketry_server::AcceptExt::accept(&mut server)).unwrap().unwrap_err();
    assert!(matches!(failure(&error), HandshakeFailure::TimedOut { .. }));
}

#[test]
fn what_nobody_takes_out_keeps_its_place() {
    let (server, handle) = server();
    let mut server = server.most_handshakes(2);
    drop((come_from(1, &handle), come_from(2, &handle)));
    let _next = come_from(3, &handle);
    progress(&mut server);
    // Taken by a poll for connections, ended by the other kind.
    let waker = CountingWaker::new();
    let first = server.poll_accept(&mut waker.context());
    progress(&mut server);
    assert!(first.is_ready());
    assert!(handle.waiting() > 0);
}

#[test]
fn who_comes_while_work_goes_on_is_taken_afterwards() {
    let (mut server, handle) = server();
    assert!(poll_accept(&mut server).is_pending());
    progress(&mut server);
    let _client = come(&handle);
    assert!(poll_accept(&mut server).is_pending());
    assert_eq!(handle.waiting(), 0);
}
