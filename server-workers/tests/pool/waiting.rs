//! The line of those who wait, and who is given which worker.

use std::{future::Future, pin::pin, time::Duration};

use socketry_server_workers::{Event, Peer};
use socketry_testing::CountingWaker;

use crate::support::{Hire, Say, World};

const SECOND: Duration = Duration::from_secs(1);

fn messages(world: &World) -> Vec<usize> {
    world.script.state().asked.iter().map(|(_, message)| *message).collect()
}

#[test]
fn those_who_wait_are_served_in_the_order_of_their_coming() {
    let mut world = World::of(1);
    world.ask_often(4);
    world.script.says(Say::Answer);
    world.settle();
    assert_eq!(messages(&world), [0, 1, 2, 3]);
}

#[test]
fn a_worker_that_has_answered_goes_to_who_waits() {
    let mut world = World::of(1);
    world.ask_often(2);
    world.script.tell(1, Say::Answer);
    world.settle();
    assert_eq!(
        (world.outcomes(), world.busy()),
        (vec!["answered".into(), "pending".into()], vec![1])
    );
}

#[test]
fn who_was_idle_last_is_asked_first() {
    let mut world = World::of(3);
    world.ask_often(2);
    let [first, second] = world.asked()[..] else { panic!() };
    world.script.tell(second, Say::Answer);
    world.settle();
    world.script.tell(first, Say::Answer);
    world.settle();
    world.ask();
    assert_eq!(world.asked()[2], first);
}

#[test]
fn an_ask_before_the_pool_is_run_waits_for_its_workers() {
    let mut world = World::unstarted(|options| options.num_workers(1));
    world.script.says(Say::Answer);
    let ask = world.ask();
    assert_eq!(world.outcome(ask), "answered");
}

#[test]
fn who_goes_while_waiting_is_not_missed() {
    let mut world = World::of(1);
    world.ask_often(3);
    world.cancel(1);
    world.script.says(Say::Answer);
    world.settle();
    assert_eq!(messages(&world), [0, 2]);
}

#[test]
fn a_worker_that_was_given_to_one_who_goes_is_given_to_the_next() {
    let mut world = World::of(1);
    world.ask_often(3);
    world.script.tell(1, Say::Answer);
    world.asks[0].step();
    world.cancel(1);
    world.script.says(Say::Answer);
    world.settle();
    assert_eq!((world.outcome(2), world.idle()), ("answered".to_string(), vec![1]));
}

#[test]
fn a_worker_that_was_given_to_one_who_goes_rests_if_nobody_waits() {
    let mut world = World::of(1);
    world.ask_often(2);
    world.script.tell(1, Say::Answer);
    world.asks[0].step();
    assert_eq!(world.busy(), [1]);
    world.cancel(1);
    assert_eq!(world.idle(), [1]);
}

#[test]
fn a_worker_whose_asker_goes_is_killed_and_replaced_at_once() {
    let mut world = World::of(1);
    world.ask();
    world.cancel(0);
    world.settle();
    assert_eq!(world.idle(), [2]);
    let state = world.script.state();
    assert_eq!((state.records.len(), state.workers.len(), &state.dismissed[..]), (1, 1, &[][..]));
}

#[test]
fn the_worker_of_one_who_goes_while_another_waits_is_replaced_for_that_one() {
    let mut world = World::of(1);
    world.ask_often(2);
    world.cancel(0);
    world.settle();
    assert_eq!(world.asked(), [1, 2]);
}

#[test]
fn one_more_than_may_wait_is_refused_at_once() {
    let mut world = World::new(|options| options.num_workers(1).max_queue_size(2));
    world.ask_often(4);
    let refused = "2 events wait for a worker already (max_queue_size)";
    assert_eq!(world.outcomes(), ["pending", "pending", "pending", refused]);
}

#[test]
fn a_place_in_the_line_is_free_again_when_somebody_goes() {
    let mut world = World::new(|options| options.num_workers(1).max_queue_size(1));
    world.ask_often(2);
    world.cancel(1);
    let next = world.ask();
    assert_eq!(world.outcome(next), "pending");
}

#[test]
fn who_waits_too_long_for_a_worker_is_told_so_and_leaves_the_line() {
    let mut world = World::new(|options| options.num_workers(1).allocate_timeout(3 * SECOND));
    world.ask_often(2);
    world.advance(3 * SECOND);
    assert_eq!(world.outcome(1), "no worker was free within 3s (allocate_timeout)");
    world.script.says(Say::Answer);
    world.settle();
    assert_eq!(world.idle(), [1], "it is not kept for who has gone");
}

#[test]
fn a_worker_that_comes_at_the_last_moment_is_taken() {
    let mut world = World::new(|options| options.num_workers(1).allocate_timeout(3 * SECOND));
    world.ask_often(2);
    world.script.tell(1, Say::Answer);
    world.asks[0].step();
    world.advance(3 * SECOND);
    assert_eq!((world.outcome(1), world.busy()), ("pending".to_string(), vec![1]));
}

#[test]
fn a_worker_that_dies_before_it_is_collected_does_not_cost_its_asker_the_place() {
    let mut world = World::of(1);
    world.ask_often(3);
    world.script.tell(1, Say::Answer);
    world.asks[0].step();
    world.script.dies(1);
    world.settle();
    assert_eq!((messages(&world), world.asked()), (vec![0, 1], vec![1, 2]));
}

#[test]
fn who_loses_a_worker_that_died_before_it_was_collected_gets_an_idle_one() {
    let mut world = World::of(2);
    world.ask_often(3);
    let [first, second] = world.asked()[..] else { panic!() };
    world.script.hires(Hire::Hang);
    world.script.tell(first, Say::Answer);
    world.asks[0].step();
    world.script.tell(second, Say::Answer);
    world.asks[1].step();
    world.script.dies(first);
    world.settle_run();
    world.settle();
    assert_eq!(world.asked(), [first, second, second]);
}

#[test]
fn who_waits_does_not_wake_a_pool_that_begins_no_workers_for_it() {
    let mut world = World::of(1);
    world.ask();
    world.ask_only();
    assert_eq!(world.run.waker.count(), 0);
}

#[test]
fn who_waits_in_another_task_than_before_is_woken_there() {
    let mut world = World::of(1);
    world.ask();
    let pool = world.pool.clone();
    let peer = Peer::new("test", None);
    let mut waiting = pin!(pool.ask(Event::Data(&peer, b"1")));
    let (before, now) = (CountingWaker::new(), CountingWaker::new());
    for waker in [&before, &now] {
        assert!(waiting.as_mut().poll(&mut waker.context()).is_pending());
    }
    world.script.says(Say::Answer);
    world.settle();
    assert_eq!((before.count(), now.count()), (0, 1));
}
