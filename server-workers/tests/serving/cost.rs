//! What is counted.

use std::{io, sync::Arc};

use allocation_counter::measure;
use socketry_server::AcceptExt;
use socketry_server_workers::{
    Answer, Event, InProcess, Pool, PoolOptions, ServerOptions, Worker, WorkerServer,
};
use socketry_testing::{
    ManualClock, MemoryConnection, ServerHandle, faulty, pair, scripted_server,
};

use crate::serving::support::{Runner, heard, say};

struct Echo;

impl Worker for Echo {
    async fn answer(&mut self, event: Event<'_>) -> io::Result<Option<Answer>> {
        Ok(Some(Answer::respond(event.message())))
    }
}

fn echo() -> (Runner, ServerHandle, ManualClock) {
    let clock = ManualClock::new();
    let options = PoolOptions::new().num_workers(2).clock(Arc::new(clock.clone()));
    let (server, pushed) = scripted_server();
    let servers = WorkerServer::new(Pool::new(InProcess::new(|| Echo), options))
        .server("echo", server.boxed(), ServerOptions::new())
        .unwrap();
    let mut runner = Runner::new(servers.run());
    runner.turn();
    (runner, pushed, clock)
}

fn hear(client: &mut MemoryConnection, buffer: &mut [u8]) -> usize {
    let mut cx = std::task::Context::from_waker(std::task::Waker::noop());
    let read = futures_lite::AsyncRead::poll_read(std::pin::Pin::new(client), &mut cx, buffer);
    match read {
        std::task::Poll::Ready(Ok(length)) => length,
        _ => 0,
    }
}

fn round_trip(runner: &mut Runner, client: &mut MemoryConnection, buffer: &mut [u8]) {
    say(client, b"hello\r\n");
    runner.turn();
    assert_eq!(hear(client, buffer), 7);
}

/// A pair whose link has held so much before, in both directions, so that it needs no more memory.
fn warm_pair(message: &[u8]) -> (MemoryConnection, MemoryConnection) {
    let (mut client, mut accepted) = pair();
    say(&mut client, message);
    heard(&mut accepted);
    say(&mut accepted, message);
    heard(&mut client);
    (client, accepted)
}

/// How many bytes more there are for each of `CLIENTS` connections that were answered this.
fn kept_for_each(message: &[u8]) -> i64 {
    const CLIENTS: usize = 64;
    let (mut runner, pushed, _clock) = echo();
    let serve_all = |runner: &mut Runner, pairs: Vec<(MemoryConnection, MemoryConnection)>| {
        let mut clients = Vec::with_capacity(CLIENTS);
        for (mut client, accepted) in pairs {
            pushed.push(accepted);
            say(&mut client, message);
            runner.turn();
            heard(&mut client);
            clients.push(client);
        }
        runner.turn();
        clients
    };
    let pairs = || (0..CLIENTS).map(|_| warm_pair(message)).collect();
    // What the thread keeps, and lists that have grown, are there before.
    drop(serve_all(&mut runner, pairs()));
    runner.turn();
    let mut clients = Vec::new();
    let pairs = pairs();
    let kept = measure(|| clients = serve_all(&mut runner, pairs));
    assert_eq!(clients.len(), CLIENTS);
    kept.bytes_current / CLIENTS as i64
}

#[test]
fn an_idle_connection_that_was_answered_holds_little_memory() {
    let each = kept_for_each(&[&[b'.'; 1000][..], b"\r\n"].concat());
    println!("{each} bytes for each idle connection");
    assert!((1..=2048).contains(&each), "{each} bytes");
}

#[test]
fn a_connection_keeps_no_memory_of_a_big_message() {
    let mut message = vec![b'.'; 30_000];
    message.extend_from_slice(b"\r\nand a bit");
    let each = kept_for_each(&message);
    println!("{each} bytes for each connection with a bit of a message");
    assert!((1..=4096 + 2048).contains(&each), "{each} bytes");
}

#[test]
fn an_answered_message_costs_the_bytes_of_its_answer_and_nothing_else() {
    let (mut runner, pushed, _clock) = echo();
    let (mut client, accepted) = pair();
    pushed.push(accepted);
    let mut buffer = [0; 64];
    for _ in 0..100 {
        round_trip(&mut runner, &mut client, &mut buffer);
    }
    let counted = measure(|| {
        for _ in 0..100 {
            round_trip(&mut runner, &mut client, &mut buffer);
        }
    });
    assert_eq!(counted.count_total, 100);
}

#[test]
fn an_answered_message_makes_no_timer_and_one_call_each_to_write_and_flush() {
    let (mut runner, pushed, clock) = echo();
    let (mut client, accepted) = pair();
    let (accepted, faults) = faulty(accepted);
    pushed.push(accepted);
    let mut buffer = [0; 64];
    round_trip(&mut runner, &mut client, &mut buffer);
    faults.take_counts();
    let timers = clock.sleeping();
    round_trip(&mut runner, &mut client, &mut buffer);
    let counts = faults.counts();
    let calls = (counts.reads, counts.writes, counts.vectored_writes, counts.flushes);
    assert_eq!((calls, clock.sleeping()), ((2, 1, 0, 1), timers));
}
