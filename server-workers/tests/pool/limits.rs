//! Jobs, ages, memory and times.

use std::time::Duration;

use socketry_server_workers::{PoolOptions, WorkerState};

use crate::support::{Hire, Say, World};

const SECOND: Duration = Duration::from_secs(1);

fn answering(options: impl FnOnce(PoolOptions) -> PoolOptions) -> World {
    let world = World::new(|all| options(all.num_workers(1)));
    world.script.says(Say::Answer);
    world
}

#[test]
fn a_worker_that_takes_too_long_for_an_event_is_killed_and_replaced_at_once() {
    let mut world = World::new(|options| options.num_workers(1).exec_ttl(3 * SECOND));
    let ask = world.ask();
    world.advance(3 * SECOND);
    let text = "the worker has not answered within 3s (exec_ttl)";
    assert_eq!((world.outcome(ask), world.idle()), (text.to_string(), vec![2]));
    assert!(world.script.state().dismissed.is_empty());
}

#[test]
fn workers_that_take_too_long_are_replaced_at_once_however_often() {
    let mut world = World::new(|options| options.num_workers(1).exec_ttl(SECOND));
    for _ in 0..4 {
        world.ask();
        world.advance(SECOND);
    }
    assert_eq!(world.idle(), [5]);
}

#[test]
fn an_event_in_time_leaves_no_timer_of_its_own() {
    let mut world = World::new(|options| options.num_workers(1).exec_ttl(SECOND));
    let timers = world.clock.sleeping();
    world.ask();
    assert_eq!(world.clock.sleeping(), timers + 1);
    world.script.says(Say::Answer);
    world.settle();
    assert_eq!(world.clock.sleeping(), timers);
}

#[test]
fn a_worker_that_is_not_ready_in_time_is_not_waited_for() {
    let mut world = World::new(|options| options.num_workers(1).allocate_timeout(3 * SECOND));
    world.script.hires(Hire::Hang);
    world.script.dies(1);
    world.settle();
    world.notices();
    world.clock.advance(3 * SECOND);
    world.settle_run();
    let text = "a worker could not be started: it was not ready within 3s (allocate_timeout)";
    assert_eq!((world.notices(), world.script.state().hiring), (vec![text.to_string()], 0));
}

#[test]
fn a_worker_is_replaced_after_its_jobs_and_up_to_a_seventh_more() {
    let mut world = answering(|options| options.max_jobs(70));
    let mut lives = Vec::new();
    for _ in 0..20 {
        let worker = world.idle()[0];
        let before = world.asks.len();
        while world.idle() == [worker] {
            world.ask();
        }
        lives.push(world.asks.len() - before);
    }
    assert!(lives.iter().all(|life| (70..=80).contains(life)), "{lives:?}");
    assert!(lives.iter().any(|life| *life != lives[0]), "not all at once: {lives:?}");
}

#[test]
fn a_worker_that_has_done_its_jobs_is_let_go_gently() {
    let mut world = answering(|options| options.max_jobs(1));
    world.notices();
    world.ask();
    let text = "worker 1 (process 1001) ends: max_jobs is reached";
    assert_eq!(
        (world.notices()[0].as_str(), &world.script.state().dismissed[..]),
        (text, &[1][..])
    );
}

#[test]
fn a_worker_that_takes_long_to_go_is_replaced_before_it_has_gone() {
    let mut world = answering(|options| options.max_jobs(1));
    world.script.dismissals_hang(true);
    world.ask();
    assert_eq!((world.idle(), world.all(WorkerState::Ending)), (vec![2], vec![1]));
}

#[test]
fn a_worker_that_has_grown_old_is_replaced() {
    let mut world = answering(|options| options.ttl(12 * SECOND));
    (0..2).for_each(|_| world.advance(5 * SECOND));
    assert_eq!(world.idle(), [1]);
    world.advance(5 * SECOND);
    assert_eq!((world.idle(), &world.script.state().dismissed[..]), (vec![2], &[1][..]));
}

#[test]
fn a_worker_that_grows_old_at_its_event_answers_it_first() {
    let mut world = World::new(|options| options.num_workers(1).ttl(SECOND));
    let ask = world.ask();
    world.advance(5 * SECOND);
    assert_eq!(world.busy(), [1]);
    world.script.says(Say::Answer);
    world.settle();
    assert_eq!((world.outcome(ask), world.idle()), ("answered".to_string(), vec![2]));
}

#[test]
fn a_worker_that_has_nothing_more_to_do_is_replaced() {
    let mut world = answering(|options| options.idle_ttl(7 * SECOND));
    world.ask();
    world.advance(5 * SECOND);
    assert_eq!(world.idle(), [1]);
    world.advance(5 * SECOND);
    assert_eq!(world.idle(), [2]);
}

#[test]
fn a_worker_that_has_never_had_anything_to_do_is_left_alone() {
    let mut world = answering(|options| options.idle_ttl(SECOND));
    (0..10).for_each(|_| world.advance(5 * SECOND));
    assert_eq!(world.idle(), [1]);
}

#[test]
fn a_worker_that_is_busy_is_not_idle() {
    let mut world = World::new(|options| options.num_workers(1).idle_ttl(SECOND));
    world.script.tell(1, Say::Answer);
    world.ask_often(2);
    (0..3).for_each(|_| world.advance(5 * SECOND));
    world.script.says(Say::Answer);
    world.settle();
    assert_eq!((world.outcome(1), world.idle()), ("answered".to_string(), vec![1]));
}

#[test]
fn a_worker_with_too_much_memory_is_replaced() {
    let mut world = answering(|options| options.max_worker_memory(1000));
    world.script.has_memory(1, 1000);
    world.advance(5 * SECOND);
    assert_eq!(world.pool.workers()[0].memory, Some(1000));
    world.script.has_memory(1, 1001);
    world.advance(5 * SECOND);
    assert_eq!(world.idle(), [2]);
}

#[test]
fn a_worker_with_too_much_memory_answers_its_event_first() {
    let mut world = World::new(|options| options.num_workers(1).max_worker_memory(1000));
    world.ask();
    world.script.has_memory(1, 2000);
    world.advance(5 * SECOND);
    assert_eq!(world.busy(), [1]);
    world.script.says(Say::Answer);
    world.settle();
    assert_eq!((world.outcome(0), world.idle()), ("answered".to_string(), vec![2]));
}

#[test]
fn limits_are_looked_at_as_often_as_the_watch_ticks() {
    let mut world = answering(|options| options.ttl(SECOND).watch_tick(7 * SECOND));
    world.advance(6 * SECOND);
    assert_eq!(world.idle(), [1]);
    world.advance(SECOND);
    assert_eq!(world.idle(), [2]);
}

#[test]
fn workers_say_what_they_are_doing() {
    let mut world = World::of(2);
    world.ask();
    world.clock.advance(SECOND);
    let mut all = world.pool.workers();
    all.sort_by_key(|worker| worker.state != WorkerState::Busy);
    let seen: Vec<_> = all.iter().map(|it| (it.state, it.jobs, it.age, it.pid.is_some())).collect();
    let expected = [(WorkerState::Busy, 0, SECOND, true), (WorkerState::Idle, 0, SECOND, true)];
    assert_eq!(seen, expected);
}
