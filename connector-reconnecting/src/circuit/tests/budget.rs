//! How many attempts there are.

use fastrand::Rng;

use super::*;

#[test]
fn a_thousand_that_wait_for_a_dead_address_ask_it_once_for_each_token() {
    let stage = Stage::with_budget(10);
    let mut tasks = tasks(&stage.circuit, 1000);
    let (mut attempts, mut polls) = (Vec::new(), 0);
    while attempts.len() < 1000 {
        polls += run(&mut tasks, |number, permit| {
            attempts.push((number, stage.at()));
            permit.failed(&error("refused"));
        });
        if attempts.len() < 1000 {
            stage.go_on();
        }
    }
    let expected = (0..1000).map(|number| (number, number.max(9) as f64 - 9.0));
    assert!(attempts.into_iter().eq(expected));
    // The first poll, one that makes the timer, one that goes: nobody is woken for nothing.
    assert!(polls <= 3 * 1000, "{polls}");
    assert_eq!(stage.clock.sleeping(), 0);
    assert_eq!(stage.circuit.statistics().attempts, 1000);
    assert_eq!(stage.circuit.statistics().failed_attempts, 1000);
}

#[test]
fn no_time_sees_more_failures_than_the_burst_and_its_refills_however_long_they_take() {
    const BURST: u32 = 4;
    let mut random = Rng::with_seed(7);
    let stage = Stage::with_budget(BURST);
    let mut tasks = tasks(&stage.circuit, 200);
    let (mut under_way, mut failures) = (Vec::new(), Vec::new());
    while tasks.iter().any(Option::is_some) || !under_way.is_empty() {
        run(&mut tasks, |_, permit| {
            let ends = stage.clock.now() + Duration::from_millis(random.u64(0..9000));
            under_way.push((ends, permit));
        });
        assert!(under_way.len() <= BURST as usize);
        stage.clock.advance(Duration::from_millis(100));
        let now = stage.clock.now();
        let (ended, rest) = under_way.into_iter().partition::<Vec<_>, _>(|(ends, _)| *ends <= now);
        under_way = rest;
        for (_, permit) in ended {
            match random.u8(0..4) {
                0 => permit.succeeded(),
                1 => drop(permit),
                _ => {
                    failures.push(now);
                    permit.failed(&error("timed out"));
                }
            }
        }
    }
    for (first, from) in failures.iter().enumerate() {
        for (count, to) in (1..).zip(&failures[first..]) {
            assert!(count <= BURST + (*to - *from).as_secs() as u32);
        }
    }
    assert!(failures.len() > 50);
}

#[test]
fn a_success_gives_its_token_back_at_once() {
    let stage = Stage::with_budget(2);
    for _ in 0..100 {
        stage.let_through().succeeded();
    }
    let (one, two) = (stage.let_through(), stage.let_through());
    let mut task = stage.queued();
    one.succeeded();
    assert!(task.run().is_some());
    drop(two);
}

#[test]
fn a_cancelled_attempt_gives_its_token_back() {
    let stage = Stage::with_budget(1);
    let permit = stage.let_through();
    let mut task = stage.queued();
    drop(permit);
    assert!(task.run().is_some());
    assert_eq!(stage.circuit.next_at(), None);
}

#[test]
fn a_failure_spends_its_token_until_the_refill() {
    let stage = Stage::with_budget(1);
    stage.fail(1);
    let mut task = stage.queued();
    assert_eq!(stage.clock.until_next(), Some(SECOND));
    stage.clock.advance(SECOND - Duration::from_nanos(1));
    assert!(task.poll().is_none());
    stage.clock.advance(Duration::from_nanos(1));
    assert!(task.run().is_some());
}

#[test]
fn what_has_to_be_waited_for_is_told() {
    let stage = Stage::with_budget(2);
    let at = |seconds| Some(stage.began + seconds * SECOND);
    assert_eq!(stage.circuit.next_at(), None);
    let permit = stage.let_through();
    stage.fail(1);
    assert_eq!(stage.circuit.next_at(), at(1));
    let one = stage.queued();
    assert_eq!(stage.circuit.next_at(), at(2));
    permit.failed(&error("refused"));
    assert_eq!(stage.circuit.next_at(), at(2));
    drop(one);
    assert_eq!(stage.circuit.next_at(), at(1));
    stage.clock.advance(SECOND);
    assert_eq!(stage.circuit.next_at(), None);
}

#[test]
fn a_burst_of_zero_is_one_of_one() {
    let stage = Stage::with_budget(0);
    let permit = stage.let_through();
    assert!(!stage.is_let_through());
    permit.succeeded();
    assert!(stage.is_let_through());
}

#[test]
fn a_refill_of_zero_limits_nothing() {
    let options = CircuitOptions::default().burst(1).refill(Duration::ZERO);
    let stage = Stage::new(options.failures_to_open(None));
    let _permit = stage.let_through();
    stage.fail(100);
    assert_eq!(stage.circuit.next_at(), None);
}

#[test]
fn a_reset_fills_the_bucket_and_what_was_under_way_is_not_counted() {
    let stage = Stage::with_budget(2);
    stage.fail(2);
    stage.circuit.reset();
    let before = [stage.let_through(), stage.let_through()];
    let mut waiting = [stage.queued(), stage.queued(), stage.queued()];
    stage.circuit.reset();
    let permits: Vec<Permit> = waiting.iter_mut().filter_map(Task::run).collect();
    assert_eq!(permits.len(), 2);
    let [failed, succeeded] = before;
    failed.failed(&error("the network is down"));
    succeeded.succeeded();
    assert!(!stage.is_let_through());
    drop((waiting, permits));
    let _all = [stage.let_through(), stage.let_through()];
    assert_eq!(stage.circuit.statistics().failed_attempts, 3);
}
