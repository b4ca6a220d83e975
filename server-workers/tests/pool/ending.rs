//! The end of a pool, gentle or not.

use std::{future::Future, sync::Arc, time::Duration};

use crate::support::{Hire, Say, Task, World};

const SECOND: Duration = Duration::from_secs(1);
const ENDED: &str = "the pool of workers has ended";

#[test]
fn idle_workers_are_let_go_at_once_and_the_pool_ends() {
    let mut world = World::of(2);
    world.pool.end();
    world.settle();
    assert_eq!(world.run_outcome(), "ended");
    assert_eq!(world.script.state().dismissed, [1, 2]);
    assert!(world.is_clean());
}

#[test]
fn busy_workers_answer_before_they_go() {
    let mut world = World::of(2);
    world.ask();
    world.pool.end();
    world.settle();
    assert_eq!((world.run_outcome(), world.busy().len()), ("pending".to_string(), 1));
    world.script.says(Say::Answer);
    world.settle();
    assert_eq!((world.run_outcome(), world.outcome(0)), ("ended".into(), "answered".to_string()));
    assert!(world.is_clean());
}

#[test]
fn workers_that_are_being_started_go_at_once() {
    let mut world = World::unstarted(|options| options.num_workers(2));
    world.script.hires(Hire::Hang);
    world.settle();
    world.pool.end();
    world.settle();
    assert_eq!(world.run_outcome(), "ended");
    assert!(world.is_clean());
}

#[test]
fn those_who_wait_are_told_at_once_and_so_is_who_comes_later() {
    let mut world = World::of(1);
    world.ask_often(2);
    world.pool.end();
    world.settle();
    world.ask();
    assert_eq!(world.outcomes(), ["pending", ENDED, ENDED]);
}

#[test]
fn a_worker_that_was_given_before_the_end_answers_before_it_goes() {
    let mut world = World::of(1);
    world.ask_often(2);
    world.script.tell(1, Say::Answer);
    world.asks[0].step();
    world.pool.end();
    world.settle();
    world.script.says(Say::Answer);
    world.settle();
    assert_eq!((world.outcome(1), world.run_outcome()), ("answered".to_string(), "ended".into()));
}

#[test]
fn who_waits_for_the_start_is_told_of_the_end_at_once() {
    let mut world = World::unstarted(|options| options.num_workers(1));
    world.others.push(Task::new({
        let pool = world.pool.clone();
        async move { pool.started().await }
    }));
    world.others[0].step();
    world.pool.end();
    world.others[0].step();
    assert_eq!(world.reset_outcome(0), ENDED);
}

#[test]
fn who_waits_for_a_reset_is_told_of_the_end_at_once() {
    let mut world = World::of(1);
    world.ask();
    world.script.hires(Hire::Hang);
    let reset = world.reset();
    world.pool.end();
    world.settle();
    assert_eq!((world.reset_outcome(reset), world.run_outcome()), (ENDED.into(), "pending".into()));
}

#[test]
fn a_pool_that_has_ended_cannot_be_reset() {
    let mut world = World::of(1);
    world.pool.end();
    world.settle();
    let reset = world.reset();
    assert_eq!(world.reset_outcome(reset), ENDED);
}

#[test]
fn who_takes_longer_than_the_end_waits_is_killed() {
    let mut world = World::new(|options| options.num_workers(2).destroy_timeout(3 * SECOND));
    world.ask();
    world.pool.end();
    world.settle();
    world.notices();
    world.advance(3 * SECOND);
    let busy = "worker 2 (process 1002) ends: it is still busy at the end of destroy_timeout";
    assert_eq!((world.run_outcome(), world.notices()), ("ended".to_string(), vec![busy.into()]));
    assert_eq!(world.outcome(0), "broken");
    assert!(world.is_clean());
}

#[test]
fn who_is_let_go_and_does_not_go_is_killed() {
    let mut world = World::new(|options| options.num_workers(1).destroy_timeout(3 * SECOND));
    world.script.dismissals_hang(true);
    world.pool.end();
    world.settle();
    assert_eq!(world.run_outcome(), "pending");
    world.advance(3 * SECOND);
    assert_eq!(world.run_outcome(), "ended");
    assert!(world.is_clean());
}

#[test]
fn dropping_the_run_kills_all_and_tells_those_who_wait() {
    let mut world = World::of(2);
    world.ask_often(3);
    world.run.cancel();
    assert!(world.script.state().records.is_empty(), "at once");
    world.settle();
    assert_eq!(world.outcomes(), ["broken", "broken", ENDED]);
    assert!(world.is_clean());
}

#[test]
fn dropping_the_run_leaves_no_worker_with_one_who_has_not_come_for_it() {
    let mut world = World::of(1);
    world.ask_often(2);
    world.script.tell(1, Say::Answer);
    world.asks[0].step();
    world.run.cancel();
    assert!(world.script.state().workers.is_empty());
    world.settle();
    assert_eq!(world.outcome(1), ENDED);
}

#[test]
fn dropping_the_run_tells_those_who_wait_for_a_reset() {
    let mut world = World::of(1);
    world.script.hires(Hire::Hang);
    let reset = world.reset();
    world.run.cancel();
    world.settle();
    assert_eq!(world.reset_outcome(reset), ENDED);
}

#[test]
fn dropping_the_run_while_workers_are_started_leaves_none() {
    let mut world = World::unstarted(|options| options.num_workers(2));
    world.script.hires(Hire::Hang);
    world.settle();
    world.run.cancel();
    assert!(world.is_clean());
}

#[test]
fn dropping_the_run_while_workers_are_let_go_kills_them() {
    let mut world = World::of(2);
    world.script.dismissals_hang(true);
    world.pool.end();
    world.settle();
    world.run.cancel();
    assert!(world.is_clean());
}

#[test]
fn a_pool_that_has_ended_keeps_nothing_of_the_task_that_ran_it() {
    struct Flag;
    impl std::task::Wake for Flag {
        fn wake(self: Arc<Self>) {}
    }
    let world = World::unstarted(|options| options.num_workers(1));
    let (task, mut run) = (Arc::new(Flag), Box::pin(world.pool.run()));
    let waker = task.clone().into();
    for _ in 0..3 {
        assert!(run.as_mut().poll(&mut std::task::Context::from_waker(&waker)).is_pending());
    }
    assert!(Arc::strong_count(&task) > 2, "it is kept while the pool is run");
    drop((run, waker));
    assert_eq!(Arc::strong_count(&task), 1);
}

#[test]
fn a_pool_that_was_ended_before_it_was_run_begins_nobody() {
    let mut world = World::unstarted(|options| options.num_workers(1));
    world.pool.end();
    world.settle();
    assert_eq!((world.run_outcome(), world.script.state().hires), ("ended".to_string(), 0));
}
