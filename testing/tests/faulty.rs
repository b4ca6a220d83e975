//! The connection that misbehaves.

use std::{
    future::Future,
    io::{ErrorKind, IoSlice},
    pin::pin,
};

use futures_lite::{
    AsyncReadExt, AsyncWriteExt,
    future::{block_on, poll_once},
};
use socketry_connection::Connection;
use socketry_testing::{
    CountingWaker, Faults, FaultyConnection, MemoryConnection, Operation, check_abort,
    check_connection, faulty, pair,
};

/// Our end, which misbehaves, and theirs.
fn joined() -> (FaultyConnection<MemoryConnection>, Faults, MemoryConnection) {
    let (ours, theirs) = pair();
    let (ours, faults) = faulty(ours);
    (ours, faults, theirs)
}

#[test]
fn without_faults_it_keeps_the_contract_of_a_connection() {
    let (ours, _faults, theirs) = joined();
    block_on(check_connection(ours, theirs));
    let (ours, _faults, theirs) = joined();
    block_on(check_abort(ours, theirs));
}

#[test]
fn short_reads_and_writes_and_buffered_ones_keep_the_contract_of_a_connection() {
    let (ours, faults, theirs) = joined();
    faults.at_most_read(1000);
    faults.at_most_written(999);
    faults.buffer_writes(true);
    faults.delay(Operation::Read, 3);
    faults.delay(Operation::Flush, 3);
    block_on(check_connection(ours, theirs));
}

#[test]
fn a_read_brings_no_more_than_is_said() {
    let (mut ours, faults, mut theirs) = joined();
    faults.at_most_read(2);
    block_on(async {
        theirs.write_all(b"abc").await.unwrap();
        assert_eq!(ours.read(&mut [0; 8]).await.unwrap(), 2);
    });
}

#[test]
fn a_vectored_write_takes_no_more_than_is_said_over_all_its_buffers() {
    let (mut ours, faults, mut theirs) = joined();
    faults.at_most_written(3);
    let parts = [IoSlice::new(b"ab"), IoSlice::new(b"cd")];
    assert_eq!(block_on(ours.write_vectored(&parts)).unwrap(), 3);
    let mut heard = [0; 3];
    block_on(theirs.read_exact(&mut heard)).unwrap();
    assert_eq!(&heard, b"abc");
}

#[test]
fn held_reads_wait_for_the_release_and_bring_all_that_has_come_by_then() {
    let (mut ours, faults, mut theirs) = joined();
    faults.hold(Operation::Read);
    let waker = CountingWaker::new();
    let mut heard = [0; 8];
    let mut read = pin!(ours.read(&mut heard));
    assert!(read.as_mut().poll(&mut waker.context()).is_pending());
    block_on(async {
        theirs.write_all(b"one").await.unwrap();
        theirs.write_all(b"two").await.unwrap();
    });
    assert!(read.as_mut().poll(&mut waker.context()).is_pending());
    assert_eq!(waker.count(), 0);
    faults.release(Operation::Read);
    assert_eq!(waker.count(), 1);
    assert_eq!(block_on(read).unwrap(), 6);
}

#[test]
fn a_held_flush_or_close_waits_for_its_release() {
    let (mut ours, faults, _theirs) = joined();
    for operation in [Operation::Flush, Operation::Close] {
        faults.hold(operation);
    }
    block_on(async {
        assert!(poll_once(ours.flush()).await.is_none());
        faults.release(Operation::Flush);
        ours.flush().await.unwrap();
        assert!(poll_once(ours.close()).await.is_none());
        faults.release(Operation::Close);
        ours.close().await.unwrap();
    });
}

#[test]
fn a_delayed_flush_waits_as_often_as_is_said_and_wakes_its_task_each_time() {
    let (mut ours, faults, _theirs) = joined();
    faults.delay(Operation::Flush, 2);
    let waker = CountingWaker::new();
    let mut flush = pin!(ours.flush());
    for count in [1, 2] {
        assert!(flush.as_mut().poll(&mut waker.context()).is_pending());
        assert_eq!(waker.count(), count);
    }
    assert!(flush.poll(&mut waker.context()).is_ready());
}

#[test]
fn an_operation_fails_with_the_kind_that_was_said_until_it_is_released() {
    let (mut ours, faults, _theirs) = joined();
    faults.fail(Operation::Write, ErrorKind::ConnectionReset);
    faults.fail(Operation::Read, ErrorKind::TimedOut);
    block_on(async {
        assert_eq!(ours.write(b"x").await.unwrap_err().kind(), ErrorKind::ConnectionReset);
        assert_eq!(ours.read(&mut [0]).await.unwrap_err().kind(), ErrorKind::TimedOut);
        faults.release(Operation::Write);
        assert_eq!(ours.write(b"x").await.unwrap(), 1);
    });
}

#[test]
fn a_failure_ends_what_was_held() {
    let (mut ours, faults, _theirs) = joined();
    faults.hold(Operation::Write);
    let waker = CountingWaker::new();
    let mut write = pin!(ours.write(b"x"));
    assert!(write.as_mut().poll(&mut waker.context()).is_pending());
    faults.fail(Operation::Write, ErrorKind::BrokenPipe);
    assert_eq!(waker.count(), 1);
    assert_eq!(block_on(write).unwrap_err().kind(), ErrorKind::BrokenPipe);
}

#[test]
fn a_write_that_does_nothing_takes_no_byte_and_such_a_read_is_the_end() {
    let (mut ours, faults, mut theirs) = joined();
    faults.do_nothing(Operation::Write);
    faults.do_nothing(Operation::Read);
    block_on(async {
        theirs.write_all(b"x").await.unwrap();
        assert_eq!(ours.write(b"x").await.unwrap(), 0);
        assert_eq!(ours.write_vectored(&[IoSlice::new(b"x")]).await.unwrap(), 0);
        assert_eq!(ours.read(&mut [0]).await.unwrap(), 0);
        assert!(poll_once(theirs.read(&mut [0])).await.is_none());
    });
}

#[test]
fn what_is_buffered_leaves_with_a_flush_or_a_close_and_not_before() {
    let (mut ours, faults, mut theirs) = joined();
    faults.buffer_writes(true);
    block_on(async {
        let mut heard = [0; 8];
        ours.write_all(b"one").await.unwrap();
        assert!(poll_once(theirs.read(&mut heard)).await.is_none());
        ours.flush().await.unwrap();
        assert_eq!(theirs.read(&mut heard).await.unwrap(), 3);
        ours.write_all(b"two!").await.unwrap();
        ours.close().await.unwrap();
        assert_eq!(theirs.read(&mut heard).await.unwrap(), 4);
        assert_eq!(theirs.read(&mut heard).await.unwrap(), 0);
    });
}

#[test]
fn what_was_buffered_goes_first_when_it_is_buffered_no_more() {
    let (mut ours, faults, mut theirs) = joined();
    faults.buffer_writes(true);
    block_on(async {
        ours.write_all(b"first").await.unwrap();
        faults.buffer_writes(false);
        ours.write_all(b", second").await.unwrap();
        ours.close().await.unwrap();
        let mut heard = String::new();
        theirs.read_to_string(&mut heard).await.unwrap();
        assert_eq!(heard, "first, second");
    });
}

#[test]
fn every_call_is_counted_and_every_byte_that_goes_through() {
    let (mut ours, faults, mut theirs) = joined();
    block_on(async {
        assert!(poll_once(ours.read(&mut [0])).await.is_none());
        theirs.write_all(b"abc").await.unwrap();
        ours.read(&mut [0; 8]).await.unwrap();
        ours.write(b"xy").await.unwrap();
        ours.write_vectored(&[IoSlice::new(b"x"), IoSlice::new(b"y")]).await.unwrap();
        ours.flush().await.unwrap();
        ours.close().await.unwrap();
    });
    let counts = faults.take_counts();
    let calls =
        [counts.reads, counts.writes, counts.vectored_writes, counts.flushes, counts.closes];
    assert_eq!(calls, [2, 1, 1, 1, 1]);
    assert_eq!((counts.bytes_read, counts.bytes_written), (3, 4));
    assert_eq!(faults.counts(), Default::default());
}

#[test]
fn a_connection_whose_abort_handle_is_hidden_gives_none() {
    let (ours, _theirs) = pair();
    let (mut ours, faults) = faulty(ours);
    assert!(ours.abort_handle().is_some());
    faults.hide_abort_handle();
    assert!(ours.abort_handle().is_none());
}
