//! Replacing all workers.

use std::time::Duration;

use socketry_server_workers::WorkerState;

use crate::support::{Hire, Say, Task, World};

const SECOND: Duration = Duration::from_secs(1);

/// How many are idle or busy, and how many are also being started.
fn numbers(world: &World) -> (usize, usize) {
    let ready = world.idle().len() + world.busy().len();
    (ready, ready + world.all(WorkerState::Starting).len())
}

#[test]
fn a_reset_replaces_all_workers() {
    let mut world = World::of(5);
    let reset = world.reset();
    assert_eq!((world.reset_outcome(reset), world.idle()), ("done".into(), vec![6, 7, 8, 9, 10]));
    let mut dismissed = world.script.state().dismissed.clone();
    dismissed.sort();
    assert_eq!(dismissed, [1, 2, 3, 4, 5], "gently");
}

#[test]
fn there_are_never_fewer_ready_workers_than_usual_nor_many_more() {
    let mut world = World::of(8);
    world.script.hires(Hire::Hang);
    world.reset();
    let mut seen = vec![numbers(&world)];
    for next in 9..=16 {
        world.script.hires_one(next, Hire::Succeed);
        world.settle();
        seen.push(numbers(&world));
    }
    assert_eq!(seen[..3], [(8, 10), (8, 10), (8, 10)]);
    assert!(seen.iter().all(|(ready, _)| *ready == 8), "{seen:?}");
    assert_eq!((world.reset_outcome(0), seen[8]), ("done".to_string(), (8, 8)));
}

#[test]
fn a_single_worker_is_replaced_without_a_gap() {
    let mut world = World::of(1);
    world.script.hires(Hire::Hang);
    world.reset();
    assert_eq!((world.idle(), numbers(&world)), (vec![1], (1, 2)));
    world.script.hires(Hire::Succeed);
    world.settle();
    assert_eq!(world.idle(), [2]);
}

#[test]
fn events_are_answered_all_the_time() {
    let mut world = World::of(4);
    world.script.says(Say::Answer);
    world.script.hires(Hire::Hang);
    world.reset();
    for next in 5..=8 {
        let ask = world.ask();
        assert_eq!(world.outcome(ask), "answered");
        world.script.hires_one(next, Hire::Succeed);
        world.settle();
    }
    assert_eq!(world.reset_outcome(0), "done");
}

#[test]
fn busy_workers_are_replaced_after_their_events() {
    let mut world = World::of(2);
    world.ask_often(2);
    let reset = world.reset();
    assert_eq!((world.reset_outcome(reset), world.busy()), ("pending".to_string(), vec![1, 2]));
    world.script.says(Say::Answer);
    world.settle();
    assert_eq!((world.reset_outcome(reset), world.idle()), ("done".to_string(), vec![3, 4]));
    assert_eq!(world.outcomes(), ["answered", "answered"]);
}

#[test]
fn a_worker_that_is_still_busy_at_the_end_of_a_reset_is_killed() {
    let mut world = World::new(|options| options.num_workers(1).reset_timeout(3 * SECOND));
    world.ask();
    let reset = world.reset();
    world.advance(3 * SECOND);
    assert_eq!((world.reset_outcome(reset), world.outcome(0)), ("done".into(), "broken".into()));
    assert_eq!(world.idle(), [2]);
}

#[test]
fn all_workers_that_are_still_busy_at_the_end_of_a_reset_are_killed() {
    let mut world = World::new(|options| options.num_workers(4).reset_timeout(3 * SECOND));
    world.ask_often(4);
    let reset = world.reset();
    world.advance(3 * SECOND);
    assert_eq!(
        world.reset_outcome(reset),
        "the reset is not complete: 3 of 4 workers were busy, and are killed"
    );
    assert_eq!((world.outcomes(), world.idle()), (vec!["broken".to_string(); 4], vec![5, 6, 7, 8]));
}

#[test]
fn a_worker_that_was_given_and_is_overdue_is_not_given_any_more() {
    let mut world = World::new(|options| options.num_workers(1).reset_timeout(3 * SECOND));
    world.ask_often(2);
    world.script.hires(Hire::Hang);
    world.reset();
    world.script.tell(1, Say::Answer);
    world.asks[0].step();
    world.script.hires(Hire::Succeed);
    world.settle_run();
    world.clock.advance(3 * SECOND);
    world.settle_run();
    world.settle();
    assert_eq!(world.asked(), [1, 2]);
}

#[test]
fn if_no_new_worker_can_be_started_the_old_ones_stay_and_the_reset_says_why() {
    let mut world = World::new(|options| options.num_workers(2).reset_timeout(3 * SECOND));
    world.ask();
    world.script.hires(Hire::Fail);
    let reset = world.reset();
    world.advance(3 * SECOND);
    let text = "the reset is not complete: 2 of 2 workers stay as they are: no such command";
    assert_eq!((world.reset_outcome(reset), numbers(&world).0), (text.to_string(), 2));
    world.script.hires(Hire::Succeed);
    world.advance(60 * SECOND);
    assert_eq!((world.idle(), world.busy()), (vec![1], vec![2]), "also later");
}

#[test]
fn if_new_workers_take_too_long_to_start_the_old_ones_stay() {
    let mut world = World::new(|options| options.num_workers(2).reset_timeout(3 * SECOND));
    world.ask();
    world.script.hires(Hire::Hang);
    let reset = world.reset();
    world.advance(3 * SECOND);
    let text = "the reset is not complete: 2 of 2 new workers were not ready in time";
    assert_eq!((world.reset_outcome(reset), numbers(&world).0), (text.to_string(), 2));
    world.script.hires(Hire::Succeed);
    world.settle();
    assert_eq!(numbers(&world), (2, 2), "those that come late are not too many");
}

#[test]
fn a_failure_that_was_overcome_does_not_fail_the_reset() {
    let mut world = World::of(2);
    world.script.hires_one(3, Hire::Fail);
    let reset = world.reset();
    world.advance(SECOND);
    assert_eq!((world.reset_outcome(reset), world.idle()), ("done".to_string(), vec![4, 5]));
}

#[test]
fn a_failure_that_was_overcome_does_not_save_those_that_are_busy() {
    let mut world = World::new(|options| options.num_workers(2).reset_timeout(3 * SECOND));
    world.ask_often(2);
    world.script.hires_one(3, Hire::Fail);
    let reset = world.reset();
    world.advance(3 * SECOND);
    let text = "the reset is not complete: 1 of 2 workers were busy, and are killed";
    assert_eq!((world.reset_outcome(reset), world.idle()), (text.to_string(), vec![4, 5]));
}

#[test]
fn two_resets_at_once_end_with_workers_newer_than_both() {
    let mut world = World::of(2);
    world.script.hires(Hire::Hang);
    let first = world.reset();
    let second = world.reset();
    world.script.hires(Hire::Succeed);
    world.settle();
    assert_eq!(
        (world.reset_outcome(first), world.reset_outcome(second)),
        ("done".into(), "done".into())
    );
    assert!(world.idle().iter().all(|worker| *worker > 3), "3 was begun for the first");
}

#[test]
fn a_reset_without_a_timeout_goes_on_until_it_is_done() {
    let mut world = World::new(|options| options.num_workers(1).reset_timeout(Duration::ZERO));
    world.ask();
    let reset = world.reset();
    world.advance(86_400 * SECOND);
    assert_eq!(world.reset_outcome(reset), "pending");
    world.script.says(Say::Answer);
    world.settle();
    assert_eq!(world.reset_outcome(reset), "done");
}

#[test]
fn a_reset_goes_on_without_who_waits_for_it() {
    let mut world = World::of(1);
    let pool = world.pool.clone();
    let mut reset = Task::new(async move { pool.reset().await });
    reset.step();
    reset.cancel();
    world.settle();
    assert_eq!(world.idle(), [2]);
}

#[test]
fn an_old_worker_that_dies_during_a_reset_is_replaced_by_a_new_one() {
    let mut world = World::of(4);
    world.script.hires(Hire::Hang);
    let reset = world.reset();
    world.script.dies(1);
    world.settle();
    assert_eq!(numbers(&world), (3, 5));
    world.script.hires(Hire::Succeed);
    world.settle();
    assert_eq!((world.reset_outcome(reset), world.idle()), ("done".to_string(), vec![5, 6, 7, 8]));
}

#[test]
fn a_pool_can_be_resized_during_a_reset() {
    let mut world = World::of(3);
    world.script.hires(Hire::Hang);
    let reset = world.reset();
    world.pool.remove_worker().unwrap();
    world.pool.remove_worker().unwrap();
    world.pool.add_worker().unwrap();
    world.script.hires(Hire::Succeed);
    world.settle();
    assert_eq!((world.reset_outcome(reset), numbers(&world)), ("done".to_string(), (2, 2)));
}

#[test]
fn with_debug_a_reset_waits_for_those_that_are_busy() {
    let mut world = World::new(|options| options.num_workers(2).debug(true));
    world.ask();
    let reset = world.reset();
    assert_eq!(world.reset_outcome(reset), "pending");
    world.script.says(Say::Answer);
    world.settle();
    assert_eq!(world.reset_outcome(reset), "done");
}

#[test]
fn a_reset_before_the_pool_is_run_is_done_with_its_first_workers() {
    let mut world = World::unstarted(|options| options.num_workers(2));
    let pool = world.pool.clone();
    world.others.push(Task::new(async move { pool.reset().await }));
    world.others[0].step();
    world.settle();
    assert_eq!((world.reset_outcome(0), world.idle()), ("done".to_string(), vec![1, 2]));
}

#[test]
fn with_debug_a_worker_that_is_still_busy_at_the_end_of_a_reset_is_killed() {
    let mut world =
        World::new(|options| options.num_workers(2).debug(true).reset_timeout(3 * SECOND));
    world.ask();
    let reset = world.reset();
    world.advance(3 * SECOND);
    assert_eq!((world.reset_outcome(reset), world.outcome(0)), ("done".into(), "broken".into()));
}
