//! What the tests share: a stage with servers, workers that the test plays, and clients.

use std::{
    collections::VecDeque,
    future::{Future, poll_fn},
    io,
    pin::Pin,
    sync::{Arc, Mutex},
    task::{Context, Poll, Waker},
    time::Duration,
};

use futures_lite::{AsyncRead, AsyncWrite};
use smol::channel::{Receiver, Sender, bounded};
use socketry_server::{Accept, AcceptExt, Control};
use socketry_server_workers::{
    Answer, Event, Handle, InProcess, Peer, Pool, PoolOptions, ServerOptions, Worker, WorkerServer,
};
use socketry_testing::{
    CountingWaker, ManualClock, MemoryConnection, ServerHandle, pair, scripted_server,
};

/// What a worker was asked. Until it is answered, that worker works; dropped, it does so for ever.
pub(crate) struct Asked {
    pub(crate) kind: &'static str,
    pub(crate) peer: Peer,
    pub(crate) message: Vec<u8>,
    pub(crate) worker: usize,
    answer: Sender<io::Result<Option<Answer>>>,
}

impl Asked {
    pub(crate) fn answer(self, answer: Answer) {
        self.say(Ok(Some(answer)));
    }

    pub(crate) fn fail(self) {
        self.say(Err(io::Error::other("the worker failed")));
    }

    pub(crate) fn say(self, answer: io::Result<Option<Answer>>) {
        // Whoever asked may have gone.
        let _ = self.answer.try_send(answer);
    }
}

/// What the workers were asked and the test has not taken.
#[derive(Clone, Default)]
pub(crate) struct Work {
    asked: Arc<Mutex<VecDeque<Asked>>>,
    /// Those who ask for ever: their answers never come.
    stuck: Arc<Mutex<Vec<Asked>>>,
    made: Arc<Mutex<usize>>,
}

impl Work {
    pub(crate) fn next(&self) -> Option<Asked> {
        self.asked.lock().unwrap().pop_front()
    }

    pub(crate) fn leave_stuck(&self, asked: Asked) {
        self.stuck.lock().unwrap().push(asked);
    }

    /// A pool of workers that the test plays.
    pub(crate) fn pool(&self, options: PoolOptions) -> Pool<impl socketry_server_workers::Employ> {
        let work = self.clone();
        let make = move || {
            let mut made = work.made.lock().unwrap();
            *made += 1;
            Scripted { number: *made, work: work.clone() }
        };
        Pool::new(InProcess::new(make), options)
    }
}

struct Scripted {
    number: usize,
    work: Work,
}

impl Worker for Scripted {
    async fn answer(&mut self, event: Event<'_>) -> io::Result<Option<Answer>> {
        let kind = match event {
            Event::Connected(_) => "CONNECTED",
            Event::Data(..) => "DATA",
            _ => "CLOSED",
        };
        let (answer, answered): (_, Receiver<_>) = bounded(1);
        let (peer, message) = (event.peer().clone(), event.message().to_vec());
        let asked = Asked { kind, peer, message, worker: self.number, answer };
        self.work.asked.lock().unwrap().push_back(asked);
        answered.recv().await.unwrap()
    }
}

/// Polls a future for as long as anything moves.
pub(crate) struct Runner {
    future: Option<Pin<Box<dyn Future<Output = io::Result<()>> + Send>>>,
    waker: CountingWaker,
    pub(crate) result: Option<io::Result<()>>,
}

impl Runner {
    pub(crate) fn new(future: impl Future<Output = io::Result<()>> + Send + 'static) -> Self {
        let waker = CountingWaker::new();
        waker.waker().wake_by_ref(); // a task is polled once to begin with
        Self { future: Some(Box::pin(future)), waker, result: None }
    }

    /// Polls for as long as it is woken.
    #[track_caller]
    pub(crate) fn turn(&mut self) {
        assert!(self.turns(1_000_000), "it is woken for ever");
    }

    /// Polls for as long as it is woken, and so often at most; says whether nothing moves any more.
    pub(crate) fn turns(&mut self, most: usize) -> bool {
        for _ in 0..most {
            if self.waker.take() == 0 {
                return true;
            }
            let Some(future) = &mut self.future else { return true };
            if let Poll::Ready(result) = future.as_mut().poll(&mut self.waker.context()) {
                self.result = Some(result);
                self.future = None;
            }
        }
        false
    }

    /// It is polled once more, though nothing has happened.
    pub(crate) fn wake(&self) {
        self.waker.waker().wake_by_ref();
    }

    pub(crate) fn drop_future(&mut self) {
        self.future = None;
    }
}

/// Servers that run, and all that the test holds of them.
pub(crate) struct Stage {
    pub(crate) runner: Runner,
    pub(crate) servers: Vec<ServerHandle>,
    pub(crate) controls: Vec<Control>,
    pub(crate) handle: Handle,
    pub(crate) work: Work,
    pub(crate) clock: ManualClock,
    notices: Arc<Mutex<Vec<String>>>,
}

pub(crate) type Task = Pin<Box<dyn Future<Output = ()> + Send>>;

/// How a stage is set.
pub(crate) struct Setting {
    pub(crate) names: Vec<&'static str>,
    pub(crate) options: ServerOptions,
    pub(crate) pool: PoolOptions,
    pub(crate) spawner: Option<Box<dyn Fn(Task) + Send + Sync>>,
}

impl Default for Setting {
    fn default() -> Self {
        let pool = PoolOptions::new().num_workers(1).destroy_timeout(Duration::from_secs(7));
        Self { names: vec!["mail"], options: ServerOptions::new(), pool, spawner: None }
    }
}

impl Setting {
    pub(crate) fn workers(mut self, number: usize) -> Self {
        self.pool = self.pool.num_workers(number);
        self
    }

    pub(crate) fn build(self) -> Stage {
        let (clock, notices) = (ManualClock::new(), Arc::new(Mutex::new(Vec::new())));
        let heard = notices.clone();
        let pool = self.pool.clock(Arc::new(clock.clone()));
        let pool = pool.on_notice(move |notice| heard.lock().unwrap().push(notice.to_string()));
        let work = Work::default();
        let mut servers = WorkerServer::new(work.pool(pool));
        let (mut handles, mut controls) = (Vec::new(), Vec::new());
        for name in self.names {
            let (server, handle) = scripted_server();
            controls.push(server.control());
            servers = servers.server(name, server.boxed(), self.options.clone()).unwrap();
            handles.push(handle);
        }
        if let Some(spawner) = self.spawner {
            servers = servers.spawner(spawner);
        }
        let handle = servers.handle();
        let mut runner = Runner::new(servers.run());
        runner.turn();
        Stage { runner, servers: handles, controls, handle, work, clock, notices }
    }
}

/// A server with one worker.
pub(crate) fn stage() -> Stage {
    Setting::default().build()
}

/// A server with these options and one worker.
pub(crate) fn stage_with(options: ServerOptions) -> Stage {
    Setting { options, ..Setting::default() }.build()
}

impl Stage {
    pub(crate) fn turn(&mut self) {
        self.runner.turn();
    }

    /// What a worker is asked now.
    #[track_caller]
    pub(crate) fn next(&mut self) -> Asked {
        self.turn();
        self.work.next().expect("a worker is asked")
    }

    /// What a worker is asked now, as text.
    #[track_caller]
    pub(crate) fn next_is(&mut self, kind: &str, message: &[u8]) -> Asked {
        let asked = self.next();
        let message = String::from_utf8_lossy(message).into_owned();
        assert_eq!((asked.kind, &*String::from_utf8_lossy(&asked.message)), (kind, &*message));
        asked
    }

    /// The workers are asked nothing now.
    #[track_caller]
    pub(crate) fn nothing_is_asked(&mut self) {
        self.turn();
        let asked = self.work.next();
        assert!(asked.is_none(), "nothing: {:?}", asked.map(|it| it.kind));
    }

    /// Answers whatever comes with the same, and says what it was.
    pub(crate) fn answer_all(&mut self, answer: &Answer) -> Vec<(&'static str, Vec<u8>)> {
        let mut all = Vec::new();
        self.turn();
        while let Some(asked) = self.work.next() {
            all.push((asked.kind, asked.message.clone()));
            asked.answer(answer.clone());
            self.turn();
        }
        all
    }

    pub(crate) fn come(&mut self, connection: impl socketry_connection::Connection) {
        self.servers[0].push(connection);
        self.turn();
    }

    /// A client that has been greeted.
    #[track_caller]
    pub(crate) fn open(&mut self) -> MemoryConnection {
        let (client, accepted) = pair();
        self.come(accepted);
        self.greet();
        client
    }

    #[track_caller]
    pub(crate) fn greet(&mut self) {
        self.next_is("CONNECTED", b"").answer(Answer::Read);
        self.turn();
    }

    /// What the client hears now, and whether that is the end.
    pub(crate) fn heard(&mut self, client: &mut MemoryConnection) -> (String, bool) {
        let mut all = String::new();
        loop {
            self.turn();
            let (text, has_ended) = heard(client);
            all.push_str(&text);
            if has_ended || text.is_empty() {
                return (all, has_ended);
            }
        }
    }

    /// Says something, and lets the servers see it.
    pub(crate) fn say(&mut self, client: &mut MemoryConnection, bytes: &[u8]) {
        say(client, bytes);
        self.turn();
    }

    pub(crate) fn pass(&mut self, milliseconds: u64) {
        self.clock.advance(Duration::from_millis(milliseconds));
        self.turn();
    }

    pub(crate) fn notices(&self) -> Vec<String> {
        let all = self.notices.lock().unwrap();
        all.iter().filter(|notice| !notice.starts_with("worker ")).cloned().collect()
    }

    /// Whether the servers have ended, all of them well.
    pub(crate) fn has_ended(&mut self) -> bool {
        self.turn();
        self.runner.result.as_ref().is_some_and(Result::is_ok)
    }
}

/// Says all of it; there has to be room.
#[track_caller]
pub(crate) fn say(client: &mut MemoryConnection, bytes: &[u8]) {
    let mut cx = Context::from_waker(Waker::noop());
    let written = Pin::new(client).poll_write(&mut cx, bytes);
    assert!(matches!(written, Poll::Ready(Ok(length)) if length == bytes.len()), "{written:?}");
}

/// Ends the client's side.
pub(crate) fn end(client: &mut MemoryConnection) {
    let mut cx = Context::from_waker(Waker::noop());
    assert!(Pin::new(client).poll_close(&mut cx).is_ready());
}

/// What has come to a client, and whether that is the end.
pub(crate) fn heard(client: &mut (impl AsyncRead + Unpin)) -> (String, bool) {
    let mut all = Vec::new();
    let mut buffer = vec![0; 65536];
    let mut cx = Context::from_waker(Waker::noop());
    let has_ended = loop {
        match Pin::new(&mut *client).poll_read(&mut cx, &mut buffer) {
            Poll::Ready(Ok(0) | Err(_)) => break true,
            Poll::Ready(Ok(length)) => all.extend_from_slice(&buffer[..length]),
            Poll::Pending => break false,
        }
    };
    (String::from_utf8_lossy(&all).into_owned(), has_ended)
}

/// Polls a future once.
pub(crate) fn poll_now<F: Future + ?Sized>(mut future: Pin<&mut F>) -> Option<F::Output> {
    let once = poll_fn(|cx| {
        Poll::Ready(match future.as_mut().poll(cx) {
            Poll::Ready(output) => Some(output),
            Poll::Pending => None,
        })
    });
    futures_lite::future::block_on(once)
}

/// The server goes on: for after something that went wrong.
#[track_caller]
pub(crate) fn assert_serves(stage: &mut Stage) {
    let mut client = stage.open();
    stage.say(&mut client, b"still there?\r\n");
    stage.next_is("DATA", b"still there?\r\n").answer(Answer::respond_close("yes"));
    stage.next_is("CLOSED", b"").answer(Answer::Read);
    assert_eq!(stage.heard(&mut client), ("yes".into(), true));
}
