//! When nobody asks.

use super::*;

/// After two failures, with tokens enough.
fn breaker() -> Stage {
    Stage::new(CircuitOptions::default().burst(100).failures_to_open(Some(2)))
}

/// Lets time pass until it is half-open.
fn until_half_open(stage: &Stage) -> f64 {
    let CircuitState::Open { until, .. } = stage.circuit.state() else { panic!("it is not open") };
    let now = stage.clock.now();
    stage.clock.advance(until - now - Duration::from_nanos(1));
    assert!(stage.has_opened() && !stage.is_let_through());
    assert_eq!(stage.circuit.next_at(), Some(until));
    stage.clock.advance(Duration::from_nanos(1));
    assert!(stage.is_half_open());
    (until - now).as_secs_f64()
}

#[test]
fn failures_in_a_row_open_it_and_a_success_between_begins_anew() {
    let stage = breaker();
    for _ in 0..3 {
        stage.fail(1);
        stage.let_through().succeeded();
    }
    assert!(stage.circuit.state().is_closed());
    stage.fail(1);
    drop(stage.let_through()); // which says nothing
    stage.let_through().failed(&error("the last"));
    assert_eq!(stage.circuit.state().to_string(), "open: the last");
    assert!(!stage.is_let_through());
    assert_eq!(stage.circuit.statistics().openings, 1);
}

#[test]
fn one_probes_and_the_others_wait_for_what_it_finds() {
    let stage = breaker();
    stage.fail(2);
    let mut tasks = tasks(&stage.circuit, 1000);
    run(&mut tasks, |_, _| panic!("it is open"));
    stage.go_on();
    let mut probes = Vec::new();
    run(&mut tasks, |number, permit| probes.push((number, permit)));
    let [(0, _)] = &probes[..] else { panic!("{} probe", probes.len()) };
    assert!(stage.is_half_open());
    assert_eq!(stage.circuit.next_at(), Some(stage.clock.now()));
    assert_eq!(stage.clock.sleeping(), 0);

    probes.pop().unwrap().1.succeeded();
    assert!(stage.circuit.state().is_closed());
    let mut permits = Vec::new();
    run(&mut tasks, |number, permit| permits.push((number, permit)));
    // One of the two tokens is back after this second.
    assert!(permits.iter().map(|(number, _)| *number).eq(1..=99));
}

#[test]
fn it_is_open_for_twice_as_long_after_each_probe_that_fails_up_to_the_limit() {
    let stage = breaker();
    stage.fail(2);
    for expected in [1.0, 2.0, 4.0, 8.0, 16.0, 30.0, 30.0] {
        assert_eq!(until_half_open(&stage), expected);
        stage.let_through().failed(&error("refused"));
    }
    assert_eq!(stage.circuit.statistics().openings, 8);
    until_half_open(&stage);
    stage.let_through().succeeded();
    stage.fail(2);
    assert_eq!(until_half_open(&stage), 1.0);
}

#[test]
fn a_thousand_that_wait_for_a_dead_address_probe_it_one_by_one() {
    let stage = Stage::new(CircuitOptions::default());
    let mut tasks = tasks(&stage.circuit, 1000);
    let mut first = Vec::new();
    run(&mut tasks, |_, permit| first.push(permit));
    assert_eq!(first.len(), 10);
    first.into_iter().for_each(|permit| permit.failed(&error("refused")));
    let mut times = Vec::new();
    while times.len() < 7 {
        run(&mut tasks, |_, permit| {
            times.push(stage.at());
            permit.failed(&error("refused"));
        });
        stage.go_on();
    }
    assert_eq!(times, [1.0, 3.0, 7.0, 15.0, 31.0, 61.0, 91.0]);
}

#[test]
fn a_probe_that_is_dropped_lets_another_one_probe() {
    let stage = breaker();
    stage.fail(2);
    let mut tasks = [stage.queued(), stage.queued()];
    until_half_open(&stage);
    let permits: Vec<Permit> = tasks.iter_mut().filter_map(Task::run).collect();
    assert_eq!(permits.len(), 1);
    let [_, second] = &mut tasks;
    assert!(second.run().is_none());
    drop(permits);
    assert!(stage.is_half_open());
    let probe = second.run().expect("nobody probes");
    probe.failed(&error("refused"));
    assert_eq!(until_half_open(&stage), 2.0);
}

#[test]
fn a_probe_needs_a_token_too() {
    let options = CircuitOptions::default().burst(1).refill(5 * SECOND);
    let stage = Stage::new(options.failures_to_open(Some(1)));
    stage.fail(1);
    let mut task = stage.queued();
    assert_eq!(stage.circuit.next_at(), Some(stage.began + 5 * SECOND));
    stage.clock.advance(SECOND);
    assert!(stage.is_half_open() && task.run().is_none());
    stage.clock.advance(4 * SECOND);
    assert!(task.run().is_some());
}

#[test]
fn a_late_success_closes_it() {
    let stage = breaker();
    let late = [stage.let_through(), stage.let_through()];
    stage.fail(2);
    let mut task = stage.queued();
    let [one, two] = late;
    one.succeeded();
    assert!(stage.circuit.state().is_closed());
    assert!(task.run().is_some());

    stage.fail(2);
    until_half_open(&stage);
    let probe = stage.let_through();
    two.succeeded();
    assert!(stage.circuit.state().is_closed());
    probe.failed(&error("refused")); // the first in a row
    assert!(stage.circuit.state().is_closed());
    stage.fail(1);
    assert!(stage.has_opened());
}

#[test]
fn a_late_failure_neither_keeps_it_open_nor_counts_towards_the_next_time() {
    let stage = breaker();
    let mut late: Vec<Permit> = (0..5).map(|_| stage.let_through()).collect();
    let mut fail_late = || late.pop().unwrap().failed(&error("timed out"));
    stage.fail(2);
    fail_late();
    assert_eq!(until_half_open(&stage), 1.0);
    fail_late();
    assert!(stage.is_half_open());
    let probe = stage.let_through();
    fail_late();
    assert!(stage.is_half_open() && !stage.is_let_through());
    probe.succeeded();
    fail_late();
    fail_late();
    assert!(stage.circuit.state().is_closed());
    assert_eq!(stage.circuit.statistics().failed_attempts, 7);
    assert_eq!(stage.circuit.statistics().openings, 1);
}

#[test]
fn a_late_drop_is_not_that_of_the_probe() {
    let stage = breaker();
    stage.fail(2);
    until_half_open(&stage);
    let old = stage.let_through();
    stage.circuit.reset();
    stage.fail(2);
    until_half_open(&stage);
    let _probe = stage.let_through();
    drop(old);
    assert!(!stage.is_let_through());
}

#[test]
fn a_reset_closes_it_and_failures_from_before_say_nothing() {
    let stage = breaker();
    let late = [stage.let_through(), stage.let_through()];
    stage.fail(2);
    let mut task = stage.queued();
    stage.circuit.reset();
    assert!(stage.circuit.state().is_closed());
    assert!(task.run().is_some());
    late.into_iter().for_each(|permit| permit.failed(&error("the network is down")));
    assert!(stage.circuit.state().is_closed());

    let late = stage.let_through();
    stage.circuit.reset();
    late.failed(&error("the network is down"));
    stage.fail(1);
    assert!(stage.circuit.state().is_closed());
    stage.fail(1);
    assert_eq!(until_half_open(&stage), 1.0);
}

#[test]
fn without_a_breaker_it_never_opens_and_zero_failures_are_one() {
    let stage = Stage::new(CircuitOptions::default().burst(100).failures_to_open(None));
    stage.fail(100);
    assert!(stage.circuit.state().is_closed());
    let stage = Stage::new(CircuitOptions::default().failures_to_open(Some(0)));
    stage.fail(1);
    assert!(stage.has_opened());
}

#[test]
fn open_for_no_time_there_is_one_probe_after_the_other() {
    let options = CircuitOptions::default().burst(100).failures_to_open(Some(1));
    for options in [options.clone().open_for(Duration::ZERO), options.open_at_most(Duration::ZERO)]
    {
        let stage = Stage::new(options);
        stage.fail(10);
        let _probe = stage.let_through();
        assert!(!stage.is_let_through());
    }
}

#[test]
fn open_for_ever_is_until_a_reset() {
    let options = CircuitOptions::default().failures_to_open(Some(1));
    let stage = Stage::new(options.open_for(Duration::MAX).open_at_most(Duration::MAX));
    stage.fail(1);
    let mut task = stage.queued();
    stage.clock.advance(1_000_000 * SECOND);
    assert!(stage.has_opened() && task.run().is_none());
    stage.circuit.reset();
    assert!(task.run().is_some());
}
