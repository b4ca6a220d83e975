//! Ending a connection from outside.

use std::{
    io::{ErrorKind, Read, Write},
    sync::mpsc,
    thread,
};

use futures_lite::{
    AsyncReadExt, AsyncWriteExt,
    future::{self, block_on},
};
use socketry_connection::{AbortHandle, Connection};

use crate::support::{
    hears_to_the_end, is_answered_by_a_reset, reset, tcp_and_peer, unix_and_peer, unix_pair,
    until_it_waits,
};

#[test]
fn a_reader_that_waits_is_told_when_another_thread_aborts() {
    let (mut connection, _peer) = tcp_and_peer();
    let handle = connection.abort_handle().unwrap();
    let mut byte = [0];
    let error = block_on(async {
        let mut read = connection.read(&mut byte);
        until_it_waits(&mut read).await;
        let aborted = thread::spawn(move || handle.abort());
        let error = read.await.unwrap_err();
        assert!(aborted.join().unwrap());
        error
    });
    assert_eq!(error.kind(), ErrorKind::ConnectionAborted);
    assert!(error.to_string().contains("abort handle"), "{error}");
}

#[test]
fn a_writer_that_waits_is_told_when_another_thread_aborts() {
    let (mut connection, _peer) = unix_and_peer();
    let handle = connection.abort_handle().unwrap();
    let error = block_on(async {
        let bytes = vec![0; 1 << 16];
        while future::poll_once(connection.write(&bytes)).await.is_some() {}
        let mut write = connection.write(&bytes);
        until_it_waits(&mut write).await;
        thread::spawn(move || handle.abort());
        write.await.unwrap_err()
    });
    assert_eq!(error.kind(), ErrorKind::ConnectionAborted);
}

#[test]
fn an_owner_who_did_not_poll_is_told_by_the_next_read() {
    let (mut connection, _peer) = tcp_and_peer();
    connection.abort_handle().unwrap().abort();
    let error = block_on(connection.read(&mut [0])).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::ConnectionAborted);
}

#[test]
fn an_owner_who_did_not_poll_is_told_by_the_next_write() {
    let (mut connection, _peer) = tcp_and_peer();
    connection.abort_handle().unwrap().abort();
    let error = block_on(connection.write(b"x")).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::ConnectionAborted);
}

#[test]
fn every_later_read_is_told_again() {
    let (mut connection, _peer) = unix_pair();
    connection.abort_handle().unwrap().abort();
    for _ in 0..3 {
        let error = block_on(connection.read(&mut [0])).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::ConnectionAborted);
    }
}

#[test]
fn bytes_that_had_come_before_the_abort_are_not_read_after_it() {
    let (mut connection, mut peer) = tcp_and_peer();
    let handle = connection.abort_handle().unwrap();
    peer.write_all(b"too late").unwrap();
    block_on(connection.read(&mut [0; 1])).unwrap(); // they have come
    handle.abort();
    let error = block_on(connection.read(&mut [0; 8])).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::ConnectionAborted);
}

#[test]
fn the_peers_own_end_is_not_seen_after_the_abort() {
    let (mut connection, peer) = tcp_and_peer();
    let handle = connection.abort_handle().unwrap();
    drop(peer);
    assert_eq!(block_on(connection.read(&mut [0])).unwrap(), 0);
    handle.abort();
    let error = block_on(connection.read(&mut [0])).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::ConnectionAborted);
}

#[test]
fn an_abort_in_the_middle_of_a_read_is_never_taken_for_the_peers_end() {
    let (to_abort, aborts) = mpsc::channel::<AbortHandle>();
    let aborter = thread::spawn(move || aborts.into_iter().filter(AbortHandle::abort).count());
    for _ in 0..5000 {
        let (mut connection, _peer) = unix_pair();
        to_abort.send(connection.abort_handle().unwrap()).unwrap();
        let read = block_on(async {
            loop {
                // Never waits, so that it reads while it is aborted.
                match future::poll_once(connection.read(&mut [0])).await {
                    Some(read) => return read,
                    None => thread::yield_now(),
                }
            }
        });
        assert_eq!(read.unwrap_err().kind(), ErrorKind::ConnectionAborted);
    }
    drop(to_abort);
    assert_eq!(aborter.join().unwrap(), 5000);
}

#[test]
fn the_peer_sees_the_end_although_the_owner_still_holds_the_connection() {
    let (mut connection, peer) = tcp_and_peer();
    connection.abort_handle().unwrap().abort();
    assert_eq!(hears_to_the_end(peer), b"");
    drop(connection);
}

#[test]
fn the_peer_of_a_unix_socket_sees_the_end() {
    let (mut connection, mut peer) = unix_pair();
    connection.abort_handle().unwrap().abort();
    assert_eq!(block_on(peer.read(&mut [0])).unwrap(), 0);
    drop(connection);
}

#[test]
fn an_abort_after_the_connection_is_dropped_does_nothing_and_says_so() {
    let (mut connection, _peer) = tcp_and_peer();
    let handle = connection.abort_handle().unwrap();
    let clone = handle.clone();
    drop(connection);
    assert_eq!((handle.abort(), clone.abort()), (false, false));
}

#[test]
fn a_handle_does_not_keep_the_socket_open() {
    let (mut connection, mut peer) = tcp_and_peer();
    let handle = connection.abort_handle().unwrap();
    block_on(until_it_waits(connection.read(&mut [0])));
    drop(connection);
    // Both ways are closed: what is sent now is answered by a reset.
    assert_eq!(peer.read(&mut [0]).unwrap(), 0);
    assert!(is_answered_by_a_reset(peer));
    drop(handle);
}

#[test]
fn aborting_twice_or_after_the_peers_reset_is_harmless() {
    let (mut connection, peer) = tcp_and_peer();
    let handle = connection.abort_handle().unwrap();
    reset(peer);
    block_on(connection.read(&mut [0])).unwrap_err();
    assert!(handle.abort() && handle.abort());
    let error = block_on(connection.read(&mut [0])).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::ConnectionAborted);
}

#[test]
fn closing_after_an_abort_is_no_error() {
    let (mut connection, _peer) = tcp_and_peer();
    connection.abort_handle().unwrap().abort();
    block_on(connection.close()).unwrap();
}

#[test]
fn every_handle_ends_the_same_connection() {
    let (mut connection, peer) = tcp_and_peer();
    let first = connection.abort_handle().unwrap();
    let second = connection.abort_handle().unwrap();
    second.abort();
    assert_eq!(hears_to_the_end(peer), b"");
    assert!(first.abort());
}

#[test]
fn a_handle_works_on_after_the_connection_was_split_and_reunited() {
    let (mut connection, peer) = tcp_and_peer();
    let handle = connection.abort_handle().unwrap();
    let (mut reads, mut writes) = connection.into_split();
    let mut byte = [0];
    block_on(async {
        let mut read = reads.read(&mut byte);
        until_it_waits(&mut read).await;
        thread::spawn(move || handle.abort());
        assert_eq!(read.await.unwrap_err().kind(), ErrorKind::ConnectionAborted);
        let error = writes.write(b"x").await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::ConnectionAborted);

        let mut connection = reads.reunite(writes).unwrap();
        let error = connection.read(&mut [0]).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::ConnectionAborted);
    });
    assert_eq!(hears_to_the_end(peer), b"");
}

#[test]
fn a_handle_is_dead_once_the_socket_was_taken_out() {
    let (mut connection, mut peer) = tcp_and_peer();
    let handle = connection.abort_handle().unwrap();
    let mut socket = connection.into_std().unwrap();
    assert!(!handle.abort());
    socket.write_all(b"x").unwrap();
    peer.read_exact(&mut [0]).unwrap();
}

#[test]
fn debug_of_a_handle_says_whether_the_connection_is_there() {
    let (mut connection, _peer) = tcp_and_peer();
    let handle = connection.abort_handle().unwrap();
    assert_eq!(format!("{handle:?}"), "AbortHandle { alive: true }");
    drop(connection);
    assert_eq!(format!("{handle:?}"), "AbortHandle { alive: false }");
}
