//! What is counted.

use std::{future::Future, io, pin::pin, task::Poll};

use allocation_counter::measure;
use socketry_server_workers::{Answer, Event, InProcess, Peer, Pool, PoolOptions, Worker};
use socketry_testing::CountingWaker;

use crate::support::World;

struct Silent;

impl Worker for Silent {
    async fn answer(&mut self, _: Event<'_>) -> io::Result<Option<Answer>> {
        Ok(Some(Answer::Read))
    }
}

fn allocations(options: PoolOptions) -> u64 {
    let pool = Pool::new(InProcess::new(|| Silent), options);
    let (peer, waker) = (Peer::new("test", None), CountingWaker::new());
    let mut run = pin!(pool.run());
    while pool.workers().iter().all(|it| it.age.is_zero() || it.jobs > 0) {
        assert!(run.as_mut().poll(&mut waker.context()).is_pending());
    }
    let ask = || {
        let asked = pin!(pool.ask(Event::Connected(&peer))).poll(&mut waker.context());
        assert!(matches!(asked, Poll::Ready(Ok(reply)) if reply.goes_on()));
    };
    ask();
    measure(|| (0..100).for_each(|_| ask())).count_total
}

#[test]
fn asking_a_worker_that_is_free_allocates_nothing() {
    assert_eq!(allocations(PoolOptions::new().num_workers(4)), 0);
}

#[test]
fn asking_within_a_time_allocates_nothing_if_the_answer_comes_at_once() {
    let minute = std::time::Duration::from_secs(60);
    let options = PoolOptions::new().num_workers(4).exec_ttl(minute).max_jobs(1_000_000);
    assert_eq!(allocations(options), 0);
}

#[test]
fn an_ask_is_a_small_future() {
    let pool = Pool::new(InProcess::new(|| Silent), PoolOptions::new());
    let peer = Peer::new("test", None);
    let size = size_of_val(&pool.ask(Event::Connected(&peer)));
    assert!(size <= 480, "{size}");
    assert!(size > 0, "something was measured");
}

#[test]
fn events_that_are_answered_do_not_wake_the_pool() {
    let mut world = World::of(2);
    world.script.says(crate::support::Say::Answer);
    world.run.waker.take();
    (0..10).for_each(|_| _ = world.ask_only());
    assert_eq!((world.run.waker.count(), world.idle().len()), (0, 2));
}

#[test]
fn a_pool_with_nothing_to_do_wakes_only_to_look_at_its_workers() {
    let world = World::of(2);
    assert_eq!(world.clock.until_next(), Some(std::time::Duration::from_secs(5)));
    assert_eq!((world.clock.sleeping(), world.run.waker.count()), (2, 0));
}
