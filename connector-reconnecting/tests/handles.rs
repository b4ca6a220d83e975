//! What a handle shows, and what it can hint at.

use std::task::Poll;

use futures_lite::{AsyncReadExt, AsyncWriteExt, StreamExt};
use socketry_connector_reconnecting::{Backoff, Handle, State, Watch};
use socketry_testing::{CountingWaker, pair};

use super::{Test, ms, now, poll_now, refused};

fn test() -> (Test, Handle) {
    let Test { sessions, script, clock } = Test::new(Backoff::grpc().jitter(0.0));
    let (sessions, handle) = sessions.with_handle();
    (Test { sessions, script, clock }, handle)
}

/// What has changed, if something has.
fn change(watch: &mut Watch) -> String {
    match poll_now(watch.next()) {
        Poll::Ready(Some(state)) => state.to_string(),
        Poll::Ready(None) => "the end".into(),
        Poll::Pending => "no change".into(),
    }
}

#[test]
fn states_follow_each_other() {
    let (mut test, handle) = test();
    let mut watch = handle.watch();
    assert_eq!(change(&mut watch), "waiting for attempt 1: nobody has asked yet");
    assert_eq!(change(&mut watch), "no change");
    assert!(test.poll().is_pending());
    assert_eq!(change(&mut watch), "connecting, attempt 1");
    test.script.try_next_call().unwrap().fail(refused());
    assert!(test.poll().is_pending());
    assert_eq!(change(&mut watch), "waiting for attempt 2: connection refused");
    test.clock.advance(ms(1000));
    let (mut session, peer) = test.up();
    assert_eq!(change(&mut watch), "up, session 1");
    drop(peer);
    assert!(now(session.read(&mut [0])).is_err());
    assert_eq!(
        change(&mut watch),
        "waiting for attempt 1: the session was lost: the peer has closed it"
    );
    now(handle.disconnect(ms(0)));
    assert_eq!(change(&mut watch), "closed");
    drop(test);
    assert_eq!(change(&mut watch), "the end");
}

#[test]
fn a_wait_tells_until_when_it_lasts_and_why() {
    let (mut test, handle) = test();
    test.script.fail_next(refused());
    test.waits();
    let now = socketry_connection::Clock::now(&test.clock);
    match handle.state() {
        State::Waiting { until, attempt, .. } => assert_eq!((until - now, attempt), (ms(1000), 2)),
        other => panic!("{other:?}"),
    }
    assert!(handle.state().last_error().is_some());
}

#[test]
fn whoever_watches_is_woken_by_a_change() {
    let (mut test, handle) = test();
    let mut watch = handle.watch();
    change(&mut watch);
    let waker = CountingWaker::new();
    assert!(watch.poll_next(&mut waker.context()).is_pending());
    assert!(test.poll().is_pending());
    assert_eq!(waker.count(), 1);
}

#[test]
fn the_addresses_are_those_of_the_session_that_is_up() {
    let (mut test, handle) = test();
    assert_eq!(handle.remote_address(), None);
    let (ours, _theirs) = pair();
    let ours = ours
        .with_local_address("tcp://127.0.0.1:1".parse().unwrap())
        .with_remote_address("tcp://127.0.0.1:2".parse().unwrap());
    test.script.succeed_next(ours);
    let session = test.session();
    assert_eq!(handle.local_address().unwrap().port(), Some(1));
    assert_eq!(handle.remote_address().unwrap().port(), Some(2));
    drop(session);
    assert_eq!((handle.local_address(), handle.remote_address()), (None, None));
}

#[test]
fn statistics_count_what_has_come_to_pass() {
    let (mut test, handle) = test();
    test.delays(2);
    let (mut session, mut peer) = test.up();
    now(session.write_all(b"123")).unwrap();
    now(peer.write_all(b"12")).unwrap();
    now(session.read(&mut [0; 4])).unwrap();
    test.clock.advance(ms(6000));
    let while_up = handle.statistics();
    assert_eq!((while_up.bytes_read, while_up.bytes_written), (2, 3));
    assert_eq!((while_up.uptime, while_up.lost_sessions), (ms(6000), 0));
    drop(session);
    let (_second, _peer) = test.up();
    let statistics = handle.statistics();
    assert_eq!((statistics.attempts, statistics.failed_attempts), (4, 2));
    assert_eq!((statistics.sessions, statistics.lost_sessions), (2, 1));
    assert_eq!((statistics.bytes_read, statistics.bytes_written), (2, 3));
    assert_eq!(statistics.uptime, ms(6000));
}

#[test]
fn reconnect_now_ends_the_wait_and_the_delays_grow_on() {
    let (mut test, handle) = test();
    test.script.fail_next(refused());
    let waker = CountingWaker::new();
    assert!(test.sessions.poll_session(&mut waker.context()).is_pending());
    handle.reconnect_now();
    assert_eq!(waker.count(), 1);
    assert_eq!(test.delays(1), [ms(1600)]);
}

#[test]
fn a_network_that_is_back_ends_the_wait_and_the_delays_begin_anew() {
    let (mut test, handle) = test();
    test.delays(6);
    test.script.fail_next(refused());
    test.waits();
    handle.network_is_back();
    assert_eq!(test.delays(2), [1000, 1600].map(ms));
}

#[test]
fn a_hint_counts_from_the_moment_in_which_a_loss_is_told() {
    let (mut test, handle) = test();
    let (mut session, peer) = test.up();
    drop(peer);
    assert!(now(session.read(&mut [0])).is_err());
    handle.reconnect_now(); // before anybody has asked for the next session
    let (ours, _theirs) = pair();
    test.script.succeed_next(ours);
    assert_eq!(test.session().generation(), 2); // and not after the second of a session that was short
}

#[test]
fn a_network_that_is_back_counts_also_while_an_attempt_is_under_way() {
    let (mut test, handle) = test();
    test.delays(6);
    assert!(test.poll().is_pending());
    handle.network_is_back();
    assert!(test.poll().is_pending());
    test.script.try_next_call().unwrap().fail(refused());
    assert_eq!(test.waits(), Some(ms(1000)));
}

#[test]
fn a_hint_without_a_wait_means_nothing() {
    let (mut test, handle) = test();
    handle.reconnect_now();
    let (session, _peer) = test.up();
    handle.network_is_back();
    assert!(test.poll().is_pending());
    drop(session);
    test.script.fail_next(refused());
    assert!(test.waits().is_some()); // none of the hints has ended this one
    assert_eq!(test.script.begun(), 1);
}
