//! How connections end: closing, shutting down, and being cut off.

use std::{io::ErrorKind, sync::Arc, time::Duration};

use futures_lite::{
    AsyncReadExt, AsyncWriteExt,
    future::{block_on, poll_once, zip},
};
use socketry_connection_tls::{TlsOptions, Truncation};
use socketry_testing::{ManualClock, Operation, faulty, pair_with_capacity};

use crate::support::{Configs, ends, kind, say, secure, secured, shake};

#[test]
fn a_write_after_close_is_a_broken_pipe_and_reading_goes_on() {
    let (mut client, mut server) = secured();
    block_on(client.close()).unwrap();
    block_on(client.close()).unwrap();
    assert_eq!(kind(block_on(client.write(b"x"))), Some(ErrorKind::BrokenPipe));
    say(&mut server, b"still");
    let mut heard = [0; 5];
    block_on(client.read_exact(&mut heard)).unwrap();
    assert_eq!(block_on(server.read(&mut [0; 8])).unwrap(), 0);
}

#[test]
fn an_end_without_a_goodbye_is_an_error_or_an_end_as_it_was_chosen() {
    for (truncation, outcome) in
        [(Truncation::Strict, Err(ErrorKind::UnexpectedEof)), (Truncation::Allow, Ok(0))]
    {
        let options = TlsOptions::new().truncation(truncation);
        let (client, server) = shake(&Configs::new(), &options, ends());
        let (mut client, mut server) = (client.unwrap(), server.unwrap());
        say(&mut client, b"bye");
        block_on(client.get_mut().close()).unwrap();
        let mut heard = [0; 3];
        block_on(server.read_exact(&mut heard)).unwrap();
        for _ in 0..2 {
            let read = block_on(server.read(&mut heard)).map_err(|error| error.kind());
            assert_eq!(read, outcome);
        }
        say(&mut server, b"and still one can write");
    }
}

#[test]
fn closing_is_bounded_although_the_peer_does_not_read() {
    let clock = ManualClock::new();
    let options =
        TlsOptions::new().close_within(Duration::from_secs(3)).with_clock(Arc::new(clock.clone()));
    let (ours, theirs) = ends();
    let (ours, faults) = faulty(ours);
    let (client, _server) = shake(&Configs::new(), &options, (ours, theirs));
    let mut client = client.unwrap();
    faults.hold(Operation::Write);
    let _ = block_on(poll_once(client.write(b"never heard")));
    let mut closing = Box::pin(client.close());
    assert!(block_on(poll_once(&mut closing)).is_none());
    clock.advance(Duration::from_secs(3));
    let error = block_on(closing).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::TimedOut);
    assert!(error.to_string().contains("tls://192.0.2.2:443"), "{error}");
    assert_eq!(kind(block_on(client.write(b"x"))), Some(ErrorKind::BrokenPipe));
}

#[test]
fn a_shutdown_waits_until_the_peer_has_heard_everything() {
    let (mut client, mut server) = secured();
    say(&mut client, b"the last words");
    let mut shutdown = Box::pin(client.shutdown());
    assert!(block_on(poll_once(&mut shutdown)).is_none());
    let mut heard = Vec::new();
    block_on(server.read_to_end(&mut heard)).unwrap();
    assert!(block_on(poll_once(&mut shutdown)).is_none());
    block_on(server.close()).unwrap();
    block_on(shutdown).unwrap();
    assert_eq!(heard, b"the last words");
}

#[test]
fn a_shutdown_throws_away_what_the_peer_has_to_say_before_it_can_read() {
    let (ours, theirs) = pair_with_capacity(4096);
    let (mut client, mut server) = secure((ours, theirs));
    let talking = async {
        server.write_all(&[1; 300_000]).await?;
        let mut heard = Vec::new();
        server.read_to_end(&mut heard).await?;
        server.close().await?;
        Ok::<_, std::io::Error>(heard.len())
    };
    let leaving = async {
        client.write_all(&[2; 3000]).await?;
        client.shutdown().await
    };
    let (heard, left) = block_on(zip(talking, leaving));
    assert_eq!((heard.unwrap(), left.is_ok()), (3000, true));
}

#[test]
fn a_shutdown_is_bounded_although_the_peer_never_ends() {
    let clock = ManualClock::new();
    let options = TlsOptions::new().with_clock(Arc::new(clock.clone()));
    let (client, server) = shake(&Configs::new(), &options, ends());
    let (mut client, _server) = (client.unwrap(), server.unwrap());
    let mut shutdown = Box::pin(client.shutdown());
    assert!(block_on(poll_once(&mut shutdown)).is_none());
    clock.advance(Duration::from_secs(5));
    assert_eq!(kind(block_on(shutdown)), Some(ErrorKind::TimedOut));
}
