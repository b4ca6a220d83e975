//! Peers that do not read what is written to them.

use std::{cell::Cell, io, rc::Rc, time::Duration};

use futures_lite::{
    AsyncReadExt, AsyncWriteExt,
    future::{self, block_on, poll_once},
};
use smol::LocalExecutor;
use socketry_server_limiting::{ConnectionEnded, EndReason, WhenBehind};
use socketry_testing::{CountingWaker, MemoryConnection, ServerHandle};

use crate::support::{
    Accepted, Limiting, behind, has_ended, heard, meet, meet_with_capacity, poll_read, poll_write,
};

/// A peer that does not read, and whose server's end has found that out: it has one message.
fn meet_stuck(server: &mut Limiting, handle: &ServerHandle) -> (MemoryConnection, Accepted) {
    let (client, mut accepted) = meet_with_capacity(server, handle, 2);
    block_on(accepted.tracked().write("four")).unwrap();
    assert!(poll_read(&mut accepted).is_pending());
    (client, accepted)
}

#[test]
fn whoever_writes_more_than_may_wait_waits_until_the_peer_has_read() {
    let (mut server, handle, _clock) = behind(4, WhenBehind::Wait);
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
    let (mut server, handle, _clock) = behind(4, WhenBehind::Wait);
    let (_client, accepted) = meet(&mut server, &handle);
    block_on(accepted.tracked().write("far more than four")).unwrap();
    assert!(block_on(poll_once(accepted.tracked().write("x"))).is_none());
}

#[test]
fn those_who_wait_are_served_in_the_order_in_which_they_came_and_nobody_overtakes_them() {
    let (mut server, handle, _clock) = behind(1, WhenBehind::Wait);
    let (mut client, mut accepted) = meet(&mut server, &handle);
    let tracked = accepted.tracked().clone();
    block_on(tracked.write("0")).unwrap();
    let mut waiting: Vec<_> =
        ["1", "2", "3"].iter().map(|text| Box::pin(tracked.write(text))).collect();
    for writing in &mut waiting {
        assert!(block_on(poll_once(writing)).is_none());
    }
    assert!(poll_read(&mut accepted).is_pending()); // makes room
    let mut late = Box::pin(tracked.write("late"));
    assert!(block_on(poll_once(&mut late)).is_none(), "it is not its turn");
    for writing in &mut waiting {
        block_on(writing).unwrap();
        assert!(poll_read(&mut accepted).is_pending());
    }
    block_on(late).unwrap();
    assert!(poll_read(&mut accepted).is_pending());
    assert_eq!(heard(&mut client), "0123late");
}

#[test]
fn room_for_one_wakes_one() {
    let (mut server, handle, _clock) = behind(1, WhenBehind::Wait);
    let (_client, mut accepted) = meet(&mut server, &handle);
    let tracked = accepted.tracked().clone();
    block_on(tracked.write("0")).unwrap();
    let waker = CountingWaker::new();
    let mut waiting: Vec<_> = (0..300).map(|_| Box::pin(tracked.write("x"))).collect();
    for writing in &mut waiting {
        assert!(writing.as_mut().poll(&mut waker.context()).is_pending());
    }
    assert!(poll_read(&mut accepted).is_pending());
    assert_eq!(waker.count(), 1);
}

#[test]
fn who_gives_up_waiting_has_written_nothing_and_is_in_nobodys_way() {
    let (mut server, handle, _clock) = behind(1, WhenBehind::Wait);
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
    let (mut server, handle, _clock) = behind(1, WhenBehind::Wait);
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
    let (mut server, handle, _clock) = behind(4, WhenBehind::Drop);
    let (mut client, mut accepted) = meet_stuck(&mut server, &handle);
    let tracked = accepted.tracked().clone();
    let error = block_on(tracked.write("lost")).unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::WouldBlock);
    assert_eq!(block_on(server.connections().broadcast("lost")).dropped, 1);
    let mut all = heard(&mut client);
    assert!(poll_read(&mut accepted).is_pending());
    block_on(tracked.write("!")).unwrap();
    all += &heard(&mut client);
    assert!(poll_read(&mut accepted).is_pending());
    all += &heard(&mut client);
    assert_eq!(all, "four!");
}

#[test]
fn a_peer_that_does_not_read_is_closed_if_that_is_wanted_and_its_owner_learns_why() {
    let (mut server, handle, _clock) = behind(4, WhenBehind::Close);
    let (mut client, mut accepted) = meet_stuck(&mut server, &handle);
    let error = block_on(accepted.tracked().write("more")).unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::ConnectionAborted);
    assert!(has_ended(&mut client));
    let error = block_on(accepted.read(&mut [0; 8])).unwrap_err();
    let payload = error.get_ref().unwrap().downcast_ref::<ConnectionEnded>().unwrap();
    assert_eq!(payload.reason(), EndReason::Behind);
}

#[test]
fn an_owner_that_has_had_no_turn_has_a_second_for_it_before_its_peer_is_called_slow() {
    for when_behind in [WhenBehind::Drop, WhenBehind::Close] {
        let (mut server, handle, clock) = behind(4, when_behind);
        let (_client, accepted) = meet(&mut server, &handle);
        let tracked = accepted.tracked().clone();
        block_on(tracked.write("four")).unwrap();
        let mut writing = Box::pin(tracked.write("more"));
        assert!(block_on(poll_once(&mut writing)).is_none());
        clock.advance(Duration::from_millis(999));
        assert!(block_on(poll_once(&mut writing)).is_none());
        clock.advance(Duration::from_millis(1));
        assert!(block_on(writing).is_err());
        assert!(block_on(tracked.write("more")).is_err(), "that is known from then on");
        assert_eq!(clock.sleeping(), 0);
    }
}

/// A burst from one task of an executor with one thread.
#[test]
fn peers_that_read_are_not_closed_as_if_they_did_not() {
    let (mut server, handle, _clock) = behind(64 * 1024, WhenBehind::Close);
    let connections = server.connections();
    let tasks = LocalExecutor::new();
    let heard = Rc::new(Cell::new(0));
    for _ in 0..10 {
        let (mut client, mut accepted) = meet(&mut server, &handle);
        tasks.spawn(async move { accepted.read(&mut [0; 16]).await }).detach();
        let heard = heard.clone();
        let hearing = async move {
            let mut buffer = [0; 4096];
            while let Ok(count @ 1..) = client.read(&mut buffer).await {
                heard.set(heard.get() + count);
            }
        };
        tasks.spawn(hearing).detach();
    }
    let closed = block_on(tasks.run(async {
        future::yield_now().await; // all of them wait for something to read
        let mut closed = 0;
        for _ in 0..1000 {
            closed += connections.broadcast([b'x'; 512]).await.closed;
        }
        while heard.get() < 10 * 1000 * 512 && closed == 0 {
            future::yield_now().await;
        }
        closed
    }));
    assert_eq!(closed, 0);
}

#[test]
fn a_message_to_all_reaches_those_with_room_although_one_has_none() {
    let (mut server, handle, _clock) = behind(4, WhenBehind::Wait);
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
fn a_message_to_all_reaches_who_gets_room_although_one_before_it_gets_none() {
    let (mut server, handle, _clock) = behind(4, WhenBehind::Wait);
    let (_stuck_client, stuck) = meet(&mut server, &handle);
    let (mut client, mut quick) = meet(&mut server, &handle);
    for accepted in [&stuck, &quick] {
        block_on(accepted.tracked().write("four")).unwrap();
    }
    let mut broadcasting = Box::pin(server.connections().broadcast("all"));
    assert!(block_on(poll_once(&mut broadcasting)).is_none());
    assert!(poll_read(&mut quick).is_pending());
    assert!(block_on(poll_once(&mut broadcasting)).is_none(), "it waits for the stuck one");
    assert!(poll_read(&mut quick).is_pending());
    assert_eq!(heard(&mut client), "fourall");
}

#[test]
fn a_message_to_all_closes_those_who_do_not_read_if_that_is_wanted() {
    let (mut server, handle, _clock) = behind(4, WhenBehind::Close);
    let _slow = meet_stuck(&mut server, &handle);
    let _quick = meet(&mut server, &handle);
    let sum = block_on(server.connections().broadcast("all"));
    assert_eq!((sum.queued, sum.closed), (1, 1));
}

#[test]
fn an_owner_that_never_finishes_its_write_is_closed_like_a_peer_that_does_not_read() {
    let (mut server, handle, clock) = behind(4, WhenBehind::Close);
    let (_client, mut accepted) = meet_with_capacity(&mut server, &handle, 2);
    assert!(poll_write(&mut accepted, "half of it").is_ready());
    let tracked = accepted.tracked().clone();
    block_on(tracked.write("four")).unwrap();
    assert!(poll_read(&mut accepted).is_pending());
    let mut writing = Box::pin(tracked.write("more"));
    assert!(block_on(poll_once(&mut writing)).is_none());
    clock.advance(Duration::from_secs(1));
    assert!(block_on(writing).is_err());
    assert!(block_on(accepted.write_all(b"of it")).is_err());
}
