//! The record path: reading, writing and ending.

use std::{
    io::{ErrorKind, IoSlice, IoSliceMut},
    pin::Pin,
    task::{Context, Poll, Waker},
};

use futures_lite::{
    AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt,
    future::{block_on, poll_fn, poll_once, zip},
};
use socketry_connection::Connection;
use socketry_connection_tls::SessionFailed;
use socketry_testing::{
    CountingWaker, MemoryConnection, Operation, check_abort, check_connection, faulty, pair,
    pair_with_capacity,
};

use crate::support::{ends, kind, say, secure, secured};

fn now<T>(poll: impl FnOnce(&mut Context<'_>) -> Poll<T>) -> Poll<T> {
    poll(&mut Context::from_waker(Waker::noop()))
}

#[test]
fn both_ends_keep_the_contract_of_connections() {
    let (client, server) = secured();
    block_on(check_connection(client, server));
}

#[test]
fn both_ends_keep_the_contract_of_aborts() {
    let (client, server) = secured();
    block_on(check_abort(client, server));
}

#[test]
fn tls_within_tls_keeps_the_contract_of_connections() {
    let (client, server) = secure(secured());
    block_on(check_connection(client, server));
}

#[test]
fn a_connection_that_takes_and_gives_single_bytes_carries_tls() {
    let (ours, theirs) = pair();
    let ((ours, little), (theirs, little_there)) = (faulty(ours), faulty(theirs));
    for faults in [&little, &little_there] {
        faults.at_most_read(1);
        faults.at_most_written(1);
    }
    let (mut client, mut server) = secure((ours, theirs));
    say(&mut client, b"hello");
    let mut heard = [0; 5];
    block_on(server.read_exact(&mut heard)).unwrap();
    assert_eq!(&heard, b"hello");
}

#[test]
fn addresses_are_those_below_as_tls() {
    let (client, server) = secure(ends());
    let text = |address: Option<socketry_connection::Address>| address.unwrap().to_string();
    assert_eq!(text(client.remote_address()), "tls://192.0.2.2:443");
    assert_eq!(text(server.remote_address()), "tls://192.0.2.1:50000");
    assert_eq!(client.local_address(), server.remote_address());
}

/// 64 KiB of plaintext in records of the largest size.
const BULK: usize = 64 * 1024;

#[test]
fn bulk_is_read_by_the_record() {
    const ROUNDS: usize = 64;
    let (ours, theirs) = pair_with_capacity(1024 * 1024);
    let (theirs, counts) = faulty(theirs);
    let (mut client, mut server) = secure((ours, theirs));
    let (mut sent, mut heard) = (0, 0);
    let mut buffer = vec![0; BULK];
    let mut reads = 0;
    while heard < ROUNDS * BULK {
        // The source always fills: whatever is asked for is there.
        while sent < heard + 8 * BULK {
            match now(|cx| Pin::new(&mut client).poll_write(cx, &[7; BULK])) {
                Poll::Ready(count) => sent += count.unwrap(),
                Poll::Pending => break,
            }
        }
        counts.take_counts();
        let Poll::Ready(count) = now(|cx| Pin::new(&mut server).poll_read(cx, &mut buffer)) else {
            panic!("there is something");
        };
        heard += count.unwrap();
        reads += counts.counts().reads;
    }
    let per_bulk = reads as f64 * BULK as f64 / heard as f64;
    assert!(per_bulk <= 4.05, "{per_bulk} reads for each 64 KiB, which are four records");
}

#[test]
fn small_records_that_came_together_are_all_read_without_another_packet() {
    let (ours, theirs) = pair();
    let (theirs, faults) = faulty(theirs);
    let (mut client, mut server) = secure((ours, theirs));
    for number in 0..20 {
        say(&mut client, &[number; 3]);
    }
    let mut heard = Vec::new();
    for _ in 0..30 {
        let mut two = [0; 2];
        block_on(server.read_exact(&mut two)).unwrap();
        faults.hold(Operation::Read); // nothing more comes from below
        heard.extend(two);
    }
    let expected: Vec<u8> = (0..20).flat_map(|number| [number; 3]).collect();
    assert_eq!(heard, expected);
}

#[test]
fn several_buffers_are_filled_by_one_read_and_emptied_by_one_write() {
    let (mut client, mut server) = secured();
    let said = [IoSlice::new(b"abc"), IoSlice::new(b""), IoSlice::new(b"defg")];
    let count = block_on(poll_fn(|cx| Pin::new(&mut client).poll_write_vectored(cx, &said)));
    assert_eq!(count.unwrap(), 7);
    let (mut first, mut second) = ([0; 2], [0; 8]);
    let mut buffers = [IoSliceMut::new(&mut first), IoSliceMut::new(&mut second)];
    let read = poll_fn(|cx| Pin::new(&mut server).poll_read_vectored(cx, &mut buffers));
    assert_eq!(block_on(read).unwrap(), 7);
    assert_eq!((&first, &second[..5]), (b"ab", &b"cdefg"[..]));
}

#[test]
fn all_records_of_a_write_leave_in_one_call() {
    let (ours, theirs) = pair_with_capacity(1024 * 1024);
    let (ours, faults) = faulty(ours);
    let (mut client, _server) = secure((ours, theirs));
    faults.take_counts();
    say(&mut client, &[0; BULK]);
    let counts = faults.counts();
    assert_eq!(counts.writes + counts.vectored_writes, 1);
}

#[test]
fn a_read_into_nothing_never_waits() {
    let (mut client, _server) = secured();
    assert_eq!(block_on(poll_once(client.read(&mut []))).unwrap().unwrap(), 0);
}

#[test]
fn a_write_that_waits_has_taken_nothing() {
    let (ours, theirs) = pair();
    let (ours, faults) = faulty(ours);
    let (mut client, mut server) = secure((ours, theirs));
    faults.hold(Operation::Write);
    let taken = block_on(poll_once(client.write(b"first"))).unwrap().unwrap();
    assert!(block_on(poll_once(client.write(b"second"))).is_none());
    faults.release(Operation::Write);
    block_on(client.flush()).unwrap();
    drop(client);
    let mut heard = Vec::new();
    assert_eq!(kind(block_on(server.read_to_end(&mut heard))), Some(ErrorKind::UnexpectedEof));
    assert_eq!(heard, b"first"[..taken]);
}

#[test]
fn the_rest_of_a_write_is_sent_by_whoever_reads_although_nobody_flushes() {
    let (ours, theirs) = pair_with_capacity(4096);
    let (mut client, mut server) = secure((ours, theirs));
    let asking = async {
        client.write_all(&[1; 40_000]).await?;
        client.read_exact(&mut [0; 2]).await
    };
    let answering = async {
        server.read_exact(&mut [0; 40_000]).await?;
        server.write_all(b"ok").await
    };
    let (asked, answered) = block_on(zip(asking, answering));
    assert!(asked.is_ok() && answered.is_ok());
}

#[test]
fn a_peer_that_is_gone_ends_writing_in_one_error_and_then_a_broken_pipe() {
    let (ours, theirs) = pair();
    let (ours, faults) = faulty(ours);
    let (mut client, _server) = secure((ours, theirs));
    faults.hold(Operation::Write);
    let _ = block_on(poll_once(client.write(b"queued")));
    faults.release(Operation::Write);
    faults.fail(Operation::Write, ErrorKind::ConnectionReset);
    assert_eq!(kind(block_on(client.flush())), Some(ErrorKind::ConnectionReset));
    faults.take_counts();
    for _ in 0..3 {
        assert_eq!(kind(block_on(client.write(b"x"))), Some(ErrorKind::BrokenPipe));
        assert_eq!(kind(block_on(client.flush())), Some(ErrorKind::BrokenPipe));
    }
    assert_eq!(faults.counts().writes + faults.counts().vectored_writes, 0);
}

#[test]
fn a_connection_that_takes_nothing_is_an_error_and_no_endless_loop() {
    let (ours, theirs) = pair();
    let (ours, faults) = faulty(ours);
    let (mut client, _server) = secure((ours, theirs));
    faults.do_nothing(Operation::Write);
    assert_eq!(kind(block_on(client.write(b"x"))), Some(ErrorKind::WriteZero));
}

#[test]
fn what_a_connection_below_buffers_is_flushed_with_it() {
    let (ours, theirs) = pair();
    let (ours, faults) = faulty(ours);
    faults.buffer_writes(true);
    let (mut client, mut server) = secure((ours, theirs));
    block_on(async {
        client.write_all(b"hello").await.unwrap();
        assert!(poll_once(server.read(&mut [0; 8])).await.is_none());
        client.flush().await.unwrap();
        assert_eq!(server.read(&mut [0; 8]).await.unwrap(), 5);
    });
}

#[test]
fn a_record_that_was_changed_on_the_way_breaks_the_connection_for_good_and_the_peer_hears_of_it() {
    let (mut client, mut server) = secured();
    // A record of the right form that nobody has encrypted.
    block_on(client.get_mut().write_all(b"\x17\x03\x03\x00\x20 thirty-two bytes that are false."))
        .unwrap();
    for _ in 0..2 {
        let error = block_on(server.read(&mut [0; 8])).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidData);
        assert!(error.get_ref().unwrap().is::<SessionFailed>(), "{error}");
    }
    let error = block_on(client.read(&mut [0; 8])).unwrap_err();
    assert!(error.to_string().contains("alert bad_record_mac (20)"), "{error}");
}

/// How often both tasks of `server` are polled while its reader has something to answer, until the
/// answer has gone.
fn polls_until_answered(writer_waits: bool) -> (usize, usize) {
    let (ours, theirs) = pair_with_capacity(64 * 1024);
    let (theirs, faults) = faulty(theirs);
    let (mut client, mut server) = secure((ours, theirs));
    let (reader, writer) = (CountingWaker::new(), CountingWaker::new());
    // The tickets have to be out of the way.
    say(&mut server, b"!");
    block_on(client.read_exact(&mut [0; 1])).unwrap();
    faults.hold(Operation::Write);
    if writer_waits {
        let mut cx = writer.context();
        while Pin::new(&mut server).poll_write(&mut cx, &[0; 1024]).is_ready() {}
    }
    client.refresh_keys().unwrap();
    say(&mut client, b"new keys");
    let mut heard = [0; 8];
    let mut cx = reader.context();
    assert!(matches!(Pin::new(&mut server).poll_read(&mut cx, &mut heard), Poll::Ready(Ok(8))));
    assert!(Pin::new(&mut server).poll_read(&mut cx, &mut heard).is_pending());
    faults.release(Operation::Write);
    let woken = (reader.count(), writer.count());
    // The reader alone gets the answer out.
    assert!(Pin::new(&mut server).poll_read(&mut cx, &mut heard).is_pending());
    assert!(!server.session().wants_write());
    woken
}

#[test]
fn an_answer_to_new_keys_is_sent_by_the_reader_although_nobody_writes() {
    let (reader, writer) = polls_until_answered(false);
    assert!(reader >= 1, "the reader was not woken to send it");
    assert_eq!(writer, 0);
}

#[test]
fn a_reader_with_an_answer_and_a_writer_who_waits_are_both_woken_and_do_not_wake_each_other() {
    let (reader, writer) = polls_until_answered(true);
    assert!((1..=2).contains(&reader) && (1..=2).contains(&writer), "{reader} and {writer}");
}

#[test]
fn keys_are_renewed_in_the_middle_of_talk_both_ways() {
    let (mut client, mut server) = secured();
    for round in 0..4_u8 {
        if round % 2 == 0 { client.refresh_keys() } else { server.refresh_keys() }.unwrap();
        say(&mut client, &[round; 100]);
        say(&mut server, &[round; 100]);
        for end in [&mut client, &mut server] {
            let mut heard = [9; 100];
            block_on(end.read_exact(&mut heard)).unwrap();
            assert_eq!(heard, [round; 100]);
        }
    }
}

#[test]
fn both_ends_can_make_the_same_key_material() {
    let (client, server) = secured();
    let (mut ours, mut theirs) = ([0; 32], [1; 32]);
    client.export_keying_material(&mut ours, b"EXPORTER-test", None).unwrap();
    server.export_keying_material(&mut theirs, b"EXPORTER-test", None).unwrap();
    assert_eq!(ours, theirs);
}

#[test]
fn dropping_it_ends_the_connection_below_at_once() {
    let (client, server) = secured();
    drop(client);
    let mut below: MemoryConnection = server.into_inner();
    assert_eq!(block_on(below.read(&mut [0; 64])).unwrap(), 0);
}
