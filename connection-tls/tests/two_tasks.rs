//! A reader and a writer in two tasks, which may both have to write.

use std::{io, pin::Pin, task::Poll};

use futures_io::{AsyncRead, AsyncWrite};
use futures_lite::{AsyncReadExt, AsyncWriteExt, future::block_on};
use socketry_connection::Connection;
use socketry_connection_tls::{TlsConnection, TlsOptions};
use socketry_testing::{CountingWaker, Operation, faulty, pair, pair_with_capacity};

use crate::{
    sockets::sockets,
    support::{Configs, secure, shake},
};

/// A reader and a writer of one connection, each with a waker that counts.
fn wakers() -> (CountingWaker, CountingWaker) {
    (CountingWaker::new(), CountingWaker::new())
}

#[test]
fn a_reader_that_has_to_write_does_not_make_the_writer_wait_for_ever() {
    let (mut client, mut server) = secure(pair_with_capacity(100_000));
    let (reader, writer) = wakers();
    while Pin::new(&mut client).poll_write(&mut writer.context(), &[7; 65536]).is_ready() {}
    writer.take();

    // The reader takes the place of the writer below: there is an answer to write.
    block_on(async {
        server.refresh_keys().unwrap();
        server.flush().await.unwrap();
    });
    assert!(Pin::new(&mut client).poll_read(&mut reader.context(), &mut [0]).is_pending());
    block_on(server.read(&mut [0; 65536])).unwrap();
    assert!(writer.count() > 0, "the writer would wait for ever");
    assert!(reader.count() > 0, "and so would the answer, if the writer were gone");
}

#[test]
fn a_writer_is_woken_when_the_reader_has_written_all_there_was() {
    let (ours, theirs) = pair();
    let (ours, faults) = faulty(ours);
    let (mut client, _server) = secure((ours, theirs));
    let (reader, writer) = wakers();
    faults.hold(Operation::Write);
    let one = Pin::new(&mut client).poll_write(&mut writer.context(), b"taken");
    let two = Pin::new(&mut client).poll_write(&mut writer.context(), b"waits");
    assert!(one.is_ready() && two.is_pending());
    faults.release(Operation::Write);
    writer.take(); // that was the connection below
    assert!(Pin::new(&mut client).poll_read(&mut reader.context(), &mut [0]).is_pending());
    assert_eq!((writer.count(), reader.count()), (1, 0));
}

#[test]
fn a_writer_is_woken_when_the_reader_has_found_that_nothing_can_be_written() {
    let (ours, theirs) = pair();
    let (ours, faults) = faulty(ours);
    let (mut client, _server) = secure((ours, theirs));
    let (reader, writer) = wakers();
    faults.hold(Operation::Write);
    assert!(Pin::new(&mut client).poll_write(&mut writer.context(), b"taken").is_ready());
    assert!(Pin::new(&mut client).poll_flush(&mut writer.context()).is_pending());
    faults.fail(Operation::Write, io::ErrorKind::TimedOut);
    writer.take();
    assert!(Pin::new(&mut client).poll_read(&mut reader.context(), &mut [0]).is_pending());
    assert_eq!(writer.count(), 1);
}

#[test]
fn a_reader_whose_place_a_failed_writer_has_taken_below_is_woken() {
    let (ours, theirs) = pair();
    let (ours, faults) = faulty(ours);
    let (mut client, _server) = secure((ours, theirs));
    let (reader, writer) = wakers();
    assert!(Pin::new(&mut client).poll_read(&mut reader.context(), &mut [0]).is_pending());
    faults.fail(Operation::Write, io::ErrorKind::BrokenPipe);
    let written = Pin::new(&mut client).poll_write(&mut writer.context(), b"x");
    assert!(matches!(written, Poll::Ready(Err(_))));
    assert_eq!(reader.count(), 1);
}

/// Writes and flushes until that has to wait.
fn fill<C: Connection>(client: &mut TlsConnection<C>, writer: &CountingWaker) {
    let mut cx = writer.context();
    while Pin::new(&mut *client).poll_write(&mut cx, &[7; 65536]).is_ready() {}
    assert!(Pin::new(&mut *client).poll_flush(&mut cx).is_pending());
}

/// Polls both tasks of a client for as long as they are woken.
fn check_that_two_who_wait_do_not_wake_each_other<A: Connection, B: Connection>(
    (mut client, mut server): (TlsConnection<A>, TlsConnection<B>),
) {
    let (reader, writer) = wakers();
    fill(&mut client, &writer);
    // The answer to this waits behind what the writer could not get rid of.
    block_on(async {
        server.refresh_keys().unwrap();
        server.flush().await.unwrap();
    });
    // The system moves bytes from one buffer to the next for a while: that is no spin.
    for _ in 0..100 {
        assert!(Pin::new(&mut client).poll_read(&mut reader.context(), &mut [0]).is_pending());
        fill(&mut client, &writer);
        if reader.take() + writer.take() == 0 {
            return;
        }
    }
    panic!("the two wake each other");
}

#[test]
fn two_tasks_that_wait_to_write_on_a_real_socket_do_not_wake_each_other_for_ever() {
    check_that_two_who_wait_do_not_wake_each_other(secure(sockets()));
}

#[test]
fn two_tasks_that_wait_to_write_under_tls_in_tls_do_not_wake_each_other_for_ever() {
    check_that_two_who_wait_do_not_wake_each_other(secure(secure(sockets())));
}

#[test]
fn nothing_is_lost_that_was_written_before_a_shutdown_and_a_drop() {
    let configs = Configs::new();
    for _ in 0..200 {
        let (client, server) = shake(&configs, &TlsOptions::new(), sockets());
        let (mut client, mut server) = (client.unwrap(), server.unwrap());
        let serve = std::thread::spawn(move || {
            block_on(async {
                let mut heard = Vec::new();
                server.read_to_end(&mut heard).await.map(|_| heard.len())
            })
        });
        block_on(async {
            client.write_all(&[7; 200_000]).await.unwrap();
            client.shutdown().await.unwrap();
        });
        drop(client);
        assert_eq!(serve.join().unwrap().unwrap(), 200_000);
    }
}
