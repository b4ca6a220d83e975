//! One connection for two tasks.

use std::{
    io::{ErrorKind, IoSlice, Read, Write},
    thread,
};

use futures_lite::{AsyncReadExt, AsyncWriteExt, future::block_on};
use socketry_connection::Connection;

use crate::support::{
    hears_to_the_end, is_answered_by_a_reset, on_two_threads, tcp_and_peer, until_it_waits,
};

#[test]
fn one_thread_reads_while_another_writes() {
    let (connection, mut peer) = tcp_and_peer();
    let (mut reads, mut writes) = connection.into_split();
    let echo = thread::spawn(move || {
        let mut question = [0; 8];
        peer.read_exact(&mut question).unwrap();
        peer.write_all(&question).unwrap();
    });
    let mut heard = Vec::new();
    on_two_threads(async { reads.read_to_end(&mut heard).await.unwrap() }, async {
        writes.write_all(b"question").await.unwrap();
    });
    echo.join().unwrap();
    assert_eq!(heard, b"question");
}

#[test]
fn a_read_that_waits_does_not_hold_up_a_write() {
    let (connection, mut peer) = tcp_and_peer();
    let (mut reads, mut writes) = connection.into_split();
    block_on(async {
        let mut byte = [0];
        let mut read = reads.read(&mut byte);
        until_it_waits(&mut read).await;
        writes.write_all(b"x").await.unwrap();
        peer.read_exact(&mut [0]).unwrap();
        peer.write_all(b"y").unwrap();
        assert_eq!(read.await.unwrap(), 1);
    });
}

#[test]
fn dropping_the_write_half_is_the_end_for_the_peer_while_reading_goes_on() {
    let (connection, mut peer) = tcp_and_peer();
    let (mut reads, writes) = connection.into_split();
    drop(writes);
    assert_eq!(peer.read(&mut [0]).unwrap(), 0);
    peer.write_all(b"go on").unwrap();
    drop(peer);
    let mut heard = String::new();
    block_on(reads.read_to_string(&mut heard)).unwrap();
    assert_eq!(heard, "go on");
}

#[test]
fn dropping_the_read_half_leaves_the_write_half_working() {
    let (connection, peer) = tcp_and_peer();
    let (reads, mut writes) = connection.into_split();
    drop(reads);
    block_on(async {
        writes.write_all(b"go on").await.unwrap();
        writes.close().await.unwrap();
    });
    assert_eq!(hears_to_the_end(peer), b"go on");
}

#[test]
fn the_socket_closes_when_both_halves_are_dropped() {
    let (connection, mut peer) = tcp_and_peer();
    let (reads, writes) = connection.into_split();
    drop((writes, reads));
    assert_eq!(peer.read(&mut [0]).unwrap(), 0);
    assert!(is_answered_by_a_reset(peer));
}

#[test]
fn a_write_half_that_was_closed_refuses_to_write() {
    let (connection, _peer) = tcp_and_peer();
    let (_reads, mut writes) = connection.into_split();
    block_on(async {
        writes.close().await.unwrap();
        writes.close().await.unwrap();
        let error = writes.write_vectored(&[IoSlice::new(b"late")]).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::BrokenPipe);
    });
}

#[test]
fn both_halves_know_the_addresses_and_the_facts() {
    let (mut connection, peer) = tcp_and_peer();
    connection.attributes_mut().insert(7_u8);
    let (reads, writes) = connection.into_split();
    assert_eq!(reads.local_address().unwrap().port(), Some(peer.peer_addr().unwrap().port()));
    assert_eq!(reads.remote_address().unwrap().port(), Some(peer.local_addr().unwrap().port()));
    assert_eq!(reads.local_address(), writes.local_address());
    assert_eq!(reads.remote_address(), writes.remote_address());
    assert_eq!((reads.attributes().get(), writes.attributes().get()), (Some(&7_u8), Some(&7_u8)));
}

#[test]
fn reunited_halves_are_the_connection_with_its_facts_and_its_bytes() {
    let (mut connection, mut peer) = tcp_and_peer();
    connection.attributes_mut().insert(7_u8);
    peer.write_all(b"waiting").unwrap();
    let (reads, writes) = connection.into_split();
    let mut connection = reads.reunite(writes).unwrap();
    assert_eq!(connection.attributes().get(), Some(&7_u8));
    block_on(async {
        let mut heard = [0; 7];
        connection.read_exact(&mut heard).await.unwrap();
        connection.write_all(&heard).await.unwrap();
    });
    drop(connection);
    assert_eq!(hears_to_the_end(peer), b"waiting");
}

#[test]
fn reuniting_does_not_end_the_writing_side() {
    let (connection, mut peer) = tcp_and_peer();
    peer.set_nonblocking(true).unwrap();
    let (reads, writes) = connection.into_split();
    let _connection = reads.reunite(writes).unwrap();
    assert_eq!(peer.read(&mut [0]).unwrap_err().kind(), ErrorKind::WouldBlock);
}

#[test]
fn a_closed_write_half_stays_closed_when_reunited() {
    let (connection, _peer) = tcp_and_peer();
    let (reads, mut writes) = connection.into_split();
    block_on(async {
        writes.close().await.unwrap();
        let mut connection = reads.reunite(writes).unwrap();
        let error = connection.write(b"late").await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::BrokenPipe);
    });
}

#[test]
fn halves_that_have_waited_work_on_when_reunited_and_split_again() {
    let (connection, mut peer) = tcp_and_peer();
    let (mut reads, writes) = connection.into_split();
    block_on(async {
        until_it_waits(reads.read(&mut [0; 8])).await;
        let mut connection = reads.reunite(writes).unwrap();
        until_it_waits(connection.read(&mut [0; 8])).await;
        let (mut reads, _writes) = connection.into_split();
        let mut buffer = [0; 8];
        let mut read = reads.read(&mut buffer);
        until_it_waits(&mut read).await;
        peer.write_all(b"x").unwrap();
        assert_eq!(read.await.unwrap(), 1);
    });
}

#[test]
fn halves_of_different_connections_come_back_and_still_work() {
    let (first, first_peer) = tcp_and_peer();
    let (second, second_peer) = tcp_and_peer();
    let (first_reads, first_writes) = first.into_split();
    let (second_reads, second_writes) = second.into_split();

    let error = first_reads.reunite(second_writes).unwrap_err();
    assert_eq!(error.to_string(), "these halves belong to different connections");
    let (first_reads, second_writes) = (error.0, error.1);

    for (reads, writes, peer) in
        [(first_reads, first_writes, first_peer), (second_reads, second_writes, second_peer)]
    {
        let mut connection = reads.reunite(writes).unwrap();
        block_on(connection.write_all(b"alive")).unwrap();
        drop(connection);
        assert_eq!(hears_to_the_end(peer), b"alive");
    }
}
