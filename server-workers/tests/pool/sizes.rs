//! Starting, adding, removing, and a worker for each event.

use socketry_server_workers::WorkerState;

use crate::support::{Hire, Say, Task, World};

#[test]
fn a_pool_has_started_when_all_its_first_workers_are_ready() {
    let mut world = World::unstarted(|options| options.num_workers(2));
    world.script.hires(Hire::Hang);
    let pool = world.pool.clone();
    world.others.push(Task::new(async move { pool.started().await }));
    world.settle();
    assert!(world.others[0].is_pending());
    world.script.hires(Hire::Succeed);
    world.settle();
    assert!(matches!(world.others[0].output, Some(Ok(()))));
}

#[test]
fn if_a_first_worker_cannot_be_started_the_pool_ends_and_all_are_told() {
    let mut world = World::unstarted(|options| options.num_workers(3));
    world.script.hires(Hire::Fail);
    let pool = world.pool.clone();
    world.others.push(Task::new(async move { pool.started().await }));
    world.ask();
    assert_eq!(world.run_outcome(), "no such command");
    assert_eq!(world.outcome(0), "the pool of workers has ended");
    assert!(matches!(world.others[0].output, Some(Err(_))));
    assert!(world.is_clean());
}

#[test]
fn that_first_workers_cannot_be_started_is_told_once_by_the_run() {
    let mut world = World::unstarted(|options| options.num_workers(2));
    world.script.hires(Hire::Fail);
    world.settle();
    assert_eq!(world.run_outcome(), "no such command");
    assert_eq!(world.notices(), Vec::<String>::new());
}

#[test]
fn first_workers_that_could_be_started_are_let_go_when_another_could_not() {
    let mut world = World::unstarted(|options| options.num_workers(3));
    world.script.hires(Hire::Hang);
    world.script.hires_one(1, Hire::Succeed);
    world.settle();
    world.script.hires_one(2, Hire::Fail);
    world.settle();
    assert_eq!(world.run_outcome(), "no such command");
    assert_eq!(world.script.state().dismissed, [1]);
    assert!(world.is_clean());
}

#[test]
fn a_worker_that_cannot_be_added_does_not_end_the_pool() {
    let mut world = World::of(1);
    world.script.hires(Hire::Fail);
    world.pool.add_worker().unwrap();
    world.settle();
    assert_eq!((world.run_outcome(), world.idle()), ("pending".to_string(), vec![1]));
}

#[test]
fn a_pool_is_run_once() {
    let world = World::of(1);
    let mut second = Task::new(world.pool.run());
    second.step();
    let text = second.output.unwrap().unwrap_err().to_string();
    assert_eq!(text, "the pool is run already, or was: make another one");
    assert_eq!(world.idle(), [1], "and the first does not mind");
}

#[test]
fn a_worker_can_be_added() {
    let mut world = World::of(1);
    assert_eq!(world.pool.add_worker().unwrap(), 2);
    world.settle();
    assert_eq!(world.idle(), [1, 2]);
}

#[test]
fn an_idle_worker_is_removed_before_a_busy_one() {
    let mut world = World::of(2);
    world.ask();
    let busy = world.busy();
    assert_eq!(world.pool.remove_worker().unwrap(), 1);
    world.settle();
    assert_eq!((world.busy(), world.idle()), (busy, vec![]));
}

#[test]
fn a_busy_worker_that_is_removed_answers_first() {
    let mut world = World::of(2);
    world.ask_often(2);
    world.pool.remove_worker().unwrap();
    world.settle();
    assert_eq!(world.busy(), [1, 2]);
    world.script.says(Say::Answer);
    world.settle();
    assert_eq!((world.outcomes(), world.idle().len()), (vec!["answered".to_string(); 2], 1));
}

#[test]
fn a_worker_that_is_being_started_is_removed_when_it_is_ready() {
    let mut world = World::of(1);
    world.script.hires(Hire::Hang);
    world.pool.add_worker().unwrap();
    world.settle();
    world.pool.remove_worker().unwrap();
    world.script.hires(Hire::Succeed);
    world.settle();
    assert_eq!(world.pool.workers().len(), 1);
}

#[test]
fn the_last_worker_cannot_be_removed() {
    let world = World::of(1);
    let error = world.pool.remove_worker().unwrap_err();
    assert_eq!(error.to_string(), "the last worker cannot be removed");
}

#[test]
fn five_hundred_workers_are_the_most() {
    let world = World::of(501);
    assert_eq!(world.idle().len(), 500);
    assert_eq!(world.pool.add_worker().unwrap_err().to_string(), "500 workers are the most");
}

#[test]
fn with_debug_each_event_gets_a_new_worker_that_is_begun_for_it() {
    let mut world = World::new(|options| options.num_workers(2).debug(true));
    assert_eq!(world.pool.workers().len(), 0);
    world.script.says(Say::Answer);
    world.ask_often(3);
    assert_eq!((world.asked(), world.pool.workers().len()), (vec![1, 2, 3], 0));
}

#[test]
fn with_debug_there_are_never_more_workers_than_usual() {
    let mut world = World::new(|options| options.num_workers(2).debug(true));
    world.ask_often(4);
    assert_eq!(world.busy(), [1, 2]);
    world.script.says(Say::Answer);
    world.settle();
    assert_eq!(world.asked(), [1, 2, 3, 4]);
}

#[test]
fn with_debug_a_worker_nobody_waits_for_any_more_is_let_go() {
    let mut world = World::new(|options| options.num_workers(2).debug(true));
    world.script.hires(Hire::Hang);
    world.ask();
    assert_eq!(world.all(WorkerState::Starting), [1]);
    world.cancel(0);
    world.script.hires(Hire::Succeed);
    world.settle();
    assert_eq!(world.pool.workers().len(), 0);
    assert!(world.is_clean());
}

#[test]
fn with_debug_who_loses_a_worker_that_died_before_it_was_collected_gets_another() {
    let mut world = World::new(|options| options.num_workers(1).debug(true));
    world.script.says(Say::Answer);
    world.ask_only();
    world.settle_run();
    world.script.dies(1);
    world.settle_run();
    world.settle();
    assert_eq!((world.outcome(0), world.asked()), ("answered".to_string(), vec![2]));
}

#[test]
fn with_debug_a_pool_has_started_at_once() {
    let mut world = World::unstarted(|options| options.debug(true));
    let pool = world.pool.clone();
    world.others.push(Task::new(async move { pool.started().await }));
    world.others[0].step();
    assert!(matches!(world.others[0].output, Some(Ok(()))));
}
