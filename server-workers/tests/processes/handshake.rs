//! Workers that do not get ready, and why.

use std::io::ErrorKind;

use futures_lite::future::{block_on, poll_once};
use socketry_server_workers::{Employ, Notices, Processes, WorkerId};

use crate::support::{hire, processes, refused};

#[test]
fn a_slow_worker_is_waited_for() {
    let hired = hire(processes(["hello=pause:50,ready"]));
    assert_eq!(hired.told.lines(), [""; 0]);
}

#[test]
fn a_command_that_is_not_there_is_named() {
    let error = refused(Processes::new("no-such-program --fast").unwrap());
    let expected = "the command `no-such-program --fast` cannot be started: there is no program \
                    `no-such-program`: install it, or give its whole path";
    assert_eq!(error.kind(), ErrorKind::NotFound);
    assert!(error.to_string().starts_with(expected), "{error}");
}

#[test]
fn a_working_directory_that_is_not_there_is_named() {
    let error = refused(processes([]).working_directory("/no/such/directory"));
    let expected = "the working directory /no/such/directory of the command";
    assert!(error.to_string().starts_with(expected), "{error}");
}

#[test]
fn text_before_the_first_frame_is_shown() {
    let error = refused(processes(["start=raw:Hello\\n,raw:world"]));
    assert_eq!(error.kind(), ErrorKind::InvalidData);
    let expected = r#"it wrote "Hello\nworld" to its standard output before it was ready"#;
    assert!(error.to_string().contains(expected), "{error}");
}

#[test]
fn text_that_looks_like_a_frame_is_shown() {
    let error = refused(processes(["start=raw:\u{13}1 more text than a header has"]));
    let expected = "1 more text than a header has";
    assert!(error.to_string().contains(expected), "{error}");
}

#[test]
fn a_script_that_php_does_not_find_is_told_as_that() {
    let error = refused(processes(["start=raw:Could not open input file: worker.php\\n,exit:1"]));
    assert_eq!(error.kind(), ErrorKind::NotFound);
    assert!(error.to_string().contains("PHP does not find the script"), "{error}");
}

#[test]
fn one_that_ends_before_it_is_ready_says_how_and_why() {
    let error = refused(processes(["start=log:no database,exit:3"]));
    assert_eq!(error.kind(), ErrorKind::UnexpectedEof);
    let expected =
        r#"it ended before it was ready: exit status: 3; its log ends with "no database""#;
    assert!(error.to_string().ends_with(expected), "{error}");
}

#[test]
fn an_answer_without_a_pid_is_none() {
    for hello in ["hello=ready-as:0", "hello=control:{}", "hello=write:x", "hello=error:x"] {
        let error = refused(processes([hello]));
        assert!(error.to_string().contains("asked for its pid"), "{hello}: {error}");
    }
}

#[test]
fn a_broken_frame_is_told_as_that() {
    let error = refused(processes(["hello=promise:101"]).max_answer_size(100));
    assert!(error.to_string().contains("it broke the protocol: an answer of 101"), "{error}");
}

#[test]
fn hiring_may_be_given_up() {
    let processes = processes(["hello=hang"]);
    let notices = Notices::default();
    let hiring = processes.hire(WorkerId::new(1), &notices);
    assert!(block_on(poll_once(hiring)).is_none());
}
