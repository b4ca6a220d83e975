//! What goes wrong below, who is told, and what is not tried again.

use std::{io::ErrorKind, pin::Pin};

use futures_lite::{
    AsyncRead, AsyncReadExt, AsyncWriteExt,
    future::{block_on, poll_once},
};
use socketry_connection_tls::{SessionFailed, TlsConnection, rustls::version};
use socketry_testing::{
    CountingWaker, Faults, FaultyConnection, MemoryConnection, Operation, faulty,
};

use crate::support::{Secured, ends, kind, secure, secured, secured_by};

/// A record of 32 bytes that nobody has encrypted.
const FORGED: [u8; 37] = {
    let mut record = [0; 37];
    (record[0], record[1], record[2], record[4]) = (23, 3, 3, 32);
    record
};

type FaultyClient = TlsConnection<FaultyConnection<MemoryConnection>>;

fn faulty_client() -> (FaultyClient, Secured, Faults) {
    let (client, server) = ends();
    let (client, faults) = faulty(client);
    let (client, server) = secure((client, server));
    faults.take_counts();
    (client, server, faults)
}

/// How often something was to be written below since this was last asked.
fn writes(faults: &Faults) -> usize {
    let counts = faults.take_counts();
    counts.writes + counts.vectored_writes
}

#[test]
fn what_a_write_has_left_behind_leaves_though_its_task_only_reads_on() {
    let (mut client, mut server, faults) = faulty_client();
    block_on(async {
        faults.hold(Operation::Write);
        client.write_all(b"request").await.unwrap();
        faults.release(Operation::Write);
        assert!(poll_once(client.read(&mut [0])).await.is_none());
        assert!(poll_once(server.read_exact(&mut [0; 7])).await.is_some());
    });
}

#[test]
fn a_dead_peer_is_one_error_and_then_broken_pipes_without_another_try() {
    let (mut client, _server, faults) = faulty_client();
    block_on(async {
        faults.hold(Operation::Write);
        client.write_all(b"queued").await.unwrap();
        faults.fail(Operation::Write, ErrorKind::TimedOut);
        faults.take_counts();
        assert_eq!(kind(client.flush().await), Some(ErrorKind::TimedOut));
        assert_eq!(kind(client.write(b"x").await), Some(ErrorKind::BrokenPipe));
        assert_eq!(kind(client.flush().await), Some(ErrorKind::BrokenPipe));
        assert!(poll_once(client.read(&mut [0])).await.is_none(), "reading goes on");
    });
    assert_eq!(writes(&faults), 1);
}

#[test]
fn an_answer_that_fails_is_the_next_writers_error_and_reading_goes_on() {
    let (mut client, mut server, faults) = faulty_client();
    block_on(async {
        faults.fail(Operation::Write, ErrorKind::TimedOut);
        server.refresh_keys().unwrap();
        server.write_all(b"still read").await.unwrap();
        let mut heard = [0; 10];
        client.read_exact(&mut heard).await.unwrap();
        assert_eq!(&heard, b"still read");
        faults.release(Operation::Write);
        assert_eq!(kind(client.write(b"x").await), Some(ErrorKind::TimedOut));
        assert_eq!(kind(client.write(b"x").await), Some(ErrorKind::BrokenPipe));
    });
}

#[test]
fn the_flush_of_an_answer_is_made_up_for_while_reading() {
    let (mut client, mut server, faults) = faulty_client();
    faults.buffer_writes(true);
    faults.delay(Operation::Flush, 3);
    block_on(async {
        server.refresh_keys().unwrap();
        server.flush().await.unwrap();
        for _ in 0..5 {
            assert!(poll_once(client.read(&mut [0])).await.is_none());
        }
    });
    assert_eq!(faults.counts().flushes, 4, "three that waited and one that did not");
    assert_eq!(faults.counts().bytes_written, 5 + 5 + 1 + 16, "one answer");
}

#[test]
fn keys_are_not_renewed_after_close() {
    let (mut client, _server) = secured();
    block_on(client.close()).unwrap();
    assert_eq!(kind(client.refresh_keys()), Some(ErrorKind::BrokenPipe));
}

#[test]
fn keys_of_tls_1_2_cannot_be_renewed() {
    let (mut client, _server) = secured_by(&[&version::TLS12]);
    assert_eq!(kind(client.refresh_keys()), Some(ErrorKind::Unsupported));
}

#[test]
fn garbage_and_records_that_are_too_long_break_the_connection_for_both_directions() {
    for garbage in
        [&b"HTTP/1.1 400 Bad Request\r\n\r\n"[..], &[23, 3, 3, 0xff, 0xff, 0, 0, 0], &FORGED]
    {
        let (mut client, mut server) = secured();
        block_on(async {
            server.get_mut().write_all(garbage).await.unwrap();
            let read = client.read(&mut [0]).await.unwrap_err();
            let written = client.write(b"x").await.unwrap_err();
            for error in [read, written] {
                assert_eq!(error.kind(), ErrorKind::InvalidData);
                assert!(error.get_ref().is_some_and(|payload| payload.is::<SessionFailed>()));
            }
        });
    }
}

#[test]
fn a_failed_write_says_what_the_peer_had_said_before_it_left() {
    let (mut client, mut server, faults) = faulty_client();
    block_on(async {
        client.get_mut().write_all(&FORGED).await.unwrap();
        server.read(&mut [0]).await.unwrap_err(); // answers with an alert
        faults.fail(Operation::Write, ErrorKind::ConnectionReset);
        for error in
            [client.write(b"x").await.unwrap_err(), client.read(&mut [0]).await.unwrap_err()]
        {
            assert!(error.to_string().contains("alert bad_record_mac (20)"), "{error}");
        }
    });
}

#[test]
fn a_read_error_that_a_failed_write_has_found_is_not_lost() {
    let (mut client, _server, faults) = faulty_client();
    block_on(async {
        faults.fail(Operation::Write, ErrorKind::BrokenPipe);
        faults.fail(Operation::Read, ErrorKind::ConnectionReset);
        assert_eq!(kind(client.write(b"x").await), Some(ErrorKind::BrokenPipe));
        faults.release(Operation::Read);
        assert_eq!(kind(client.read(&mut [0]).await), Some(ErrorKind::ConnectionReset));
    });
}

#[test]
fn errors_below_are_handed_on_as_they_are() {
    let (mut client, _server, faults) = faulty_client();
    faults.fail(Operation::Read, ErrorKind::HostUnreachable);
    let error = block_on(client.read(&mut [0])).unwrap_err();
    assert_eq!((error.kind(), error.get_ref().is_none()), (ErrorKind::HostUnreachable, true));
}

#[test]
fn others_get_a_turn_while_little_comes_at_a_time() {
    let (mut client, mut server, faults) = faulty_client();
    faults.at_most_read(1);
    let waker = CountingWaker::new();
    block_on(server.write_all(&[7; 100])).unwrap();
    faults.take_counts();
    let read = Pin::new(&mut client).poll_read(&mut waker.context(), &mut [0]);
    assert!(read.is_pending());
    assert_eq!((faults.counts().reads, waker.count()), (32, 1));
    assert_eq!(block_on(client.read(&mut [0; 100])).unwrap(), 100);
}
