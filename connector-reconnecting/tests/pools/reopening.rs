//! What was begun before a pool was closed, and comes to its end after that.

use std::{
    future::{Future, poll_fn},
    pin::pin,
    sync::{
        Arc, OnceLock,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    task::Poll,
    time::Duration,
};

use futures_lite::AsyncWriteExt;
use socketry_connector_reconnecting::{Disconnected, PoolOptions};

use super::{PoolTest, TestPool, counting, poll, small};
use crate::{ms, now, poll_now};

/// A pool whose check passes as soon as that is told.
fn checked() -> (PoolTest, Arc<AtomicBool>) {
    let passes = Arc::new(AtomicBool::new(false));
    let told = passes.clone();
    let test = PoolTest::with(small(1), |builder| {
        builder.check(move |_session| {
            let told = told.clone();
            Box::pin(poll_fn(move |_| match told.load(Ordering::SeqCst) {
                true => Poll::Ready(Ok(())),
                false => Poll::Pending,
            }))
        })
    });
    (test, passes)
}

/// A pool that is ended by `end` while its first connection is being chosen, and how many were chosen.
fn ended_while_it_makes(
    end: impl Fn(&TestPool) + Send + Sync + 'static,
) -> (PoolTest, Arc<AtomicUsize>) {
    let pool = Arc::new(OnceLock::<TestPool>::new());
    let count = Arc::new(AtomicUsize::new(0));
    let (itself, chosen) = (pool.clone(), count.clone());
    let test = PoolTest::with(small(1).min_idle(1), |builder| {
        builder.connections(move |sessions| {
            if chosen.fetch_add(1, Ordering::SeqCst) == 0 {
                end(itself.get().unwrap());
            }
            sessions
        })
    });
    assert!(pool.set(test.pool.clone()).is_ok());
    (test, count)
}

#[test]
fn nobody_is_served_after_a_disconnect_by_one_that_passes_its_check_then() {
    let (test, passes) = checked();
    let _peer = test.prepared();
    let mut waiting = test.waiting();
    now(test.pool.disconnect(Duration::ZERO));
    passes.store(true, Ordering::SeqCst);
    assert!(matches!(poll(&mut waiting), Poll::Ready(Err(_))));
    assert_eq!((test.counts(), test.pool.statistics().served), ((0, 0, 0), 0));
}

#[test]
fn nobody_is_served_during_a_drain_by_one_that_passes_its_check_then() {
    let (test, passes) = checked();
    let _peer = test.prepared();
    let mut waiting = test.waiting();
    let mut draining = pin!(test.pool.drain(ms(1000)));
    assert!(poll_now(draining.as_mut()).is_pending());
    passes.store(true, Ordering::SeqCst);
    assert!(matches!(poll(&mut waiting), Poll::Ready(Err(_))));
    assert_eq!(now(draining), Disconnected::Gracefully);
}

#[test]
fn nothing_is_connected_after_a_disconnect_by_one_that_was_being_made() {
    let (test, _) = ended_while_it_makes(|pool| {
        assert_eq!(now(pool.disconnect(ms(1000))), Disconnected::Gracefully);
    });
    assert!(poll_now(test.pool.run()).is_ready());
    assert_eq!((test.script.begun(), test.pool.statistics().size), (0, 0));
}

#[test]
fn one_that_was_being_made_is_none_of_a_pool_that_serves_again() {
    let (test, chosen) = ended_while_it_makes(|pool| {
        now(pool.disconnect(ms(1000)));
        pool.connect();
        assert_eq!(pool.statistics().size, 1); // the place that is about to be free
    });
    let (_guard, _peer) = test.fresh(); // in a place of its own
    assert_eq!(chosen.load(Ordering::SeqCst), 2);
    assert_eq!((test.script.begun(), test.pool.statistics().size), (1, 1));
}

#[test]
fn a_drain_does_not_wait_for_a_place_that_was_given_and_not_taken() {
    let test = PoolTest::new(small(1));
    let (guard, _peer) = test.fresh();
    let _waiting = test.waiting();
    let _session = guard.detach(); // so it may make one
    assert_eq!(now(test.pool.drain(ms(1000))), Disconnected::Gracefully);
}

#[test]
fn a_drain_drops_attempts_and_hears_of_the_places_that_are_given_up() {
    let test = PoolTest::new(small(1));
    let waiting = test.waiting();
    let call = test.script.try_next_call().unwrap();
    let waker = counting();
    let mut draining = pin!(test.pool.drain(ms(1000)));
    assert!(draining.as_mut().poll(&mut waker.context()).is_pending());
    assert!(call.is_cancelled());
    waker.take();
    drop(waiting);
    assert!(waker.count() > 0);
    assert_eq!(now(draining), Disconnected::Gracefully);
}

#[test]
fn a_drain_leaves_alone_what_is_made_after_a_connect() {
    let test = PoolTest::new(small(2));
    let (mut old, _old_peer) = test.fresh();
    let mut draining = pin!(test.pool.drain(ms(1000)));
    assert!(poll_now(draining.as_mut()).is_pending());
    test.pool.connect();
    let (mut new, _peer) = test.fresh();
    test.clock.advance(ms(1000));
    assert_eq!(now(draining), Disconnected::Aborted);
    assert!(now(old.write_all(b"x")).is_err());
    assert!(now(new.write_all(b"x")).is_ok());
    assert!(!test.pool.is_closed());
}

#[test]
fn what_was_lent_before_a_disconnect_is_not_handed_out_after_a_connect() {
    let test = PoolTest::new(small(3));
    let (guard, _peer) = test.fresh();
    let mut ending = pin!(test.pool.disconnect(ms(60_000)));
    assert!(poll_now(ending.as_mut()).is_pending());
    test.pool.connect();
    drop(guard);
    let (mut guard, _peer) = test.fresh();
    assert!(now(guard.write_all(b"x")).is_ok());
    assert_eq!(now(ending), Disconnected::Gracefully);
}

#[test]
fn one_that_is_added_while_it_is_disconnected_is_there_when_it_serves_again() {
    let test = PoolTest::bare(PoolOptions::new());
    now(test.pool.disconnect(Duration::ZERO));
    let handle = test.pool.add_connection(1, |sessions| sessions);
    assert!(poll_now(test.pool.run()).is_ready());
    assert!(now(test.pool.checkout()).is_err());
    assert_eq!(test.script.begun(), 0);
    test.pool.connect();
    let (_guard, _peer) = test.fresh();
    assert!(handle.state().is_up());
}

#[test]
fn one_that_was_added_while_it_was_disconnected_is_no_more_after_another_disconnect() {
    let test = PoolTest::bare(PoolOptions::new());
    now(test.pool.disconnect(Duration::ZERO));
    let handle = test.pool.add_connection(1, |sessions| sessions);
    now(test.pool.disconnect(Duration::ZERO));
    assert!(handle.state().is_closed());
    assert_eq!(test.pool.statistics().size, 0);
}
