//! Servers on real sockets in front of real worker processes, on a clock that the test moves.

#![allow(dead_code, reason = "some of it is only for tests of the feature `yaml`")]

use std::{
    io::{self, BufRead, BufReader, Read, Write},
    net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream},
    pin::Pin,
    sync::{Arc, Mutex},
    task::{Context, Poll},
    thread::{self, JoinHandle},
    time::Duration,
};

use futures_lite::{AsyncRead, AsyncWrite, future};
use smol::Async;
use socketry_connection::{AbortHandle, Address, Attributes, Connection};
use socketry_server::AcceptExt;
use socketry_server_workers::{
    Handle, Pool, PoolOptions, Processes, ServerOptions, WorkerServer, WorkerState,
};
use socketry_testing::{ManualClock, ServerHandle, scripted_server};

/// What is to be served, and by whom.
pub(crate) struct Setting {
    pub(crate) processes: Processes,
    pub(crate) pool: PoolOptions,
    pub(crate) servers: Vec<(&'static str, ServerOptions)>,
}

impl Setting {
    /// One server named `echo`, and two workers.
    pub(crate) fn new(processes: Processes) -> Self {
        let pool = PoolOptions::new().num_workers(2);
        Self { processes, pool, servers: vec![("echo", ServerOptions::new())] }
    }

    pub(crate) fn workers(mut self, number: usize) -> Self {
        self.pool = self.pool.num_workers(number);
        self
    }

    pub(crate) fn options(mut self, options: ServerOptions) -> Self {
        self.servers = vec![("echo", options)];
        self
    }

    /// Serves on a thread of its own; the workers may not be ready yet.
    pub(crate) fn serve(self) -> Stack {
        let (clock, notices) = (ManualClock::new(), Arc::<Mutex<Vec<String>>>::default());
        let told = notices.clone();
        let pool = self.pool.clock(Arc::new(clock.clone()));
        let pool = pool.on_notice(move |notice| told.lock().unwrap().push(notice.to_string()));
        let processes = self.processes.clock(Arc::new(clock.clone()));
        let mut servers = WorkerServer::new(Pool::new(processes, pool));
        let (mut addresses, mut listeners) = (Vec::new(), Vec::new());
        for (name, options) in self.servers {
            let (server, pushed) = scripted_server();
            let listener = Async::<TcpListener>::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
            addresses.push(listener.get_ref().local_addr().unwrap());
            servers = servers.server(name, server.boxed(), options).unwrap();
            listeners.push((listener, pushed));
        }
        let handle = servers.handle();
        let pushed = listeners.iter().map(|(_, pushed)| pushed.clone()).collect();
        let thread = thread::spawn(move || {
            let executor = smol::LocalExecutor::new();
            listeners.into_iter().for_each(|it| executor.spawn(accept(it.0, it.1)).detach());
            smol::block_on(executor.run(servers.run()))
        });
        Stack { handle, clock, addresses, pushed, notices, thread: Some(thread) }
    }

    /// Serves, and waits until the workers are ready.
    pub(crate) fn start(self) -> Stack {
        let stack = self.serve();
        stack.until(|| !stack.handle.workers().is_empty());
        stack.until_all_are_idle();
        stack
    }
}

async fn accept(listener: Async<TcpListener>, pushed: ServerHandle) {
    while let Ok((stream, remote)) = listener.accept().await {
        let (remote, attributes) = (remote.into(), Attributes::default());
        pushed.push(Socket { stream, remote, attributes });
    }
}

/// Servers that serve.
pub(crate) struct Stack {
    pub(crate) handle: Handle,
    pub(crate) clock: ManualClock,
    pub(crate) addresses: Vec<SocketAddr>,
    pub(crate) pushed: Vec<ServerHandle>,
    notices: Arc<Mutex<Vec<String>>>,
    thread: Option<JoinHandle<io::Result<()>>>,
}

impl Stack {
    /// A client of the first server.
    pub(crate) fn connect(&self) -> Client {
        Client::connect(self.addresses[0])
    }

    /// Returns when this is so.
    pub(crate) fn until(&self, mut is_so: impl FnMut() -> bool) {
        while !is_so() {
            thread::yield_now();
        }
    }

    /// Returns when all workers have nothing to do, and none is being started or ended.
    pub(crate) fn until_all_are_idle(&self) {
        self.until(|| self.handle.workers().iter().all(|it| it.state == WorkerState::Idle));
    }

    /// Returns when so many workers are at an event.
    pub(crate) fn until_busy(&self, number: usize) {
        self.until(|| {
            let workers = self.handle.workers();
            workers.iter().filter(|it| it.state == WorkerState::Busy).count() == number
        });
    }

    /// Lets time pass until this is so, this much at once.
    pub(crate) fn pass_until(&self, step: Duration, mut is_so: impl FnMut() -> bool) {
        self.until(|| {
            self.clock.advance(step);
            is_so()
        });
    }

    /// The processes of the workers, in the order of their beginning.
    pub(crate) fn pids(&self) -> Vec<u32> {
        self.handle.workers().iter().filter_map(|it| it.pid).collect()
    }

    /// What was told and has this in it.
    pub(crate) fn told(&self, text: &str) -> Vec<String> {
        let notices = self.notices.lock().unwrap();
        notices.iter().filter(|line| line.contains(text)).cloned().collect()
    }

    /// Waits for this to be told so often.
    pub(crate) fn until_told(&self, text: &str, times: usize) {
        self.until(|| self.told(text).len() >= times);
    }

    /// How serving ends, whoever is connected.
    pub(crate) fn end(mut self) -> io::Result<()> {
        future::block_on(self.handle.drain(Duration::ZERO));
        self.thread.take().unwrap().join().unwrap()
    }

    /// Whether it still serves.
    pub(crate) fn serves(&self) -> bool {
        !self.thread.as_ref().unwrap().is_finished()
    }

    /// How serving has ended by itself.
    pub(crate) fn ended(mut self) -> io::Result<()> {
        self.thread.take().unwrap().join().unwrap()
    }
}

impl Drop for Stack {
    fn drop(&mut self) {
        let Some(thread) = self.thread.take() else { return };
        let mut drain = Box::pin(self.handle.drain(Duration::ZERO));
        let _ = future::block_on(future::poll_once(&mut drain));
        while !thread.is_finished() {
            self.clock.advance(Duration::from_secs(60)); // whoever is stuck is not waited for
            thread::yield_now();
        }
    }
}

/// A client with a real socket.
pub(crate) struct Client(BufReader<TcpStream>);

impl Client {
    pub(crate) fn connect(address: SocketAddr) -> Self {
        let stream = TcpStream::connect(address).unwrap();
        stream.set_nodelay(true).unwrap();
        Self(BufReader::new(stream))
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.0.get_ref().local_addr().unwrap()
    }

    pub(crate) fn say(&mut self, message: impl AsRef<[u8]>) {
        self.0.get_mut().write_all(message.as_ref()).unwrap();
    }

    /// The next line.
    pub(crate) fn line(&mut self) -> String {
        let mut line = String::new();
        self.0.read_line(&mut line).unwrap();
        line
    }

    /// What comes before so many bytes have come.
    pub(crate) fn hear(&mut self, length: usize) -> String {
        let mut heard = vec![0; length];
        self.0.read_exact(&mut heard).unwrap();
        String::from_utf8(heard).unwrap()
    }

    /// Says a line, and hears one.
    pub(crate) fn ask(&mut self, message: &str) -> String {
        self.say(message);
        self.line()
    }

    /// All that comes until the server closes.
    pub(crate) fn rest(&mut self) -> String {
        let mut rest = String::new();
        // Whoever is cut while something from it is unread sees a reset.
        let _ = self.0.read_to_string(&mut rest);
        rest
    }

    /// Ends its side, and hears the rest.
    pub(crate) fn finish(mut self) -> String {
        let _ = self.0.get_ref().shutdown(Shutdown::Write); // the server may have cut it
        self.rest()
    }
}

/// A socket as the servers of the house have it.
#[derive(Debug)]
struct Socket {
    stream: Async<TcpStream>,
    remote: Address,
    attributes: Attributes,
}

impl AsyncRead for Socket {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_read(cx, buffer)
    }
}

impl AsyncWrite for Socket {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_close(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(self.stream.get_ref().shutdown(Shutdown::Write))
    }
}

impl Connection for Socket {
    fn local_address(&self) -> Option<Address> {
        None
    }

    fn remote_address(&self) -> Option<Address> {
        Some(self.remote.clone())
    }

    fn attributes(&self) -> &Attributes {
        &self.attributes
    }

    fn attributes_mut(&mut self) -> &mut Attributes {
        &mut self.attributes
    }

    fn abort_handle(&mut self) -> Option<AbortHandle> {
        None
    }
}
