//! Wherever servers are dropped, no file descriptor and no thread is left.

#![cfg(unix)]

use std::{
    io,
    os::unix::net::UnixStream,
    pin::Pin,
    sync::{Arc, Once, OnceLock},
    task::{Context, Poll},
    thread,
    time::Duration,
};

use futures_lite::{
    AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt,
    future::{block_on, or, poll_once},
};
use smol::{Async, Executor};
use socketry_connection::{AbortHandle, Address, Attributes, Connection};
use socketry_server::AcceptExt;
use socketry_server_workers::{
    Answer, Event, Handle, InProcess, Pool, PoolOptions, ServerOptions, Worker, WorkerServer,
};
use socketry_testing::{Baseline, ServerHandle, scripted_server};

/// A connection on a socket.
#[derive(Debug)]
struct Socket(Async<UnixStream>, Attributes);

impl AsyncRead for Socket {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.0).poll_read(cx, buffer)
    }
}

impl AsyncWrite for Socket {
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

impl Connection for Socket {
    fn local_address(&self) -> Option<Address> {
        None
    }

    fn remote_address(&self) -> Option<Address> {
        None
    }

    fn attributes(&self) -> &Attributes {
        &self.1
    }

    fn attributes_mut(&mut self) -> &mut Attributes {
        &mut self.1
    }

    fn abort_handle(&mut self) -> Option<AbortHandle> {
        None
    }
}

/// Answers what it is told, and "wait" never.
struct Echo;

impl Worker for Echo {
    async fn answer(&mut self, event: Event<'_>) -> io::Result<Option<Answer>> {
        match event {
            Event::Data(_, b"wait\r\n") => std::future::pending().await,
            Event::Data(_, b"much\r\n") => Ok(Some(Answer::respond(vec![b'.'; 1 << 24]))),
            Event::Data(_, b"quit\r\n") => Ok(Some(Answer::respond_close("bye"))),
            Event::Connected(_) => Ok(Some(Answer::respond("hello"))),
            _ => Ok(Some(Answer::respond(event.message()))),
        }
    }
}

fn servers() -> (WorkerServer<impl socketry_server_workers::Employ>, ServerHandle, Handle) {
    let (server, pushed) = scripted_server();
    let pool = Pool::new(InProcess::new(|| Echo), PoolOptions::new().num_workers(2));
    let minute = Duration::from_secs(60);
    let options = ServerOptions::new().idle_timeout(minute).read_timeout(minute);
    let servers = WorkerServer::new(pool).server("s", server.boxed(), options).unwrap();
    let handle = servers.handle();
    (servers, pushed, handle)
}

/// A client that has been greeted.
async fn connect(pushed: &ServerHandle) -> Async<UnixStream> {
    let (mut client, accepted) = Async::<UnixStream>::pair().unwrap();
    pushed.push(Socket(accepted, Attributes::new()));
    client.read_exact(&mut [0; 5]).await.unwrap();
    client
}

/// What the reactor opens once is open before.
fn baseline() -> Baseline {
    static OPEN: Once = Once::new();
    OPEN.call_once(|| {
        let (mut one, other) = Async::<UnixStream>::pair().unwrap();
        drop(other);
        assert_eq!(block_on(one.read(&mut [0])).unwrap(), 0);
    });
    Baseline::take()
}

/// Drops the servers after a client has said this and has heard so many bytes.
fn drop_after(message: &[u8], heard: usize) {
    let baseline = baseline();
    let (servers, pushed, handle) = servers();
    let mut client = block_on(or(
        async {
            servers.run().await.unwrap();
            unreachable!("the servers are open")
        },
        async {
            let mut client = connect(&pushed).await;
            client.write_all(message).await.unwrap();
            client.read_exact(&mut vec![0; heard]).await.unwrap();
            client
        },
    ));
    block_on(async { while client.read(&mut [0; 65536]).await.is_ok_and(|length| length > 0) {} });
    assert_eq!(handle.connections(), 0);
    drop(client);
    baseline.assert_unchanged();
}

#[test]
fn while_a_client_is_idle() {
    drop_after(b"hello\r\n", 7);
}

#[test]
fn while_a_message_is_partly_there() {
    drop_after(b"hello\r\nand", 7);
}

#[test]
fn while_a_worker_works() {
    drop_after(b"hello\r\nwait\r\n", 7);
}

#[test]
fn while_an_answer_is_half_written() {
    drop_after(b"much\r\n", 1);
}

#[test]
fn while_the_client_is_waited_for() {
    drop_after(b"quit\r\n", 3);
}

#[test]
fn before_anything_was_polled() {
    let baseline = baseline();
    let (servers, pushed, _handle) = servers();
    let (client, accepted) = UnixStream::pair().unwrap();
    pushed.push(Socket(Async::new(accepted).unwrap(), Attributes::new()));
    drop(servers.run());
    drop(client);
    baseline.assert_unchanged();
}

#[test]
fn while_connections_are_tasks_of_several_threads() {
    let baseline = baseline();
    let executor = Arc::new(Executor::new());
    let (servers, pushed, handle) = servers();
    let spawn = executor.clone();
    let servers = servers.spawner(move |task| spawn.spawn(task).detach());
    let (stop, stopped) = smol::channel::bounded::<()>(1);
    thread::scope(|scope| {
        let running = executor.spawn(servers.run());
        for _ in 0..3 {
            scope.spawn(|| block_on(executor.run(stopped.recv())));
        }
        let clients = block_on(async {
            let mut clients = Vec::new();
            for message in [&b"hello\r\n"[..], b"much\r\n", b"hello\r\nwait\r\n", b"quit\r\n"] {
                let mut client = connect(&pushed).await;
                client.write_all(message).await.unwrap();
                client.read_exact(&mut [0; 1]).await.unwrap();
                clients.push(client);
            }
            running.cancel().await;
            for client in &mut clients {
                while client.read(&mut [0; 65536]).await.is_ok_and(|length| length > 0) {}
            }
            clients
        });
        drop((clients, stop));
    });
    assert_eq!(handle.connections(), 0);
    // What was woken last has had no thread any more.
    while executor.try_tick() {}
    assert!(executor.is_empty());
    drop(executor);
    baseline.assert_unchanged();
}

#[test]
fn after_a_drain() {
    let baseline = baseline();
    let (servers, pushed, handle) = servers();
    let drained = block_on(async {
        let mut running = Box::pin(servers.run());
        assert!(poll_once(&mut running).await.is_none());
        let clients = or(
            async {
                running.as_mut().await.unwrap();
                unreachable!("the servers are open")
            },
            async { [connect(&pushed).await, connect(&pushed).await] },
        );
        let clients = clients.await;
        let (run, drained) = futures_lite::future::zip(running, handle.drain(Duration::ZERO)).await;
        run.unwrap();
        drop(clients);
        drained
    });
    assert_eq!(drained.closed, 2);
    baseline.assert_unchanged();
}

#[test]
fn of_workers_that_have_a_handle() {
    let baseline = baseline();
    let cell = Arc::new(OnceLock::new());
    let (of_workers, watched) = (cell.clone(), Arc::downgrade(&cell));
    let make = move || {
        let _: Option<&Handle> = of_workers.get();
        Echo
    };
    let servers = WorkerServer::new(Pool::new(InProcess::new(make), PoolOptions::new()));
    cell.set(servers.handle()).unwrap();
    drop((cell, servers));
    assert!(watched.upgrade().is_none());
    baseline.assert_unchanged();
}
