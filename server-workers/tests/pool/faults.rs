//! Workers that fail in each way, and those that die.

use std::time::Duration;

use socketry_server_workers::WorkerState;

use crate::support::{Hire, Say, World};

const MILLI: Duration = Duration::from_millis(1);

#[test]
fn a_worker_that_refuses_is_kept() {
    let mut world = World::of(1);
    world.script.says(Say::Refuse);
    let ask = world.ask();
    assert_eq!((world.outcome(ask), world.idle()), ("refused".to_string(), vec![1]));
}

#[test]
fn a_worker_that_breaks_is_killed_and_replaced_and_its_event_fails() {
    let mut world = World::of(1);
    world.script.says(Say::Break);
    let ask = world.ask();
    assert_eq!((world.outcome(ask), world.idle()), ("broken".to_string(), vec![2]));
    assert!(world.script.state().dismissed.is_empty(), "it is not asked to go");
}

#[test]
fn the_event_of_a_worker_that_asks_to_be_replaced_goes_to_another() {
    let mut world = World::of(1);
    world.script.tell(1, Say::ReplaceMe);
    world.script.says(Say::Answer);
    let ask = world.ask();
    assert_eq!((world.outcome(ask), world.asked()), ("answered".to_string(), vec![1, 2]));
    assert_eq!(world.script.state().dismissed, [1], "it is let go gently");
}

#[test]
fn the_event_of_a_worker_that_has_not_heard_it_goes_to_another() {
    let mut world = World::of(1);
    world.script.tell(1, Say::NotAsked);
    world.script.says(Say::Answer);
    let ask = world.ask();
    assert_eq!((world.outcome(ask), world.asked()), ("answered".to_string(), vec![1, 2]));
}

#[test]
fn an_event_is_taken_to_eight_workers_and_not_to_a_ninth() {
    let mut world = World::of(9);
    world.script.says(Say::ReplaceMe);
    let ask = world.ask();
    let text = "none of 8 workers has answered: each asked to be replaced, or was gone before";
    assert_eq!((world.outcome(ask), world.asked().len()), (text.to_string(), 8));
}

#[test]
fn after_eight_workers_that_have_not_heard_an_event_it_fails_with_what_the_last_said() {
    let mut world = World::of(9);
    world.script.says(Say::NotAsked);
    let ask = world.ask();
    (0..20).for_each(|_| world.advance(10_000 * MILLI));
    assert_eq!((world.outcome(ask), world.asked().len()), ("not asked".to_string(), 8));
}

#[test]
fn an_idle_worker_that_dies_is_replaced_at_once() {
    let mut world = World::of(2);
    world.script.dies(1);
    world.settle();
    assert_eq!(world.idle(), [2, 3]);
}

#[test]
fn a_busy_worker_that_dies_fails_its_event_only() {
    let mut world = World::of(1);
    world.ask();
    world.script.dies(1);
    world.settle();
    assert_eq!((world.outcome(0), world.idle()), ("broken".to_string(), vec![2]));
}

#[test]
fn workers_that_die_again_and_again_come_back_later_each_time() {
    let mut world = World::of(1);
    let mut delays = Vec::new();
    for worker in 1..=10 {
        world.script.dies(worker);
        world.settle();
        let mut delay = 0;
        while world.idle().is_empty() {
            world.advance(100 * MILLI);
            delay += 100;
        }
        delays.push(delay);
    }
    assert_eq!(delays, [0, 100, 200, 400, 800, 1600, 3200, 6400, 10_000, 10_000]);
}

#[test]
fn a_worker_that_dies_of_an_event_says_how_besides_what_whoever_asked_it_has_seen() {
    let mut world = World::of(1);
    world.notices();
    world.ask();
    world.script.tell(1, Say::Break);
    world.asks[0].step();
    world.script.dies(1);
    world.settle();
    assert_eq!(world.notices()[0], "worker 1 (process 1001) ends: broken (it died)");
}

#[test]
fn workers_that_break_at_their_first_event_come_back_later_each_time() {
    let mut world = World::of(1);
    world.script.says(Say::Break);
    world.ask();
    world.ask();
    assert!(world.idle().is_empty());
    world.advance(100 * MILLI);
    assert_eq!(world.idle(), [3]);
}

#[test]
fn workers_that_ask_to_be_replaced_at_their_first_event_come_back_later_each_time() {
    let mut world = World::of(1);
    world.script.says(Say::ReplaceMe);
    let ask = world.ask();
    let mut asked = Vec::new();
    for _ in 0..7 {
        asked.push(world.asked().len());
        world.advance(100 * MILLI);
    }
    assert_eq!(asked, [2, 3, 3, 4, 4, 4, 4]);
    assert_eq!(world.outcome(ask), "pending");
}

#[test]
fn workers_that_cannot_be_started_later_are_tried_later_each_time() {
    let mut world = World::of(1);
    world.script.hires(Hire::Fail);
    world.script.dies(1);
    world.settle();
    let mut hires = Vec::new();
    for _ in 0..7 {
        hires.push(world.script.state().hires);
        world.advance(100 * MILLI);
    }
    // The death was free, the first failure waits for 100 ms, the next for 200 and 400.
    assert_eq!(hires, [2, 3, 3, 4, 4, 4, 4]);
}

#[test]
fn workers_that_cannot_be_started_are_tried_later_each_time_though_another_one_answers() {
    let mut world = World::of(2);
    world.script.says(Say::Answer);
    world.ask();
    world.script.hires(Hire::Fail);
    world.script.dies(1);
    world.settle();
    let mut hires = Vec::new();
    for _ in 0..7 {
        world.ask();
        hires.push(world.script.state().hires);
        world.advance(100 * MILLI);
    }
    assert!(world.outcomes().iter().all(|outcome| outcome == "answered"));
    assert_eq!(hires, [3, 4, 4, 5, 5, 5, 5]);
}

#[test]
fn an_answer_makes_the_next_death_free_again() {
    let mut world = World::of(1);
    for worker in 1..=2 {
        world.script.dies(worker);
        world.settle();
        world.advance(100 * MILLI);
    }
    world.script.says(Say::Answer);
    world.ask();
    for worker in 3..=4 {
        world.script.dies(worker);
        world.settle();
    }
    assert_eq!(world.idle(), [5], "4 had not answered anything");
}

#[test]
fn a_worker_that_has_answered_and_dies_is_replaced_at_once_however_often() {
    let mut world = World::of(1);
    world.script.says(Say::Answer);
    for worker in 1..=5 {
        world.ask();
        world.script.dies(worker);
        world.settle();
    }
    assert_eq!(world.idle(), [6]);
}

#[test]
fn the_death_of_the_last_worker_does_not_end_the_pool() {
    let mut world = World::of(1);
    world.script.hires(Hire::Fail);
    world.script.dies(1);
    for _ in 0..20 {
        world.advance(10_000 * MILLI);
    }
    assert_eq!(world.run_outcome(), "pending");
    world.script.hires(Hire::Succeed);
    world.script.says(Say::Answer);
    let ask = world.ask();
    world.advance(10_000 * MILLI);
    assert_eq!(world.outcome(ask), "answered");
}

#[test]
fn a_worker_that_is_let_go_is_listed_until_it_has_gone() {
    let mut world = World::of(2);
    world.script.dismissals_hang(true);
    world.pool.remove_worker().unwrap();
    world.settle();
    assert_eq!(world.all(WorkerState::Ending).len(), 1);
    world.script.dismissals_hang(false);
    world.settle();
    assert!(world.all(WorkerState::Ending).is_empty());
}

#[test]
fn what_happens_to_workers_is_told_once_each() {
    let mut world = World::of(1);
    world.script.dies(1);
    world.settle();
    world.script.says(Say::Break);
    world.ask();
    world.script.hires(Hire::Fail);
    world.advance(100 * MILLI);
    world.pool.end();
    world.settle();
    let expected = [
        "worker 1 (process 1001) is ready",
        "worker 1 (process 1001) ends: it died",
        "worker 2 (process 1002) is ready",
        "worker 2 (process 1002) ends: broken",
        "a worker could not be started: no such command",
    ];
    assert_eq!(world.notices(), expected);
}

#[test]
fn answers_after_one_that_closes_are_told() {
    let mut world = World::of(1);
    world.notices();
    world.script.says(Say::CloseAndMore);
    let ask = world.ask();
    let [notice] = &world.notices()[..] else { panic!() };
    let text = ": 1 answer is dropped, after one that closes it";
    assert!(notice.starts_with("server ") && notice.ends_with(text), "{notice}");
    assert_eq!(world.outcome(ask), "closed");
}
