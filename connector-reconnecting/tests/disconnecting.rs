//! Ending it, whatever it does, and beginning again.

use std::{future::Future, io, pin::pin, task::Poll, time::Duration};

use futures_lite::{AsyncReadExt, AsyncWriteExt};
use socketry_connector_reconnecting::{
    Backoff, Disconnected, Handle, LossCause, SessionLost, State,
};
use socketry_testing::{CountingWaker, Operation, faulty, pair};

use super::{Log, Test, ms, now, poll_now, refused};

fn with_handle(test: Test) -> (Test, Handle) {
    let Test { sessions, script, clock } = test;
    let (sessions, handle) = sessions.with_handle();
    (Test { sessions, script, clock }, handle)
}

fn test() -> (Test, Handle) {
    with_handle(Test::new(Backoff::grpc().jitter(0.0)))
}

/// Asserts that nothing is left and nothing begins, polled or not.
fn assert_quiet(test: &mut Test, handle: &Handle) {
    assert_eq!((test.script.pending(), test.clock.sleeping()), (0, 0));
    let begun = test.script.begun();
    test.clock.advance(Duration::from_secs(3600));
    assert!(now(test.sessions.next()).is_none());
    assert_eq!(test.script.begun(), begun);
    assert!(handle.state().is_closed(), "{}", handle.state());
}

#[test]
fn before_the_first_poll() {
    let (mut test, handle) = test();
    assert_eq!(now(handle.disconnect(ms(1000))), Disconnected::Gracefully);
    assert_quiet(&mut test, &handle);
    assert_eq!(test.script.begun(), 0);
}

#[test]
fn while_it_connects_the_attempt_is_dropped_though_nobody_polls() {
    let (mut test, handle) = test();
    assert!(test.poll().is_pending());
    let call = test.script.try_next_call().unwrap();
    assert_eq!(now(handle.disconnect(ms(1000))), Disconnected::Gracefully);
    assert!(call.is_cancelled());
    assert_quiet(&mut test, &handle);
}

#[test]
fn while_it_connects_no_prologue_runs() {
    let log = Log::default();
    let told = log.clone();
    let (mut test, handle) = with_handle(Test::with(Backoff::grpc(), 80, |sessions| {
        sessions.on_connect(move |_, _| {
            told.add("prologue");
            Box::pin(async { Ok(()) })
        })
    }));
    // The disconnect comes in the very moment in which the connection does.
    let (ours, mut theirs) = pair();
    let ending = handle.clone();
    test.script.answer_next(move |_, _| {
        now(ending.disconnect(ms(0)));
        Ok(Box::new(ours))
    });
    assert!(now(test.sessions.next()).is_none());
    assert_eq!(log.take(), [""; 0]);
    assert_eq!(now(theirs.read(&mut [0])).unwrap(), 0);
    assert_quiet(&mut test, &handle);
}

#[test]
fn in_the_middle_of_a_prologue() {
    let (mut test, handle) = with_handle(Test::with(Backoff::grpc(), 80, |sessions| {
        sessions.on_connect(|connection, _| {
            Box::pin(async move { connection.read_exact(&mut [0]).await })
        })
    }));
    let (ours, mut theirs) = pair();
    test.script.succeed_next(ours);
    assert!(test.poll().is_pending());
    now(handle.disconnect(ms(1000)));
    assert_eq!(now(theirs.read(&mut [0])).unwrap(), 0);
    assert_quiet(&mut test, &handle);
}

#[test]
fn while_it_waits_its_timer_is_gone_at_once() {
    let (mut test, handle) = test();
    test.script.fail_next(refused());
    test.waits();
    now(handle.disconnect(ms(1000)));
    assert_quiet(&mut test, &handle);
}

#[test]
fn whoever_waits_for_a_session_is_woken_and_told() {
    let (mut test, handle) = test();
    let waker = CountingWaker::new();
    assert!(test.sessions.poll_session(&mut waker.context()).is_pending());
    now(handle.disconnect(ms(1000)));
    assert!(waker.count() > 0);
    assert!(now(test.sessions.next()).is_none());
}

#[test]
fn a_session_whose_user_reads_ends_gracefully() {
    let (mut test, handle) = test();
    let (mut session, mut peer) = test.up();
    let mut buf = [0; 16];
    let waker = CountingWaker::new();
    {
        let mut reading = pin!(session.read(&mut buf));
        assert!(Future::poll(reading.as_mut(), &mut waker.context()).is_pending());
        let mut ending = pin!(handle.disconnect(ms(1000)));
        assert!(poll_now(ending.as_mut()).is_pending());
        assert!(waker.count() > 0);
        assert!(poll_now(reading.as_mut()).is_pending()); // and tells the peer
        assert_eq!(now(peer.read(&mut [0])).unwrap(), 0);
        now(peer.write_all(b"last words")).unwrap();
        assert_eq!(now(reading).unwrap(), 10);
        assert!(poll_now(ending.as_mut()).is_pending());
    }
    drop(peer);
    let mut ending = pin!(handle.disconnect(ms(1000)));
    assert!(poll_now(ending.as_mut()).is_pending());
    let error = now(session.read(&mut buf)).unwrap_err();
    assert!(matches!(SessionLost::of(&error).unwrap().cause(), LossCause::Disconnected));
    assert_eq!(now(ending), Disconnected::Gracefully);
    assert_quiet(&mut test, &handle);
}

#[test]
fn a_session_that_is_to_end_refuses_writes() {
    let (mut test, handle) = test();
    let (mut session, _peer) = test.up();
    let mut ending = pin!(handle.disconnect(ms(1000)));
    assert!(poll_now(ending.as_mut()).is_pending());
    let error = now(session.write(b"x")).unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::NotConnected);
    assert!(matches!(handle.state(), State::Closing));
}

#[test]
fn a_session_whose_user_drops_it_ends_gracefully() {
    let (mut test, handle) = test();
    let (session, _peer) = test.up();
    let mut ending = pin!(handle.disconnect(ms(1000)));
    assert!(poll_now(ending.as_mut()).is_pending());
    drop(session);
    assert_eq!(now(ending), Disconnected::Gracefully);
    assert_quiet(&mut test, &handle);
}

#[test]
fn a_session_that_nobody_polls_is_aborted_at_the_deadline() {
    let (mut test, handle) = test();
    let (mut session, mut peer) = test.up();
    let mut ending = pin!(handle.disconnect(ms(1000)));
    assert!(poll_now(ending.as_mut()).is_pending());
    test.clock.advance(ms(999));
    assert!(poll_now(ending.as_mut()).is_pending());
    test.clock.advance(ms(1));
    assert_eq!(now(ending), Disconnected::Aborted);
    assert!(now(peer.read(&mut [0])).map_or(true, |count| count == 0));
    let error = now(session.read(&mut [0])).unwrap_err();
    assert!(matches!(SessionLost::of(&error).unwrap().cause(), LossCause::Disconnected));
    drop(session);
    assert_quiet(&mut test, &handle);
}

#[test]
fn a_peer_that_never_finishes_is_aborted_at_the_deadline() {
    let (mut test, handle) = test();
    let (mut session, _peer) = test.up();
    let mut ending = pin!(handle.disconnect(ms(1000)));
    assert!(poll_now(ending.as_mut()).is_pending());
    assert!(poll_now(session.read(&mut [0])).is_pending());
    test.clock.advance(ms(1000));
    assert_eq!(now(ending), Disconnected::Aborted);
    assert!(now(session.read(&mut [0])).is_err());
}

#[test]
fn a_deadline_of_zero_ends_it_at_once() {
    let (mut test, handle) = test();
    let (_session, mut peer) = test.up();
    assert_eq!(now(handle.disconnect(Duration::ZERO)), Disconnected::Aborted);
    assert!(now(peer.read(&mut [0])).map_or(true, |count| count == 0));
    assert_quiet(&mut test, &handle);
}

#[test]
fn a_session_that_was_closed_by_its_user_and_is_still_read_is_waited_for_and_ended_too() {
    let (mut test, handle) = test();
    let (mut session, _peer) = test.up();
    now(session.close()).unwrap();
    let mut ending = pin!(handle.disconnect(ms(1000)));
    assert!(poll_now(ending.as_mut()).is_pending());
    test.clock.advance(ms(1000));
    assert_eq!(now(ending), Disconnected::Aborted);
    assert!(now(session.read(&mut [0])).is_err());
}

#[test]
fn a_connection_without_an_abort_handle_is_over_all_the_same() {
    let (mut test, handle) = test();
    let (connection, faults) = faulty(pair().0);
    faults.hide_abort_handle();
    faults.hold(Operation::Read);
    test.script.succeed_next(connection);
    let mut session = test.session();
    let waker = CountingWaker::new();
    assert!(session.poll_idle(&mut waker.context()).is_pending());
    assert_eq!(now(handle.disconnect(Duration::ZERO)), Disconnected::Aborted);
    assert!(waker.count() > 0);
    assert!(now(session.idle()).is_err());
    assert_quiet(&mut test, &handle);
}

#[test]
fn a_disconnect_is_no_reset() {
    let log = Log::default();
    let told = log.clone();
    let (mut test, handle) = with_handle(Test::with(Backoff::grpc(), 80, |sessions| {
        sessions.on_reset(move |reset| told.add(reset.cause().to_string()))
    }));
    let (session, _peer) = test.up();
    let mut ending = pin!(handle.disconnect(ms(1000)));
    assert!(poll_now(ending.as_mut()).is_pending());
    drop(session);
    now(ending);
    assert!(now(test.sessions.next()).is_none());
    assert_eq!(log.take(), [""; 0]);
}

#[test]
fn two_disconnects_both_end() {
    let (mut test, handle) = test();
    let (session, _peer) = test.up();
    let mut first = pin!(handle.disconnect(ms(1000)));
    let mut second = pin!(handle.disconnect(ms(2000)));
    assert!(poll_now(first.as_mut()).is_pending() && poll_now(second.as_mut()).is_pending());
    drop(session);
    assert_eq!((now(first), now(second)), (Disconnected::Gracefully, Disconnected::Gracefully));
}

#[test]
fn a_disconnect_that_is_dropped_was_asked_for_all_the_same() {
    let (mut test, handle) = test();
    let (session, _peer) = test.up();
    assert!(poll_now(handle.disconnect(ms(1000))).is_pending());
    drop(session);
    assert_quiet(&mut test, &handle);
}

#[test]
fn it_can_be_connected_again_and_counts_on() {
    let (mut test, handle) = test();
    test.delays(3);
    let (session, _peer) = test.up();
    drop(session);
    now(handle.disconnect(ms(1000)));
    assert!(now(test.sessions.next()).is_none());
    assert!(handle.connect());
    let (second, _peer) = test.up();
    let info = second.info();
    assert_eq!((info.generation(), info.attempts()), (2, 1));
    assert!(info.cause().is_none());
}

#[test]
fn it_can_be_connected_again_before_anybody_has_noticed_that_it_was_disconnected() {
    let (mut test, handle) = test();
    let (session, _peer) = test.up();
    now(handle.disconnect(ms(0)));
    assert!(handle.connect());
    let (second, _peer) = test.up();
    drop(session);
    assert_eq!(second.generation(), 2);
    assert!(second.lost().is_none());
    assert!(matches!(handle.state(), State::Up { generation: 2, .. }));
}

#[test]
fn whoever_waits_is_woken_when_it_is_connected_again() {
    let (mut test, handle) = test();
    now(handle.disconnect(ms(0)));
    let waker = CountingWaker::new();
    assert!(matches!(test.sessions.poll_session(&mut waker.context()), Poll::Ready(None)));
    handle.connect();
    assert!(waker.count() > 0);
}

#[test]
fn it_can_be_connected_again_after_it_has_given_up() {
    let (mut test, handle) = with_handle(Test::new(Backoff::grpc().max_attempts(Some(1))));
    test.script.fail_next(refused());
    test.end();
    assert!(handle.state().last_error().is_some());
    assert!(handle.connect());
    assert_eq!(test.up().0.generation(), 1);
}

#[test]
fn nobody_can_connect_when_nobody_is_left_to_do_it() {
    let (test, handle) = test();
    drop(test.sessions);
    assert!(!handle.connect());
    assert!(handle.state().is_closed());
}

#[test]
fn dropping_the_last_handle_ends_everything_at_once() {
    let (mut test, handle) = test();
    let (_session, mut peer) = test.up();
    let clone = handle.clone();
    drop(handle);
    assert!(poll_now(peer.read(&mut [0])).is_pending());
    drop(clone);
    assert!(now(peer.read(&mut [0])).map_or(true, |count| count == 0));
    assert!(now(test.sessions.next()).is_none());
}

#[test]
fn dropping_the_last_handle_drops_the_attempt_under_way() {
    let (mut test, handle) = test();
    assert!(test.poll().is_pending());
    let call = test.script.try_next_call().unwrap();
    drop(handle);
    assert!(call.is_cancelled());
}

#[test]
fn a_detached_handle_ends_nothing() {
    let (mut test, handle) = test();
    let (_session, mut peer) = test.up();
    handle.detach();
    assert!(poll_now(peer.read(&mut [0])).is_pending());
    assert!(test.poll().is_pending());
}
