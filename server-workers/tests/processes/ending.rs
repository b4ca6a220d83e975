//! How workers are made to end, and end by themselves.

use std::{
    fs,
    io::Read,
    os::unix::net::{UnixListener, UnixStream},
    pin::pin,
    sync::Arc,
    time::Duration,
};

use futures_lite::future::{block_on, poll_once, zip};
use socketry_server_workers::{Employ, Event};
use socketry_testing::{ManualClock, TestDir};

use crate::support::{Hired, hire, processes, wait_until_gone};

const STOP_TIMEOUT: Duration = Duration::from_secs(10);
const SIGNAL_TIMEOUT: Duration = Duration::from_secs(2);

/// A clock that nobody moves: whoever ends before it does has ended by itself.
fn clock() -> Arc<ManualClock> {
    Arc::new(ManualClock::new())
}

/// A socket that something of the worker is to hold as long as it lives.
fn held(directory: &TestDir) -> (UnixListener, String) {
    let path = directory.join("held");
    (UnixListener::bind(&path).unwrap(), path.display().to_string())
}

/// Returns when whoever held the other side is gone.
fn wait_for_end(mut held: UnixStream) {
    assert_eq!(held.read(&mut [0]).unwrap(), 0);
}

#[test]
fn a_worker_ends_when_it_is_told_to() {
    hire(processes([]).clock(clock())).dismiss();
}

#[test]
fn the_last_words_of_a_worker_are_read_and_dropped() {
    hire(processes(["stop=close,exit:0"]).clock(clock())).dismiss();
    // More than a pipe holds: it could not end if nobody read.
    hire(processes(["stop=big:1000000,exit:0"]).clock(clock())).dismiss();
}

#[test]
fn the_log_of_a_worker_is_told_while_it_ends() {
    let hired = hire(processes(["stop=logs:10000,exit:0"]).clock(clock()));
    let told = hired.told.clone();
    hired.dismiss();
    assert_eq!(told.lines().len(), 10000);
}

#[test]
fn a_worker_that_does_not_stop_gets_a_signal() {
    let clock = clock();
    let hired = hire(processes(["stop=hang"]).clock(clock.clone()).stop_timeout(STOP_TIMEOUT));
    let mut dismissing = pin!(hired.dismissing());
    assert!(block_on(poll_once(&mut dismissing)).is_none());
    clock.advance(STOP_TIMEOUT);
    block_on(dismissing);
}

#[test]
fn a_worker_that_ignores_the_signal_is_killed() {
    let clock = clock();
    let hired = hire(processes(["start=ignore-term", "stop=hang"]).clock(clock.clone()));
    let mut dismissing = pin!(hired.dismissing());
    assert!(block_on(poll_once(&mut dismissing)).is_none());
    clock.advance(STOP_TIMEOUT);
    assert!(block_on(poll_once(&mut dismissing)).is_none());
    assert_eq!(clock.until_next(), Some(SIGNAL_TIMEOUT));
    clock.advance(SIGNAL_TIMEOUT);
    block_on(dismissing);
}

#[test]
fn a_worker_that_was_told_half_an_event_gets_the_signal_at_once() {
    let mut hired = hire(processes(["begun=hang"]).clock(clock()));
    let message = vec![b'x'; 1 << 20];
    let event = Event::Data(&hired.peer, &message);
    let mut asking = Box::pin(hired.processes.ask(&mut hired.worker, event));
    assert!(block_on(poll_once(&mut asking)).is_none());
    drop(asking);
    hired.dismiss();
}

#[test]
fn a_worker_is_reaped_when_it_has_been_let_go() {
    let hired = hire(processes([]).clock(clock()));
    let pid = hired.pid();
    hired.dismiss();
    let look = rustix::process::Pid::from_raw(pid.try_into().unwrap()).unwrap();
    assert!(rustix::process::test_kill_process(look).is_err());
}

#[test]
fn letting_go_may_be_cut_short() {
    let hired = hire(processes(["stop=hang"]).clock(clock()));
    let pid = hired.pid();
    {
        let mut dismissing = pin!(hired.dismissing());
        assert!(block_on(poll_once(&mut dismissing)).is_none());
    }
    wait_until_gone(pid);
}

#[test]
fn a_worker_goes_with_its_record() {
    let hired = hire(processes(["eof=hang"]));
    let pid = hired.pid();
    drop(hired.record);
    wait_until_gone(pid);
}

#[test]
fn what_a_worker_has_started_goes_with_its_record() {
    let directory = TestDir::new();
    let (listener, path) = held(&directory);
    let hired = hire(processes([&format!("start=child:{path}")]));
    let (child, _) = listener.accept().unwrap();
    drop(hired.record);
    wait_for_end(child);
}

#[test]
fn what_a_worker_has_started_ends_with_it() {
    let directory = TestDir::new();
    let (listener, path) = held(&directory);
    let mut hired = hire(processes([&format!("start=child:{path}"), "data=exit:0"]));
    let (child, _) = listener.accept().unwrap();
    // The child has the worker's standard output too; it is closed when both are gone.
    let asking = hired.processes.ask(&mut hired.worker, Event::Data(&hired.peer, b"x"));
    let ended = hired.processes.ended(&mut hired.record);
    let (asked, how) = block_on(zip(asking, ended));
    assert!((asked.is_err(), how.as_str()) == (true, "exit status: 0"));
    wait_for_end(child);
}

#[test]
fn the_end_of_a_worker_can_be_asked_for_again() {
    let mut hired = hire(processes(["data=exit:7"]));
    assert!(block_on(poll_once(hired.processes.clone().ended(&mut hired.record))).is_none());
    hired.data("x").unwrap_err();
    assert_eq!([hired.ended(), hired.ended()], ["exit status: 7"; 2]);
}

#[test]
fn a_worker_that_is_killed_by_others_says_so() {
    let mut hired = hire(processes([]));
    let pid = rustix::process::Pid::from_raw(hired.pid().try_into().unwrap()).unwrap();
    rustix::process::kill_process(pid, rustix::process::Signal::KILL).unwrap();
    assert_eq!(hired.ended(), "signal: 9 (SIGKILL)");
}

#[cfg(target_os = "linux")]
#[test]
fn the_memory_of_a_worker_is_known() {
    let hired = hire(processes([]));
    assert!(hired.processes.memory(&hired.record).unwrap() > 4096);
}

#[cfg(target_os = "linux")]
#[test]
fn the_standard_input_of_a_worker_stays_open_until_it_has_ended() {
    let mut hired = hire(processes(["data=exit:0"]));
    let input = fs::read_link(format!("/proc/{}/fd/0", hired.pid())).unwrap();
    let is_open = || {
        let ours = fs::read_dir("/proc/self/fd").unwrap();
        ours.filter_map(|entry| fs::read_link(entry.ok()?.path()).ok()).any(|end| end == input)
    };
    hired.data("x").unwrap_err();
    let Hired { processes, worker, mut record, .. } = hired;
    drop(worker);
    assert!(is_open());
    block_on(processes.ended(&mut record));
    assert!(!is_open());
}
