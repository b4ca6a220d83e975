//! Who is woken: the task that polled last, for the direction that it waits for.

use std::{
    io::{Read, Write},
    pin::Pin,
    task::Poll,
    thread,
};

use futures_lite::{AsyncRead, AsyncWrite};
use socketry_testing::CountingWaker;

use crate::support::{tcp_and_peer, unix_and_peer};

/// Returns when the task was woken. A wake-up that is lost shows as a test that does not end.
fn wait_for(task: &CountingWaker) {
    while task.count() == 0 {
        thread::yield_now();
    }
}

fn poll_read(reader: &mut (impl AsyncRead + Unpin), task: &CountingWaker) -> Option<usize> {
    match Pin::new(reader).poll_read(&mut task.context(), &mut [0; 64]) {
        Poll::Ready(count) => Some(count.unwrap()),
        Poll::Pending => None,
    }
}

fn poll_write(writer: &mut (impl AsyncWrite + Unpin), task: &CountingWaker) -> Option<usize> {
    match Pin::new(writer).poll_write(&mut task.context(), &[0; 1 << 16]) {
        Poll::Ready(count) => Some(count.unwrap()),
        Poll::Pending => None,
    }
}

#[test]
fn a_reader_is_woken_however_often_it_was_polled() {
    let (mut connection, mut peer) = tcp_and_peer();
    for polls in 1..20 {
        let task = CountingWaker::new();
        for _ in 0..polls {
            assert_eq!(poll_read(&mut connection, &task), None);
        }
        peer.write_all(b"x").unwrap();
        wait_for(&task);
        assert_eq!(poll_read(&mut connection, &task), Some(1));
    }
}

#[test]
fn the_task_that_polled_last_is_woken_when_a_connection_has_changed_hands() {
    let (mut connection, mut peer) = tcp_and_peer();
    let [first, second, third] = [(); 3].map(|()| CountingWaker::new());
    for task in [&first, &second, &first, &third] {
        assert_eq!(poll_read(&mut connection, task), None);
    }
    let (mut reads, _writes) = connection.into_split();
    assert_eq!(poll_read(&mut reads, &second), None);
    second.take();
    peer.write_all(b"x").unwrap();
    wait_for(&second);
    assert_eq!(poll_read(&mut reads, &second), Some(1));
}

#[test]
fn a_writer_is_woken_by_room_and_a_reader_is_not() {
    let (connection, mut peer) = unix_and_peer();
    let (mut reads, mut writes) = connection.into_split();
    let (reader, writer) = (CountingWaker::new(), CountingWaker::new());
    let mut written = 0;
    while let Some(count) = poll_write(&mut writes, &writer) {
        written += count;
    }
    assert_eq!(poll_read(&mut reads, &reader), None);
    peer.read_exact(&mut vec![0; written]).unwrap();
    wait_for(&writer);
    assert!(poll_write(&mut writes, &writer).is_some());
    assert_eq!(reader.count(), 0);
}

#[test]
fn a_reader_is_woken_by_bytes_and_a_writer_that_waits_is_not() {
    let (connection, mut peer) = unix_and_peer();
    let (mut reads, mut writes) = connection.into_split();
    let (reader, writer) = (CountingWaker::new(), CountingWaker::new());
    while poll_write(&mut writes, &writer).is_some() {}
    assert_eq!(poll_read(&mut reads, &reader), None);
    peer.write_all(b"x").unwrap();
    wait_for(&reader);
    assert_eq!(poll_read(&mut reads, &reader), Some(1));
    assert_eq!(writer.count(), 0);
}
