//! Handshakes in tasks of an executor.

use std::{
    collections::VecDeque,
    io,
    pin::Pin,
    sync::{Arc, Mutex},
    task::{Context, Poll},
    thread::{self, JoinHandle},
};

use futures_lite::{AsyncRead, AsyncWrite, future::block_on};
use socketry_connection::{Address, Attributes, Connection};
use socketry_server::{Accept, AcceptExt};
use socketry_server_tls::TlsServer;
use socketry_testing::{CountingWaker, MemoryConnection, ScriptedServer, ServerHandle, pair};

use crate::support::{
    come, come_from, is_at_its_end, poll, poll_accept, poll_until_idle, secure, server,
};

type Task = Pin<Box<dyn Future<Output = ()> + Send>>;

/// An executor that runs its tasks when the test says so.
#[derive(Clone, Default)]
struct ByHand {
    tasks: Arc<Mutex<VecDeque<Task>>>,
}

impl ByHand {
    fn server(&self) -> (TlsServer<ScriptedServer>, ServerHandle) {
        let (server, handle) = server();
        let tasks = self.tasks.clone();
        (server.spawner(move |task| tasks.lock().unwrap().push_back(task)), handle)
    }

    /// Polls each task once.
    fn run(&self) {
        let mut tasks = self.take();
        tasks.retain_mut(|task| poll(task).is_pending());
        self.tasks.lock().unwrap().append(&mut tasks);
    }

    fn take(&self) -> VecDeque<Task> {
        std::mem::take(&mut *self.tasks.lock().unwrap())
    }

    fn count(&self) -> usize {
        self.tasks.lock().unwrap().len()
    }
}

#[test]
fn a_handshake_goes_on_where_the_spawner_puts_it() {
    let executor = ByHand::default();
    let (mut server, handle) = executor.server();
    let mut client = Box::pin(secure(come(&handle)));
    assert!(poll(&mut client).is_pending());
    assert!(poll_accept(&mut server).is_pending());
    assert!(poll(&mut client).is_pending(), "the server does nothing by itself");
    executor.run();
    let mut client = match poll(&mut client) {
        Poll::Ready(client) => client.unwrap(),
        Poll::Pending => panic!("the server has answered"),
    };
    executor.run();
    assert!(matches!(poll_accept(&mut server), Poll::Ready(Some(Ok(_)))));
    assert_eq!(executor.count(), 0);
    assert!(is_at_its_end(&mut client));
}

#[test]
fn a_handshake_that_has_ended_wakes_the_server() {
    let executor = ByHand::default();
    let (mut server, handle) = executor.server();
    drop(come(&handle));
    let waker = CountingWaker::new();
    assert!(server.poll_accept(&mut waker.context()).is_pending());
    waker.take();
    executor.run();
    assert_eq!(waker.count(), 1);
}

#[test]
fn a_flood_of_results_lets_other_tasks_have_a_turn() {
    let executor = ByHand::default();
    let (mut server, handle) = executor.server();
    let clients = Vec::from_iter((0..40).map(|n| come_from(n / 10, &handle)));
    assert!(poll_until_idle(&mut server).is_empty());
    drop(clients);
    executor.run();
    let results = (0..40).take_while(|_| poll_accept(&mut server).is_ready()).count();
    assert_eq!(results, 32);
    assert!(poll_accept(&mut server).is_ready());
}

#[test]
fn dropping_the_server_ends_what_the_executor_still_holds() {
    let executor = ByHand::default();
    let (mut server, handle) = executor.server();
    let mut client = come(&handle);
    assert!(poll_accept(&mut server).is_pending());
    executor.run();
    drop(server);
    assert!(is_at_its_end(&mut client));
}

#[test]
fn dropping_the_server_wakes_its_tasks_so_that_they_end() {
    let executor = ByHand::default();
    let (mut server, handle) = executor.server();
    let (_client, accepted) = pair();
    handle.push(Hooked { inner: accepted, server: Arc::default() });
    assert!(poll_accept(&mut server).is_pending());
    let waker = CountingWaker::new();
    let mut task = executor.take().remove(0).unwrap();
    assert!(task.as_mut().poll(&mut waker.context()).is_pending());
    drop(server);
    assert_eq!(waker.count(), 1);
    assert!(poll(&mut task).is_ready());
}

#[test]
fn dropping_the_server_ends_a_connection_that_nobody_has_taken_out() {
    let executor = ByHand::default();
    let (mut server, handle) = executor.server();
    let _idle = come(&handle); // keeps a task alive
    let mut client = Box::pin(secure(come(&handle)));
    assert!(poll_accept(&mut server).is_pending());
    assert!(poll(&mut client).is_pending());
    executor.run();
    let mut client = block_on(client).unwrap();
    executor.run();
    assert_eq!(executor.count(), 1, "one has finished");
    drop(server);
    assert!(is_at_its_end(&mut client));
}

#[test]
fn a_server_that_is_dropped_during_a_poll_of_its_handshake_ends_it_with_that_poll() {
    let executor = ByHand::default();
    let (mut server, handle) = executor.server();
    let (mut client, accepted) = pair();
    let server_to_drop = Arc::new(Mutex::new(None));
    handle.push(Hooked { inner: accepted, server: server_to_drop.clone() });
    assert!(poll_accept(&mut server).is_pending());
    *server_to_drop.lock().unwrap() = Some(server);
    executor.run();
    assert!(is_at_its_end(&mut client));
    assert_eq!(executor.count(), 0);
}

#[test]
fn a_task_that_its_executor_drops_is_one_error() {
    let executor = ByHand::default();
    let (mut server, handle) = executor.server();
    let mut client = come(&handle);
    assert!(poll_accept(&mut server).is_pending());
    server.control().close();
    drop(executor.take());
    assert!(is_at_its_end(&mut client));
    let error = block_on(server.accept()).unwrap().unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::ConnectionAborted);
    let text = "connection from tcp://192.0.2.1:50000 closed during TLS handshake: ";
    assert!(error.to_string().starts_with(text), "{error}");
    assert!(block_on(server.accept()).is_none());
}

/// An executor with three threads, until it is stopped.
struct Threads {
    executor: Arc<smol::Executor<'static>>,
    threads: Vec<JoinHandle<()>>,
    stop: smol::channel::Sender<()>,
}

impl Threads {
    fn start() -> Self {
        let executor = Arc::new(smol::Executor::new());
        let (stop, stopped) = smol::channel::unbounded::<()>();
        let start = || {
            let (executor, stopped) = (executor.clone(), stopped.clone());
            thread::spawn(move || {
                let stopped = block_on(executor.run(stopped.recv()));
                assert!(stopped.is_err(), "the other half is dropped");
            })
        };
        let threads = Vec::from_iter((0..3).map(|_| start()));
        Self { executor, threads, stop }
    }

    fn server(&self) -> (TlsServer<ScriptedServer>, ServerHandle) {
        let (server, handle) = server();
        let executor = self.executor.clone();
        (server.spawner(move |task| executor.spawn(task).detach()), handle)
    }

    fn stop(self) -> Arc<smol::Executor<'static>> {
        drop(self.stop);
        self.threads.into_iter().for_each(|thread| thread.join().unwrap());
        self.executor
    }
}

#[test]
fn a_hundred_clients_come_through_on_several_threads() {
    let threads = Threads::start();
    let (server, handle) = threads.server();
    let mut server = server.most_handshakes(20).most_handshakes_per_address(8);
    let plain = Vec::from_iter((0..100).map(|n| come_from(n / 10, &handle)));
    let clients = plain.into_iter().map(|client| threads.executor.spawn(secure(client)));
    let clients = Vec::from_iter(clients);
    block_on(async {
        for _ in 0..100 {
            server.accept().await.unwrap().unwrap();
        }
        for client in clients {
            client.await.unwrap();
        }
    });
    threads.stop();
}

#[test]
fn dropping_the_server_ends_handshakes_on_all_threads() {
    let threads = Threads::start();
    let (mut server, handle) = threads.server();
    let mut clients = Vec::from_iter((0..30).map(|_| come(&handle)));
    assert!(poll_accept(&mut server).is_pending());
    drop(server);
    let executor = threads.stop();
    while executor.try_tick() {}
    assert!(executor.is_empty(), "no task is left");
    assert!(clients.iter_mut().all(is_at_its_end));
}

/// Has nothing to read for ever, and wakes nobody. Drops a server when it is read from.
#[derive(Debug)]
struct Hooked {
    inner: MemoryConnection,
    server: Arc<Mutex<Option<TlsServer<ScriptedServer>>>>,
}

impl AsyncRead for Hooked {
    fn poll_read(
        self: Pin<&mut Self>,
        _cx: &mut Context<'_>,
        _buffer: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        let server = self.server.lock().unwrap().take();
        drop(server);
        Poll::Pending
    }
}

impl AsyncWrite for Hooked {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.inner).poll_write(cx, buffer)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_flush(cx)
    }

    fn poll_close(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_close(cx)
    }
}

impl Connection for Hooked {
    fn local_address(&self) -> Option<Address> {
        self.inner.local_address()
    }

    fn remote_address(&self) -> Option<Address> {
        self.inner.remote_address()
    }

    fn attributes(&self) -> &Attributes {
        self.inner.attributes()
    }

    fn attributes_mut(&mut self) -> &mut Attributes {
        self.inner.attributes_mut()
    }

    fn abort_handle(&mut self) -> Option<socketry_connection::AbortHandle> {
        self.inner.abort_handle()
    }
}
