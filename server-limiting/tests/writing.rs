//! What others write to a connection arrives whole and in order, whatever its owner does.

use std::{
    collections::VecDeque,
    future::Future,
    io,
    pin::Pin,
    task::{Context, Poll, Waker},
};

use futures_lite::{
    AsyncReadExt, AsyncWrite, AsyncWriteExt,
    future::{self, block_on, poll_once},
};
use socketry_server_limiting::{NotWritten, NotWrittenReason};
use socketry_testing::{CountingWaker, MemoryConnection, Operation, faulty, pair};

use crate::support::{
    Accepted, Limiting, accept, heard, limiting, meet, meet_with_capacity, poll_read,
    poll_read_with, poll_write,
};

#[test]
fn a_message_leaves_when_the_owner_waits_for_something_to_read() {
    let (mut server, handle) = limiting(None);
    let (mut client, mut accepted) = meet(&mut server, &handle);
    let waker = CountingWaker::new();
    assert!(poll_read_with(&mut accepted, waker.waker()).is_pending());
    block_on(accepted.tracked().write("Hi!")).unwrap();
    assert_eq!(waker.count(), 1);
    assert!(poll_read(&mut accepted).is_pending());
    assert_eq!(heard(&mut client), "Hi!");
}

#[test]
fn a_message_leaves_before_what_the_owner_writes_next() {
    let (mut server, handle) = limiting(None);
    let (mut client, mut accepted) = meet(&mut server, &handle);
    block_on(async {
        accepted.tracked().write("first ").await.unwrap();
        accepted.write_all(b"second").await.unwrap();
    });
    assert_eq!(heard(&mut client), "first second");
}

#[test]
fn a_message_leaves_when_the_owner_flushes_or_closes() {
    let (mut server, handle) = limiting(None);
    let (mut client, mut accepted) = meet(&mut server, &handle);
    block_on(async {
        accepted.tracked().write("flushed ").await.unwrap();
        accepted.flush().await.unwrap();
        accepted.tracked().write("closed").await.unwrap();
        accepted.close().await.unwrap();
        let mut all = String::new();
        client.read_to_string(&mut all).await.unwrap();
        assert_eq!(all, "flushed closed");
    });
}

#[test]
fn a_message_waits_until_the_owner_does_something() {
    let (mut server, handle) = limiting(None);
    let (mut client, accepted) = meet(&mut server, &handle);
    block_on(accepted.tracked().write("Hi!")).unwrap();
    assert_eq!((heard(&mut client), accepted.tracked().bytes_behind()), (String::new(), 3));
}

#[test]
fn a_message_never_comes_in_the_middle_of_what_the_owner_writes() {
    let (mut server, handle) = limiting(None);
    let (mut client, mut accepted) = meet_with_capacity(&mut server, &handle, 4);
    let tracked = accepted.tracked().clone();
    block_on(async {
        let mut owner = Box::pin(async {
            accepted.write_all(b"the owner's").await.unwrap();
            accepted.close().await.unwrap();
        });
        assert!(poll_once(&mut owner).await.is_none());
        tracked.write("|another's").await.unwrap();
        let mut all = String::new();
        let (read, ()) = future::zip(client.read_to_string(&mut all), owner).await;
        read.unwrap();
        assert_eq!(all, "the owner's|another's");
    });
}

#[test]
fn what_waits_for_the_end_of_a_write_leaves_with_that_end() {
    let (mut server, handle) = limiting(None);
    let (mut client, mut accepted) = meet_with_capacity(&mut server, &handle, 4);
    assert!(matches!(poll_write(&mut accepted, "123456"), Poll::Ready(Ok(4))));
    block_on(accepted.tracked().write("!")).unwrap();
    assert!(poll_read(&mut accepted).is_pending());
    assert_eq!(heard(&mut client), "1234");
    assert!(matches!(poll_write(&mut accepted, "56"), Poll::Ready(Ok(2))));
    assert_eq!(heard(&mut client), "56!");
}

#[test]
fn the_owner_waits_until_a_message_that_has_begun_is_whole() {
    let (mut server, handle) = limiting(None);
    let (mut client, mut accepted) = meet_with_capacity(&mut server, &handle, 4);
    block_on(accepted.tracked().write("message")).unwrap();
    assert!(poll_read(&mut accepted).is_pending());
    assert!(poll_write(&mut accepted, "own").is_pending());
    assert_eq!(heard(&mut client), "mess");
    assert!(matches!(poll_write(&mut accepted, "own"), Poll::Ready(Ok(1))));
    assert_eq!(heard(&mut client), "ageo");
}

#[test]
fn more_messages_than_go_into_one_write_arrive_in_order() {
    let (mut server, handle) = limiting(None);
    let (mut client, mut accepted) = meet(&mut server, &handle);
    let sent: Vec<String> = (0..100).map(|number| format!("{number},")).collect();
    for message in &sent {
        block_on(accepted.tracked().write(message)).unwrap();
    }
    assert!(poll_read(&mut accepted).is_pending());
    assert_eq!(heard(&mut client), sent.concat());
}

#[test]
fn messages_of_a_kind_leave_in_one_write() {
    let (mut server, handle) = limiting(None);
    let (mut client, accepted) = pair();
    let (accepted, faults) = faulty(accepted);
    handle.push(accepted);
    let mut accepted = accept(&mut server);
    for message in ["one ", "two ", "three"] {
        block_on(accepted.tracked().write(message)).unwrap();
    }
    assert!(poll_read(&mut accepted).is_pending());
    assert_eq!(heard(&mut client), "one two three");
    let counts = faults.counts();
    assert_eq!((counts.vectored_writes, counts.writes), (1, 0));
}

#[test]
fn an_empty_message_changes_nothing() {
    let (mut server, handle) = limiting(None);
    let (mut client, mut accepted) = meet(&mut server, &handle);
    block_on(accepted.tracked().write("")).unwrap();
    assert!(poll_read(&mut accepted).is_pending());
    assert_eq!(heard(&mut client), "");
}

#[test]
fn all_who_are_connected_hear_what_is_said_to_all() {
    let (mut server, handle) = limiting(None);
    let mut inside: Vec<_> = (0..5).map(|_| meet(&mut server, &handle)).collect();
    let sum = block_on(server.connections().broadcast("Hi!"));
    assert_eq!((sum.queued, sum.dropped, sum.closed), (5, 0, 0));
    for (client, accepted) in &mut inside {
        assert!(poll_read(accepted).is_pending());
        assert_eq!(heard(client), "Hi!");
    }
}

#[test]
fn nothing_is_taken_for_a_connection_that_its_owner_has_closed_or_dropped() {
    let (mut server, handle) = limiting(None);
    let (_client, mut accepted) = meet(&mut server, &handle);
    let tracked = accepted.tracked().clone();
    block_on(accepted.close()).unwrap();
    let error = block_on(tracked.write("too late")).unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::BrokenPipe);
    assert_eq!(
        error.to_string(),
        "message to tcp://192.0.2.1:50000 not written: the connection is closed"
    );
    let payload = error.get_ref().unwrap().downcast_ref::<NotWritten>().unwrap();
    assert_eq!(payload.reason(), NotWrittenReason::Gone);
    drop(accepted);
    assert!(block_on(tracked.write("too late")).is_err());
    assert_eq!(block_on(server.connections().broadcast("too late")).queued, 0);
}

#[test]
fn a_close_that_waits_takes_no_message_and_carries_those_before_it() {
    let (mut server, handle) = limiting(None);
    let (mut client, mut accepted) = meet_with_capacity(&mut server, &handle, 2);
    let tracked = accepted.tracked().clone();
    block_on(tracked.write("before")).unwrap();
    block_on(async {
        let mut closing = Box::pin(accepted.close());
        assert!(poll_once(&mut closing).await.is_none());
        assert!(tracked.write("after").await.is_err());
        let mut all = String::new();
        let (closed, read) = future::zip(closing, client.read_to_string(&mut all)).await;
        closed.unwrap();
        read.unwrap();
        assert_eq!(all, "before");
    });
}

#[test]
fn a_close_carries_what_has_come_while_an_earlier_message_was_under_way() {
    let (mut server, handle) = limiting(None);
    let (mut client, mut accepted) = meet_with_capacity(&mut server, &handle, 4);
    let connections = server.connections();
    block_on(async {
        connections.broadcast("a long message\n").await;
        assert!(poll_read(&mut accepted).is_pending());
        assert_eq!(connections.broadcast("goodbye\n").await.queued, 1);
        let mut all = String::new();
        let (closed, read) = future::zip(accepted.close(), client.read_to_string(&mut all)).await;
        closed.unwrap();
        read.unwrap();
        assert_eq!(all, "a long message\ngoodbye\n");
    });
}

#[test]
fn a_message_behind_a_write_that_was_given_up_is_lost_with_the_close() {
    let (mut server, handle) = limiting(None);
    let (mut client, mut accepted) = meet_with_capacity(&mut server, &handle, 4);
    assert!(matches!(poll_write(&mut accepted, "123456"), Poll::Ready(Ok(4))));
    block_on(accepted.tracked().write("!")).unwrap();
    block_on(accepted.close()).unwrap();
    assert_eq!(heard(&mut client), "1234");
    assert_eq!(accepted.tracked().bytes_behind(), 0);
}

#[test]
fn a_connection_that_breaks_takes_no_more_messages_and_is_still_read() {
    let (mut server, handle) = limiting(None);
    let (mut client, accepted) = pair();
    let (accepted, faults) = faulty(accepted);
    handle.push(accepted);
    let mut accepted = accept(&mut server);
    block_on(client.write_all(b"last words")).unwrap();
    faults.fail(Operation::Write, io::ErrorKind::BrokenPipe);
    let tracked = accepted.tracked().clone();
    block_on(tracked.write("Hi!")).unwrap();
    assert!(matches!(poll_read(&mut accepted), Poll::Ready(Ok(10))));
    assert!(block_on(tracked.write("Hi!")).is_err());
    assert_eq!(tracked.bytes_behind(), 0);
}

#[test]
fn what_others_write_counts_as_written() {
    let (mut server, handle) = limiting(None);
    let (_client, mut accepted) = meet(&mut server, &handle);
    block_on(accepted.tracked().write("Hi!")).unwrap();
    assert!(poll_read(&mut accepted).is_pending());
    assert_eq!(accepted.tracked().bytes_written(), 3);
}

/// Lines of four writers from outside and of the owner, over links of every small size, with everybody
/// polled in an order that a seed decides: each line arrives whole, and those of one writer in order.
#[test]
fn lines_of_many_writers_arrive_whole_and_in_the_order_of_each_writer() {
    for capacity in 1..=9 {
        for seed in 0..40 {
            let (mut server, handle) = limiting(None);
            let server = &mut server;
            let (client, accepted) = meet_with_capacity(server, &handle, capacity);
            let text = talk(client, accepted, server, seed);
            check_lines(&text, &format!("capacity {capacity}, seed {seed}"));
        }
    }
}

const WRITERS: usize = 5;
const LINES: usize = 8;

fn line(writer: usize, number: usize) -> String {
    format!("{writer}:{number}:{}\n", "x".repeat((writer * 7 + number * 3) % 11))
}

fn talk(
    mut client: MemoryConnection,
    mut accepted: Accepted,
    server: &mut Limiting,
    seed: u64,
) -> String {
    let tracked = accepted.tracked().clone();
    let mut tasks: Vec<Pin<Box<dyn Future<Output = ()>>>> = Vec::new();
    for writer in 1..WRITERS {
        let tracked = tracked.clone();
        tasks.push(Box::pin(async move {
            for number in 0..LINES {
                tracked.write(line(writer, number)).await.unwrap();
            }
        }));
    }
    tasks.push(Box::pin(async move {
        for number in 0..LINES {
            accepted.write_all(line(0, number).as_bytes()).await.unwrap();
            let _ = poll_once(accepted.read(&mut [0; 8])).await; // and looks who speaks
        }
        // Whatever is still to come is carried while it waits for the end.
        while accepted.read(&mut [0; 8]).await.unwrap() > 0 {}
    }));
    let mut text = Vec::new();
    let mut random = seed.wrapping_mul(2_654_435_761).wrapping_add(1);
    let mut next = |below: usize| {
        random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        (random >> 33) as usize % below
    };
    let mut cx = Context::from_waker(Waker::noop());
    let wanted: usize = (0..WRITERS).flat_map(|w| (0..LINES).map(move |n| line(w, n).len())).sum();
    let mut ended = vec![false; tasks.len()];
    while text.len() < wanted {
        let task = next(tasks.len() + 1);
        match tasks.get_mut(task) {
            Some(task_future) if !ended[task] => {
                ended[task] = task_future.as_mut().poll(&mut cx).is_ready();
            }
            Some(_) => {}
            None => {
                let mut buffer = [0; 3];
                let mut reading = client.read(&mut buffer);
                if let Poll::Ready(count) = Pin::new(&mut reading).poll(&mut cx) {
                    let count = count.unwrap();
                    text.extend_from_slice(&buffer[..count]);
                }
            }
        }
    }
    assert_eq!(server.connections().len(), 1);
    String::from_utf8(text).unwrap()
}

fn check_lines(text: &str, what: &str) {
    let mut of_each = vec![VecDeque::new(); WRITERS];
    for got in text.lines() {
        let writer: usize = got.split(':').next().unwrap().parse().expect(what);
        of_each[writer].push_back(format!("{got}\n"));
    }
    for (writer, lines) in of_each.iter().enumerate() {
        let expected: VecDeque<_> = (0..LINES).map(|number| line(writer, number)).collect();
        assert_eq!(*lines, expected, "{what}");
    }
}

#[test]
fn vectored_writes_of_the_owner_are_whole_or_half_like_others() {
    let (mut server, handle) = limiting(None);
    let (mut client, mut accepted) = meet_with_capacity(&mut server, &handle, 4);
    let slices = [io::IoSlice::new(b"12"), io::IoSlice::new(b"3456")];
    let mut cx = Context::from_waker(Waker::noop());
    let written = Pin::new(&mut accepted).poll_write_vectored(&mut cx, &slices);
    assert!(matches!(written, Poll::Ready(Ok(4))));
    block_on(accepted.tracked().write("!")).unwrap();
    assert_eq!(heard(&mut client), "1234");
    assert!(poll_read(&mut accepted).is_pending());
    assert_eq!(heard(&mut client), "", "the owner has not finished");
    assert!(matches!(poll_write(&mut accepted, "56"), Poll::Ready(Ok(2))));
    assert_eq!(heard(&mut client), "56!");
}
