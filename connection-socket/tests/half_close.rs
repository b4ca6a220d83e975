//! Ending one direction, or both.

use std::{
    io::{ErrorKind, IoSlice, Read, Write},
    net::Shutdown,
};

use futures_lite::{AsyncReadExt, AsyncWriteExt, future::block_on};

use crate::support::{hears_to_the_end, reset, tcp_and_peer, tcp_pair, unix_pair};

#[test]
fn a_reply_is_delivered_after_the_peer_has_finished_writing() {
    let (mut connection, mut peer) = tcp_and_peer();
    peer.write_all(b"hi").unwrap();
    peer.shutdown(Shutdown::Write).unwrap();
    block_on(async {
        let mut heard = Vec::new();
        connection.read_to_end(&mut heard).await.unwrap();
        connection.write_all(&heard).await.unwrap();
        connection.close().await.unwrap();
    });
    assert_eq!(hears_to_the_end(peer), b"hi");
}

#[test]
fn reading_goes_on_after_ones_own_close() {
    let (mut connection, mut peer) = tcp_and_peer();
    let heard = block_on(async {
        connection.write_all(b"question").await.unwrap();
        connection.close().await.unwrap();
        assert_eq!(hears_to_the_end(&peer), b"question");
        peer.write_all(b"answer").unwrap();
        drop(peer);
        let mut heard = Vec::new();
        connection.read_to_end(&mut heard).await.unwrap();
        heard
    });
    assert_eq!(heard, b"answer");
}

#[test]
fn the_end_stays_the_end() {
    let (mut connection, peer) = tcp_and_peer();
    drop(peer);
    block_on(async {
        for _ in 0..3 {
            assert_eq!(connection.read(&mut [0; 8]).await.unwrap(), 0);
        }
    });
}

#[test]
fn the_end_is_told_to_a_reader_that_waits() {
    let (mut connection, peer) = tcp_and_peer();
    let mut byte = [0];
    block_on(async {
        let mut read = connection.read(&mut byte);
        crate::support::until_it_waits(&mut read).await;
        drop(peer);
        assert_eq!(read.await.unwrap(), 0);
    });
}

#[test]
fn a_write_after_close_is_a_broken_pipe() {
    let (mut connection, _peer) = tcp_and_peer();
    block_on(async {
        connection.close().await.unwrap();
        let error = connection.write(b"late").await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::BrokenPipe);
        assert!(error.to_string().contains("was closed"), "it says who closed it: {error}");
    });
}

#[test]
fn a_vectored_write_after_close_is_a_broken_pipe() {
    let (mut connection, _peer) = unix_pair();
    block_on(async {
        connection.close().await.unwrap();
        let error = connection.write_vectored(&[IoSlice::new(b"late")]).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::BrokenPipe);
    });
}

#[test]
fn closing_twice_is_no_error() {
    let (mut connection, _peer) = tcp_and_peer();
    block_on(async {
        connection.close().await.unwrap();
        connection.close().await.unwrap();
    });
}

#[test]
fn closing_after_the_peers_reset_is_no_error() {
    let (mut connection, peer) = tcp_and_peer();
    reset(peer);
    block_on(async {
        let error = connection.read(&mut [0]).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::ConnectionReset);
        connection.close().await.unwrap();
    });
}

#[test]
fn the_peers_reset_is_told_to_a_reader_that_waits() {
    let (mut connection, peer) = tcp_and_peer();
    let mut byte = [0];
    let error = block_on(async {
        let mut read = connection.read(&mut byte);
        crate::support::until_it_waits(&mut read).await;
        reset(peer);
        read.await.unwrap_err()
    });
    assert_eq!(error.kind(), ErrorKind::ConnectionReset);
}

#[test]
fn writing_to_a_peer_that_is_gone_fails_in_the_end() {
    let (mut connection, peer) = tcp_and_peer();
    reset(peer);
    block_on(async {
        // The reset is heard first, so that it cannot come after the write.
        connection.read(&mut [0]).await.unwrap_err();
        let error = connection.write(b"anybody there?").await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::BrokenPipe);
    });
}

#[test]
fn dropping_ends_both_ways_and_delivers_what_was_written() {
    let (mut connection, peer) = tcp_and_peer();
    block_on(connection.write_all(b"last words")).unwrap();
    drop(connection);
    assert_eq!(hears_to_the_end(peer), b"last words");
}

#[test]
fn dropping_with_bytes_unread_tells_the_peer_by_a_reset() {
    let (mut connection, mut peer) = tcp_and_peer();
    peer.write_all(b"not heard").unwrap();
    block_on(connection.read(&mut [0; 1])).unwrap();
    drop(connection);
    let error = peer.read(&mut [0]).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::ConnectionReset);
}

#[test]
fn flushing_is_always_done_at_once() {
    let (mut connection, _peer) = tcp_pair();
    block_on(async {
        connection.write_all(b"x").await.unwrap();
        connection.flush().await.unwrap();
        connection.close().await.unwrap();
        connection.flush().await.unwrap();
    });
}

#[test]
fn reading_into_nothing_is_not_the_end() {
    let (mut connection, mut peer) = tcp_and_peer();
    peer.write_all(b"x").unwrap();
    block_on(async {
        assert_eq!(connection.read(&mut []).await.unwrap(), 0);
        assert_eq!(connection.read(&mut [0; 8]).await.unwrap(), 1);
    });
}
