//! What workers answer, up to the next time they wait for an event.

use std::{io, os::unix::net::UnixListener, time::Duration};

use futures_lite::future::{block_on, poll_once};
use socketry_server_workers::{AskFailed, Employ, Event, Reply};
use socketry_testing::TestDir;

use crate::support::{broken, hire, not_asked, processes};

/// The bytes of a reply, and whether the connection goes on.
fn parts(reply: &Reply) -> (&[u8], bool) {
    (reply.bytes(), reply.goes_on())
}

#[test]
fn a_message_is_answered() {
    let mut hired = hire(processes([]));
    assert_eq!(parts(&hired.data("ping\r\n").unwrap()), (&b"ping\r\n"[..], true));
}

#[test]
fn a_connection_may_be_answered_with_silence() {
    let mut hired = hire(processes(["connected=continue"]));
    assert_eq!(parts(&hired.connected().unwrap()), (&b""[..], true));
}

#[test]
fn an_answer_may_close_the_connection_behind_it() {
    let mut hired = hire(processes(["data=writeclose:bye"]));
    assert_eq!(parts(&hired.data("quit").unwrap()), (&b"bye"[..], false));
}

#[test]
fn a_worker_knows_whose_event_it_is() {
    let mut hired = hire(processes(["data=context"]));
    let context = hired.text("x");
    let expected = format!(
        r#"{{"remote_addr":"127.0.0.1:40000","server":"echo","uuid":"{}","event":"DATA"}}"#,
        hired.peer.id()
    );
    assert_eq!(context, expected);
}

#[test]
fn an_unknown_answer_closes_the_connection() {
    for data in ["data=close", "data=answer:CLOSED", "data=answer:"] {
        let mut hired = hire(processes([data]));
        assert_eq!(parts(&hired.data("x").unwrap()), (&b""[..], false), "{data}");
    }
}

#[test]
fn no_answer_at_all_is_one() {
    let mut hired = hire(processes(["data="]));
    assert_eq!(parts(&hired.data("x").unwrap()), (&b""[..], false));
}

#[test]
fn that_a_worker_has_forgotten_to_answer_is_told() {
    let mut hired = hire(processes(["data="]));
    hired.data("x").unwrap();
    let id = hired.peer.id();
    let told = format!(
        "server echo, connection {id} from tcp://127.0.0.1:40000: closed, because the worker has not answered"
    );
    assert_eq!(hired.told.lines(), [told]);
}

#[test]
fn that_a_worker_does_not_answer_to_a_goodbye_is_nothing_to_tell() {
    let mut hired = hire(processes([]));
    hired.closed().unwrap();
    assert_eq!(hired.told.lines(), [""; 0]);
}

#[test]
fn several_answers_belong_to_the_event_before_them() {
    let mut hired = hire(processes(["connected=continue,write:220 ,write:hello"]));
    assert_eq!(parts(&hired.connected().unwrap()), (&b"220 hello"[..], true));
    assert_eq!(hired.text("next"), "next");
}

#[test]
fn nobody_is_waited_for_when_a_client_has_gone() {
    let mut hired = hire(processes([]));
    assert_eq!(parts(&hired.closed().unwrap()), (&b""[..], false));
}

#[test]
fn an_error_is_told_and_the_worker_can_be_asked_again() {
    let mut hired = hire(processes(["data:fail=error:boom\\nat line 1"]));
    let Err(AskFailed::Refused(error)) = hired.data("fail") else { panic!() };
    assert_eq!(error.to_string(), r"the worker failed: boom\nat line 1");
    assert_eq!(hired.text("next"), "next");
}

#[test]
fn an_error_behind_an_answer_closes_the_connection_after_it() {
    let mut hired = hire(processes(["data=write:sorry,error:boom"]));
    assert_eq!(parts(&hired.data("x").unwrap()), (&b"sorry"[..], false));
    assert_eq!(hired.told.lines(), ["the worker failed after it had answered: boom"]);
}

#[test]
fn an_error_behind_an_answer_that_closes_drops_nothing() {
    let mut hired = hire(processes(["data=writeclose:sorry,error:boom"]));
    let reply = hired.data("x").unwrap();
    assert_eq!((reply.bytes(), reply.dropped()), (&b"sorry"[..], 0));
}

#[test]
fn a_worker_may_ask_to_be_replaced() {
    let mut hired = hire(processes(["data=stop"]));
    assert!(matches!(hired.data("x"), Err(AskFailed::ReplaceMe)));
}

#[test]
fn a_worker_may_answer_and_ask_to_be_replaced_for_the_next_event() {
    let mut hired = hire(processes(["data=echo,stop", "stop=log:farewell,exit:0"]));
    assert_eq!(hired.text("x"), "x");
    assert!(matches!(hired.data("y"), Err(AskFailed::ReplaceMe)));
    let told = hired.told.clone();
    hired.dismiss();
    assert_eq!(told.lines(), ["farewell"]);
}

#[test]
fn an_answer_counts_though_the_worker_ends_after_it() {
    let mut hired = hire(processes(["data=echo,exit:1"]));
    assert_eq!(hired.text("x"), "x");
    assert!(matches!(hired.data("y"), Err(AskFailed::NotAsked(_))));
}

#[test]
fn an_event_that_a_worker_can_no_longer_see_is_for_another() {
    let mut hired = hire(processes(["barrier=ready,exit:0"]));
    assert_eq!(hired.text("x"), "x");
    hired.ended();
    assert!(matches!(hired.data("y"), Err(AskFailed::NotAsked(_))));
}

#[test]
fn what_is_said_between_two_events_is_no_answer_to_the_next_one_which_is_anothers() {
    for unasked in ["write:late", "ready", "print:Warning"] {
        let directory = TestDir::new();
        let (go_on, done) = (directory.join("go"), directory.join("done"));
        let listeners = [&go_on, &done].map(|path| UnixListener::bind(path).unwrap());
        let (go_on, done) = (go_on.display(), done.display());
        let rule = format!("barrier=ready,wait:{go_on},{unasked},hold:{done}");
        let mut hired = hire(processes([&rule]));
        assert_eq!(hired.text("x"), "x");
        drop(listeners[0].accept().unwrap());
        listeners[1].accept().unwrap();
        let error = not_asked(hired.data("y"));
        let expected =
            if unasked == "print:Warning" { "\"Warning\"" } else { "no event asked for" };
        assert!(error.contains(expected), "{unasked}: {error}");
    }
}

#[test]
fn a_worker_that_says_another_pid_than_at_first_is_two_and_is_not_asked_again() {
    let error = broken(hire(processes(["barrier=ready-as:1"])).data("x"));
    assert!(error.contains("has said 1 for its pid"), "{error}");
}

#[test]
fn a_header_may_come_in_parts() {
    for at in ["1", "11", "12", "16", "20"] {
        let mut hired = hire(processes([&format!("data=halves:{at}")]));
        assert_eq!(hired.text("x"), "0123456789", "cut after {at} bytes");
    }
}

#[test]
fn long_messages_go_both_ways() {
    let mut hired = hire(processes([]));
    let message = vec![b'x'; 1 << 20];
    assert!(hired.data(&message).unwrap().bytes() == message);
    assert_eq!(hired.text("next"), "next");
}

#[test]
fn messages_around_the_size_of_a_page_arrive() {
    let mut hired = hire(processes([]));
    for length in 3900..4120 {
        let message = vec![b'x'; length];
        assert!(hired.data(&message).unwrap().bytes() == message, "{length} bytes");
    }
}

#[test]
fn a_worker_that_answers_before_it_has_read_is_read_meanwhile() {
    // It writes more than a pipe holds, and reads the rest of the message only then.
    let mut hired = hire(processes(["begun=big:1000000", "data="]));
    let message = vec![b'x'; 1 << 20];
    assert_eq!(hired.data(&message).unwrap().bytes().len(), 1_000_000);
}

#[test]
fn a_dropped_question_leaves_a_worker_that_can_be_let_go() {
    let mut hired = hire(processes(["data:x=hang"]).stop_timeout(Duration::ZERO));
    let event = Event::Data(&hired.peer, b"x");
    let asking = hired.processes.ask(&mut hired.worker, event);
    assert!(block_on(poll_once(asking)).is_none());
    hired.dismiss();
}

#[test]
fn an_answer_may_be_as_long_as_allowed() {
    let processes = processes(["data=big:95"]).max_answer_size(100);
    assert_eq!(hire(processes).data("x").unwrap().bytes().len(), 95);
}

#[test]
fn an_error_has_the_kind_other() {
    let mut hired = hire(processes(["data=error:boom"]));
    let Err(AskFailed::Refused(error)) = hired.data("fail") else { panic!() };
    assert_eq!(error.kind(), io::ErrorKind::Other);
}
