//! Connections that are disconnected by their handles, and pools that have none left.

use std::{io, pin::pin, task::Poll, time::Duration};

use futures_lite::{AsyncReadExt, AsyncWriteExt};
use socketry_connector_reconnecting::{Disconnected, PoolOptions};

use super::{PoolTest, counting, poll, small};
use crate::{ms, now, poll_now};

#[test]
fn one_that_was_asked_to_end_leaves_when_its_user_returns_it() {
    let test = PoolTest::new(small(3));
    let (guard, _peer) = test.fresh();
    let handle = test.pool.connections().remove(0);
    let mut ending = pin!(handle.disconnect(ms(60_000)));
    assert!(poll_now(ending.as_mut()).is_pending());
    drop(guard);
    assert_eq!(now(ending), Disconnected::Gracefully);
    assert_eq!(test.pool.statistics().size, 0);
    let (mut next, _peer) = test.fresh();
    assert!(now(next.write_all(b"x")).is_ok());
}

#[test]
fn one_that_was_asked_to_end_leaves_also_if_its_handle_connects_again() {
    let test = PoolTest::new(small(3));
    let (guard, _peer) = test.fresh();
    let handle = test.pool.connections().remove(0);
    let mut ending = pin!(handle.disconnect(ms(60_000)));
    assert!(poll_now(ending.as_mut()).is_pending());
    assert!(handle.connect());
    drop(guard);
    assert_eq!(test.pool.statistics().size, 0);
}

#[test]
fn an_idle_one_leaves_as_soon_as_it_is_disconnected() {
    let test = PoolTest::bare(PoolOptions::new());
    let handle = test.pool.add_connection(1, |sessions| sessions);
    let (guard, mut peer) = test.fresh();
    drop(guard);
    assert_eq!(now(handle.disconnect(ms(5000))), Disconnected::Gracefully);
    assert_eq!(now(peer.read(&mut [0])).unwrap(), 0);
    assert_eq!((test.counts(), test.pool.statistics().size), ((0, 0, 0), 0));
}

#[test]
fn one_that_was_given_to_who_has_not_come_for_it_leaves_as_well() {
    let test = PoolTest::new(small(1));
    let (guard, mut peer) = test.fresh();
    let handle = test.pool.connections().remove(0);
    let mut waiting = test.waiting();
    drop(guard);
    assert_eq!(now(handle.disconnect(ms(5000))), Disconnected::Gracefully);
    assert_eq!(now(peer.read(&mut [0])).unwrap(), 0);
    let _new_peer = test.prepared();
    assert!(poll(&mut waiting).is_ready()); // by one that is made
}

#[test]
fn all_who_wait_hear_that_the_last_connection_has_left() {
    let test = PoolTest::bare(PoolOptions::new().wait_timeout(None));
    let handle = test.pool.add_connection(1, |sessions| sessions);
    let (guard, _peer) = test.fresh();
    let (one, two) = (counting(), counting());
    let (mut first, mut second) = (test.waiting(), test.waiting());
    assert!(first.as_mut().poll(&mut one.context()).is_pending());
    assert!(second.as_mut().poll(&mut two.context()).is_pending());
    now(handle.disconnect(Duration::ZERO));
    drop(guard);
    assert_eq!((one.count(), two.count()), (1, 1));
    for waiting in [&mut first, &mut second] {
        let Poll::Ready(Err(error)) = poll(waiting) else { panic!("it waits") };
        assert_eq!(error.kind(), io::ErrorKind::InvalidInput);
    }
}

#[test]
fn who_waits_hears_that_the_last_connection_was_detached() {
    let test = PoolTest::bare(PoolOptions::new().wait_timeout(None));
    test.pool.add_connection(1, |sessions| sessions);
    let (guard, _peer) = test.fresh();
    let waker = counting();
    let mut waiting = test.waiting();
    assert!(waiting.as_mut().poll(&mut waker.context()).is_pending());
    let _session = guard.detach();
    assert_eq!(waker.count(), 1);
    assert!(matches!(poll(&mut waiting), Poll::Ready(Err(_))));
}
