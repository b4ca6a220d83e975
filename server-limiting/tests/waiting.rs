//! Who waits for whom: lines of those who wait for room, owners that wait for others, and what is left
//! when they do not wait any more.

use std::{
    cell::Cell,
    future::Future,
    pin::Pin,
    rc::Rc,
    sync::Arc,
    task::{Context, Wake, Waker},
    time::Duration,
};

use allocation_counter::measure;
use futures_lite::{
    AsyncReadExt, AsyncWrite, AsyncWriteExt,
    future::{self, block_on, poll_once},
};
use smol::LocalExecutor;
use socketry_server_limiting::WhenBehind;
use socketry_testing::{CountingWaker, Operation, faulty, pair};

use crate::support::{
    accept, behind, heard, limiting, meet, meet_with_capacity, poll_read, poll_read_with,
};

#[test]
fn a_line_that_moves_is_not_stuck_however_long_one_stands_in_it() {
    let (mut server, handle, clock) = behind(1, WhenBehind::Close);
    let (mut client, mut accepted) = meet(&mut server, &handle);
    let tracked = accepted.tracked().clone();
    block_on(tracked.write("0")).unwrap();
    let mut lines: Vec<_> = ["1", "2"].iter().map(|text| Box::pin(tracked.write(text))).collect();
    for writing in &mut lines {
        assert!(block_on(poll_once(writing)).is_none());
    }
    clock.advance(Duration::from_millis(600));
    assert!(poll_read(&mut accepted).is_pending());
    assert_eq!(heard(&mut client), "0");
    block_on(&mut lines[0]).unwrap();
    clock.advance(Duration::from_millis(400));
    assert!(block_on(poll_once(&mut lines[1])).is_none(), "the owner came 400 ms ago");
    assert!(tracked.is_open());
}

#[test]
fn patience_that_runs_out_when_all_was_carried_closes_and_overtakes_nobody() {
    let (mut server, handle, clock) = behind(1, WhenBehind::Close);
    let (_client, mut accepted) = meet(&mut server, &handle);
    let tracked = accepted.tracked().clone();
    block_on(tracked.write("0")).unwrap();
    let mut first = Box::pin(tracked.write("1"));
    let mut second = Box::pin(tracked.write("2"));
    assert!(block_on(poll_once(&mut first)).is_none());
    assert!(block_on(poll_once(&mut second)).is_none());
    clock.advance(Duration::from_secs(1));
    assert!(poll_read(&mut accepted).is_pending()); // carries all there is
    assert!(block_on(poll_once(&mut second)).is_none(), "it is not its turn");
    block_on(first).unwrap();
    assert!(tracked.is_open());
}

#[test]
fn a_peer_that_makes_no_room_is_no_news_to_those_who_wait_for_it() {
    let (mut server, handle, _clock) = behind(1, WhenBehind::Wait);
    let (mut client, mut accepted) = meet_with_capacity(&mut server, &handle, 1);
    let tracked = accepted.tracked().clone();
    block_on(tracked.write("00")).unwrap();
    let waker = CountingWaker::new();
    let mut one = Box::pin(tracked.write("1"));
    let mut two = Box::pin(tracked.write("2"));
    assert!(one.as_mut().poll(&mut waker.context()).is_pending());
    assert!(two.as_mut().poll(&mut waker.context()).is_pending());
    assert!(poll_read(&mut accepted).is_pending());
    assert_eq!(waker.count(), 0);
    let mut all = heard(&mut client);
    assert!(poll_read(&mut accepted).is_pending());
    assert!(two.as_mut().poll(&mut waker.context()).is_pending(), "the line keeps its order");
    for writing in [one, two] {
        block_on(writing).unwrap();
        for _ in 0..2 {
            all += &heard(&mut client);
            assert!(poll_read(&mut accepted).is_pending());
        }
    }
    assert_eq!(all + &heard(&mut client), "0012");
}

#[test]
fn whoever_waits_for_room_is_told_that_the_owner_closes() {
    let (mut server, handle, _clock) = behind(1, WhenBehind::Wait);
    let (_client, mut accepted) = meet_with_capacity(&mut server, &handle, 1);
    let tracked = accepted.tracked().clone();
    block_on(tracked.write("four")).unwrap();
    let waker = CountingWaker::new();
    let mut waiting = Box::pin(tracked.write("1"));
    assert!(waiting.as_mut().poll(&mut waker.context()).is_pending());
    let mut cx = Context::from_waker(Waker::noop());
    assert!(Pin::new(&mut accepted).poll_close(&mut cx).is_pending(), "the peer does not read");
    assert_eq!(waker.count(), 1);
    assert!(block_on(waiting).is_err());
}

#[test]
fn an_owner_that_broadcasts_carries_what_it_waits_for_itself() {
    let (mut server, handle, _clock) = behind(64, WhenBehind::Wait);
    let connections = server.connections();
    let (mut client, mut accepted) = meet(&mut server, &handle);
    for _ in 0..10 {
        assert_eq!(block_on(accepted.carry_while(connections.broadcast([b'x'; 32]))).queued, 1);
    }
    assert!(poll_read(&mut accepted).is_pending());
    assert_eq!(heard(&mut client).len(), 320);
}

#[test]
fn owners_that_write_to_each_other_carry_meanwhile_and_do_not_wait_for_ever() {
    let (mut server, handle, _clock) = behind(256, WhenBehind::Wait);
    let tasks = LocalExecutor::new();
    let count = Rc::new(Cell::new(0));
    for _ in 0..2 {
        let (client, mut accepted) = meet(&mut server, &handle);
        let all = server.connections();
        let talk = async move {
            let (me, mut buffer) = (accepted.tracked().clone(), [0; 16]);
            while let Ok(read @ 1..) = accepted.read(&mut buffer).await {
                for _ in 0..8 {
                    for other in all.iter().filter(|other| *other != me) {
                        accepted.carry_while(other.write(&buffer[..read])).await.unwrap();
                    }
                }
            }
        };
        tasks.spawn(talk).detach();
        let (mut reading, mut writing) = futures_lite::io::split(client);
        let count = count.clone();
        let hear = async move {
            let mut buffer = [0; 4096];
            while let Ok(read @ 1..) = reading.read(&mut buffer).await {
                count.set(count.get() + read);
            }
        };
        tasks.spawn(hear).detach();
        let say = async move {
            writing.write_all(&[b'x'; 160]).await.unwrap();
            future::pending::<()>().await;
        };
        tasks.spawn(say).detach();
    }
    block_on(tasks.run(async {
        while count.get() < 2 * 8 * 160 {
            future::yield_now().await;
        }
    }));
}

#[test]
fn an_owner_that_waits_for_something_else_is_woken_to_carry() {
    let (mut server, handle) = limiting(None);
    let (mut client, mut accepted) = meet(&mut server, &handle);
    let tracked = accepted.tracked().clone();
    let waker = CountingWaker::new();
    let mut waiting = Box::pin(accepted.carry_while(future::pending::<()>()));
    assert!(waiting.as_mut().poll(&mut waker.context()).is_pending());
    block_on(tracked.write("Hi!")).unwrap();
    assert_eq!(waker.count(), 1);
    assert!(waiting.as_mut().poll(&mut waker.context()).is_pending());
    assert_eq!(heard(&mut client), "Hi!");
}

#[test]
fn a_flush_carries_what_has_come_since_one_that_was_given_up() {
    let (mut server, handle) = limiting(None);
    let (mut client, mut accepted) = meet_with_capacity(&mut server, &handle, 4);
    let tracked = accepted.tracked().clone();
    let mut cx = Context::from_waker(Waker::noop());
    block_on(tracked.write("first")).unwrap();
    assert!(Pin::new(&mut accepted).poll_flush(&mut cx).is_pending());
    block_on(tracked.write("2")).unwrap();
    let mut all = heard(&mut client);
    assert!(Pin::new(&mut accepted).poll_flush(&mut cx).is_ready());
    all += &heard(&mut client);
    assert_eq!(all, "first2");
}

#[test]
fn more_room_than_before_strands_nobody_who_waits() {
    let (mut server, handle, _clock) = behind(1, WhenBehind::Wait);
    let (mut client, mut accepted) = meet(&mut server, &handle);
    let tracked = accepted.tracked().clone();
    block_on(tracked.write("0")).unwrap();
    let mut waiting = Box::pin(tracked.write("1"));
    assert!(block_on(poll_once(&mut waiting)).is_none());
    let _server = server.when_behind(1000, WhenBehind::Wait);
    assert!(poll_read(&mut accepted).is_pending());
    assert_eq!(heard(&mut client), "0");
    block_on(waiting).unwrap();
}

#[test]
fn memory_is_given_back_also_where_local_addresses_are_kept() {
    let (server, handle) = limiting(None);
    let mut server = server.local_addresses();
    let (mut client, mut accepted) = meet(&mut server, &handle);
    let tracked = accepted.tracked().clone();
    let mut burst = || {
        for _ in 0..1000 {
            block_on(tracked.write("x")).unwrap();
        }
        assert!(poll_read(&mut accepted).is_pending());
        assert_eq!(heard(&mut client).len(), 1000);
    };
    burst();
    assert_eq!(measure(burst).bytes_current, 0);
}

#[test]
fn who_gives_up_waiting_leaves_nothing_behind() {
    let (mut server, handle, _clock) = behind(1, WhenBehind::Wait);
    let (mut client, mut accepted) = meet(&mut server, &handle);
    let tracked = accepted.tracked().clone();
    let mut once = || {
        block_on(tracked.write("x")).unwrap();
        let mut waiting = Box::pin(tracked.write("y"));
        assert!(block_on(poll_once(&mut waiting)).is_none());
        assert!(poll_read(&mut accepted).is_pending());
        drop(waiting);
        heard(&mut client);
    };
    once();
    assert_eq!(measure(once).bytes_current, 0);
}

#[test]
fn a_task_whose_flush_had_to_wait_is_held_no_more_when_it_is_done() {
    let (mut server, handle) = limiting(None);
    let (_client, accepted) = pair();
    let (accepted, faults) = faulty(accepted);
    handle.push(accepted);
    let mut accepted = accept(&mut server);
    let task = Arc::new(Task);
    let waker = task.clone().into();
    let mut cx = Context::from_waker(&waker);
    faults.hold(Operation::Flush);
    assert!(Pin::new(&mut accepted).poll_flush(&mut cx).is_pending());
    faults.release(Operation::Flush);
    assert!(Pin::new(&mut accepted).poll_flush(&mut cx).is_ready());
    drop(waker);
    assert!(poll_read_with(&mut accepted, Waker::noop()).is_pending());
    assert_eq!(Arc::strong_count(&task), 1);
}

struct Task;

impl Wake for Task {
    fn wake(self: Arc<Self>) {}
}
