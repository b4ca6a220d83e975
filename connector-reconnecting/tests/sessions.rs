//! What a session is while it is up.

use futures_lite::{AsyncReadExt, AsyncWriteExt};
use socketry_connection::Connection;
use socketry_connector_reconnecting::{Backoff, LossCause};
use socketry_testing::{check_abort, check_connection, pair};

use super::{Test, ms, now};

#[test]
fn a_session_reads_and_writes_as_its_connection() {
    let mut test = Test::new(Backoff::grpc());
    let (mut session, mut peer) = test.up();
    now(session.write_all(b"ping")).unwrap();
    let mut heard = [0; 4];
    now(peer.read_exact(&mut heard)).unwrap();
    now(peer.write_all(b"pong")).unwrap();
    let mut answer = [0; 4];
    now(session.read_exact(&mut answer)).unwrap();
    assert_eq!((&heard, &answer), (b"ping", b"pong"));
}

#[test]
fn vectored_reads_and_writes_reach_all_buffers() {
    use std::io::{IoSlice, IoSliceMut};

    let mut test = Test::new(Backoff::grpc());
    let (mut session, mut peer) = test.up();
    let written = now(session.write_vectored(&[IoSlice::new(b"pi"), IoSlice::new(b"ng")])).unwrap();
    let mut heard = vec![0; written];
    now(peer.read_exact(&mut heard)).unwrap();
    now(peer.write_all(b"pong")).unwrap();
    let (mut one, mut two) = ([0; 2], [0; 2]);
    let mut bufs = [IoSliceMut::new(&mut one), IoSliceMut::new(&mut two)];
    let count = now(session.read_vectored(&mut bufs)).unwrap();
    assert_eq!((written, count, &one, &two), (4, 4, b"po", b"ng"));
}

#[test]
fn the_first_session_tells_its_number_its_attempts_and_how_long_it_took() {
    let mut test = Test::new(Backoff::grpc());
    test.script.fail_next(super::refused());
    let waits = test.waits().unwrap();
    test.clock.advance(waits);
    let (session, _peer) = test.up();
    let info = session.info();
    assert_eq!((info.generation(), info.attempts(), info.outage()), (1, 2, ms(1000)));
    assert!(info.cause().is_none());
}

#[test]
fn the_second_session_tells_why_the_first_was_lost_and_how_long_there_was_none() {
    let mut test = Test::new(Backoff::grpc());
    let (mut session, peer) = test.up();
    test.clock.advance(ms(7000));
    drop(peer);
    assert!(now(session.read(&mut [0])).is_err());
    test.clock.advance(ms(30)); // nobody asks for the next one
    let (second, _peer) = test.up();
    let info = second.info();
    assert_eq!((info.generation(), info.attempts(), info.outage()), (2, 1, ms(30)));
    assert!(matches!(info.cause(), Some(LossCause::PeerClosed)));
}

#[test]
fn the_next_session_is_not_made_while_one_is_up() {
    let mut test = Test::new(Backoff::grpc());
    let (_session, _peer) = test.up();
    assert_eq!(test.waits(), None);
    assert_eq!(test.script.begun(), 1);
}

#[test]
fn facts_and_addresses_are_those_of_the_connection() {
    let mut test = Test::new(Backoff::grpc());
    let (ours, _theirs) = pair();
    let mut ours = ours.with_remote_address("tcp://192.0.2.1:80".parse().unwrap());
    ours.attributes_mut().insert(7_u8);
    test.script.succeed_next(ours);
    let session = test.session();
    assert_eq!(session.attributes().get(), Some(&7_u8));
    assert_eq!(session.remote_address().unwrap().to_string(), "tcp://192.0.2.1:80");
    assert!(format!("{session:?}").contains("generation: 1"), "{session:?}");
}

#[test]
fn the_connection_inside_can_be_seen_changed_and_taken_out() {
    let mut test = Test::new(Backoff::grpc());
    let (mut session, mut peer) = test.up();
    now(session.get_mut().write_all(b"a")).unwrap();
    assert!(session.get_ref().attributes().is_empty());
    let mut connection = session.into_inner();
    now(connection.write_all(b"b")).unwrap();
    let mut heard = [0; 2];
    now(peer.read_exact(&mut heard)).unwrap();
    assert_eq!(&heard, b"ab");
    let (second, _peer) = test.up(); // taken out is gone
    assert!(matches!(second.info().cause(), Some(LossCause::ClosedByUser)));
}

#[test]
fn a_session_keeps_the_contract_of_connections_when_it_closes_first() {
    let mut test = Test::new(Backoff::grpc());
    let (session, peer) = test.up();
    futures_lite::future::block_on(check_connection(session, peer));
}

#[test]
fn a_session_keeps_the_contract_of_abort_handles() {
    let mut test = Test::new(Backoff::grpc());
    let (session, peer) = test.up();
    futures_lite::future::block_on(check_abort(session, peer));
    let (second, _peer) = test.up();
    assert!(matches!(second.info().cause(), Some(LossCause::Failed(_))));
}
