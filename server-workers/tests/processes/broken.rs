//! Workers that break the protocol, or break down.

use std::os::unix::net::UnixListener;

use futures_lite::future::{block_on, poll_once};
use socketry_server_workers::{Employ, Event, Processes};
use socketry_testing::TestDir;

use crate::support::{broken, hire, processes};

/// Why a worker with this rule for messages must not be asked again.
fn broken_by(rule: &str) -> String {
    broken_of(processes([rule]))
}

fn broken_of(processes: Processes) -> String {
    broken(hire(processes).data("x"))
}

#[test]
fn one_that_exits_during_an_event_is_broken() {
    let mut hired = hire(processes(["data=exit:3"]));
    assert!(broken(hired.data("x")).contains("ended"));
    assert_eq!(hired.ended(), "exit status: 3");
}

#[test]
fn one_that_crashes_during_an_event_is_broken() {
    let mut hired = hire(processes(["data=abort"]));
    assert!(broken(hired.data("x")).contains("ended"));
    let how = hired.ended();
    assert!(how.contains("SIGABRT"), "{how}");
}

#[test]
fn one_that_crashes_while_it_is_written_to_is_broken() {
    let directory = TestDir::new();
    let gate = directory.join("gate");
    let listener = UnixListener::bind(&gate).unwrap();
    let mut hired = hire(processes([&format!("hello=ready,wait:{},exit:3", gate.display())]));
    let message = vec![0; 1 << 20];
    let processes = hired.processes.clone();
    let mut asking = Box::pin(processes.ask(&mut hired.worker, Event::Data(&hired.peer, &message)));
    // A part of it is written by now, and more does not fit into the pipe.
    assert!(block_on(poll_once(&mut asking)).is_none());
    drop(listener.accept().unwrap());
    assert!(broken(block_on(asking)).contains("ended during an event"));
}

#[test]
fn text_instead_of_an_answer_is_shown() {
    let error = broken_by("data=print:Warning: undefined variable,exit:0");
    assert!(error.contains(r#"after saying "Warning: undefined variable""#), "{error}");
    assert!(error.contains("standard output belongs to the protocol"), "{error}");
}

#[test]
fn text_behind_an_answer_is_shown() {
    let error = broken_by("data=echo,print:Warning,exit:0");
    assert!(error.contains(r#"after saying "Warning""#), "{error}");
}

#[test]
fn a_wrong_checksum_breaks_it() {
    let error = broken_by("data=bad-checksum");
    assert!(error.contains("the checksum of a frame is"), "{error}");
}

#[test]
fn an_answer_that_is_too_long_breaks_it_before_it_comes() {
    let error = broken_of(processes(["data=promise:101"]).max_answer_size(100));
    let expected = "an answer of 101 bytes is longer than the 100 bytes allowed";
    assert!(error.ends_with(expected), "{error}");
}

#[test]
fn many_answers_that_are_too_long_together_break_it() {
    let error = broken_of(processes(["data=big:95,big:1"]).max_answer_size(100));
    assert_eq!(error, "the answers to one event are longer than 100 bytes together");
}

#[test]
fn an_answer_without_the_length_of_its_context_breaks_it() {
    assert!(broken_by("data=no-option").contains("has one option"));
}

#[test]
fn a_context_that_is_longer_than_the_answer_breaks_it() {
    assert!(broken_by("data=long-context").contains("a context of 6 bytes"));
}

#[test]
fn a_stream_breaks_it() {
    assert!(broken_by("data=stream").contains("streaming is not supported"));
}

#[test]
fn a_control_frame_that_nobody_understands_breaks_it() {
    assert!(broken_by("data=control:{}").contains("a control frame that is not understood"));
}

#[test]
fn an_answer_behind_the_barrier_breaks_it() {
    let error = broken(hire(processes(["barrier=ready-twice"])).data("x"));
    assert!(error.contains("that no event asked for"), "{error}");
}

#[test]
fn text_behind_the_barrier_is_shown() {
    let error = broken(hire(processes(["barrier=ready-and:Warning,exit:0"])).data("x"));
    assert!(error.contains(r#"after saying "Warning""#), "{error}");
}

#[test]
fn a_long_message_that_a_worker_may_have_seen_is_not_for_another() {
    assert!(broken(hire(processes(["data=exit:3"])).data(vec![b'x'; 1 << 20])).contains("ended"));
}
