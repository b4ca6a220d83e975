//! Those that are idle are asked by their check, and by nothing else.

use std::{future::Future, io, pin::Pin, task::Poll};

use futures_lite::{AsyncReadExt, AsyncWriteExt};
use socketry_connector_reconnecting::{Heartbeat, PoolOptions};
use socketry_testing::MemoryConnection;

use super::{PoolTest, poll, small};
use crate::{ms, now, poll_now};

/// Asks `?` and wants `!`, of those that are idle for a second and of no others.
fn asking(options: PoolOptions) -> PoolTest {
    let options = options.check_every(Some(ms(1000))).check_after(ms(1_000_000));
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

fn run(test: &PoolTest) -> Pin<Box<dyn Future<Output = ()> + Send + '_>> {
    let mut running: Pin<Box<dyn Future<Output = ()> + Send + '_>> = Box::pin(test.pool.run());
    assert!(poll_now(&mut running).is_pending());
    running
}

fn asked(peer: &mut MemoryConnection) -> bool {
    let mut question = [0];
    match poll_now(peer.read(&mut question)) {
        Poll::Ready(read) => read.unwrap() == 1 && question == *b"?",
        Poll::Pending => false,
    }
}

#[test]
fn one_that_is_idle_for_so_long_is_asked_and_stays_if_it_answers() {
    let test = asking(small(1));
    let (guard, mut peer) = test.fresh();
    drop(guard);
    let mut running = run(&test);
    for _ in 0..3 {
        assert_eq!(test.clock.until_next(), Some(ms(1000)));
        assert!(!asked(&mut peer));
        test.clock.advance(ms(1000));
        assert!(poll_now(&mut running).is_pending());
        assert!(asked(&mut peer));
        now(peer.write_all(b"!")).unwrap();
        assert!(poll_now(&mut running).is_pending());
    }
    assert_eq!((test.counts(), test.served().generation()), ((0, 1, 0), 1));
}

#[test]
fn one_that_answers_wrong_or_not_in_time_is_closed() {
    for answer in [Some(b"x"), None] {
        let test = asking(small(1).check_timeout(Some(ms(300))));
        let (guard, mut peer) = test.fresh();
        drop(guard);
        let mut running = run(&test);
        test.clock.advance(ms(1000));
        assert!(poll_now(&mut running).is_pending());
        assert!(asked(&mut peer));
        match answer {
            Some(answer) => now(peer.write_all(answer)).unwrap(),
            None => test.clock.advance(ms(300)),
        }
        assert!(poll_now(&mut running).is_pending());
        assert_eq!((test.counts(), test.pool.statistics().closed_unfit), ((0, 0, 0), 1));
        assert_eq!(now(peer.read(&mut [0])).unwrap(), 0);
    }
}

#[test]
fn nobody_gets_one_that_is_being_asked() {
    let test = asking(small(1));
    let (guard, mut peer) = test.fresh();
    drop(guard);
    let mut running = run(&test);
    test.clock.advance(ms(1000));
    assert!(poll_now(&mut running).is_pending());
    assert_eq!(test.counts(), (0, 0, 0));
    let mut waiting = test.waiting();
    assert!(asked(&mut peer));
    now(peer.write_all(b"!")).unwrap();
    assert!(poll(&mut waiting).is_pending());
    assert!(poll_now(&mut running).is_pending());
    assert!(poll(&mut waiting).is_ready());
}

#[test]
fn they_are_asked_one_after_the_other_and_count_as_ready_meanwhile() {
    let test = asking(small(5).min_idle(2));
    let ((one, mut first), (two, mut second)) = (test.fresh(), test.fresh());
    drop(one);
    drop(two);
    let mut running = run(&test);
    test.clock.advance(ms(1000));
    assert!(poll_now(&mut running).is_pending());
    assert!(asked(&mut first) && !asked(&mut second));
    now(first.write_all(b"!")).unwrap();
    assert!(poll_now(&mut running).is_pending());
    assert!(asked(&mut second));
    assert_eq!(test.script.begun(), 2);
}

#[test]
fn one_that_is_being_asked_when_nobody_runs_the_pool_any_more_is_closed() {
    let test = asking(small(1));
    let (guard, mut peer) = test.fresh();
    drop(guard);
    let mut running = run(&test);
    test.clock.advance(ms(1000));
    assert!(poll_now(&mut running).is_pending());
    assert!(asked(&mut peer));
    drop(running);
    assert_eq!(now(peer.read(&mut [0])).unwrap(), 0);
    assert_eq!((test.counts(), test.clock.sleeping()), ((0, 0, 0), 0));
}

#[test]
fn one_that_is_in_use_is_not_asked_and_one_that_was_returned_only_later() {
    let test = asking(small(1));
    let (guard, mut peer) = test.fresh();
    let mut running = run(&test);
    test.clock.advance(ms(5000));
    assert!(poll_now(&mut running).is_pending());
    drop(guard);
    assert!(poll_now(&mut running).is_pending());
    assert!(!asked(&mut peer));
    assert_eq!(test.clock.until_next(), Some(ms(1000)));
}

#[test]
fn without_a_pause_they_are_asked_all_the_time_and_others_go_on() {
    let test = PoolTest::with(small(1).check_every(Some(ms(0))), |builder| {
        builder.check(|_| Box::pin(async { Ok(()) }))
    });
    let (guard, _peer) = test.fresh();
    drop(guard);
    let waker = super::counting();
    let mut running = run(&test);
    assert!(running.as_mut().poll(&mut waker.context()).is_pending());
    assert!(waker.count() > 0);
    assert_eq!(test.counts(), (0, 1, 0));
}

#[test]
fn heartbeats_are_not_said_in_pools() {
    let heartbeat = || Heartbeat::new(ms(100), ms(100), "PING");
    let test = PoolTest::with(small(1), |builder| {
        builder
            .defaults(move |sessions| sessions.heartbeat(heartbeat()))
            .connections(move |sessions| sessions.heartbeat(heartbeat()))
    });
    let (guard, mut peer) = test.fresh();
    drop(guard);
    let mut running = run(&test);
    test.clock.advance(ms(1000));
    assert!(poll_now(&mut running).is_pending());
    assert!(poll_now(peer.read(&mut [0])).is_pending());
    assert_eq!(test.counts(), (0, 1, 0));
}
