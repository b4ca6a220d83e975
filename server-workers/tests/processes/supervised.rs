//! What a file says of the pool, seen on real processes: each key from the text to its effect.

use std::{io, net::TcpStream, os::unix::net::UnixListener, time::Duration};

use futures_lite::future::{block_on, poll_once};
use socketry_server_workers::{Config, WorkerState};
use socketry_testing::TestDir;

use crate::{
    stack::{Setting, Stack},
    support::{scripted_worker, wait_until_gone},
};

const SECOND: Duration = Duration::from_secs(1);

/// A server whose pool has these keys, and whose workers have these rules.
fn setting<const N: usize>(pool: &str, rules: [&str; N]) -> Setting {
    let worker = scripted_worker().to_str().unwrap();
    let words: Vec<_> = [worker].into_iter().chain(rules).collect();
    configured(pool, &format!("command: {}", serde_json::to_string(&words).unwrap()))
}

/// A server whose pool and whose workers have these keys.
fn configured(pool: &str, server: &str) -> Setting {
    let text = format!(
        "server:\n  {server}\ntcp:\n  servers: {{echo: {{addr: ':0'}}}}\n  pool: {{{pool}}}\n"
    );
    let config = <Config>::parse(&text, "workers.yaml").unwrap();
    assert_eq!(config.warnings(), []);
    let servers = vec![("echo", config.servers().next().unwrap().options())];
    Setting { processes: config.processes().unwrap(), pool: config.pool_options(), servers }
}

/// Returns when there is another worker in place of this one, and all are idle.
fn until_replaced(stack: &Stack, pid: u32) {
    wait_until_gone(pid);
    let is_new = || stack.pids().iter().all(|other| *other != pid);
    stack.until(|| is_new() && stack.handle.workers().iter().all(|it| it.pid.is_some()));
    stack.until_all_are_idle();
}

/// The worker that has answered, and the one that has not.
fn told_apart(stack: &Stack) -> (u32, u32) {
    let workers = stack.handle.workers();
    let (used, unused) =
        (workers.iter().find(|it| it.jobs > 0), workers.iter().find(|it| it.jobs == 0));
    (used.unwrap().pid.unwrap(), unused.unwrap().pid.unwrap())
}

#[test]
fn num_workers_is_how_many_processes_there_are() {
    let stack = setting("num_workers: 3", []).start();
    stack.until(|| stack.pids().len() == 3);
}

#[test]
fn a_worker_that_has_taken_too_much_memory_is_replaced_and_its_client_stays() {
    let pool = "num_workers: 2, supervisor: {watch_tick: 7s, max_worker_memory: 40}";
    let stack = setting(pool, ["data:grow=allocate:64,echo"]).start();
    let mut client = stack.connect();
    assert_eq!(client.ask("x\r\n"), "x\r\n");
    stack.until_all_are_idle();
    let (used, unused) = told_apart(&stack);
    stack.clock.advance(7 * SECOND);
    assert_eq!(client.ask("grow\r\n"), "grow\r\n");
    stack.pass_until(7 * SECOND, || !stack.told("memory").is_empty());
    until_replaced(&stack, used);
    assert!(stack.pids().contains(&unused));
    assert_eq!(client.ask("next\r\n"), "next\r\n");
}

#[test]
fn workers_live_as_long_as_ttl_and_clients_stay() {
    let pool = "num_workers: 2, supervisor: {watch_tick: 1s, ttl: 60s}";
    let stack = setting(pool, []).start();
    let (old, mut client) = (stack.pids(), stack.connect());
    (0..58).for_each(|_| stack.clock.advance(SECOND));
    assert_eq!(client.ask("x\r\n"), "x\r\n");
    assert_eq!(stack.pids(), old);
    stack.clock.advance(4 * SECOND);
    old.into_iter().for_each(|pid| until_replaced(&stack, pid));
    assert_eq!(client.ask("next\r\n"), "next\r\n");
}

#[test]
fn a_worker_that_has_had_nothing_to_do_for_idle_ttl_is_replaced_but_not_an_unused_one() {
    let pool = "num_workers: 2, supervisor: {watch_tick: 1s, idle_ttl: 60s}";
    let stack = setting(pool, []).start();
    let mut client = stack.connect();
    assert_eq!(client.ask("x\r\n"), "x\r\n");
    stack.until_all_are_idle();
    let (used, unused) = told_apart(&stack);
    stack.clock.advance(62 * SECOND);
    until_replaced(&stack, used);
    assert!(stack.pids().contains(&unused));
    assert_eq!(client.ask("next\r\n"), "next\r\n");
}

#[test]
fn a_worker_that_takes_longer_than_exec_ttl_is_killed() {
    let pool = "num_workers: 1, supervisor: {exec_ttl: 60s}";
    let stack = setting(pool, ["start=ignore-term", "data:hang=hang"]).start();
    let (pid, mut client) = (stack.pids()[0], stack.connect());
    assert_eq!(client.ask("x\r\n"), "x\r\n");
    stack.until_all_are_idle();
    client.say("hang\r\n");
    stack.until_busy(1);
    stack.clock.advance(59 * SECOND);
    assert_eq!(stack.pids(), [pid]);
    stack.pass_until(SECOND, || !stack.pids().contains(&pid));
    assert_eq!(client.rest(), "");
    until_replaced(&stack, pid);
    assert_eq!(stack.connect().ask("next\r\n"), "next\r\n");
}

#[test]
fn a_worker_is_replaced_after_max_jobs_and_a_seventh_more_at_most() {
    let stack = setting("num_workers: 1, max_jobs: 14", ["data=pid,write:\\r\\n"]).start();
    let (pid, mut client) = (stack.pids()[0], stack.connect());
    let answers: Vec<_> = (0..20).map(|_| client.ask("x\r\n").trim().to_string()).collect();
    // The first event was that of the connection.
    let by_the_first = answers.iter().take_while(|it| **it == pid.to_string()).count();
    assert!((13..=15).contains(&by_the_first), "{by_the_first}");
}

#[test]
fn with_debug_a_changed_script_answers_the_next_event() {
    let directory = TestDir::new();
    let worker = scripted_worker().display();
    let script = |answer| format!("exec {worker} 'data=write:{answer}\\r\\n'\n");
    let path = directory.write("worker.sh", script("old"));
    let command = format!("command: [sh, {}]", path.display());
    let stack = configured("num_workers: 2, debug: true", &command).serve();
    let mut client = stack.connect();
    assert_eq!(client.ask("x\r\n"), "old\r\n");
    directory.write("worker.sh", script("new"));
    assert_eq!(client.ask("x\r\n"), "new\r\n");
}

/// A server with one worker, which is at an event until somebody closes what `listener` accepts.
fn one_that_waits(pool: &str, directory: &TestDir) -> (Stack, UnixListener) {
    let gate = directory.join("gate");
    let listener = UnixListener::bind(&gate).unwrap();
    let rule = format!("data:wait=wait:{},echo", gate.display());
    (setting(&format!("num_workers: 1, {pool}"), [&rule]).start(), listener)
}

#[test]
fn one_more_event_than_max_queue_size_closes_its_connection() {
    let directory = TestDir::new();
    let (stack, gate) = one_that_waits("max_queue_size: 1", &directory);
    // One after the other, or else one of them is too many already.
    let mut clients = [(); 3].map(|()| {
        let mut client = stack.connect();
        assert_eq!(client.ask("x\r\n"), "x\r\n");
        client
    });
    let [first, second, third] = &mut clients;
    first.say("wait\r\n");
    let (waiting, _) = gate.accept().unwrap();
    // One of these two waits, and one is too many.
    second.say("second\r\n");
    third.say("third\r\n");
    stack.until_told("server echo, connection", 1);
    drop(waiting);
    assert_eq!(first.line(), "wait\r\n");
    let heard = [second.line(), third.line()];
    assert_eq!(heard.iter().filter(|line| line.is_empty()).count(), 1, "{heard:?}");
    assert_eq!(first.ask("x\r\n"), "x\r\n");
}

#[test]
fn an_event_waits_for_a_free_worker_no_longer_than_allocate_timeout() {
    let directory = TestDir::new();
    let (stack, gate) = one_that_waits("allocate_timeout: 60s", &directory);
    let mut clients = [(); 2].map(|()| stack.connect());
    clients.iter_mut().for_each(|client| assert_eq!(client.ask("x\r\n"), "x\r\n"));
    let [first, second] = &mut clients;
    first.say("wait\r\n");
    let (waiting, _) = gate.accept().unwrap();
    second.say("x\r\n");
    stack.pass_until(SECOND, || !stack.told("server echo, connection").is_empty());
    assert_eq!(second.rest(), "");
    drop(waiting);
    assert_eq!(first.line(), "wait\r\n");
}

#[test]
fn a_first_worker_that_never_says_its_pid_is_an_error_after_allocate_timeout() {
    let stack = setting("num_workers: 2, allocate_timeout: 10s", ["hello=hang"]).serve();
    stack.pass_until(SECOND, || !stack.serves());
    assert_eq!(stack.ended().unwrap_err().kind(), io::ErrorKind::TimedOut);
}

#[test]
fn a_later_worker_that_never_says_its_pid_is_tried_again_and_ends_nothing() {
    let directory = TestDir::new();
    let worker = scripted_worker().display();
    let script = |rule| format!("exec {worker} {rule}\n");
    let path = directory.write("worker.sh", script(""));
    let command = format!("command: [sh, {}]", path.display());
    let stack = configured("num_workers: 1, allocate_timeout: 10s", &command).start();
    let mut client = stack.connect();
    assert_eq!(client.ask("x\r\n"), "x\r\n");
    directory.write("worker.sh", script("hello=hang"));
    stack.handle.add_worker().unwrap();
    stack.pass_until(SECOND, || stack.told("could not be started").len() >= 2);
    assert_eq!(client.ask("with one\r\n"), "with one\r\n");
    directory.write("worker.sh", script(""));
    let idle = WorkerState::Idle;
    stack.pass_until(SECOND, || {
        stack.handle.workers().iter().filter(|it| it.state == idle).count() == 2
    });
}

#[test]
fn a_reset_kills_those_who_are_busy_for_longer_than_reset_timeout() {
    let stack = setting("num_workers: 1, reset_timeout: 30s", ["data:hang=hang"]).start();
    let (pid, mut client) = (stack.pids()[0], stack.connect());
    assert_eq!(client.ask("x\r\n"), "x\r\n");
    stack.until_all_are_idle();
    client.say("hang\r\n");
    stack.until_busy(1);
    let mut reset = Box::pin(stack.handle.reset());
    assert!(block_on(poll_once(&mut reset)).is_none());
    stack.until_told("is ready", 2); // or else the old one would stay
    stack.pass_until(SECOND, || block_on(poll_once(&mut reset)).is_some());
    assert_eq!(client.rest(), "");
    until_replaced(&stack, pid);
    assert_eq!(stack.connect().ask("next\r\n"), "next\r\n");
}

#[test]
fn the_end_waits_for_those_who_are_busy_no_longer_than_destroy_timeout() {
    let stack = setting("num_workers: 1, destroy_timeout: 30s", ["data:hang=hang"]).start();
    let (pid, mut client) = (stack.pids()[0], stack.connect());
    assert_eq!(client.ask("x\r\n"), "x\r\n");
    stack.until_all_are_idle();
    client.say("hang\r\n");
    stack.until_busy(1);
    let mut drain = Box::pin(stack.handle.drain(Duration::ZERO));
    assert!(block_on(poll_once(&mut drain)).is_none());
    stack.clock.advance(29 * SECOND);
    assert!(block_on(poll_once(&mut drain)).is_none());
    stack.pass_until(SECOND, || block_on(poll_once(&mut drain)).is_some());
    drop(drain);
    stack.ended().unwrap();
    assert_eq!(client.rest(), "");
    wait_until_gone(pid);
}

#[test]
fn the_pool_may_have_a_command_of_its_own_and_workers_an_environment() {
    let worker = scripted_worker().display();
    let pool = format!("num_workers: 1, command: [{worker}, 'data=env:APP_ENV']");
    let stack = configured(&pool, "command: /no/such/worker\n  env: {app_env: test}").start();
    let mut client = stack.connect();
    client.say("x\r\n");
    assert_eq!(client.hear(4), "test");
}

#[test]
fn workers_connect_to_the_relay_that_the_file_names() {
    let directory = TestDir::new();
    let worker = scripted_worker().display();
    let socket = format!("unix://{}", directory.join("relay").display());
    for relay in ["pipes", "tcp://127.0.0.1:0", &socket] {
        let server =
            format!("command: [{worker}, 'data=env:RR_RELAY,write:\\r\\n']\n  relay: {relay}");
        let stack = configured("num_workers: 2", &server).start();
        let said = stack.connect().ask("x\r\n");
        let scheme = relay.split(':').next().unwrap();
        assert!(said.starts_with(scheme), "{said}");
        if let Some(address) = said.trim().strip_prefix("tcp://") {
            assert!(TcpStream::connect(address).is_ok());
        }
    }
}

#[test]
fn addresses_are_told_without_ports_if_the_file_says_so() {
    let stack = setting("num_workers: 1, remote_addr: ip", ["data=context,write:\\r\\n"]).start();
    let said = stack.connect().ask("x\r\n");
    assert!(said.starts_with(r#"{"remote_addr":"127.0.0.1","#), "{said}");
}

#[test]
fn answers_are_strict_if_the_file_says_so() {
    let stack = setting("num_workers: 1, answers: strict", ["barrier=exit:1"]).start();
    let mut client = stack.connect();
    assert_eq!(client.ask("x\r\n"), "x\r\n");
    assert_eq!(client.ask("y\r\n"), "y\r\n");
    assert_eq!(stack.told("ends").len(), 0);
}

#[test]
fn a_strict_worker_has_closed_timeout_for_its_answer_to_a_goodbye_and_any_time_with_zero() {
    let pool = "num_workers: 1, answers: strict, closed_timeout";
    let stack = setting(&format!("{pool}: 10s"), []).start();
    stack.connect().finish();
    stack.pass_until(SECOND, || !stack.told("has not answered to CLOSE within 10s").is_empty());

    let directory = TestDir::new();
    let gate = directory.join("gate");
    let listener = UnixListener::bind(&gate).unwrap();
    let rule = format!("close=wait:{},continue", gate.display());
    let stack = setting(&format!("{pool}: 0s"), [&rule]).start();
    stack.connect().finish();
    let (waiting, _) = listener.accept().unwrap();
    stack.clock.advance(3600 * SECOND);
    drop(waiting);
    stack.until_all_are_idle();
    assert_eq!(stack.connect().ask("next\r\n"), "next\r\n");
    assert_eq!(stack.told("CLOSE").len(), 0);
}

#[test]
fn a_worker_that_does_not_stop_within_stop_timeout_gets_a_signal() {
    let stack = setting("num_workers: 1, stop_timeout: 20s", ["stop=hang"]).start();
    let pid = stack.pids()[0];
    block_on(stack.handle.reset()).unwrap();
    stack.clock.advance(19 * SECOND);
    assert!(stack.pids().contains(&pid));
    stack.pass_until(SECOND, || !stack.pids().contains(&pid));
    wait_until_gone(pid);
}

#[test]
fn an_answer_has_max_answer_size_at_most() {
    let rules = ["data:more=big:1020", "data:less=big:1019"];
    let stack = setting("num_workers: 1, max_answer_size: 1024", rules).start();
    let mut client = stack.connect();
    client.say("less\r\n");
    assert_eq!(client.hear(1019).len(), 1019);
    client.say("more\r\n");
    assert_eq!(client.rest(), "");
}
