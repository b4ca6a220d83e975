//! Workers that answer each event exactly once.

use std::{os::unix::net::UnixListener, sync::Arc, time::Duration};

use futures_lite::future::{block_on, poll_once};
use socketry_server_workers::{AnswerMode, AskFailed, Employ, Event, Processes};
use socketry_testing::{ManualClock, TestDir};

use crate::support::{broken, hire, not_asked, processes};

/// Processes that know no question for their pid but the first.
fn strict<const N: usize>(rules: [&str; N]) -> Processes {
    processes(rules).answers(AnswerMode::Strict)
}

#[test]
fn each_event_has_its_answer() {
    let mut hired = hire(strict(["barrier=exit:1"]));
    assert!(hired.connected().unwrap().goes_on());
    assert_eq!(hired.text("x"), "x");
}

#[test]
fn an_error_is_an_answer() {
    let mut hired = hire(strict(["data:fail=error:boom"]));
    assert!(matches!(hired.data("fail"), Err(AskFailed::Refused(_))));
    assert_eq!(hired.text("next"), "next");
}

#[test]
fn the_answer_to_a_goodbye_is_awaited() {
    let mut hired = hire(strict(["close=continue"]));
    hired.closed().unwrap();
    assert_eq!(hired.text("x"), "x");
}

#[test]
fn a_goodbye_without_an_answer_breaks_the_worker_after_a_while() {
    let clock = Arc::new(ManualClock::new());
    let mut hired = hire(strict([]).closed_timeout(Duration::from_secs(3)).clock(clock.clone()));
    let processes = hired.processes.clone();
    let mut asking = Box::pin(processes.ask(&mut hired.worker, Event::Closed(&hired.peer)));
    assert!(block_on(poll_once(&mut asking)).is_none());
    clock.advance(Duration::from_secs(3));
    assert_eq!(broken(block_on(asking)), "the worker has not answered to CLOSE within 3s");
}

#[test]
fn a_second_answer_breaks_the_worker() {
    let directory = TestDir::new();
    let socket = directory.join("s");
    let listener = UnixListener::bind(&socket).unwrap();
    let rule = format!("data=echo,write:late,wait:{}", socket.display());
    let mut hired = hire(strict([&rule]));
    // It may be seen at once, or before the next event, but never as the answer to that.
    let first = hired.data("x");
    listener.accept().unwrap();
    let error = match first {
        Ok(_) => not_asked(hired.data("y")),
        failed => broken(failed),
    };
    assert!(error.contains("that no event asked for"), "{error}");
}

#[test]
fn an_answer_that_comes_late_is_not_that_to_the_next_event_which_is_anothers() {
    let directory = TestDir::new();
    let (go_on, done) = (directory.join("go"), directory.join("done"));
    let listeners = [&go_on, &done].map(|path| UnixListener::bind(path).unwrap());
    let (go_on, done) = (go_on.display(), done.display());
    let rule = format!("data=echo,wait:{go_on},write:late,hold:{done}");
    let mut hired = hire(strict([&rule]));
    assert_eq!(hired.text("x"), "x");
    drop(listeners[0].accept().unwrap());
    listeners[1].accept().unwrap();
    assert!(not_asked(hired.data("y")).contains("that no event asked for"));
}

#[test]
fn text_between_two_events_is_shown() {
    let mut hired = hire(strict(["data=echo,print:Warning,exit:0"]));
    let first = hired.data("x");
    hired.ended();
    let error = match first {
        Ok(_) => not_asked(hired.data("y")),
        failed => broken(failed),
    };
    assert!(error.contains(r#"after saying "Warning""#), "{error}");
}

#[test]
fn a_pid_that_nobody_asked_for_breaks_the_worker() {
    let mut hired = hire(strict(["data=ready"]));
    assert!(broken(hired.data("x")).contains("its pid"));
}

#[test]
fn long_messages_go_both_ways() {
    let mut hired = hire(strict([]));
    let message = vec![b'x'; 1 << 20];
    assert!(hired.data(&message).unwrap().bytes() == message);
}

#[test]
fn a_worker_that_has_ended_leaves_the_event_to_another() {
    let mut hired = hire(strict(["data=echo,exit:1"]));
    assert_eq!(hired.text("x"), "x");
    hired.ended();
    assert!(matches!(hired.data("y"), Err(AskFailed::NotAsked(_))));
}
