//! Closing and dropping a server while handshakes are under way.

use std::time::Duration;

use futures_lite::future::{block_on, zip};
use socketry_server::{Accept, AcceptExt};

use crate::support::{
    come, is_at_its_end, meet, poll_accept, poll_until_idle, secure, server, server_on_a_clock,
};

#[test]
fn a_handshake_under_way_finishes_after_a_close() {
    let (mut server, handle) = server();
    let client = come(&handle);
    assert!(poll_accept(&mut server).is_pending());
    server.control().close();
    block_on(meet(&mut server, client));
    assert!(block_on(server.accept()).is_none());
}

#[test]
fn a_closed_server_ends_with_the_deadline_of_its_last_handshake() {
    let (mut server, handle, clock) = server_on_a_clock();
    let mut idle: Vec<_> = (0..5).map(|_| come(&handle)).collect();
    assert!(poll_accept(&mut server).is_pending());
    server.control().close();
    assert!(poll_accept(&mut server).is_pending());
    clock.advance(Duration::from_secs(10));
    assert_eq!(poll_until_idle(&mut server).len(), 5);
    assert!(block_on(server.accept()).is_none());
    assert!(block_on(server.accept()).is_none());
    assert!(idle.iter_mut().all(is_at_its_end));
}

#[test]
fn a_server_that_waits_for_a_handshake_is_woken_by_its_end_after_a_close() {
    let (mut server, handle) = server();
    let client = come(&handle);
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
    let (_client, accepted) = block_on(zip(secure(client), all));
    assert_eq!(accepted, 1);
}

#[test]
fn dropping_the_server_ends_its_handshakes_at_once() {
    let (mut server, handle, clock) = server_on_a_clock();
    let mut clients: Vec<_> = (0..5).map(|_| come(&handle)).collect();
    assert!(poll_accept(&mut server).is_pending());
    drop(server);
    assert!(clients.iter_mut().all(is_at_its_end));
    assert_eq!(clock.sleeping(), 0);
}

#[test]
fn taking_the_server_inside_out_ends_the_handshakes_at_once() {
    let (mut server, handle) = server();
    let mut client = come(&handle);
    assert!(poll_accept(&mut server).is_pending());
    let _inner = server.into_inner();
    assert!(is_at_its_end(&mut client));
}

#[test]
fn a_server_inside_that_ends_by_itself_ends_the_server() {
    let (mut server, handle) = server();
    let client = come(&handle);
    handle.finish();
    block_on(meet(&mut server, client));
    assert!(block_on(server.accept()).is_none());
    assert!(server.control().is_closed());
}
