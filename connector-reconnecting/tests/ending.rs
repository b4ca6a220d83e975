//! How sessions end, and that the break is explicit.

use std::io;

use futures_lite::{AsyncReadExt, AsyncWriteExt};
use socketry_connection::{Connection, os_error};
use socketry_connector_reconnecting::{Backoff, LossCause, SessionLost};
use socketry_testing::{CountingWaker, Operation, faulty, pair};

use super::{Test, ms, now};

#[test]
fn the_end_of_the_stream_is_an_error_that_says_which_session_was_lost() {
    let mut test = Test::new(Backoff::grpc());
    let (mut session, peer) = test.up();
    test.clock.advance(ms(1500));
    drop(peer);
    let error = now(session.read(&mut [0; 8])).unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::UnexpectedEof);
    assert_eq!(error.to_string(), "session 1 was lost after 1.5s: the peer has closed it");
    let lost = SessionLost::of(&error).unwrap();
    assert_eq!((lost.generation(), lost.uptime()), (1, ms(1500)));
}

#[test]
fn a_read_of_nothing_is_no_end() {
    let mut test = Test::new(Backoff::grpc());
    let (mut session, _peer) = test.up();
    assert_eq!(now(session.read(&mut [])).unwrap(), 0);
    assert!(session.lost().is_none());
}

#[test]
fn an_error_of_the_connection_ends_the_session_and_keeps_its_kind_and_number() {
    let mut test = Test::new(Backoff::grpc());
    let (connection, faults) = faulty(pair().0);
    faults.fail(Operation::Write, io::ErrorKind::ConnectionReset);
    test.script.succeed_next(connection);
    let mut session = test.session();
    let error = now(session.write(b"x")).unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::ConnectionReset);
    assert!(matches!(session.lost().unwrap().cause(), LossCause::Failed(_)));
}

#[test]
fn a_session_can_be_given_up_for_a_reason_of_ones_own_and_keeps_its_number() {
    let mut test = Test::new(Backoff::grpc());
    let (mut session, _peer) = test.up();
    session.give_up(io::Error::from_raw_os_error(104));
    let error = now(session.write(b"x")).unwrap_err();
    assert_eq!(os_error(&error), Some(104));
    assert_eq!(test.up().0.generation(), 2);
}

#[test]
fn an_interruption_is_no_loss() {
    let mut test = Test::new(Backoff::grpc());
    let (connection, faults) = faulty(pair().0);
    faults.fail(Operation::Read, io::ErrorKind::Interrupted);
    test.script.succeed_next(connection);
    let mut session = test.session();
    assert!(now(session.read(&mut [0])).is_err());
    assert!(session.lost().is_none());
}

#[test]
fn all_operations_of_a_lost_session_fail_and_the_connection_is_not_touched() {
    let mut test = Test::new(Backoff::grpc());
    let (connection, faults) = faulty(pair().0);
    test.script.succeed_next(connection);
    let mut session = test.session();
    session.give_up(io::Error::other("nonsense"));
    faults.take_counts();
    let errors = [
        now(session.read(&mut [0])).unwrap_err(),
        now(session.write(b"x")).unwrap_err(),
        now(session.flush()).unwrap_err(),
        now(session.idle()).unwrap_err(),
    ];
    assert!(errors.iter().all(|error| SessionLost::of(error).is_some()), "{errors:?}");
    assert_eq!(faults.counts(), faults.take_counts());
    assert_eq!(faults.counts().reads + faults.counts().writes, 0);
    now(session.close()).unwrap(); // closing what is lost is no error
}

#[test]
fn a_message_that_was_half_written_is_not_continued_in_the_next_session() {
    let mut test = Test::new(Backoff::grpc());
    let (mut session, peer) = test.up();
    now(session.write_all(b"half of ")).unwrap();
    drop(peer);
    assert!(now(session.write_all(b"a message")).is_err());
    let (mut second, mut peer) = test.up();
    now(second.write_all(b"whole")).unwrap();
    assert!(now(session.write_all(b"a message")).is_err());
    drop(second);
    let mut heard = Vec::new();
    now(peer.read_to_end(&mut heard)).unwrap();
    assert_eq!(heard, b"whole");
}

#[test]
fn what_was_not_read_of_one_session_is_not_read_in_the_next() {
    let mut test = Test::new(Backoff::grpc());
    let (session, mut peer) = test.up();
    now(peer.write_all(b"old")).unwrap();
    drop(session);
    let (mut second, mut peer) = test.up();
    now(peer.write_all(b"new")).unwrap();
    let mut heard = [0; 8];
    let count = now(second.read(&mut heard)).unwrap();
    assert_eq!(&heard[..count], b"new");
}

#[test]
fn dropping_a_session_closes_its_connection_before_the_next_is_made() {
    let mut test = Test::new(Backoff::grpc());
    let (session, mut peer) = test.up();
    drop(session);
    assert_eq!(now(peer.read(&mut [0])).unwrap(), 0);
    let (second, _peer) = test.up();
    assert!(matches!(second.info().cause(), Some(LossCause::ClosedByUser)));
}

#[test]
fn after_a_close_the_rest_is_read_to_its_end_while_the_next_session_is_made() {
    let mut test = Test::new(Backoff::grpc());
    let (mut session, mut peer) = test.up();
    now(session.close()).unwrap();
    assert!(matches!(session.lost().unwrap().cause(), LossCause::ClosedByUser));
    let (_second, _peer) = test.up();
    now(peer.write_all(b"farewell")).unwrap();
    drop(peer);
    let mut rest = Vec::new();
    now(session.read_to_end(&mut rest)).unwrap();
    assert_eq!(rest, b"farewell");
    assert_eq!(now(session.write(b"x")).unwrap_err().kind(), io::ErrorKind::BrokenPipe);
}

#[test]
fn a_loss_wakes_whoever_waits_for_the_next_session() {
    let mut test = Test::new(Backoff::grpc());
    let (mut session, peer) = test.up();
    let waker = CountingWaker::new();
    assert!(test.sessions.poll_session(&mut waker.context()).is_pending());
    drop(peer);
    assert!(now(session.read(&mut [0])).is_err());
    assert!(waker.count() > 0);
}

#[test]
fn an_abort_ends_the_session_and_the_next_is_made() {
    let mut test = Test::new(Backoff::grpc());
    let (mut session, _peer) = test.up();
    session.abort_handle().unwrap().abort();
    assert!(now(session.read(&mut [0])).is_err());
    assert_eq!(test.up().0.generation(), 2);
}

#[test]
fn dropping_whoever_makes_the_sessions_leaves_the_one_that_is_up_to_its_user() {
    let mut test = Test::new(Backoff::grpc());
    let (mut session, mut peer) = test.up();
    drop(test.sessions);
    now(session.write_all(b"still here")).unwrap();
    let mut heard = [0; 10];
    now(peer.read_exact(&mut heard)).unwrap();
    assert_eq!(&heard, b"still here");
}

#[test]
fn dropping_whoever_makes_the_sessions_ends_the_attempt_and_the_timers() {
    let mut test = Test::new(Backoff::grpc());
    assert!(test.poll().is_pending());
    let call = test.script.try_next_call().unwrap();
    assert_eq!(test.clock.sleeping(), 1); // the least time of an attempt
    drop(test.sessions);
    assert!(call.is_cancelled());
    assert_eq!(test.clock.sleeping(), 0);
}

#[test]
fn an_attempt_goes_on_when_the_wait_for_the_next_session_is_dropped_and_taken_up_again() {
    let mut test = Test::new(Backoff::grpc());
    assert!(test.poll().is_pending());
    let call = test.script.try_next_call().unwrap();
    assert!(test.poll().is_pending());
    let (ours, _theirs) = pair();
    call.succeed(ours);
    assert_eq!(test.session().generation(), 1);
    assert_eq!(test.script.begun(), 1);
}
