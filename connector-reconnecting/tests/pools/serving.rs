//! Who is served, when, and by which connection.

use std::{io, task::Poll, time::Duration};

use futures_lite::{AsyncReadExt, AsyncWriteExt};
use socketry_connector_reconnecting::{NotServed, PoolOptions, PoolOrder};
use socketry_testing::pair;

use super::{PoolTest, counting, poll, small};
use crate::{ms, now, poll_now, refused};

/// Marks a connection, so that it is known again.
fn mark(guard: &mut super::Guard, mark: u8) {
    use socketry_connection::Connection;
    guard.attributes_mut().insert(mark);
}

fn marked(guard: &super::Guard) -> u8 {
    use socketry_connection::Connection;
    *guard.attributes().get().unwrap()
}

#[test]
fn a_connection_is_made_when_it_is_needed_and_used_again_when_it_was_returned() {
    let test = PoolTest::new(small(2));
    assert_eq!(test.script.begun(), 0);
    let (guard, _peer) = test.fresh();
    assert_eq!(test.counts(), (1, 0, 0));
    drop(guard);
    assert_eq!(test.counts(), (0, 1, 0));
    drop(test.served());
    assert_eq!(test.script.begun(), 1);
}

#[test]
fn a_connection_is_used_as_the_session_that_it_is() {
    let test = PoolTest::new(small(1));
    let (mut guard, mut peer) = test.fresh();
    now(guard.write_all(b"ping")).unwrap();
    let mut heard = [0; 4];
    now(peer.read_exact(&mut heard)).unwrap();
    assert_eq!((&heard, guard.generation()), (b"ping", 1));
}

#[test]
fn no_more_are_made_than_there_may_be() {
    let test = PoolTest::new(small(2));
    let _both = (test.fresh(), test.fresh());
    let _third = test.waiting();
    assert_eq!(test.script.begun(), 2);
    assert_eq!(test.counts(), (2, 0, 1));
}

#[test]
fn who_came_first_is_served_first() {
    let test = PoolTest::new(small(1));
    let (mut guard, _peer) = test.fresh();
    mark(&mut guard, 7);
    let (mut first, mut second) = (test.waiting(), test.waiting());
    drop(guard);
    assert!(poll(&mut second).is_pending());
    let Poll::Ready(Ok(served)) = poll(&mut first) else { panic!("the first is not served") };
    assert_eq!(marked(&served), 7);
    drop(served);
    assert!(poll(&mut second).is_ready());
}

#[test]
fn who_comes_later_does_not_overtake_one_who_was_given_a_connection_and_has_not_come_for_it() {
    let test = PoolTest::new(small(1));
    let (guard, _peer) = test.fresh();
    let mut first = test.waiting();
    drop(guard);
    let _second = test.waiting();
    assert!(poll(&mut first).is_ready());
}

#[test]
fn a_return_wakes_one_who_waits_and_no_other() {
    let test = PoolTest::new(small(1));
    let (guard, _peer) = test.fresh();
    let (one, two) = (counting(), counting());
    let (mut first, mut second) = (test.waiting(), test.waiting());
    assert!(first.as_mut().poll(&mut one.context()).is_pending());
    assert!(second.as_mut().poll(&mut two.context()).is_pending());
    drop(guard);
    assert_eq!((one.count(), two.count()), (1, 0));
}

#[test]
fn what_was_given_to_one_who_leaves_goes_to_the_next() {
    let test = PoolTest::new(small(1));
    let (guard, _peer) = test.fresh();
    let (first, mut second) = (test.waiting(), test.waiting());
    drop(guard);
    drop(first);
    assert!(poll(&mut second).is_ready());
    assert_eq!(test.script.begun(), 1);
}

#[test]
fn the_one_that_was_used_last_is_handed_out_first_unless_it_is_to_be_the_other_way_round() {
    for (order, expected) in [(PoolOrder::Lifo, [2, 1]), (PoolOrder::Fifo, [1, 2])] {
        let test = PoolTest::new(small(2).order(order));
        let ((mut one, _peer_one), (mut two, _peer_two)) = (test.fresh(), test.fresh());
        mark(&mut one, 1);
        mark(&mut two, 2);
        drop(one);
        drop(two);
        let both = (test.served(), test.served());
        assert_eq!([marked(&both.0), marked(&both.1)], expected, "{order:?}");
    }
}

#[test]
fn a_connection_that_is_returned_serves_one_who_was_making_another() {
    let test = PoolTest::new(small(2));
    let (guard, _peer) = test.fresh();
    let mut waiting = test.waiting();
    let call = test.script.try_next_call().unwrap(); // for the second place
    drop(guard);
    assert!(poll(&mut waiting).is_ready());
    assert!(call.is_cancelled()); // nobody else wants it
}

#[test]
fn an_attempt_that_is_left_goes_on_with_the_next_who_waits() {
    let test = PoolTest::new(small(2));
    let (guard, _peer) = test.fresh();
    let mut first = test.waiting();
    let call = test.script.try_next_call().unwrap();
    let mut second = test.waiting();
    drop(guard);
    let Poll::Ready(Ok(_served)) = poll(&mut first) else { panic!("the first is not served") };
    assert!(poll(&mut second).is_pending());
    assert!(!call.is_cancelled());
    let (ours, _theirs) = pair();
    call.succeed(ours);
    assert!(poll(&mut second).is_ready());
    assert_eq!(test.script.begun(), 2);
}

#[test]
fn a_check_out_that_is_dropped_ends_its_attempt_and_its_timers() {
    let test = PoolTest::new(small(2));
    let waiting = test.waiting();
    let call = test.script.try_next_call().unwrap();
    drop(waiting);
    assert!(call.is_cancelled());
    assert_eq!((test.counts(), test.clock.sleeping()), ((0, 0, 0), 0));
}

#[test]
fn a_delay_that_has_begun_is_not_forgotten_with_the_check_out_that_began_it() {
    let test = PoolTest::new(small(1));
    test.script.fail_next(refused());
    drop(test.waiting());
    assert_eq!(test.clock.sleeping(), 0);
    let mut waiting = test.waiting();
    assert_eq!(test.script.begun(), 1); // it waits for the 20 ms of before
    test.clock.advance(ms(20));
    let _peer = test.prepared();
    assert!(poll(&mut waiting).is_ready());
}

#[test]
fn who_is_not_served_in_time_is_told_why() {
    let test = PoolTest::new(small(1).wait_timeout(Some(ms(3000))));
    let mut waiting = test.waiting();
    test.script.try_next_call().unwrap().fail(refused());
    assert!(poll(&mut waiting).is_pending());
    test.clock.advance(ms(3000));
    test.script.fail_next(refused());
    let Poll::Ready(Err(error)) = poll(&mut waiting) else { panic!("it waits") };
    assert_eq!(error.kind(), io::ErrorKind::TimedOut);
    assert_eq!(error.to_string(), "no connection from pool \"test\" within 3s: connection refused");
    let served = error.get_ref().unwrap().downcast_ref::<NotServed>().unwrap();
    assert_eq!(served.after(), ms(3000));
    assert_eq!(test.pool.statistics().timed_out, 1);
}

#[test]
fn who_waits_for_others_is_told_so_when_the_time_is_up() {
    let test = PoolTest::new(small(1).wait_timeout(Some(ms(3000))));
    let (_guard, _peer) = test.fresh();
    let mut waiting = test.waiting();
    test.clock.advance(ms(3000));
    let Poll::Ready(Err(error)) = poll(&mut waiting) else { panic!("it waits") };
    assert_eq!(error.to_string(), "no connection from pool \"test\" within 3s: all 1 are in use");
    drop(waiting);
    assert_eq!(test.counts(), (1, 0, 0));
}

#[test]
fn who_waits_for_a_connection_that_is_being_made_is_told_so() {
    let test = PoolTest::new(small(1).wait_timeout(Some(ms(3000))));
    let mut waiting = test.waiting();
    test.clock.advance(ms(3000));
    let Poll::Ready(Err(error)) = poll(&mut waiting) else { panic!("it waits") };
    assert!(error.to_string().ends_with(" within 3s: it is still being made"), "{error}");
}

#[test]
fn who_was_not_let_through_to_a_dead_target_is_told_why_it_is_dead() {
    let test = PoolTest::new(small(10).wait_timeout(Some(ms(500))));
    for _ in 0..5 {
        test.script.fail_next(refused());
    }
    let mut waiting: Vec<_> = (0..6).map(|_| test.waiting()).collect();
    assert_eq!(test.script.begun(), 5); // then the circuit is open
    test.clock.advance(ms(500));
    let Poll::Ready(Err(error)) = poll(&mut waiting[5]) else { panic!("it waits") };
    assert!(error.to_string().ends_with(" within 500ms: connection refused"), "{error}");
}

#[test]
fn without_a_time_to_wait_it_is_served_at_once_or_not_at_all() {
    let test = PoolTest::new(small(1).wait_timeout(Some(Duration::ZERO)));
    let (_guard, _peer) = test.fresh();
    assert!(now(test.pool.checkout()).is_err());
}

#[test]
fn what_is_final_is_told_at_once() {
    let test = PoolTest::new(PoolOptions::new());
    test.script.fail_next(io::ErrorKind::InvalidInput.into());
    let error = now(test.pool.checkout()).unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::InvalidInput);
    assert_eq!(test.pool.statistics().size, 0);
}

#[test]
fn a_pool_with_neither_target_nor_connection_says_what_to_do() {
    let (connector, _script) = socketry_testing::scripted_connector::<u16>();
    let pool = socketry_connector_reconnecting::Pool::builder(connector).name("empty").build();
    let error = now(pool.checkout()).unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::InvalidInput);
    assert_eq!(
        error.to_string(),
        "no connection from pool \"empty\": it has none and no target; give it one with to(), or add_connection()"
    );
}

#[test]
fn statistics_tell_who_had_to_wait() {
    let test = PoolTest::new(small(1));
    let (guard, _peer) = test.fresh();
    let mut waiting = test.waiting();
    drop(guard);
    let Poll::Ready(Ok(second)) = poll(&mut waiting) else { panic!("it waits") };
    drop(second);
    let statistics = test.pool.statistics();
    assert_eq!((statistics.served, statistics.waited, statistics.size), (2, 1, 1));
}

#[test]
fn a_check_out_allocates_nothing_if_there_is_a_connection() {
    let test = PoolTest::new(small(1));
    let (guard, _peer) = test.fresh();
    drop(guard);
    drop(test.served());
    let allocated = allocation_counter::measure(|| drop(poll_now(test.pool.checkout())));
    assert_eq!(allocated.count_total, 0);
}
