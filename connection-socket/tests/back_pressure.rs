//! A writer that is faster than its reader: it waits, and no byte is lost, doubled or moved.

use std::io::{IoSlice, IoSliceMut, Read, Write};

use futures_lite::{
    AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt,
    future::{self, block_on},
};
use socketry_connection_socket::PlainSocket;

use crate::support::{Noise, on_two_threads, tcp_and_peer, tcp_pair, unix_and_peer, unix_pair};

/// More than the buffers of both ends hold together.
const BULK: usize = 6 * 1024 * 1024 + 7;

/// Writes until the writer has to wait, and says how much that was.
async fn fill(writer: &mut (impl AsyncWrite + Unpin), noise: &mut Noise) -> usize {
    let mut written = 0;
    loop {
        let mut ahead = noise.clone();
        let bytes = ahead.bytes(noise.clone().size(50_000));
        match future::poll_once(writer.write(&bytes)).await {
            Some(count) => {
                let count = count.unwrap();
                noise.bytes(count);
                written += count;
            }
            None => return written,
        }
    }
}

/// Writes `BULK` bytes of `noise` in odd pieces.
async fn send(writer: &mut (impl AsyncWrite + Unpin), mut noise: Noise, mut sizes: Noise) {
    let mut left = BULK;
    while left > 0 {
        let piece = noise.bytes(sizes.size(100_000).min(left));
        writer.write_all(&piece).await.unwrap();
        left -= piece.len();
    }
}

/// Writes `BULK` bytes of `noise`, several odd pieces in one write.
async fn send_vectored(writer: &mut (impl AsyncWrite + Unpin), mut noise: Noise, mut sizes: Noise) {
    let mut left = BULK;
    while left > 0 {
        let pieces: Vec<Vec<u8>> = (0..5)
            .map(|_| {
                let piece = noise.bytes(sizes.size(30_000).min(left));
                left -= piece.len();
                piece
            })
            .collect();
        let mut slices: Vec<IoSlice<'_>> = pieces.iter().map(|piece| IoSlice::new(piece)).collect();
        let mut slices = &mut slices[..];
        IoSlice::advance_slices(&mut slices, 0); // drops the empty ones
        while !slices.is_empty() {
            let count = writer.write_vectored(slices).await.unwrap();
            IoSlice::advance_slices(&mut slices, count);
        }
    }
}

/// Reads `BULK` bytes into buffers of odd sizes and compares them with `noise`.
async fn receive(reader: &mut (impl AsyncRead + Unpin), mut noise: Noise, mut sizes: Noise) {
    let mut left = BULK;
    while left > 0 {
        let mut buffer = vec![0; sizes.size(100_000).min(left)];
        let count = reader.read(&mut buffer).await.unwrap();
        assert!(count > 0, "the stream ended {left} bytes too early");
        assert!(buffer[..count] == noise.bytes(count), "wrong bytes, {left} before the end");
        left -= count;
    }
}

/// As [`receive`], into several buffers in one read.
async fn receive_vectored(
    reader: &mut (impl AsyncRead + Unpin),
    mut noise: Noise,
    mut sizes: Noise,
) {
    let mut left = BULK;
    while left > 0 {
        let (mut first, mut second) = (vec![0; sizes.size(20_000)], vec![0; sizes.size(20_000)]);
        let mut buffers = [IoSliceMut::new(&mut first), IoSliceMut::new(&mut second)];
        let count = reader.read_vectored(&mut buffers).await.unwrap();
        assert!(0 < count && count <= left, "{count} bytes, {left} before the end");
        let heard = [first, second].concat();
        assert!(heard[..count] == noise.bytes(count), "wrong bytes, {left} before the end");
        left -= count;
    }
}

#[test]
fn a_writer_waits_for_a_peer_that_does_not_read_and_goes_on_when_it_does() {
    let (mut connection, mut peer) = tcp_and_peer();
    let mut noise = Noise::new(1);
    let mut expected = noise.clone();
    block_on(async {
        let written = fill(&mut connection, &mut noise).await;
        let reader = std::thread::spawn(move || {
            let mut heard = vec![0; written + BULK];
            peer.read_exact(&mut heard).unwrap();
            assert!(heard == expected.bytes(heard.len()));
        });
        connection.write_all(&noise.bytes(BULK)).await.unwrap();
        reader.join().unwrap();
    });
}

#[test]
fn a_write_that_is_given_up_while_it_waits_has_written_nothing() {
    let (mut connection, mut peer) = unix_and_peer();
    let mut noise = Noise::new(2);
    let mut expected = noise.clone();
    let written = block_on(async {
        let written = fill(&mut connection, &mut noise).await;
        for _ in 0..100 {
            crate::support::until_it_waits(connection.write(b"never sent")).await;
        }
        written
    });
    drop(connection);
    let mut heard = Vec::new();
    peer.read_to_end(&mut heard).unwrap();
    assert!(heard == expected.bytes(written));
}

#[test]
fn what_came_while_nobody_read_is_all_there_later() {
    let (mut connection, mut peer) = tcp_and_peer();
    let mut expected = Noise::new(3);
    let writer = std::thread::spawn(move || {
        peer.write_all(&Noise::new(3).bytes(BULK)).unwrap();
        peer
    });
    let heard = block_on(async {
        let mut first = [0; 1];
        connection.read_exact(&mut first).await.unwrap();
        assert_eq!(first, expected.bytes(1)[..]);
        // The writer is stuck by now or soon; nothing tells it to wait but the system.
        let mut rest = vec![0; BULK - 1];
        connection.read_exact(&mut rest).await.unwrap();
        rest
    });
    assert!(heard == expected.bytes(BULK - 1));
    drop(writer.join().unwrap());
}

#[test]
fn both_ends_write_at_once_from_one_task_each_over_tcp() {
    let (first, second) = tcp_pair();
    both_ways_on_two_threads(first, second);
}

#[test]
fn both_ends_write_at_once_from_one_task_each_over_a_unix_socket() {
    let (first, second) = unix_pair();
    both_ways_on_two_threads(first, second);
}

#[test]
fn both_ends_write_at_once_from_two_tasks_each() {
    let (first, second) = tcp_pair();
    let (mut first_reads, mut first_writes) = first.into_split();
    let (mut second_reads, mut second_writes) = second.into_split();
    on_two_threads(
        async {
            let there = send(&mut first_writes, Noise::new(6), Noise::new(7));
            future::zip(there, send_vectored(&mut second_writes, Noise::new(8), Noise::new(9)))
                .await;
        },
        async {
            let there = receive_vectored(&mut second_reads, Noise::new(6), Noise::new(10));
            future::zip(there, receive(&mut first_reads, Noise::new(8), Noise::new(11))).await;
        },
    );
}

fn both_ways_on_two_threads<S: PlainSocket>(
    first: socketry_connection_socket::SocketConnection<S>,
    second: socketry_connection_socket::SocketConnection<S>,
) {
    let talk = async |connection: socketry_connection_socket::SocketConnection<S>, ours, theirs| {
        let (mut reads, mut writes) = connection.into_split();
        let out = send_vectored(&mut writes, Noise::new(ours), Noise::new(ours + 10));
        future::zip(out, receive(&mut reads, Noise::new(theirs), Noise::new(theirs + 20))).await;
    };
    std::thread::scope(|scope| {
        scope.spawn(|| block_on(talk(first, 4, 5)));
        block_on(talk(second, 5, 4));
    });
}
