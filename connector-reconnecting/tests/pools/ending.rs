//! How pools end, and begin again.

use std::{io, pin::pin, task::Poll, time::Duration};

use futures_lite::AsyncReadExt;
use socketry_connector_reconnecting::{Disconnected, PoolOptions};

use super::{PoolTest, poll, small};
use crate::{ms, now, poll_now};

#[test]
fn a_disconnect_closes_idle_ones_at_once() {
    let test = PoolTest::new(PoolOptions::new());
    let (guard, mut peer) = test.fresh();
    drop(guard);
    assert_eq!(now(test.pool.disconnect(ms(1000))), Disconnected::Gracefully);
    assert_eq!(now(peer.read(&mut [0])).unwrap(), 0);
    assert_eq!((test.pool.statistics().size, test.clock.sleeping()), (0, 0));
}

#[test]
fn a_disconnect_asks_those_in_use_to_end_and_waits_for_them() {
    let test = PoolTest::new(PoolOptions::new());
    let (mut guard, _peer) = test.fresh();
    let mut ending = pin!(test.pool.disconnect(ms(1000)));
    assert!(poll_now(ending.as_mut()).is_pending());
    assert!(now(futures_lite::AsyncWriteExt::write(&mut *guard, b"x")).is_err());
    drop(guard);
    assert_eq!(now(ending), Disconnected::Gracefully);
    assert_eq!(test.pool.statistics().size, 0);
}

#[test]
fn a_disconnect_aborts_at_its_deadline_those_that_are_not_returned() {
    let test = PoolTest::new(PoolOptions::new());
    let (_guard, mut peer) = test.fresh();
    let mut ending = pin!(test.pool.disconnect(ms(1000)));
    assert!(poll_now(ending.as_mut()).is_pending());
    test.clock.advance(ms(1000));
    assert_eq!(now(ending), Disconnected::Aborted);
    assert!(now(peer.read(&mut [0])).map_or(true, |count| count == 0));
}

#[test]
fn the_deadline_is_one_for_all() {
    let test = PoolTest::new(PoolOptions::new());
    let _all = (test.fresh(), test.fresh(), test.fresh());
    let mut ending = pin!(test.pool.disconnect(ms(1000)));
    assert!(poll_now(ending.as_mut()).is_pending());
    test.clock.advance(ms(1000));
    assert_eq!(now(ending), Disconnected::Aborted);
}

#[test]
fn who_waits_and_who_comes_is_told_that_it_is_disconnected() {
    let test = PoolTest::new(small(1));
    let (_guard, _peer) = test.fresh();
    let mut waiting = test.waiting();
    now(test.pool.disconnect(Duration::ZERO));
    let Poll::Ready(Err(error)) = poll(&mut waiting) else { panic!("it waits") };
    assert_eq!(error.kind(), io::ErrorKind::NotConnected);
    assert_eq!(
        error.to_string(),
        "no connection from pool \"test\": it is disconnected; call connect() on it"
    );
    assert!(now(test.pool.checkout()).is_err());
}

#[test]
fn a_disconnect_drops_attempts_under_way() {
    let test = PoolTest::new(small(1));
    let mut waiting = test.waiting();
    let call = test.script.try_next_call().unwrap();
    now(test.pool.disconnect(Duration::ZERO));
    assert!(call.is_cancelled());
    assert!(matches!(poll(&mut waiting), Poll::Ready(Err(_))));
    assert_eq!(test.pool.statistics().size, 0);
}

#[test]
fn a_drain_does_not_disturb_those_in_use() {
    let test = PoolTest::new(PoolOptions::new());
    let (mut guard, mut peer) = test.fresh();
    let mut draining = pin!(test.pool.drain(ms(1000)));
    assert!(poll_now(draining.as_mut()).is_pending());
    now(futures_lite::AsyncWriteExt::write_all(&mut *guard, b"last")).unwrap();
    let mut heard = [0; 4];
    now(peer.read_exact(&mut heard)).unwrap();
    assert!(now(test.pool.checkout()).is_err());
    drop(guard);
    assert_eq!(now(draining), Disconnected::Gracefully);
}

#[test]
fn a_drain_aborts_at_its_deadline() {
    let test = PoolTest::new(PoolOptions::new());
    let (_guard, mut peer) = test.fresh();
    let mut draining = pin!(test.pool.drain(ms(1000)));
    assert!(poll_now(draining.as_mut()).is_pending());
    test.clock.advance(ms(1000));
    assert_eq!(now(draining), Disconnected::Aborted);
    assert!(now(peer.read(&mut [0])).map_or(true, |count| count == 0));
}

#[test]
fn it_serves_again_after_connect() {
    let test = PoolTest::new(small(1));
    let (guard, _peer) = test.fresh();
    now(test.pool.disconnect(Duration::ZERO));
    drop(guard);
    assert!(test.pool.is_closed());
    test.pool.connect();
    let (guard, _peer) = test.fresh();
    assert_eq!(guard.generation(), 1); // a connection of its own
}

#[test]
fn one_that_is_returned_after_the_pool_serves_again_is_not_kept() {
    let test = PoolTest::new(small(1));
    let (guard, _peer) = test.fresh();
    now(test.pool.disconnect(Duration::ZERO));
    test.pool.connect();
    drop(guard);
    assert_eq!(test.counts(), (0, 0, 0));
}

#[test]
fn dropping_the_pool_closes_idle_ones_and_those_in_use_when_they_are_returned() {
    let test = PoolTest::new(small(2));
    let ((idle, mut idle_peer), (guard, mut peer)) = (test.fresh(), test.fresh());
    drop(idle);
    let clone = test.pool.clone();
    drop(test.pool);
    assert!(poll_now(idle_peer.read(&mut [0])).is_pending());
    drop(clone);
    assert_eq!(now(idle_peer.read(&mut [0])).unwrap(), 0);
    assert!(poll_now(peer.read(&mut [0])).is_pending());
    drop(guard);
    assert_eq!(now(peer.read(&mut [0])).unwrap(), 0);
}

#[test]
fn one_that_is_disconnected_by_its_handle_leaves_the_pool() {
    let test = PoolTest::new(small(0));
    let handle = test.pool.add_connection(7, |sessions| sessions);
    let (guard, _peer) = test.fresh();
    drop(guard);
    let mut ending = pin!(handle.disconnect(Duration::ZERO));
    assert!(poll_now(ending.as_mut()).is_ready());
    assert!(poll_now(test.pool.checkout()).is_ready()); // there is none any more
    assert_eq!(test.pool.statistics().size, 0);
}

#[test]
fn all_connections_can_be_looked_at() {
    let test = PoolTest::new(small(2));
    let (_guard, _peer) = test.fresh();
    test.pool.add_connection(7, |sessions| sessions);
    let states: Vec<_> =
        test.pool.connections().iter().map(|handle| handle.state().is_up()).collect();
    assert_eq!(states, [true, false]);
}
