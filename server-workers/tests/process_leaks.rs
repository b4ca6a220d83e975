//! What worker processes leave behind: no descriptor, no thread, no process.

#![cfg(target_os = "linux")]

use std::{sync::Once, time::Duration};

use futures_lite::future::{block_on, poll_once};
use socketry_server_workers::{Employ, Event, Notices, Processes, Relay, WorkerId};
use socketry_testing::{Baseline, TestDir};

use crate::support::{hire, processes, wait_until_gone};

#[path = "processes/support.rs"]
mod support;

/// What opens once and stays: the reactor, and the thread that starts processes.
fn baseline() -> Baseline {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| hire(processes([])).dismiss());
    Baseline::take()
}

/// The processes that this one has started, and that are not reaped.
fn children() -> Vec<String> {
    let tasks = std::fs::read_dir("/proc/self/task").unwrap();
    let children =
        tasks.filter_map(|task| std::fs::read_to_string(task.ok()?.path().join("children")).ok());
    children
        .flat_map(|line| line.split_whitespace().map(String::from).collect::<Vec<_>>())
        .collect()
}

/// Returns when there is no child any more, not even a dead one.
///
/// What was started for nobody is dropped where it was started, so that goes first: one thing is done there
/// after the other.
fn wait_for_no_children() {
    let none = Processes::new("no-such-program").unwrap();
    block_on(none.hire(WorkerId::new(1), &Notices::default())).unwrap_err();
    while !children().is_empty() {
        std::thread::yield_now();
    }
}

#[test]
fn a_worker_that_was_let_go_leaves_nothing() {
    let baseline = baseline();
    let mut hired = hire(processes([]));
    hired.data("x").unwrap();
    hired.dismiss();
    assert_eq!(children(), [""; 0]);
    baseline.assert_unchanged();
}

#[test]
fn a_worker_that_was_dropped_leaves_nothing() {
    let baseline = baseline();
    let hired = hire(processes([]));
    let pid = hired.pid();
    drop(hired);
    wait_until_gone(pid);
    baseline.assert_unchanged();
}

#[test]
fn a_worker_that_has_ended_leaves_nothing() {
    let baseline = baseline();
    let mut hired = hire(processes(["data=exit:1"]));
    hired.data("x").unwrap_err();
    hired.ended();
    assert_eq!(children(), [""; 0]);
    drop(hired);
    baseline.assert_unchanged();
}

#[test]
fn a_relay_leaves_nothing() {
    let baseline = baseline();
    let directory = TestDir::new();
    let hired = hire(processes([]).relay(Relay::Unix(directory.join("s"))));
    hired.dismiss();
    assert!(!directory.join("s").exists());
    drop(directory);
    baseline.assert_unchanged();
}

#[test]
fn workers_that_do_not_get_ready_leave_nothing() {
    let baseline = baseline();
    let notices = Notices::default();
    for rule in ["start=exit:1", "start=raw:hello", "hello=ready-as:0"] {
        block_on(processes([rule]).hire(WorkerId::new(1), &notices)).unwrap_err();
    }
    wait_for_no_children();
    baseline.assert_unchanged();
}

/// Drops the future of a hire after it was polled so often that it is at another stage each time.
#[test]
fn a_hire_that_is_given_up_at_any_stage_leaves_nothing() {
    let baseline = baseline();
    for relay in [Relay::Pipes, "tcp://127.0.0.1:0".parse().unwrap()] {
        for polls in 0..6 {
            let processes = processes(["hello=hang"]).relay(relay.clone());
            let notices = Notices::default();
            let mut hiring = Box::pin(processes.hire(WorkerId::new(1), &notices));
            for _ in 0..polls {
                assert!(block_on(poll_once(&mut hiring)).is_none());
                std::thread::yield_now();
            }
        }
    }
    wait_for_no_children();
    baseline.assert_unchanged();
}

#[test]
fn a_question_that_is_given_up_leaves_nothing() {
    let baseline = baseline();
    let mut hired = hire(processes(["data=hang"]).stop_timeout(Duration::ZERO));
    let event = Event::Data(&hired.peer, b"x");
    assert!(block_on(poll_once(hired.processes.ask(&mut hired.worker, event))).is_none());
    hired.dismiss();
    assert_eq!(children(), [""; 0]);
    baseline.assert_unchanged();
}
