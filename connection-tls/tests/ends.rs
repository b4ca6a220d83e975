//! Ending a connection: each direction, both, in time, and so that nothing is lost.

use std::{io::ErrorKind, sync::Arc, time::Duration};

use futures_lite::{
    AsyncReadExt, AsyncWriteExt,
    future::{block_on, poll_once, zip},
};
use socketry_connection::Connection;
use socketry_connection_tls::{TlsOptions, Truncation};
use socketry_testing::{ManualClock, Operation, faulty, pair_with_capacity};

use crate::support::{Configs, Secured, ends, kind, secure, secured, shake};

/// Two ends with little room between them, which are closed by a clock that stands still.
fn cramped() -> (Secured, Secured, ManualClock) {
    let clock = ManualClock::new();
    let options = TlsOptions::new().with_clock(Arc::new(clock.clone()));
    let (client, server) = shake(&Configs::new(), &options, pair_with_capacity(4096));
    (client.unwrap(), server.unwrap(), clock)
}

#[test]
fn closing_twice_is_no_error_and_neither_is_a_flush_after_it() {
    let (mut client, mut server) = secured();
    block_on(async {
        client.write_all(b"request").await.unwrap();
        client.close().await.unwrap();
        client.close().await.unwrap();
        client.flush().await.unwrap();
        assert_eq!(server.read_to_end(&mut Vec::new()).await.unwrap(), 7);
    });
}

#[test]
fn an_end_in_the_middle_of_a_record_is_an_error_even_if_truncation_is_allowed() {
    for (sent, expected) in [
        (&[][..], None),
        (&[23, 3], Some(ErrorKind::UnexpectedEof)),
        (&[23, 3, 3, 0, 99, 1, 2, 3], Some(ErrorKind::UnexpectedEof)),
    ] {
        let options = TlsOptions::new().truncation(Truncation::Allow);
        let (client, server) = shake(&Configs::new(), &options, ends());
        let (mut client, mut server) = (client.unwrap(), server.unwrap());
        block_on(async {
            server.write_all(b"a whole record").await.unwrap();
            server.get_mut().write_all(sent).await.unwrap();
            drop(server);
            client.read_exact(&mut [0; 14]).await.unwrap();
            for _ in 0..2 {
                assert_eq!(kind(client.read(&mut [0]).await), expected, "after {sent:?}");
            }
        });
    }
}

#[test]
fn one_can_write_after_the_stream_of_the_peer_was_cut() {
    let (mut client, mut server) = secured();
    block_on(async {
        server.get_mut().close().await.unwrap(); // without a goodbye
        assert!(client.read(&mut [0]).await.is_err());
        client.write_all(b"answer").await.unwrap();
        server.read_exact(&mut [0; 6]).await.unwrap();
    });
}

#[test]
fn a_close_that_was_given_up_goes_on_in_the_time_that_is_left() {
    let (mut client, mut server, clock) = cramped();
    block_on(async {
        client.write(&[7; 10_000]).await.unwrap();
        assert!(poll_once(client.close()).await.is_none());
        clock.advance(Duration::from_secs(4));
        assert_eq!(clock.until_next(), Some(Duration::from_secs(1)));
        let mut heard = Vec::new();
        let (closed, read) = zip(client.close(), server.read_to_end(&mut heard)).await;
        assert_eq!((closed.unwrap(), read.unwrap()), ((), 10_000));
        assert_eq!(clock.sleeping(), 0);
    });
}

#[test]
fn a_close_that_takes_too_long_says_why_and_leaves_no_timer() {
    let (mut client, _server, clock) = cramped();
    block_on(async {
        client.write(&[7; 10_000]).await.unwrap();
        let mut closing = Box::pin(client.close());
        assert!(poll_once(&mut closing).await.is_none());
        clock.advance(Duration::from_secs(5));
        let error = closing.await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::TimedOut);
        assert_eq!(
            error.to_string(),
            "connection could not be closed within 5s: the peer does not read"
        );
        assert_eq!(clock.sleeping(), 0);
    });
}

#[test]
fn two_who_have_much_to_say_and_shut_down_do_not_wait_for_each_other() {
    let (mut client, mut server, _clock) = cramped();
    block_on(async {
        client.write(&[7; 50_000]).await.unwrap();
        server.write(&[7; 50_000]).await.unwrap();
        let (one, two) = zip(client.shutdown(), server.shutdown()).await;
        assert_eq!((one.unwrap(), two.unwrap()), ((), ()));
    });
}

#[test]
fn a_shutdown_is_content_with_a_peer_that_has_gone_after_its_end() {
    let (mut client, mut server) = secured();
    block_on(async {
        server.close().await.unwrap();
        assert_eq!(client.read(&mut [0]).await.unwrap(), 0);
        drop(server); // our goodbye finds nobody
        client.shutdown().await.unwrap();
    });
}

#[test]
fn a_shutdown_fails_if_what_was_written_finds_nobody() {
    let (client, server) = ends();
    let (client, faults) = faulty(client);
    let (mut client, mut server) = secure((client, server));
    block_on(async {
        server.close().await.unwrap();
        assert_eq!(client.read(&mut [0]).await.unwrap(), 0);
        faults.hold(Operation::Write);
        client.write_all(b"nobody hears this").await.unwrap();
        faults.release(Operation::Write);
        drop(server);
        assert_eq!(kind(client.shutdown().await), Some(ErrorKind::BrokenPipe));
    });
}

#[test]
fn a_shutdown_fails_if_the_connection_fails_before_the_peer_has_ended() {
    let (client, server) = ends();
    let (client, faults) = faulty(client);
    let (mut client, _server) = secure((client, server));
    faults.fail(Operation::Read, ErrorKind::ConnectionReset);
    assert_eq!(kind(block_on(client.shutdown())), Some(ErrorKind::ConnectionReset));
}

#[test]
fn nothing_is_read_after_an_abort_though_it_was_decrypted_before() {
    let (mut client, mut server) = secured();
    block_on(async {
        server.write_all(b"two bytes, and more").await.unwrap();
        server.close().await.unwrap();
        client.read_exact(&mut [0; 2]).await.unwrap();
        client.abort_handle().unwrap().abort();
        assert_eq!(kind(client.read(&mut [0; 2]).await), Some(ErrorKind::ConnectionAborted));
    });
}
