//! Peers that do not read what is written to them.

use std::io;

use futures_lite::{
    AsyncReadExt, AsyncWriteExt,
    future::{block_on, poll_once},
};
use socketry_server_limiting::{ConnectionEnded, EndReason, WhenBehind};

use crate::support::{has_ended, heard, limiting, meet, meet_with_capacity, poll_read, poll_write};

#[test]
fn whoever_writes_more_than_waits_may_waits_until_the_peer_has_read() {
    let (server, handle) = limiting(None);
    let mut server = server.when_behind(4, WhenBehind::Wait);
    let (mut client, mut accepted) = meet(&mut server, &handle);
    let tracked = accepted.tracked().clone();
    block_on(async {
        tracked.write("four").await.unwrap();
        let mut writing = Box::pin(tracked.write("more"));
        assert!(poll_once(&mut writing).await.is_none());
        assert!(poll_read(&mut accepted).is_pending());
        writing.await.unwrap();
    });
    assert!(poll_read(&mut accepted).is_pending());
    assert_eq!(heard(&mut client), "fourmore");
}

#[test]
fn a_message_is_taken_whole_as_long_as_fewer_bytes_wait_than_may() {
    let (server, handle) = limiting(None);
    let mut server = server.when_behind(4, WhenBehind::Drop);
    let (_client, accepted) = meet(&mut server, &handle);
    let tracked = accepted.tracked();
    block_on(tracked.write("far more than four")).unwrap();
    assert!(block_on(tracked.write("x")).is_err());
}

#[test]
fn who_gives_up_waiting_has_written_nothing_and_is_in_nobodys_way() {
    let (server, handle) = limiting(None);
    let mut server = server.when_behind(1, WhenBehind::Wait);
    let (mut client, mut accepted) = meet(&mut server, &handle);
    let tracked = accepted.tracked().clone();
    block_on(async {
        tracked.write("1").await.unwrap();
        let mut given_up = Box::pin(tracked.write("never"));
        let mut waiting = Box::pin(tracked.write("2"));
        assert!(poll_once(&mut given_up).await.is_none());
        assert!(poll_once(&mut waiting).await.is_none());
        assert!(poll_read(&mut accepted).is_pending());
        drop(given_up);
        waiting.await.unwrap();
    });
    assert!(poll_read(&mut accepted).is_pending());
    assert_eq!(heard(&mut client), "12");
}

#[test]
fn whoever_waits_for_room_learns_that_the_connection_has_gone() {
    let (server, handle) = limiting(None);
    let mut server = server.when_behind(1, WhenBehind::Wait);
    let (_client, accepted) = meet(&mut server, &handle);
    let tracked = accepted.tracked().clone();
    block_on(async {
        tracked.write("1").await.unwrap();
        let mut waiting = Box::pin(tracked.write("2"));
        assert!(poll_once(&mut waiting).await.is_none());
        drop(accepted);
        assert_eq!(waiting.await.unwrap_err().kind(), io::ErrorKind::BrokenPipe);
    });
}

#[test]
fn messages_that_find_no_room_are_dropped_and_told_if_that_is_wanted() {
    let (server, handle) = limiting(None);
    let mut server = server.when_behind(4, WhenBehind::Drop);
    let (mut client, mut accepted) = meet(&mut server, &handle);
    let tracked = accepted.tracked().clone();
    block_on(tracked.write("four")).unwrap();
    let error = block_on(tracked.write("lost")).unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::WouldBlock);
    assert_eq!(block_on(server.connections().broadcast("lost")).dropped, 1);
    assert!(poll_read(&mut accepted).is_pending());
    block_on(tracked.write("heard")).unwrap();
    assert!(poll_read(&mut accepted).is_pending());
    assert_eq!(heard(&mut client), "fourheard");
}

#[test]
fn a_peer_that_does_not_read_is_closed_if_that_is_wanted_and_its_owner_learns_why() {
    let (server, handle) = limiting(None);
    let mut server = server.when_behind(4, WhenBehind::Close);
    let (mut client, mut accepted) = meet(&mut server, &handle);
    let tracked = accepted.tracked().clone();
    block_on(tracked.write("four")).unwrap();
    let error = block_on(tracked.write("more")).unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::ConnectionAborted);
    assert!(has_ended(&mut client));
    let error = block_on(accepted.read(&mut [0; 8])).unwrap_err();
    let payload = error.get_ref().unwrap().downcast_ref::<ConnectionEnded>().unwrap();
    assert_eq!(payload.reason(), EndReason::Behind);
}

#[test]
fn a_message_to_all_reaches_those_with_room_although_one_has_none() {
    let (server, handle) = limiting(None);
    let mut server = server.when_behind(4, WhenBehind::Wait);
    let (_slow, slow) = meet(&mut server, &handle);
    let (mut client, mut quick) = meet(&mut server, &handle);
    block_on(slow.tracked().write("four")).unwrap();
    let mut broadcasting = Box::pin(server.connections().broadcast("all"));
    assert!(block_on(poll_once(&mut broadcasting)).is_none());
    assert!(poll_read(&mut quick).is_pending());
    assert_eq!(heard(&mut client), "all");
    drop(slow);
    assert_eq!(block_on(broadcasting).queued, 1);
}

#[test]
fn a_message_to_all_closes_those_without_room_if_that_is_wanted() {
    let (server, handle) = limiting(None);
    let mut server = server.when_behind(4, WhenBehind::Close);
    let (_slow, slow) = meet(&mut server, &handle);
    let (_client, _quick) = meet(&mut server, &handle);
    block_on(slow.tracked().write("four")).unwrap();
    let sum = block_on(server.connections().broadcast("all"));
    assert_eq!((sum.queued, sum.closed), (1, 1));
}

#[test]
fn an_owner_that_never_finishes_its_write_is_closed_like_a_peer_that_does_not_read() {
    let (server, handle) = limiting(None);
    let mut server = server.when_behind(4, WhenBehind::Close);
    let (_client, mut accepted) = meet_with_capacity(&mut server, &handle, 2);
    assert!(poll_write(&mut accepted, "half of it").is_ready());
    let tracked = accepted.tracked().clone();
    block_on(tracked.write("four")).unwrap();
    assert!(poll_read(&mut accepted).is_pending());
    assert!(block_on(tracked.write("more")).is_err());
    assert!(block_on(accepted.write_all(b"of it")).is_err());
}
