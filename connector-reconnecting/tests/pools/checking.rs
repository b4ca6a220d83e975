//! What is handed out is fit for use, and what is not is replaced.

use std::{io, task::Poll};

use futures_lite::{AsyncReadExt, AsyncWriteExt};
use socketry_connector_reconnecting::PoolOptions;
use socketry_testing::pair;

use super::{PoolTest, poll, small};
use crate::{ms, now, poll_now};

/// Asks `?` and wants `!`.
fn asking(options: PoolOptions) -> PoolTest {
    PoolTest::with(options, |builder| {
        builder.check(|session| {
            Box::pin(async move {
                session.write_all(b"?").await?;
                let mut answer = [0];
                session.read_exact(&mut answer).await?;
                match &answer {
                    b"!" => Ok(()),
                    _ => Err(io::ErrorKind::InvalidData.into()),
                }
            })
        })
    })
}

/// Which session the pool makes next in place of a connection, after the 100 ms of its backoff.
fn replaced(test: &PoolTest) -> u64 {
    let mut waiting = test.waiting();
    test.clock.advance(ms(100));
    let _peer = test.prepared();
    match poll(&mut waiting) {
        Poll::Ready(guard) => guard.unwrap().generation(),
        Poll::Pending => panic!("it is not replaced"),
    }
}

#[test]
fn a_connection_whose_peer_has_gone_while_it_was_idle_is_replaced() {
    let test = PoolTest::new(small(1));
    let (guard, peer) = test.fresh();
    drop(guard);
    drop(peer);
    assert_eq!(replaced(&test), 2);
    assert_eq!(test.pool.statistics().closed_broken, 1);
}

#[test]
fn who_finds_a_connection_lost_brings_it_back_and_makes_no_other() {
    let test = PoolTest::new(small(5));
    let (guard, peer) = test.fresh();
    drop(guard);
    drop(peer);
    assert_eq!(replaced(&test), 2);
    assert_eq!(test.pool.statistics().size, 1);
}

#[test]
fn a_connection_that_was_lost_in_use_is_replaced() {
    let test = PoolTest::new(small(1));
    let (mut guard, peer) = test.fresh();
    drop(peer);
    assert!(now(guard.read(&mut [0])).is_err());
    drop(guard);
    assert_eq!(test.counts(), (0, 0, 0));
    assert_eq!(replaced(&test), 2);
}

#[test]
fn a_connection_that_was_discarded_is_closed_and_replaced() {
    let test = PoolTest::new(small(1));
    let (guard, mut peer) = test.fresh();
    guard.discard();
    assert_eq!(now(peer.read(&mut [0])).unwrap(), 0);
    let _new_peer = test.prepared();
    assert_eq!(test.served().generation(), 2); // at once: the peer has done nothing
}

#[test]
fn a_connection_that_was_detached_is_its_users_and_gives_its_place_to_another() {
    let test = PoolTest::new(small(1));
    let (guard, mut peer) = test.fresh();
    let mut session = guard.detach();
    assert_eq!(test.pool.statistics().size, 0);
    let (_second, _peer) = test.fresh();
    now(session.write_all(b"mine")).unwrap();
    let mut heard = [0; 4];
    now(peer.read_exact(&mut heard)).unwrap();
    assert_eq!(&heard, b"mine");
}

#[test]
fn an_answer_that_nobody_has_waited_for_is_not_read_by_the_next_user() {
    let test = PoolTest::new(small(1).keep_unanswered(true));
    let (mut guard, mut peer) = test.fresh();
    now(guard.write_all(b"question")).unwrap();
    drop(guard);
    now(peer.write_all(b"late answer")).unwrap();
    assert_eq!(replaced(&test), 2);
    assert_eq!(test.pool.statistics().closed_unread, 1);
}

#[test]
fn what_a_server_says_unasked_is_kept_if_that_is_its_way() {
    let test = PoolTest::new(small(1).keep_unread(true));
    let (guard, mut peer) = test.fresh();
    drop(guard);
    now(peer.write_all(b"news")).unwrap();
    let mut guard = test.served();
    let mut news = [0; 4];
    now(guard.read_exact(&mut news)).unwrap();
    assert_eq!(&news, b"news");
}

#[test]
fn a_connection_that_passes_its_check_is_handed_out() {
    let test = asking(small(1));
    let (ours, mut peer) = pair();
    test.script.succeed_next(ours);
    let mut waiting = test.waiting();
    let mut asked = [0];
    now(peer.read_exact(&mut asked)).unwrap();
    now(peer.write_all(b"!")).unwrap();
    let Poll::Ready(Ok(guard)) = poll(&mut waiting) else { panic!("it is not handed out") };
    assert_eq!(guard.generation(), 1);
}

#[test]
fn one_that_fails_its_check_is_replaced() {
    let test = asking(small(1));
    let (ours, mut peer) = pair();
    test.script.succeed_next(ours);
    let mut waiting = test.waiting();
    now(peer.write_all(b"x")).unwrap();
    assert!(poll(&mut waiting).is_pending());
    assert_eq!(test.pool.statistics().closed_unfit, 1);
    let (ours, mut peer) = pair();
    now(peer.write_all(b"")).unwrap();
    test.script.succeed_next(ours);
    test.clock.advance(ms(100));
    assert!(poll(&mut waiting).is_pending());
    now(peer.write_all(b"!")).unwrap();
    assert!(poll(&mut waiting).is_ready());
}

#[test]
fn one_that_does_not_answer_its_check_in_time_is_replaced() {
    let test = asking(small(1).check_timeout(Some(ms(500))));
    let (ours, mut peer) = pair();
    test.script.succeed_next(ours);
    let mut waiting = test.waiting();
    test.clock.advance(ms(500));
    assert!(poll(&mut waiting).is_pending());
    now(peer.read(&mut [0])).unwrap(); // the question
    assert_eq!(now(peer.read(&mut [0])).unwrap(), 0);
    assert_eq!(test.pool.statistics().closed_unfit, 1);
}

#[test]
fn one_whose_check_is_dropped_in_the_middle_is_not_used_again() {
    let test = asking(small(1));
    let (ours, mut peer) = pair();
    test.script.succeed_next(ours);
    drop(test.waiting());
    now(peer.read(&mut [0])).unwrap();
    assert_eq!(now(peer.read(&mut [0])).unwrap(), 0);
    assert_eq!(test.counts(), (0, 0, 0));
}

#[test]
fn only_those_that_were_idle_for_so_long_are_checked() {
    let test = asking(small(1).check_after(ms(1000)));
    let (guard, mut peer) = test.fresh();
    drop(guard);
    test.clock.advance(ms(999));
    drop(test.served());
    assert!(poll_now(peer.read(&mut [0])).is_pending());
    test.clock.advance(ms(1000));
    let _waiting = test.waiting();
    assert!(poll_now(peer.read(&mut [0])).is_ready());
}

#[test]
fn one_that_is_dropped_before_it_is_answered_is_closed_and_replaced_at_once() {
    let test = PoolTest::new(small(1));
    let (mut guard, mut peer) = test.fresh();
    now(guard.write_all(b"question")).unwrap();
    drop(guard); // as a deadline around the request does
    now(peer.read(&mut [0; 8])).unwrap();
    assert_eq!(now(peer.read(&mut [0])).unwrap(), 0);
    let (guard, _peer) = test.fresh();
    assert_eq!((guard.generation(), test.pool.statistics().closed_unanswered), (2, 1));
}

#[test]
fn one_whose_question_could_not_even_be_written_is_closed_too() {
    let test = PoolTest::new(small(1));
    let (ours, _theirs) = socketry_testing::pair_with_capacity(3);
    test.script.succeed_next(ours);
    let mut guard = test.served();
    assert!(poll_now(guard.write_all(b"question")).is_pending());
    drop(guard);
    assert_eq!(test.pool.statistics().closed_unanswered, 1);
}

#[test]
fn one_that_was_answered_is_kept_and_so_is_any_if_nothing_is_ever_answered() {
    let test = PoolTest::new(small(1));
    let (mut guard, mut peer) = test.fresh();
    now(guard.write_all(b"question")).unwrap();
    now(peer.write_all(b"answer")).unwrap();
    now(guard.read(&mut [0; 8])).unwrap();
    drop(guard);
    assert_eq!(test.served().generation(), 1);

    let test = PoolTest::new(small(1).keep_unanswered(true));
    let (mut guard, _peer) = test.fresh();
    now(guard.write_all(b"news")).unwrap();
    drop(guard);
    assert_eq!(test.served().generation(), 1);
}
