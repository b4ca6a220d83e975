//! Limits that are zero, and limits that nobody runs the pool for.

use std::sync::{Arc, OnceLock};

use futures_lite::AsyncReadExt;
use socketry_connector_reconnecting::Backoff;

use super::{PoolTest, TestPool, poll, small};
use crate::{ms, now, poll_now};

#[test]
fn with_no_time_to_be_idle_each_is_closed_when_it_is_returned() {
    let test = PoolTest::new(small(1).idle_timeout(Some(ms(0))));
    for _ in 0..2 {
        let (guard, mut peer) = test.fresh();
        drop(guard);
        assert_eq!(now(peer.read(&mut [0])).unwrap(), 0);
    }
    assert_eq!((test.counts(), test.pool.statistics().closed_idle), ((0, 0, 0), 2));
}

#[test]
fn with_no_time_to_be_idle_one_that_is_returned_still_serves_who_waits() {
    let test = PoolTest::new(small(1).idle_timeout(Some(ms(0))));
    let (guard, _peer) = test.fresh();
    let mut waiting = test.waiting();
    drop(guard);
    assert!(poll(&mut waiting).is_ready());
    assert_eq!(test.script.begun(), 1);
}

#[test]
fn with_no_time_to_live_each_is_used_once() {
    let test = PoolTest::new(small(1).max_lifetime(Some(ms(0))));
    let (guard, mut peer) = test.fresh();
    let mut waiting = test.waiting();
    let _next_peer = test.prepared();
    drop(guard);
    assert_eq!(now(peer.read(&mut [0])).unwrap(), 0);
    assert!(poll(&mut waiting).is_ready());
    assert_eq!(test.script.begun(), 2);
}

#[test]
fn with_no_time_to_be_idle_or_to_live_none_is_kept_ready() {
    for options in [small(2).idle_timeout(Some(ms(0))), small(2).max_lifetime(Some(ms(0)))] {
        let test = PoolTest::new(options.min_idle(2));
        test.pool.add_connection(7, |sessions| sessions);
        assert!(poll_now(test.pool.run()).is_pending());
        assert_eq!(test.script.begun(), 0);
    }
}

#[test]
fn those_that_are_idle_for_too_long_are_closed_at_the_next_check_out() {
    let test = PoolTest::new(small(3).idle_timeout(Some(ms(5000))));
    let ((one, mut peer), (two, _peer)) = (test.fresh(), test.fresh());
    drop(one);
    drop(two);
    test.clock.advance(ms(3000));
    drop(test.served()); // the one that was used last
    test.clock.advance(ms(3000));
    drop(test.served());
    assert_eq!(now(peer.read(&mut [0])).unwrap(), 0);
    assert_eq!((test.counts(), test.pool.statistics().closed_idle), ((0, 1, 0), 1));
}

#[test]
fn those_that_are_idle_for_too_long_are_closed_at_the_next_return() {
    let test = PoolTest::new(small(3).idle_timeout(Some(ms(5000))));
    let ((one, mut peer), (two, _peer)) = (test.fresh(), test.fresh());
    drop(one);
    test.clock.advance(ms(5000));
    assert!(poll_now(peer.read(&mut [0])).is_pending());
    drop(two);
    assert_eq!(now(peer.read(&mut [0])).unwrap(), 0);
    assert_eq!(test.counts(), (0, 1, 0));
}

#[test]
fn one_that_is_too_many_when_it_comes_up_is_not_kept() {
    let pool = Arc::new(OnceLock::<TestPool>::new());
    let itself = pool.clone();
    let test = PoolTest::with(small(1).min_idle(1), |builder| {
        builder.connections(move |sessions| {
            let itself = itself.clone();
            sessions.backoff(Backoff::connman()).on_connect(move |_, _| {
                itself.get().unwrap().set_options(small(0)); // while it is with who runs the pool
                Box::pin(async { Ok(()) })
            })
        })
    });
    assert!(pool.set(test.pool.clone()).is_ok());
    let _peer = test.prepared();
    let mut running = Box::pin(test.pool.run());
    assert!(poll_now(&mut running).is_pending());
    assert_eq!((test.counts(), test.pool.statistics().size), ((0, 0, 0), 0));
}
