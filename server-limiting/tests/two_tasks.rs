//! A reader and a writer in two tasks, and messages from a third.

use std::{
    pin::Pin,
    task::{Context, Poll},
};

use futures_lite::{AsyncRead, AsyncWrite, AsyncWriteExt, future::block_on};
use socketry_testing::CountingWaker;

use crate::support::{Accepted, heard, limiting, meet_with_capacity};

fn poll_read_as(reader: &CountingWaker, accepted: &mut Accepted) -> bool {
    Pin::new(accepted).poll_read(&mut reader.context(), &mut [0; 8]).is_pending()
}

fn poll_write_as(writer: &CountingWaker, accepted: &mut Accepted, text: &str) -> Poll<usize> {
    let mut cx: Context<'_> = writer.context();
    Pin::new(accepted).poll_write(&mut cx, text.as_bytes()).map(Result::unwrap)
}

#[test]
fn a_writer_whose_place_below_a_message_has_taken_is_woken_when_there_is_room() {
    let (mut server, handle) = limiting(None);
    let (mut client, mut accepted) = meet_with_capacity(&mut server, &handle, 4);
    let (reader, writer) = (CountingWaker::new(), CountingWaker::new());
    block_on(accepted.write_all(b"full")).unwrap();
    assert!(poll_write_as(&writer, &mut accepted, "own").is_pending());
    block_on(accepted.tracked().write("Hi!")).unwrap();
    assert!(poll_read_as(&reader, &mut accepted));
    assert_eq!(heard(&mut client), "full");
    assert_eq!((reader.take(), writer.take()), (1, 1));
}

#[test]
fn two_tasks_that_wait_for_room_do_not_wake_each_other() {
    let (mut server, handle) = limiting(None);
    let (_client, mut accepted) = meet_with_capacity(&mut server, &handle, 4);
    let (reader, writer) = (CountingWaker::new(), CountingWaker::new());
    block_on(accepted.write_all(b"full")).unwrap();
    block_on(accepted.tracked().write("Hi!")).unwrap();
    for _ in 0..100 {
        assert!(poll_read_as(&reader, &mut accepted));
        assert!(poll_write_as(&writer, &mut accepted, "own").is_pending());
    }
    assert_eq!((reader.count(), writer.count()), (0, 0));
}

#[test]
fn a_reader_that_waits_is_woken_by_each_message_while_the_writer_is_elsewhere() {
    let (mut server, handle) = limiting(None);
    let (mut client, mut accepted) = meet_with_capacity(&mut server, &handle, 64);
    let reader = CountingWaker::new();
    for number in 1..=3 {
        assert!(poll_read_as(&reader, &mut accepted));
        block_on(accepted.tracked().write("Hi!")).unwrap();
        assert_eq!(reader.count(), number);
    }
    assert!(poll_read_as(&reader, &mut accepted));
    assert_eq!(heard(&mut client), "Hi!Hi!Hi!");
}

#[test]
fn what_comes_while_messages_leave_wakes_whoever_carries_them() {
    let (mut server, handle) = limiting(None);
    let (mut client, mut accepted) = meet_with_capacity(&mut server, &handle, 4);
    let reader = CountingWaker::new();
    block_on(accepted.tracked().write("12345")).unwrap();
    assert!(poll_read_as(&reader, &mut accepted));
    block_on(accepted.tracked().write("6")).unwrap();
    assert_eq!(heard(&mut client), "1234");
    let before = reader.take();
    assert!(before > 0);
    assert!(poll_read_as(&reader, &mut accepted));
    assert!(reader.take() > 0, "there is one more");
    assert!(poll_read_as(&reader, &mut accepted));
    assert_eq!(heard(&mut client), "56");
}
