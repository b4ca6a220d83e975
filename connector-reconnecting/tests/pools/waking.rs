//! Wakers of somebody else's.

use std::{
    sync::{Arc, OnceLock},
    task::{Context, Wake, Waker},
    time::Duration,
};

use super::{PoolTest, TestPool, poll, small};
use crate::{now, poll_now};

/// Looks at the pool when it is dropped: that hangs under the lock of the pool.
struct Curious(Arc<OnceLock<TestPool>>);

impl Wake for Curious {
    fn wake(self: Arc<Self>) {}
}

impl Drop for Curious {
    fn drop(&mut self) {
        self.0.get().unwrap().statistics();
    }
}

fn curious(test: &PoolTest) -> Waker {
    Waker::from(Arc::new(Curious(Arc::new(OnceLock::from(test.pool.clone())))))
}

#[test]
fn a_waker_of_one_who_leaves_is_not_dropped_under_the_lock() {
    let test = PoolTest::new(small(1));
    let (_guard, _peer) = test.fresh();
    let mut waiting = test.waiting();
    assert!(waiting.as_mut().poll(&mut Context::from_waker(&curious(&test))).is_pending());
    drop(waiting);
    assert_eq!(test.counts(), (1, 0, 0));
}

#[test]
fn a_waker_that_is_replaced_is_not_dropped_under_the_lock() {
    let test = PoolTest::new(small(1).wait_timeout(None));
    let (_guard, _peer) = test.fresh();
    let mut waiting = test.waiting();
    assert!(waiting.as_mut().poll(&mut Context::from_waker(&curious(&test))).is_pending());
    assert!(poll(&mut waiting).is_pending());
}

#[test]
fn wakers_are_not_dropped_under_the_lock_by_a_disconnect_and_a_return() {
    let test = PoolTest::new(small(1).wait_timeout(None));
    let (guard, _peer) = test.fresh();
    let (mut first, mut second) = (test.waiting(), test.waiting());
    assert!(first.as_mut().poll(&mut Context::from_waker(&curious(&test))).is_pending());
    assert!(second.as_mut().poll(&mut Context::from_waker(&curious(&test))).is_pending());
    drop(guard);
    now(test.pool.disconnect(Duration::ZERO));
    assert!(poll(&mut first).is_ready() && poll(&mut second).is_ready());
    assert!(poll_now(test.pool.run()).is_ready());
}
