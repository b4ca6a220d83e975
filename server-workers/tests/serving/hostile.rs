//! Clients, workers and logs that do what they should not.

use std::{
    io,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    task::{Context, Poll},
};

use futures_lite::{AsyncRead, AsyncWrite};
use socketry_connection::{AbortHandle, Address, Attributes, Connection};
use socketry_server::AcceptExt;
use socketry_server_workers::{
    Answer, Event, Framing, InProcess, Pool, PoolOptions, ServerOptions, Worker, WorkerServer,
};
use socketry_testing::{
    ManualClock, MemoryConnection, Operation, ServerHandle, faulty, pair, pair_with_capacity,
    scripted_server,
};

use crate::{
    serving::support::{Runner, Setting, assert_serves, heard, say, stage, stage_with},
    support::{Hire, Scripted},
};

/// Answers at once, with the number of events that all workers have answered before.
struct Count(Arc<AtomicUsize>);

impl Worker for Count {
    async fn answer(&mut self, event: Event<'_>) -> io::Result<Option<Answer>> {
        match event {
            Event::Data(..) => {
                let number = self.0.fetch_add(1, Ordering::SeqCst);
                Ok(Some(Answer::respond(format!("{number}\n"))))
            }
            _ => Ok(Some(Answer::Read)),
        }
    }
}

fn counting(options: ServerOptions) -> (Runner, ServerHandle, Arc<AtomicUsize>) {
    let count = Arc::new(AtomicUsize::new(0));
    let counter = count.clone();
    let make = move || Count(counter.clone());
    let pool = PoolOptions::new().num_workers(1).clock(Arc::new(ManualClock::new()));
    let (server, pushed) = scripted_server();
    let servers = WorkerServer::new(Pool::new(InProcess::new(make), pool))
        .server("s", server.boxed(), options)
        .unwrap();
    let mut runner = Runner::new(servers.run());
    runner.turn();
    (runner, pushed, count)
}

fn come(runner: &mut Runner, pushed: &ServerHandle, bytes: usize) -> MemoryConnection {
    let (client, accepted) = pair_with_capacity(bytes);
    pushed.push(accepted);
    runner.turn();
    client
}

#[test]
fn who_sends_thousands_of_messages_at_once_starves_nobody() {
    let (mut runner, pushed, _) =
        counting(ServerOptions::new().framing(Framing::fixed(1).unwrap()));
    let mut flood = come(&mut runner, &pushed, 1 << 20);
    let mut other = come(&mut runner, &pushed, 1 << 20);
    say(&mut flood, &[b'.'; 10_000]);
    say(&mut other, b".");
    runner.turn();
    let number: usize = heard(&mut other).0.trim().parse().unwrap();
    assert!(number <= 64, "{number} were answered before");
}

#[test]
fn a_hundred_thousand_messages_in_one_segment_are_all_answered() {
    let (mut runner, pushed, count) = counting(ServerOptions::new());
    let mut client = come(&mut runner, &pushed, 1 << 20);
    say(&mut client, &b".\r\n".repeat(100_000));
    runner.turn();
    assert_eq!(count.load(Ordering::SeqCst), 100_000);
}

#[test]
fn a_message_of_a_mebibyte_in_single_bytes_is_one_message() {
    let options = ServerOptions::new().max_message_size(1 << 20);
    let (mut runner, pushed, count) = counting(options);
    let (mut client, accepted) = pair_with_capacity(1 << 20);
    let (accepted, faults) = faulty(accepted);
    faults.at_most_read(1);
    pushed.push(accepted);
    let mut message = vec![b'.'; (1 << 20) - 2];
    message.extend_from_slice(b"\r\n");
    say(&mut client, &message);
    runner.turn();
    assert_eq!(count.load(Ordering::SeqCst), 1);
}

/// A client that never stops sending, and the end of patience of the test.
#[derive(Debug)]
struct Endless(MemoryConnection, usize);

impl AsyncRead for Endless {
    fn poll_read(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
        buffer: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        self.1 += 1;
        assert!(self.1 < 100_000, "nobody else has a turn");
        buffer[0] = b'.';
        Poll::Ready(Ok(1))
    }
}

impl AsyncWrite for Endless {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.0).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_flush(cx)
    }

    fn poll_close(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_close(cx)
    }
}

impl Connection for Endless {
    fn local_address(&self) -> Option<Address> {
        None
    }

    fn remote_address(&self) -> Option<Address> {
        None
    }

    fn attributes(&self) -> &Attributes {
        self.0.attributes()
    }

    fn attributes_mut(&mut self) -> &mut Attributes {
        self.0.attributes_mut()
    }

    fn abort_handle(&mut self) -> Option<AbortHandle> {
        self.0.abort_handle()
    }
}

#[test]
fn a_client_that_never_stops_sending_is_closed_all_the_same_and_holds_up_nobody() {
    let mut stage = stage();
    let (mut client, accepted) = pair();
    stage.servers[0].push(Endless(accepted, 0));
    stage.runner.turns(4);
    stage.work.next().unwrap().answer(Answer::Close);
    stage.runner.turns(4);
    stage.work.next().unwrap().answer(Answer::Read);
    stage.runner.turns(4);
    assert_eq!(heard(&mut client), (String::new(), true));
    stage.pass(5_000);
    assert_serves(&mut stage);
}

#[test]
fn a_socket_is_closed_although_no_worker_is_free_for_the_last_event() {
    let mut stage = stage();
    let mut busy = stage.open();
    let mut client = stage.open();
    for peer in stage.handle.peers() {
        stage.handle.close(peer.id());
    }
    let _stuck = stage.next_is("CLOSED", b"");
    stage.turn();
    stage.pass(5_000);
    let refused = [&mut busy, &mut client].map(|client| {
        let mut cx = Context::from_waker(std::task::Waker::noop());
        matches!(Pin::new(client).poll_write(&mut cx, b"."), Poll::Ready(Err(_)))
    });
    assert_eq!(refused, [true; 2]);
}

#[test]
fn a_log_that_panics_ends_nothing() {
    let notices = |_: &socketry_server_workers::Notice<'_>| panic!("the disk is full");
    let (server, pushed) = scripted_server();
    let count = Arc::new(AtomicUsize::new(0));
    let counter = count.clone();
    let pool = PoolOptions::new().num_workers(1).on_notice(notices);
    let pool = Pool::new(InProcess::new(move || Count(counter.clone())), pool);
    let servers = WorkerServer::new(pool).server("s", server.boxed(), ServerOptions::new());
    let mut runner = Runner::new(servers.unwrap().run());
    pushed.push_error(io::Error::other("too many open files"));
    let mut client = come(&mut runner, &pushed, 64);
    say(&mut client, b"hello\r\n");
    runner.turn();
    assert_eq!(count.load(Ordering::SeqCst), 1);
}

#[test]
fn an_answer_under_a_layer_that_buffers_is_flushed() {
    let mut stage = stage();
    let (mut client, accepted) = pair();
    let (accepted, faults) = faulty(accepted);
    faults.buffer_writes(true);
    faults.delay(Operation::Flush, 3);
    stage.come(accepted);
    stage.next().answer(Answer::respond("hello"));
    assert_eq!(stage.heard(&mut client), ("hello".into(), false));
}

#[test]
fn everything_works_with_bytes_that_go_one_by_one_and_have_to_wait() {
    let mut stage = stage();
    let (mut client, accepted) = pair();
    let (accepted, faults) = faulty(accepted);
    faults.at_most_read(1);
    faults.at_most_written(1);
    for operation in [Operation::Read, Operation::Write, Operation::Flush, Operation::Close] {
        faults.delay(operation, 7);
    }
    stage.come(accepted);
    stage.next().answer(Answer::respond("hello "));
    stage.turn();
    stage.say(&mut client, b"bye\r\n");
    stage.next_is("DATA", b"bye\r\n").answer(Answer::respond_close("goodbye"));
    assert_eq!(stage.heard(&mut client), ("hello goodbye".into(), true));
}

#[test]
fn a_write_that_takes_nothing_is_an_error() {
    let mut stage = stage();
    let (_client, accepted) = pair();
    let (accepted, faults) = faulty(accepted);
    faults.do_nothing(Operation::Write);
    stage.come(accepted);
    stage.next().answer(Answer::respond("hello"));
    stage.next_is("CLOSED", b"");
}

#[test]
fn a_half_open_client_is_found_by_its_silence() {
    let options = ServerOptions::new().idle_timeout(std::time::Duration::from_secs(10));
    let mut stage = stage_with(options);
    let (_client, accepted) = pair();
    let (accepted, faults) = faulty(accepted);
    stage.come(accepted);
    stage.greet();
    faults.hold(Operation::Read);
    faults.hold(Operation::Close);
    stage.pass(10_000);
    stage.next_is("CLOSED", b"").answer(Answer::Read);
    stage.pass(5_000);
    stage.nothing_is_asked();
    assert_eq!(stage.handle.connections(), 0);
}

#[test]
fn a_connection_that_cannot_be_ended_from_outside_is_cut_all_the_same() {
    let mut stage = stage();
    let (mut client, accepted) = pair();
    let (accepted, faults) = faulty(accepted);
    faults.hide_abort_handle();
    stage.come(accepted);
    stage.greet();
    stage.runner.drop_future();
    assert_eq!(heard(&mut client), (String::new(), true));
}

#[test]
fn a_worker_that_never_answers_the_last_event_holds_up_no_other_worker() {
    let mut stage = Setting::default().workers(2).build();
    drop(stage.open());
    let stuck = stage.next_is("CLOSED", b"");
    stage.work.clone().leave_stuck(stuck);
    assert_serves(&mut stage);
}

#[test]
fn a_first_worker_that_does_not_start_is_told_when_the_others_have_taken_their_time_to_end() {
    let (kind, script) = Scripted::new();
    script.hires_one(2, Hire::Fail);
    script.dismissals_hang(true);
    let (server, _handle) = scripted_server();
    let servers = WorkerServer::new(Pool::new(kind, PoolOptions::new().num_workers(3)));
    let servers = servers.server("mail", server.boxed(), ServerOptions::new()).unwrap();
    let mut runner = Runner::new(servers.run());
    runner.turn();
    runner.wake();
    runner.turn();
    assert!(runner.result.is_none(), "the others are still ending");
    script.dismissals_hang(false);
    runner.turn();
    assert!(runner.result.unwrap().is_err());
}
