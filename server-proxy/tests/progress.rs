//! A server that is not asked for connections.

use std::{io::ErrorKind, time::Duration};

use crate::support::{
    CLIENT, V1, accept, come, come_saying, is_at_its_end, options, poll_accept, progress, refusal,
    remote, say, server, server_on_a_clock,
};

#[test]
fn a_header_is_read_and_its_connection_is_kept() {
    let (mut server, handle) = server();
    let mut peer = come(&handle);
    assert!(poll_accept(&mut server).is_pending());
    say(&mut peer, V1);
    progress(&mut server);
    drop(peer);
    assert_eq!(remote(&accept(&mut server)), CLIENT);
}

#[test]
fn deadlines_are_kept() {
    let (mut server, handle, clock) = server_on_a_clock(options());
    let mut peer = come(&handle);
    assert!(poll_accept(&mut server).is_pending());
    clock.advance(Duration::from_secs(5));
    progress(&mut server);
    assert!(is_at_its_end(&mut peer));
    assert_eq!(refusal(&mut server).kind(), ErrorKind::TimedOut);
}

#[test]
fn nobody_is_taken() {
    let (mut server, handle) = server();
    let _peer = come_saying(V1, &handle);
    progress(&mut server);
    assert_eq!((handle.waiting(), handle.accept_polls()), (1, 0));
}

#[test]
fn the_server_inside_goes_on_too() {
    let (mut server, handle) = server();
    progress(&mut server);
    assert_eq!(handle.progress_polls(), 1);
    assert!(handle.wake_progress());
}

#[test]
fn who_comes_while_work_goes_on_is_taken_afterwards() {
    let (mut server, handle) = server();
    assert!(poll_accept(&mut server).is_pending());
    progress(&mut server);
    let _peer = come_saying(V1, &handle);
    accept(&mut server);
}
