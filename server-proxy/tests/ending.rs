//! Closing and dropping a server while headers are being read, and giving up a poll.

use std::time::Duration;

use futures_lite::future::{block_on, poll_once, zip};
use socketry_server::{Accept, AcceptExt};
use socketry_testing::{MemoryConnection, ServerHandle};

use crate::support::{
    Server, V1, accept, come, come_saying, is_at_its_end, options, poll_accept, poll_until_idle,
    progress, say, server, server_on_a_clock, serving,
};

fn reading(mut server: Server, handle: &ServerHandle) -> (Server, Vec<MemoryConnection>) {
    let peers = [&b""[..], &V1[..1], &V1[..30]].map(|begin| come_saying(begin, handle));
    assert!(poll_accept(&mut server).is_pending());
    (server, peers.into())
}

#[test]
fn a_header_that_is_being_read_is_read_to_its_end_after_a_close() {
    let (server, handle) = server();
    let (mut server, mut peers) = reading(server, &handle);
    server.control().close();
    assert!(poll_accept(&mut server).is_pending());
    say(&mut peers[2], &V1[30..]);
    accept(&mut server);
    peers.clear();
    assert_eq!(poll_until_idle(&mut server).len(), 2);
    assert!(block_on(server.accept()).is_none());
}

#[test]
fn a_closed_server_ends_with_its_last_deadline() {
    let (server, handle, clock) = server_on_a_clock(options());
    let (mut server, mut peers) = reading(server, &handle);
    server.control().close();
    assert!(poll_accept(&mut server).is_pending());
    clock.advance(Duration::from_secs(5));
    assert_eq!(poll_until_idle(&mut server).len(), 3);
    assert!(block_on(server.accept()).is_none() && block_on(server.accept()).is_none());
    assert!(peers.iter_mut().all(is_at_its_end));
}

#[test]
fn a_closed_server_that_waits_for_a_header_is_woken_by_it() {
    let (mut server, handle) = server();
    let mut peer = come(&handle);
    assert!(poll_accept(&mut server).is_pending());
    server.control().close();
    let all = async {
        let mut accepted = 0;
        while let Some(result) = server.accept().await {
            result.unwrap();
            accepted += 1;
        }
        accepted
    };
    let saying = async {
        futures_lite::future::yield_now().await;
        say(&mut peer, V1);
    };
    assert_eq!(block_on(zip(all, saying)).0, 1);
}

#[test]
fn a_full_server_that_is_closed_ends_when_its_headers_have() {
    let (server, handle) = serving(options().most_headers(3));
    let (mut server, peers) = reading(server, &handle);
    let mut next = come(&handle);
    assert!(poll_until_idle(&mut server).is_empty());
    server.control().close();
    assert!(is_at_its_end(&mut next));
    drop(peers);
    assert_eq!(poll_until_idle(&mut server).len(), 3);
    assert!(block_on(server.accept()).is_none());
}

#[test]
fn what_was_read_before_a_close_still_comes() {
    let (mut server, handle) = server();
    let mut peer = come(&handle);
    assert!(poll_accept(&mut server).is_pending());
    say(&mut peer, V1);
    progress(&mut server);
    server.control().close();
    accept(&mut server);
    assert!(block_on(server.accept()).is_none());
}

#[test]
fn dropping_the_server_ends_all_of_them_at_once() {
    let (server, handle, clock) = server_on_a_clock(options());
    let (server, mut peers) = reading(server, &handle);
    assert_eq!(clock.sleeping(), 3);
    drop(server);
    assert!(peers.iter_mut().all(is_at_its_end));
    assert_eq!(clock.sleeping(), 0);
}

#[test]
fn dropping_the_server_ends_those_that_nobody_took_out() {
    let (mut server, handle) = server();
    let mut peer = come(&handle);
    assert!(poll_accept(&mut server).is_pending());
    say(&mut peer, V1);
    progress(&mut server);
    drop(server);
    assert!(is_at_its_end(&mut peer));
}

#[test]
fn taking_the_server_inside_out_ends_all_of_them_at_once() {
    let (server, handle) = server();
    let (server, mut peers) = reading(server, &handle);
    let _inner = server.into_inner();
    assert!(peers.iter_mut().all(is_at_its_end));
}

#[test]
fn a_poll_that_is_given_up_at_any_stage_loses_nobody() {
    let (mut server, handle) = server();
    let mut peer = come(&handle);
    for byte in V1 {
        assert!(block_on(poll_once(server.accept())).is_none());
        say(&mut peer, &[*byte]);
    }
    accept(&mut server);
}

#[test]
fn a_server_inside_that_ends_by_itself_ends_the_server() {
    let (mut server, handle) = server();
    let _peer = come_saying(V1, &handle);
    handle.finish();
    accept(&mut server);
    assert!(block_on(server.accept()).is_none());
    assert!(server.control().is_closed());
}
