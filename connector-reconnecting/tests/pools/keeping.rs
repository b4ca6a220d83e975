//! What is done between check-outs, as long as somebody polls for it.

use std::{future::Future, pin::Pin, task::Poll};

use futures_lite::{AsyncReadExt, AsyncWriteExt};
use socketry_connector_reconnecting::{Backoff, Disconnected};
use socketry_testing::{CountingWaker, pair};

use super::{PoolTest, TestPool, poll, small};
use crate::{ms, now, poll_now, refused};

type Running<'a> = Pin<Box<dyn Future<Output = ()> + Send + 'a>>;

/// Runs the pool from now on, as often as it is polled.
fn run(pool: &TestPool) -> Running<'_> {
    let mut running: Running<'_> = Box::pin(pool.run());
    assert!(poll_now(&mut running).is_pending());
    running
}

#[test]
fn so_many_connections_are_kept_ready() {
    let test = PoolTest::new(small(5).min_idle(2));
    let (one, two) = (pair(), pair());
    test.script.succeed_next(one.0);
    test.script.succeed_next(two.0);
    let mut running = run(&test.pool);
    assert_eq!((test.counts(), test.script.begun()), ((0, 2, 0), 2));
    let _guard = test.served();
    let _peer = test.prepared();
    assert!(poll_now(&mut running).is_pending());
    assert_eq!(test.script.begun(), 3);
}

#[test]
fn a_check_out_wakes_whoever_keeps_connections_ready() {
    let test = PoolTest::new(small(5).min_idle(1));
    let peer = pair();
    test.script.succeed_next(peer.0);
    let mut running = run(&test.pool);
    let waker = CountingWaker::new();
    assert!(running.as_mut().poll(&mut waker.context()).is_pending());
    let _guard = test.served();
    assert!(waker.count() > 0);
}

#[test]
fn an_idle_one_whose_peer_goes_is_noticed_and_made_anew_if_it_is_needed() {
    let test = PoolTest::new(small(5).min_idle(1));
    let (ours, theirs) = pair();
    test.script.succeed_next(ours);
    let mut running = run(&test.pool);
    let waker = CountingWaker::new();
    assert!(running.as_mut().poll(&mut waker.context()).is_pending());
    drop(theirs);
    assert!(waker.count() > 0);
    assert!(poll_now(&mut running).is_pending());
    assert_eq!(test.counts(), (0, 0, 0));
    test.clock.advance(ms(100));
    let _peer = test.prepared();
    assert!(poll_now(&mut running).is_pending());
    assert_eq!(test.script.begun(), 2);
}

#[test]
fn idle_and_old_ones_end_when_their_time_has_come() {
    let test = PoolTest::new(small(5).idle_timeout(Some(ms(1000))));
    let (guard, mut peer) = test.fresh();
    drop(guard);
    let mut running = run(&test.pool);
    assert_eq!(test.clock.until_next(), Some(ms(1000)));
    test.clock.advance(ms(1000));
    assert!(poll_now(&mut running).is_pending());
    assert_eq!(now(peer.read(&mut [0])).unwrap(), 0);
    assert_eq!(test.clock.sleeping(), 0); // and it is not made anew, since nobody needs it
}

#[test]
fn those_that_were_added_are_brought_back_whether_they_are_needed_or_not() {
    let test = PoolTest::new(small(0));
    test.pool.add_connection(7, |sessions| sessions.backoff(Backoff::connman()));
    test.script.fail_next(refused());
    let mut running = run(&test.pool);
    assert_eq!(test.clock.until_next(), Some(ms(20)));
    test.clock.advance(ms(20));
    let peer = pair();
    test.script.succeed_next(peer.0);
    assert!(poll_now(&mut running).is_pending());
    assert_eq!(test.counts(), (0, 1, 0));
}

#[test]
fn a_connection_that_comes_up_serves_one_who_waits() {
    let test = PoolTest::new(small(1).min_idle(1));
    let mut running = run(&test.pool);
    let call = test.script.try_next_call().unwrap();
    let mut waiting = test.waiting(); // and goes on with the attempt
    let (ours, _theirs) = pair();
    call.succeed(ours);
    assert!(poll_now(&mut running).is_pending());
    assert!(poll(&mut waiting).is_ready());
}

#[test]
fn it_ends_when_the_pool_is_disconnected() {
    let test = PoolTest::new(small(1));
    let mut running = run(&test.pool);
    assert_eq!(now(test.pool.disconnect(ms(0))), Disconnected::Gracefully);
    assert!(matches!(poll_now(&mut running), Poll::Ready(())));
}

#[test]
fn dropped_it_leaves_no_attempt_and_no_timer() {
    let test = PoolTest::new(small(2).min_idle(2));
    test.script.fail_next(refused());
    let running = run(&test.pool);
    assert_eq!((test.script.pending(), test.clock.sleeping()), (1, 1));
    drop(running);
    assert_eq!((test.script.pending(), test.clock.sleeping()), (0, 0));
}

#[test]
fn an_idle_one_that_talks_unasked_is_closed() {
    let test = PoolTest::new(small(1));
    let (guard, mut peer) = test.fresh();
    drop(guard);
    let mut running = run(&test.pool);
    now(peer.write_all(b"x")).unwrap();
    assert!(poll_now(&mut running).is_pending());
    assert_eq!(test.pool.statistics().closed_unread, 1);
}

#[test]
fn those_that_are_up_count_wherever_they_stand() {
    let test = PoolTest::new(small(5).min_idle(1));
    let ((lost, peer), (good, _good_peer)) = (test.fresh(), test.fresh());
    drop(lost);
    drop(peer);
    drop(good); // behind the one that is lost
    let _running = run(&test.pool);
    assert_eq!((test.counts(), test.script.begun()), ((0, 1, 0), 2));
}

#[test]
fn an_attempt_that_is_not_needed_any_more_is_dropped() {
    let test = PoolTest::new(small(2).min_idle(1));
    let (guard, _peer) = test.fresh();
    let mut running = run(&test.pool);
    let call = test.script.try_next_call().unwrap();
    drop(guard);
    assert!(poll_now(&mut running).is_pending());
    assert!(call.is_cancelled());
}

#[test]
fn one_that_gives_up_is_made_anew_after_half_a_minute() {
    let test = PoolTest::with(small(2).min_idle(1), |builder| {
        builder.connections(|sessions| sessions.backoff(Backoff::connman().max_attempts(Some(1))))
    });
    test.script.fail_next(refused());
    let mut running = run(&test.pool);
    assert_eq!((test.pool.statistics().size, test.script.begun()), (0, 1));
    assert_eq!(test.clock.until_next(), Some(ms(30_000)));
    test.clock.advance(ms(30_000));
    let _peer = test.prepared();
    assert!(poll_now(&mut running).is_pending());
    assert_eq!(test.counts(), (0, 1, 0));
}

#[test]
fn of_several_who_run_it_the_one_that_is_left_hears_of_everything() {
    let test = PoolTest::new(small(2).min_idle(1));
    let waker = CountingWaker::new();
    let mut first = run(&test.pool);
    assert!(first.as_mut().poll(&mut waker.context()).is_pending());
    drop(run(&test.pool));
    waker.take();
    test.pool.set_options(small(2).min_idle(2));
    assert!(waker.count() > 0);
    assert!(first.as_mut().poll(&mut waker.context()).is_pending());
    assert_eq!(test.script.pending(), 2);
}

#[test]
fn when_one_who_runs_it_is_dropped_another_goes_on_with_what_was_begun() {
    let test = PoolTest::new(small(2).min_idle(1));
    let first = run(&test.pool);
    let waker = CountingWaker::new();
    let mut second = run(&test.pool);
    assert!(second.as_mut().poll(&mut waker.context()).is_pending());
    let call = test.script.try_next_call().unwrap();
    drop(first);
    assert!(call.is_cancelled() && waker.count() > 0);
    let _peer = test.prepared();
    assert!(poll_now(&mut second).is_pending());
    assert_eq!(test.counts(), (0, 1, 0));
}

#[test]
fn whoever_runs_it_does_not_keep_it() {
    let test = PoolTest::new(small(1));
    let (guard, mut peer) = test.fresh();
    drop(guard);
    let mut running = Box::pin(test.pool.run());
    assert!(poll_now(&mut running).is_pending());
    drop(test.pool);
    assert_eq!(now(peer.read(&mut [0])).unwrap(), 0);
    assert!(poll_now(&mut running).is_ready());
}
