//! After a read that did not fill its buffer the connection waits before it asks again. Whatever
//! comes in between must wake it.

use std::io::{IoSliceMut, Write};

use futures_lite::{AsyncReadExt, AsyncWriteExt, future::block_on};

use crate::support::{Noise, on_two_threads, tcp_and_peer, tcp_pair, until_it_waits};

/// How many messages a test sends.
const MESSAGES: usize = 20_000;

#[test]
fn many_small_messages_in_odd_sizes_all_arrive() {
    let (mut connection, mut peer) = tcp_and_peer();
    let writer = std::thread::spawn(move || {
        let (mut noise, mut sizes) = (Noise::new(1), Noise::new(2));
        for _ in 0..MESSAGES {
            peer.write_all(&noise.bytes(sizes.size(300))).unwrap();
            if sizes.size(4) == 1 {
                std::thread::yield_now();
            }
        }
    });
    let (mut noise, mut sizes) = (Noise::new(1), Noise::new(3));
    block_on(async {
        loop {
            let mut buffer = vec![0; sizes.size(600)];
            let count = connection.read(&mut buffer).await.unwrap();
            if count == 0 {
                break;
            }
            assert_eq!(buffer[..count], noise.bytes(count));
        }
    });
    writer.join().unwrap();
}

#[test]
fn questions_and_answers_go_back_and_forth() {
    let (mut client, mut server) = tcp_pair();
    let ask = async {
        let mut noise = Noise::new(4);
        for _ in 0..2000 {
            let question = noise.bytes(noise.clone().size(100));
            client.write_all(&question).await.unwrap();
            let mut answer = vec![0; question.len()];
            client.read_exact(&mut answer).await.unwrap();
            assert_eq!(answer, question);
        }
        client.close().await.unwrap();
    };
    let echo = async {
        let mut buffer = [0; 64];
        loop {
            match server.read(&mut buffer).await.unwrap() {
                0 => break,
                count => server.write_all(&buffer[..count]).await.unwrap(),
            }
        }
    };
    on_two_threads(ask, echo);
}

#[test]
fn bytes_that_come_right_after_a_short_read_are_read_next() {
    let (mut connection, mut peer) = tcp_and_peer();
    block_on(async {
        let mut buffer = [0; 8];
        peer.write_all(b"one").unwrap();
        assert_eq!(connection.read(&mut buffer).await.unwrap(), 3);
        peer.write_all(b"two").unwrap();
        assert_eq!(connection.read(&mut buffer).await.unwrap(), 3);
        assert_eq!(&buffer[..3], b"two");
    });
}

#[test]
fn the_end_that_comes_right_after_a_short_read_is_read_next() {
    let (mut connection, mut peer) = tcp_and_peer();
    block_on(async {
        peer.write_all(b"one").unwrap();
        assert_eq!(connection.read(&mut [0; 8]).await.unwrap(), 3);
        drop(peer);
        assert_eq!(connection.read(&mut [0; 8]).await.unwrap(), 0);
    });
}

#[test]
fn what_a_read_has_left_behind_is_read_next() {
    let (mut connection, mut peer) = tcp_and_peer();
    peer.write_all(b"123456").unwrap();
    block_on(async {
        let mut buffer = [0; 2];
        for expected in [b"12", b"34", b"56"] {
            assert_eq!(connection.read(&mut buffer).await.unwrap(), 2);
            assert_eq!(&buffer, expected);
        }
        until_it_waits(connection.read(&mut buffer)).await;
    });
}

#[test]
fn a_read_that_is_given_up_while_it_waits_has_taken_nothing() {
    let (mut connection, mut peer) = tcp_and_peer();
    block_on(async {
        let mut buffer = [0; 8];
        for _ in 0..100 {
            until_it_waits(connection.read(&mut buffer)).await;
        }
        peer.write_all(b"still here").unwrap();
        let mut heard = [0; 10];
        connection.read_exact(&mut heard).await.unwrap();
        assert_eq!(&heard, b"still here");
    });
}

#[test]
fn a_vectored_read_fills_its_buffers_in_order() {
    let (mut connection, mut peer) = tcp_and_peer();
    peer.write_all(b"headbody").unwrap();
    let (mut head, mut body) = ([0; 4], [0; 8]);
    let count = block_on(
        connection.read_vectored(&mut [IoSliceMut::new(&mut head), IoSliceMut::new(&mut body)]),
    )
    .unwrap();
    assert_eq!((count, &head, &body[..4]), (8, b"head", &b"body"[..]));
}
