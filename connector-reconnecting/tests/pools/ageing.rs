//! How long connections live, and how many there are when that is changed.

use super::{PoolTest, poll, small};
use crate::{ms, now, poll_now};
use futures_lite::AsyncReadExt;

#[test]
fn one_that_was_idle_for_too_long_is_replaced() {
    let test = PoolTest::new(small(1).idle_timeout(Some(ms(5000))));
    let (guard, mut peer) = test.fresh();
    drop(guard);
    test.clock.advance(ms(4999));
    drop(test.served());
    test.clock.advance(ms(5000));
    let _new_peer = test.prepared();
    assert_eq!(test.served().generation(), 2); // and it is nobody's fault, so no delay follows
    assert_eq!(now(peer.read(&mut [0])).unwrap(), 0);
    assert_eq!(test.pool.statistics().closed_idle, 1);
}

#[test]
fn one_that_is_old_ends_when_it_is_returned() {
    let test = PoolTest::new(small(1).max_lifetime(Some(ms(5000))));
    let (guard, mut peer) = test.fresh();
    test.clock.advance(ms(6000));
    assert!(poll_now(peer.read(&mut [0])).is_pending()); // in use, it goes on
    drop(guard);
    assert_eq!(now(peer.read(&mut [0])).unwrap(), 0);
    assert_eq!(test.pool.statistics().closed_old, 1);
}

#[test]
fn one_that_is_old_is_not_handed_out() {
    let test = PoolTest::new(small(1).max_lifetime(Some(ms(5000))));
    let (guard, _peer) = test.fresh();
    drop(guard);
    test.clock.advance(ms(5000));
    let _new_peer = test.prepared();
    assert_eq!(test.served().generation(), 2);
}

#[test]
fn a_pool_that_shrinks_closes_idle_ones_at_once_and_the_others_when_they_are_returned() {
    let test = PoolTest::new(small(3));
    let ((one, _p1), (two, _p2), (three, mut peer)) = (test.fresh(), test.fresh(), test.fresh());
    drop(three);
    test.pool.set_options(small(1));
    assert_eq!(now(peer.read(&mut [0])).unwrap(), 0);
    assert_eq!(test.pool.statistics().size, 2);
    drop(two);
    assert_eq!(test.pool.statistics().size, 1);
    drop(one);
    assert_eq!(test.pool.statistics().size, 1);
}

#[test]
fn a_pool_that_grows_serves_those_who_wait() {
    let test = PoolTest::new(small(1));
    let (_guard, _peer) = test.fresh();
    let mut waiting = test.waiting();
    let _new_peer = test.prepared();
    test.pool.set_options(small(2));
    assert!(poll(&mut waiting).is_ready());
}

#[test]
fn those_that_were_added_are_never_too_many() {
    let test = PoolTest::new(small(0));
    for port in [1, 1, 2] {
        test.pool.add_connection(port, |sessions| sessions);
    }
    assert_eq!(test.pool.statistics().size, 3); // two to the same are both kept
    test.pool.set_options(small(0));
    assert_eq!(test.pool.statistics().size, 3);
    let (guard, _peer) = test.fresh();
    drop(guard);
    assert_eq!(test.pool.statistics().size, 3);
}
