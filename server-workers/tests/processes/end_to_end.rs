//! Servers, connections and workers together: over real sockets, and pipes to real processes.

use std::{io, net::SocketAddr, thread, time::Duration};

use futures_lite::future::block_on;
use socketry_server_workers::{AnswerMode, Framing, Processes, ServerOptions};

use crate::{
    stack::{Client, Setting},
    support::{processes, wait_until_gone},
};

/// An echo worker that greets, and logs what it is told of besides.
const ECHO: [&str; 5] = [
    "connected=write:hello \\r\\n",
    "data:quit=writeclose:goodbye\\r\\n",
    "data:fail=error:boom",
    "data:leave=close",
    "close=log:was told of the end",
];

/// The same for both ways to answer: one answer to each event.
fn echo(answers: AnswerMode) -> Processes {
    let mut rules = ECHO;
    if answers == AnswerMode::Strict {
        rules[4] = "close=log:was told of the end,continue";
    }
    processes(rules).answers(answers)
}

/// Three servers with two workers.
fn three(processes: Processes) -> Setting {
    let mut setting = Setting::new(processes);
    setting.servers = ["one", "two", "three"].map(|name| (name, ServerOptions::new())).into();
    setting
}

/// The context of an event.
fn context(client: &Client, server: &str, id: impl ToString, event: &str) -> String {
    let (remote, id) = (client.address(), id.to_string());
    format!(r#"{{"remote_addr":"{remote}","server":"{server}","uuid":"{id}","event":"{event}"}}"#)
}

#[test]
fn a_worker_is_told_who_connects_before_the_client_says_anything() {
    let stack = three(processes(["connected=context,write:\\r\\n"])).start();
    for (address, name) in stack.addresses.iter().zip(["one", "two", "three"]) {
        let mut client = Client::connect(*address);
        let heard = client.line();
        let id = stack.handle.peers()[0].id();
        assert_eq!(heard, context(&client, name, id, "CONNECTED") + "\r\n");
        client.finish();
        stack.until(|| stack.handle.connections() == 0);
    }
}

#[test]
fn three_servers_and_one_pool_answer_a_hundred_round_trips_each_side_by_side() {
    for answers in [AnswerMode::Barrier, AnswerMode::Strict] {
        let stack = three(echo(answers)).start();
        thread::scope(|scope| {
            for (address, name) in stack.addresses.iter().zip(["one", "two", "three"]) {
                scope.spawn(move || ten_clients_ask_ten_times(*address, name));
            }
        });
        stack.end().unwrap();
    }
}

fn ten_clients_ask_ten_times(address: SocketAddr, name: &str) {
    let mut clients = [(); 10].map(|()| Client::connect(address));
    clients.iter_mut().for_each(|client| assert_eq!(client.line(), "hello \r\n"));
    for round in 0..10 {
        let message = |number| format!("{name} {number} {round}\r\n");
        for (number, client) in clients.iter_mut().enumerate() {
            client.say(message(number));
        }
        for (number, client) in clients.iter_mut().enumerate() {
            assert_eq!(client.line(), message(number));
        }
    }
}

#[test]
fn every_message_comes_with_its_delimiter_and_the_id_of_its_connection() {
    let stack = Setting::new(processes(["connected=continue", "data=context,echo"])).start();
    let mut client = stack.connect();
    stack.until(|| stack.handle.connections() == 1);
    let id = stack.handle.peers()[0].id();
    for message in ["one\r\n", "two\r\n"] {
        let expected = context(&client, "echo", id, "DATA") + message;
        assert_eq!(client.ask(message), expected);
    }
}

#[test]
fn a_connection_is_closed_by_its_id_and_a_worker_is_told() {
    let stack = Setting::new(echo(AnswerMode::Barrier)).start();
    let mut client = stack.connect();
    client.line();
    let id = stack.handle.peers()[0].id();
    assert!(stack.handle.close(id));
    assert_eq!(client.rest(), "");
    stack.until_told("was told of the end", 1);
    // The original says yes to this, too.
    assert!(!stack.handle.close(id));
}

#[test]
fn a_goodbye_is_written_and_a_worker_is_told_of_the_end_once() {
    for answers in [AnswerMode::Barrier, AnswerMode::Strict] {
        let stack = Setting::new(echo(answers)).start();
        let mut client = stack.connect();
        client.line();
        client.say("quit\r\n");
        assert_eq!(client.rest(), "goodbye\r\n");
        let mut client = stack.connect();
        client.line();
        client.say("leave\r\n");
        assert_eq!(client.rest(), "");
        drop(client);
        stack.until_told("was told of the end", 2);
        stack.until_all_are_idle();
        assert_eq!(stack.told("was told of the end").len(), 2);
    }
}

#[test]
fn an_error_of_a_worker_drops_the_connection_with_nothing_written_and_the_worker_stays() {
    for answers in [AnswerMode::Barrier, AnswerMode::Strict] {
        let stack = Setting::new(echo(answers)).start();
        let pids = stack.pids();
        let mut client = stack.connect();
        client.line();
        client.say("fail\r\n");
        assert_eq!(client.rest(), "");
        stack.until_told("boom", 1);
        // Who comes later is answered by the same workers, and nobody was told of the end.
        let mut client = stack.connect();
        assert_eq!((client.line(), client.ask("x\r\n")), ("hello \r\n".into(), "x\r\n".into()));
        stack.until_all_are_idle();
        assert_eq!((stack.pids(), stack.told("was told of the end").len()), (pids, 0));
    }
}

#[test]
fn workers_are_added_and_removed_and_clients_do_not_notice() {
    let stack = Setting::new(echo(AnswerMode::Barrier)).start();
    let mut client = stack.connect();
    client.line();
    let old = stack.pids();
    assert_eq!(stack.handle.add_worker().unwrap(), 3);
    stack.until(|| stack.pids().len() == 3);
    stack.until_all_are_idle();
    assert!(old.iter().all(|pid| stack.pids().contains(pid)));
    assert_eq!(client.ask("with three\r\n"), "with three\r\n");
    assert_eq!(stack.handle.remove_worker().unwrap(), 2);
    stack.until(|| stack.pids().len() == 2);
    assert_eq!(client.ask("with two\r\n"), "with two\r\n");
}

#[test]
fn a_reset_gives_new_processes_only_and_connections_stay() {
    for answers in [AnswerMode::Barrier, AnswerMode::Strict] {
        let stack = three(echo(answers)).start();
        let mut clients = [0, 1, 2].map(|server| Client::connect(stack.addresses[server]));
        clients.iter_mut().for_each(|client| assert_eq!(client.line(), "hello \r\n"));
        let old = stack.pids();
        block_on(stack.handle.reset()).unwrap();
        old.iter().for_each(|pid| wait_until_gone(*pid));
        stack.until_all_are_idle();
        let new = stack.pids();
        assert_eq!((new.len(), new.iter().any(|pid| old.contains(pid))), (2, false));
        for mut client in clients {
            assert_eq!(client.ask("after the reset\r\n"), "after the reset\r\n");
        }
    }
}

#[test]
fn what_a_worker_says_after_it_was_told_to_stop_goes_nowhere() {
    let stack = Setting::new(processes(["stop=answer:CLOSE,write:late,exit:0"])).start();
    let mut client = stack.connect();
    assert_eq!(client.ask("before\r\n"), "before\r\n");
    block_on(stack.handle.reset()).unwrap();
    assert_eq!(client.ask("after\r\n"), "after\r\n");
    assert_eq!(client.finish(), "");
}

#[test]
fn an_event_of_a_worker_that_asks_to_be_replaced_is_answered_by_another() {
    let directory = socketry_testing::TestDir::new();
    let was_here = directory.join("was-here");
    let (worker, was_here) = (crate::support::scripted_worker().display(), was_here.display());
    // The first one asks for it, and says something after that.
    let rules = "data=stop,write:late";
    let script =
        format!("if mkdir {was_here} 2>&-; then exec {worker} {rules}; else exec {worker}; fi");
    let processes = Processes::from_words(["sh", "-c", &script]).unwrap();
    let stack = Setting::new(processes).workers(1).start();
    let old = stack.pids();
    let mut client = stack.connect();
    assert_eq!(client.ask("the same event\r\n"), "the same event\r\n");
    stack.until_all_are_idle();
    assert_ne!(stack.pids(), old);
    assert_eq!(client.finish(), "");
}

#[test]
fn servers_whose_first_workers_cannot_be_started_end_with_the_error() {
    let processes = Processes::new("/no/such/worker").unwrap();
    let error = Setting::new(processes).serve().ended().unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::NotFound, "{error}");
}

#[test]
fn messages_are_events_however_their_bytes_come() {
    let stack = Setting::new(processes(["data=write:<,echo,write:>", "close="])).start();
    let mut client = stack.connect();
    client.say("a\r\nb\r\n");
    assert_eq!(client.hear(10), "<a\r\n><b\r\n>");
    client.say("c\r\nd");
    assert_eq!(client.hear(5), "<c\r\n>");
    client.say("\r\nping\r");
    assert_eq!(client.hear(5), "<d\r\n>");
    client.say("\n");
    assert_eq!(client.hear(8), "<ping\r\n>");
    "typed\r\n".bytes().for_each(|byte| client.say([byte]));
    assert_eq!(client.hear(9), "<typed\r\n>");
}

#[test]
fn what_is_there_when_a_client_ends_is_answered_and_then_it_is_closed_once() {
    let rules = ["connected=continue", "data=log:EVENT data,echo", "close=log:EVENT close"];
    let stack = Setting::new(processes(rules)).workers(1).start();
    let mut client = stack.connect();
    client.say("without an end");
    // The socket is closed, although only the client has ended its side.
    assert_eq!(client.finish(), "without an end");
    stack.until_told("EVENT close", 1);
    stack.until_all_are_idle();
    let told: Vec<_> = stack.told("EVENT").iter().map(|it| it.contains("data")).collect();
    assert_eq!(told, [true, false]);
}

#[test]
fn a_message_without_an_end_is_cut_off() {
    let options = ServerOptions::new().max_message_size(1000);
    let stack = Setting::new(processes([])).options(options).start();
    let mut client = stack.connect();
    client.say([b'x'; 1001]);
    assert_eq!(client.rest(), "");
    stack.until_told("1000", 1);
    assert_eq!(stack.connect().ask("next\r\n"), "next\r\n");
}

#[test]
fn delimiters_may_be_any_bytes() {
    for delimiter in ["\n", "--end--", "\0"] {
        let options = ServerOptions::new().framing(Framing::delimited(delimiter).unwrap());
        let stack = Setting::new(processes(["data=write:<,echo,write:>"])).options(options).start();
        let mut client = stack.connect();
        client.say(format!("a{delimiter}b"));
        let expected = format!("<a{delimiter}>");
        assert_eq!(client.hear(expected.len()), expected);
        assert_eq!(client.finish(), "<b>");
    }
}

#[test]
fn slow_clients_are_closed_while_others_go_on() {
    let idle = Duration::from_secs(30);
    let stack = Setting::new(processes(["close=log:was told of the end"]))
        .options(ServerOptions::new().idle_timeout(idle))
        .start();
    let mut silent = stack.connect();
    assert_eq!(silent.ask("x\r\n"), "x\r\n");
    stack.until_all_are_idle();
    stack.pass_until(idle, || stack.handle.connections() == 0);
    assert_eq!(silent.rest(), "");
    stack.until_told("was told of the end", 1);
    assert_eq!(stack.connect().ask("next\r\n"), "next\r\n");
}

#[test]
fn a_server_goes_on_when_it_could_not_accept() {
    let stack = Setting::new(processes([])).start();
    stack.pushed[0].push_error(io::Error::other("too many open files"));
    assert_eq!(stack.connect().ask("x\r\n"), "x\r\n");
    assert_eq!(stack.told("too many open files").len(), 1);
}

#[test]
fn serving_ends_and_no_process_is_left() {
    let stack = Setting::new(processes([])).start();
    let (pids, mut client) = (stack.pids(), stack.connect());
    assert_eq!(client.ask("x\r\n"), "x\r\n");
    stack.end().unwrap();
    assert_eq!(client.rest(), "");
    pids.into_iter().for_each(wait_until_gone);
}
