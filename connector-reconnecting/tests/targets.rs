//! Where attempts go.

use std::io;

use socketry_connector_reconnecting::{Backoff, Targets};
use socketry_testing::pair;

use super::{Test, ms, refused};

/// Where the next attempts go, all of which fail at once.
fn tried(test: &mut Test, count: usize) -> Vec<u16> {
    let tried = std::sync::Arc::new(std::sync::Mutex::new(Vec::new()));
    for _ in 0..count {
        let tried = tried.clone();
        test.script.answer_next(move |target, _| {
            tried.lock().unwrap().push(target);
            Err(refused())
        });
    }
    while tried.lock().unwrap().len() < count {
        let waits = test.waits().unwrap();
        test.clock.advance(waits);
    }
    tried.lock().unwrap().clone()
}

fn test(targets: Targets<u16>) -> Test {
    Test::with(Backoff::grpc().jitter(0.0), targets, |sessions| sessions)
}

#[test]
fn targets_are_tried_in_order_and_the_delay_comes_after_the_last() {
    let mut test = test(Targets::list([1, 2, 3]));
    assert_eq!(tried(&mut test, 3), [1, 2, 3]);
    assert_eq!(tried(&mut test, 3), [1, 2, 3]);
    assert_eq!(test.script.begun(), 6);
}

#[test]
fn no_time_passes_between_the_targets_of_a_round() {
    let mut test = test(Targets::list([1, 2, 3]));
    for _ in 0..3 {
        test.script.fail_next(refused());
    }
    assert_eq!(test.waits(), Some(ms(1000)));
    assert_eq!(test.script.begun(), 3);
}

#[test]
fn after_a_session_it_begins_with_the_first_unless_the_last_good_one_is_to_be_first() {
    for (targets, first) in
        [(Targets::list([1, 2, 3]), 1), (Targets::list([1, 2, 3]).last_good_first(), 2)]
    {
        let mut test =
            Test::with(Backoff::grpc().stable_after(ms(0)), targets, |sessions| sessions);
        test.script.fail_next(refused());
        let (session, _peer) = test.up();
        assert_eq!(session.info().target(), 1);
        drop(session);
        assert_eq!(tried(&mut test, 1), [first]);
    }
}

#[test]
fn shuffled_targets_are_each_tried_once_a_round_in_another_order() {
    let mut test = test(Targets::list(1..=8).shuffled());
    let rounds: Vec<_> = (0..4).map(|_| tried(&mut test, 8)).collect();
    for round in &rounds {
        let mut sorted = round.clone();
        sorted.sort_unstable();
        assert_eq!(sorted, [1, 2, 3, 4, 5, 6, 7, 8]);
    }
    assert!(rounds.windows(2).any(|pair| pair[0] != pair[1]), "{rounds:?}");
}

#[test]
fn a_function_picks_and_is_told_what_it_needs() {
    let targets = Targets::list([1, 2, 3]).picked_by(|pick| {
        assert_eq!(pick.targets, 3);
        match (pick.attempt, pick.failed) {
            (1, None) => 2,
            (2, Some(2)) => 0,
            (_, _) => 1000, // past the end is the last
        }
    });
    assert_eq!(tried(&mut test(targets), 3), [3, 1, 3]);
}

#[test]
fn a_list_of_nothing_is_refused_before_anything_is_opened() {
    let mut test = test(Targets::list([]));
    let error = test.end();
    assert_eq!(error.kind(), io::ErrorKind::InvalidInput);
    assert_eq!(error.to_string(), "connection refused: the list of targets is empty; give one");
}

#[test]
fn a_target_whose_error_is_final_does_not_keep_the_others_from_being_tried() {
    let mut test = test(Targets::list([1, 2]));
    test.script.fail_next(io::ErrorKind::InvalidInput.into());
    test.script.fail_next(refused());
    assert_eq!(test.waits(), Some(ms(1000)));
    for _ in 0..2 {
        test.script.fail_next(io::ErrorKind::InvalidInput.into());
    }
    test.clock.advance(ms(1000));
    assert_eq!(test.end().kind(), io::ErrorKind::InvalidInput);
}

#[test]
fn attempts_are_limited_also_in_the_middle_of_a_round() {
    let mut test =
        Test::with(Backoff::grpc().max_attempts(Some(2)), Targets::list([1, 2, 3]), |it| it);
    for _ in 0..3 {
        test.script.fail_next(refused());
    }
    test.end();
    assert_eq!(test.script.begun(), 2);
}

#[test]
fn the_session_tells_its_target() {
    let mut test = test(Targets::list([1, 2]));
    test.script.fail_next(refused());
    test.script.succeed_next(pair().0);
    assert_eq!(test.session().info().target(), 1);
}
