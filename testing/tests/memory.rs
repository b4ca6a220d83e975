//! The pair of connections in memory.

use std::{
    future::Future,
    io::{ErrorKind, IoSlice, IoSliceMut},
    pin::pin,
};

use futures_lite::{AsyncReadExt, AsyncWriteExt, future::block_on, future::poll_once};
use socketry_connection::{BoxConnection, Connection};
use socketry_testing::{
    CountingWaker, check_abort, check_connection, pair, pair_between, pair_with_capacity,
};

#[test]
fn a_pair_keeps_the_contract_of_a_connection() {
    let (first, second) = pair();
    block_on(check_connection(first, second));
}

#[test]
fn a_pair_keeps_the_contract_of_a_connection_with_room_for_a_few_bytes_only() {
    let (first, second) = pair_with_capacity(7);
    block_on(check_connection(first, second));
}

#[test]
fn a_boxed_pair_keeps_the_contract_of_a_connection() {
    let (first, second) = pair();
    let (first, second): (BoxConnection, BoxConnection) = (Box::new(first), Box::new(second));
    block_on(check_connection(first, second));
}

#[test]
fn an_abort_ends_a_pair_both_ways_and_wakes_who_waits() {
    let (first, second) = pair();
    block_on(check_abort(first, second));
}

#[test]
fn a_write_takes_what_there_is_room_for_and_waits_until_the_peer_has_read() {
    let (mut writer, mut reader) = pair_with_capacity(3);
    let waker = CountingWaker::new();
    assert_eq!(block_on(writer.write(b"abcd")).unwrap(), 3);
    let mut write = pin!(writer.write(b"d"));
    assert!(write.as_mut().poll(&mut waker.context()).is_pending());
    assert_eq!(block_on(reader.read(&mut [0])).unwrap(), 1);
    assert_eq!(waker.count(), 1);
    assert_eq!(block_on(write).unwrap(), 1);
}

#[test]
fn a_capacity_of_zero_counts_as_one() {
    let (mut writer, _reader) = pair_with_capacity(0);
    assert_eq!(block_on(writer.write(b"ab")).unwrap(), 1);
}

#[test]
fn a_read_waits_until_the_peer_has_written() {
    let (mut writer, mut reader) = pair();
    let waker = CountingWaker::new();
    let mut buf = [0; 8];
    let mut read = pin!(reader.read(&mut buf));
    assert!(read.as_mut().poll(&mut waker.context()).is_pending());
    block_on(writer.write_all(b"now")).unwrap();
    assert_eq!(waker.count(), 1);
    assert_eq!(block_on(read).unwrap(), 3);
}

#[test]
fn the_peer_of_a_dropped_connection_reads_what_was_sent_and_then_the_end() {
    let (mut writer, mut reader) = pair();
    block_on(async {
        writer.write_all(b"bye").await.unwrap();
        drop(writer);
        let mut rest = String::new();
        reader.read_to_string(&mut rest).await.unwrap();
        assert_eq!(rest, "bye");
    });
}

#[test]
fn writing_to_a_dropped_peer_is_a_broken_pipe() {
    let (mut writer, reader) = pair();
    drop(reader);
    let error = block_on(writer.write(b"anybody?")).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::BrokenPipe);
}

#[test]
fn a_drop_wakes_the_peer_that_reads_and_the_peer_that_writes() {
    let (mut ours, theirs) = pair_with_capacity(1);
    let (reads, writes) = (CountingWaker::new(), CountingWaker::new());
    block_on(ours.write_all(b"x")).unwrap();
    assert!(pin!(ours.read(&mut [0])).poll(&mut reads.context()).is_pending());
    assert!(pin!(ours.write(b"y")).poll(&mut writes.context()).is_pending());
    drop(theirs);
    assert_eq!((reads.count(), writes.count()), (1, 1));
}

#[test]
fn an_aborted_connection_fails_at_its_owner_with_connection_aborted() {
    let (mut ours, _theirs) = pair();
    ours.abort_handle().unwrap().abort();
    block_on(async {
        let kinds = [
            ours.read(&mut [0]).await.unwrap_err().kind(),
            ours.write(b"x").await.unwrap_err().kind(),
            ours.flush().await.unwrap_err().kind(),
            ours.close().await.unwrap_err().kind(),
        ];
        assert_eq!(kinds, [ErrorKind::ConnectionAborted; 4]);
    });
}

#[test]
fn the_peer_of_an_aborted_connection_sees_what_it_sees_after_a_drop() {
    let (mut ours, mut theirs) = pair();
    block_on(async {
        ours.write_all(b"sent").await.unwrap();
        ours.abort_handle().unwrap().abort();
        let mut rest = String::new();
        theirs.read_to_string(&mut rest).await.unwrap();
        let error = theirs.write(b"x").await.unwrap_err();
        assert_eq!((&*rest, error.kind()), ("sent", ErrorKind::BrokenPipe));
    });
}

#[test]
fn vectored_reads_and_writes_use_every_buffer() {
    let (mut ours, mut theirs) = pair();
    block_on(async {
        let parts = [IoSlice::new(b"ab"), IoSlice::new(b"cde")];
        assert_eq!(ours.write_vectored(&parts).await.unwrap(), 5);
        let (mut head, mut tail) = ([0; 1], [0; 9]);
        let mut bufs = [IoSliceMut::new(&mut head), IoSliceMut::new(&mut tail)];
        assert_eq!(theirs.read_vectored(&mut bufs).await.unwrap(), 5);
        assert_eq!((&head, &tail[..4]), (b"a", &b"bcde"[..]));
    });
}

#[test]
fn reading_into_an_empty_buffer_is_not_the_end() {
    let (_ours, mut theirs) = pair();
    block_on(async {
        assert_eq!(theirs.read(&mut []).await.unwrap(), 0);
        assert!(poll_once(theirs.read(&mut [0])).await.is_none());
    });
}

#[test]
fn addresses_are_as_set_and_outlive_the_peer() {
    let client = "tcp://192.0.2.1:50000".parse().unwrap();
    let server = "unix:///run/demo.sock".parse().unwrap();
    let (ours, theirs) = pair_between(client, server);
    assert_eq!(ours.local_address(), theirs.remote_address());
    drop(theirs);
    assert_eq!(ours.remote_address().unwrap().to_string(), "unix:///run/demo.sock");
    assert!(pair().0.local_address().is_none());
}
