//! Whatever a worker does: one connection is closed, once, and all others go on with as many workers.

use std::{os::unix::net::UnixListener, time::Duration};

use socketry_server_workers::{AnswerMode, PoolOptions, Processes, ServerOptions, WorkerState};
use socketry_testing::TestDir;

use crate::{
    stack::{Client, Setting, Stack},
    support::{processes, wait_until_gone},
};

/// How long a worker may take for an event, on the clock of the test.
const EXEC_TTL: Duration = Duration::from_secs(1);

/// What a worker does instead of an answer, and whether only time ends it.
const CRASHES: [(&str, bool); 14] = [
    ("exit:0", false),
    ("exit:255", false),
    ("abort", false),
    ("print:PHP Fatal error: no such function,exit:255", false),
    // It says something else and lives on: nobody knows whether there is more to come.
    ("raw:<b>Warning</b> in worker.php\\n", true),
    ("bad-checksum", true),
    ("promise:4000000000", false),
    ("no-option", false),
    ("long-context", false),
    ("stream", false),
    ("control:{}", false),
    ("hang", true),
    // An answer that is never whole.
    ("promise:1000", true),
    // It asks to be replaced, and so do all that are asked then, each of which comes later.
    ("stop,write:late", true),
];

/// Three workers that do this when they are told "crash".
fn setting(rules: &[&str], answers: AnswerMode) -> Setting {
    let worker = crate::support::scripted_worker().as_os_str().to_os_string();
    let words = [worker].into_iter().chain(rules.iter().map(Into::into));
    let processes = Processes::from_words(words).unwrap().answers(answers);
    let pool = PoolOptions::new()
        .num_workers(3)
        .exec_ttl(EXEC_TTL)
        // Only what takes too long for an event ends by time.
        .allocate_timeout(Duration::ZERO);
    let servers = vec![("echo", ServerOptions::new().write_timeout(Duration::ZERO))];
    Setting { processes, pool, servers }
}

fn ask_all(clients: &mut [Client], message: &str) {
    clients.iter_mut().for_each(|client| client.say(message));
    clients.iter_mut().for_each(|client| assert_eq!(client.line(), message));
}

/// Lets time pass, if only that ends what a worker does, until the client is closed, after so many
/// others; what it heard.
fn until_closed(stack: &Stack, client: &mut Client, closed: usize, takes_time: bool) -> String {
    if takes_time {
        stack.pass_until(EXEC_TTL, || stack.told("server echo, connection").len() > closed);
    }
    client.rest()
}

#[test]
fn a_crash_at_a_message_costs_its_connection_only() {
    for answers in [AnswerMode::Barrier, AnswerMode::Strict] {
        for (crash, takes_time) in CRASHES {
            let close = "close=log:was told of the end,continue";
            let stack = setting(&[&format!("data:crash={crash}"), close], answers).start();
            let mut others = [(); 4].map(|()| stack.connect());
            ask_all(&mut others, "before\r\n");
            for closed in 0..2 {
                let mut victim = stack.connect();
                assert_eq!(victim.ask("x\r\n"), "x\r\n");
                victim.say("crash\r\n");
                assert_eq!(until_closed(&stack, &mut victim, closed, takes_time), "", "{crash}");
                until_three_are_ready(&stack);
                ask_all(&mut others, "after\r\n");
            }
            // Each was closed once, and nobody was told of the end of those.
            assert_eq!(stack.told("server echo, connection").len(), 2, "{crash}");
            assert_eq!(stack.told("was told of the end").len(), 0, "{crash}");
            assert!(stack.serves(), "{crash}");
            others.into_iter().for_each(|other| assert_eq!(other.finish(), "", "{crash}"));
            stack.until_told("was told of the end", 4);
        }
    }
}

/// Those who come in the place of workers that break at their first event come later each time.
fn until_three_are_ready(stack: &Stack) {
    stack.pass_until(EXEC_TTL, || {
        let workers = stack.handle.workers();
        workers.len() == 3 && workers.iter().all(|it| it.state == WorkerState::Idle)
    });
    assert_eq!(stack.pids().len(), 3);
}

#[test]
fn a_crash_at_the_end_of_a_connection_costs_nothing_but_the_worker() {
    for answers in [AnswerMode::Barrier, AnswerMode::Strict] {
        for (crash, takes_time) in CRASHES {
            let stack = setting(&[&format!("close={crash}")], answers).start();
            let mut others = [(); 3].map(|()| stack.connect());
            ask_all(&mut others, "before\r\n");
            assert_eq!(stack.connect().finish(), "");
            if takes_time {
                stack.pass_until(EXEC_TTL, || !stack.told("connection").is_empty());
            }
            stack.until_told("server echo, connection", 1);
            until_three_are_ready(&stack);
            ask_all(&mut others, "after\r\n");
            assert!(stack.serves(), "{crash}");
        }
    }
}

#[test]
fn a_crash_at_every_new_connection_never_ends_the_server() {
    for answers in [AnswerMode::Barrier, AnswerMode::Strict] {
        for (crash, takes_time) in CRASHES {
            let stack = setting(&[&format!("connected={crash}")], answers).start();
            for _ in 0..4 {
                // Those who keep breaking come back later each time, on this clock.
                let closed = stack.told("server echo, connection").len() + 1;
                let mut client = stack.connect();
                let is_closed = || stack.told("server echo, connection").len() == closed;
                match takes_time {
                    true => stack.pass_until(EXEC_TTL, is_closed),
                    false => stack.until(is_closed),
                }
                assert_eq!(client.rest(), "", "{crash}");
                stack.pass_until(EXEC_TTL, || stack.handle.workers().len() == 3);
                stack.pass_until(EXEC_TTL, || stack.told("is ready").len() >= 3 + closed);
            }
            until_three_are_ready(&stack);
            assert!(stack.serves(), "{crash}");
        }
    }
}

#[test]
fn crashes_of_all_kinds_in_any_order_cost_one_connection_each() {
    let seed = fastrand::u64(..);
    let mut random = fastrand::Rng::with_seed(seed);
    for answers in [AnswerMode::Barrier, AnswerMode::Strict] {
        let named = CRASHES.iter().enumerate();
        let rules: Vec<_> = named.map(|(at, (crash, _))| format!("data:{at}={crash}")).collect();
        let mut rules: Vec<_> = rules.iter().map(String::as_str).collect();
        rules.push("close=continue");
        let stack = setting(&rules, answers).start();
        let greeted = || {
            let mut client = stack.connect();
            assert_eq!(client.ask("hello\r\n"), "hello\r\n");
            client
        };
        let mut clients: Vec<_> = (0..8).map(|_| greeted()).collect();
        for round in 1..=40 {
            let (at, which) = (random.usize(..CRASHES.len()), random.usize(..clients.len()));
            let mut victim = std::mem::replace(&mut clients[which], greeted());
            victim.say(format!("{at}\r\n"));
            let context = format!("seed {seed}, {answers:?}, round {round}: {:?}", CRASHES[at]);
            assert_eq!(
                until_closed(&stack, &mut victim, round - 1, CRASHES[at].1),
                "",
                "{context}"
            );
            until_three_are_ready(&stack);
            ask_all(&mut clients, &format!("round {round}\r\n"));
            assert_eq!(stack.told("server echo, connection").len(), round, "{context}");
            assert!(stack.serves(), "{context}");
        }
    }
}

#[test]
fn a_second_answer_belongs_to_the_same_client_or_breaks_the_worker() {
    let twice = "data:twice=write:one\\r\\n,write:two\\r\\n";
    let stack = setting(&[twice], AnswerMode::Barrier).start();
    let mut client = stack.connect();
    assert_eq!((client.ask("twice\r\n"), client.line()), ("one\r\n".into(), "two\r\n".into()));
    assert_eq!(client.ask("next\r\n"), "next\r\n");
    assert_eq!(stack.told("ends").len(), 0);

    // Strictly, it is found before the next event is given, and not taken for the answer to that.
    let directory = TestDir::new();
    let [go_on, done] = ["go", "done"].map(|name| directory.join(name));
    let listeners = [&go_on, &done].map(|path| UnixListener::bind(path).unwrap());
    let twice = format!(
        "data:twice=write:one\\r\\n,wait:{},write:two\\r\\n,hold:{}",
        go_on.display(),
        done.display()
    );
    let stack = setting(&[&twice, "close=continue"], AnswerMode::Strict).start();
    for _ in 0..5 {
        let (mut client, mut other) = (stack.connect(), stack.connect());
        assert_eq!(other.ask("before\r\n"), "before\r\n");
        assert_eq!(client.ask("twice\r\n"), "one\r\n");
        stack.until_all_are_idle();
        drop(listeners[0].accept().unwrap());
        listeners[1].accept().unwrap();
        assert_eq!(other.ask("next\r\n"), "next\r\n");
        assert_eq!((other.finish(), client.finish()), (String::new(), String::new()));
    }
}

#[test]
fn a_header_that_comes_in_parts_is_an_answer_like_any_other() {
    for answers in [AnswerMode::Barrier, AnswerMode::Strict] {
        for at in [1, 6, 11, 12, 14, 16, 20] {
            let stack = setting(&[&format!("data=halves:{at}")], answers).start();
            let mut client = stack.connect();
            client.say("x\r\n");
            assert_eq!(client.hear(10), "0123456789");
        }
    }
}

#[test]
fn no_header_reaches_a_worker_in_parts() {
    // It reads as PHP does, so that one in parts ends it.
    for answers in [AnswerMode::Barrier, AnswerMode::Strict] {
        let stack = setting(&["close=continue"], answers).start();
        let mut client = stack.connect();
        for length in [1, 3900, 4000, 4090, 4096, 4097, 8192, 65_536, 65_537, 300_000] {
            let message = "x".repeat(length) + "\r\n";
            for _ in 0..3 {
                assert_eq!(client.ask(&message).len(), message.len());
            }
        }
        assert_eq!(stack.told("ends").len(), 0);
    }
}

#[test]
fn a_worker_that_says_nothing_to_a_goodbye_is_stuck_in_no_mode() {
    // As the workers of the original's own example, which do not answer to CLOSE.
    for answers in [AnswerMode::Barrier, AnswerMode::Strict] {
        let setting = setting(&["close="], answers);
        let processes = setting.processes.closed_timeout(EXEC_TTL / 2);
        let pool = setting.pool.exec_ttl(Duration::ZERO);
        let stack = Setting { processes, pool, ..setting }.start();
        for round in 1..=6 {
            assert_eq!(stack.connect().finish(), "");
            if answers == AnswerMode::Strict {
                let told = || stack.told("server echo, connection").len();
                stack.pass_until(EXEC_TTL / 2, || told() == round);
            }
        }
        until_three_are_ready(&stack);
        assert_eq!(stack.connect().ask("next\r\n"), "next\r\n");
    }
}

#[test]
fn the_last_worker_can_be_killed_again_and_again_and_the_server_stays() {
    let stack = Setting::new(processes([])).workers(1).start();
    let mut client = stack.connect();
    for round in 0..5 {
        let message = format!("{round}\r\n");
        assert_eq!(client.ask(&message), message);
        let pid = stack.pids()[0];
        kill(pid);
        wait_until_gone(pid);
        stack.until(|| !stack.pids().contains(&pid));
    }
    assert_eq!(client.ask("still here\r\n"), "still here\r\n");
}

fn kill(pid: u32) {
    let pid = rustix::process::Pid::from_raw(pid.try_into().unwrap()).unwrap();
    rustix::process::kill_process(pid, rustix::process::Signal::KILL).unwrap();
}

#[test]
fn what_a_worker_has_logged_before_it_breaks_is_told() {
    for answers in [AnswerMode::Barrier, AnswerMode::Strict] {
        let rules = ["data:crash=logs:300,log:the reason,exit:255", "close=continue"];
        let stack = setting(&rules, answers).start();
        let mut victim = stack.connect();
        victim.say("crash\r\n");
        assert_eq!(victim.rest(), "");
        stack.until(|| stack.told("is ready").len() == 4);
        let told = (stack.told(": line ").len(), stack.told(": the reason").len());
        assert_eq!(told, (300, 1), "{answers:?}");
    }
}
