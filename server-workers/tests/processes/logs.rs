//! What workers write to their standard error.

use futures_lite::future::{block_on, zip};
use socketry_server_workers::{Employ, Event};

use crate::support::{hire, processes};

#[test]
fn each_line_is_told() {
    let mut hired = hire(processes(["data=log:one,log:two,exit:0"]));
    hired.data("x").unwrap_err();
    hired.ended();
    assert_eq!(hired.told.lines(), ["one", "two"]);
}

#[test]
fn all_that_a_worker_said_before_it_ended_is_told() {
    let mut hired = hire(processes(["data=logs:5000,log-part:the end,exit:0"]));
    // It would wait for its log to be read, so that both have to go on.
    let processes = hired.processes.clone();
    let asking = processes.ask(&mut hired.worker, Event::Data(&hired.peer, b"x"));
    let (asked, how) = block_on(zip(asking, processes.ended(&mut hired.record)));
    let lines = hired.told.lines();
    assert!(asked.is_err());
    assert_eq!((how.as_str(), lines.len()), ("exit status: 0", 5001));
    assert_eq!(lines.last().unwrap(), "the end");
}

#[test]
fn what_a_worker_said_before_it_was_killed_is_told() {
    let mut hired = hire(processes(["data=log:out of memory,log-part:good,exit:1"]));
    hired.data("x").unwrap_err();
    drop(hired.record);
    assert_eq!(hired.told.lines(), ["out of memory", "good"]);
}
