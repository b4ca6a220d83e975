//! Connections that come back: sessions and their ends, schedules to the millisecond, targets, hooks,
//! what a handle does, what it costs.

use std::{
    future::Future,
    io,
    pin::pin,
    sync::{Arc, Mutex},
    task::{Context, Poll, Waker},
    time::Duration,
};

use socketry_connection::BoxConnection;
use socketry_connector_reconnecting::{Backoff, Reconnecting, Session, Targets};
use socketry_testing::{
    ConnectorHandle, ManualClock, MemoryConnection, ScriptedConnector, pair, scripted_connector,
};

mod autotraits;
mod backoff;
mod circuits;
mod connman;
mod cost;
mod disconnecting;
mod ending;
mod epochs;
mod giving_up;
mod handles;
mod hooks;
mod idle;
mod pools;
mod registry;
mod sessions;
mod targets;

type Sessions = Reconnecting<ScriptedConnector<u16>, u16>;
type TestSession = Session<BoxConnection>;

/// Sessions over a connector that the test answers, on a clock that it moves.
struct Test {
    sessions: Sessions,
    script: ConnectorHandle<u16>,
    clock: ManualClock,
}

impl Test {
    /// To one target, with this backoff.
    fn new(backoff: Backoff) -> Self {
        Self::with(backoff, 80, |sessions| sessions)
    }

    fn with(
        backoff: Backoff,
        targets: impl Into<Targets<u16>>,
        choose: impl FnOnce(Sessions) -> Sessions,
    ) -> Self {
        let (connector, script) = scripted_connector();
        let clock = ManualClock::new();
        let sessions = Reconnecting::new(connector, targets)
            .with_clock(Arc::new(clock.clone()))
            .with_seed(1)
            .backoff(backoff);
        Self { sessions: choose(sessions), script, clock }
    }

    /// Polls once for the next session.
    fn poll(&mut self) -> Poll<Option<io::Result<TestSession>>> {
        poll_now(self.sessions.next())
    }

    /// The next session, which is there at once.
    fn session(&mut self) -> TestSession {
        match self.poll() {
            Poll::Ready(Some(Ok(session))) => session,
            other => panic!("there is no session, but {other:?}"),
        }
    }

    /// A session, as soon as an attempt may begin, and its peer.
    fn up(&mut self) -> (TestSession, MemoryConnection) {
        let (ours, theirs) = pair();
        self.script.succeed_next(ours);
        match self.poll() {
            Poll::Ready(Some(Ok(session))) => (session, theirs),
            Poll::Pending => {
                self.clock.advance(self.clock.until_next().expect("it waits for a time"));
                (self.session(), theirs)
            }
            other => panic!("there is no session, but {other:?}"),
        }
    }

    /// Why there will be no more sessions.
    fn end(&mut self) -> io::Error {
        match self.poll() {
            Poll::Ready(Some(Err(error))) => error,
            other => panic!("there is no error, but {other:?}"),
        }
    }

    /// How long until something happens; nothing happens before.
    fn waits(&mut self) -> Option<Duration> {
        match self.poll() {
            Poll::Pending => self.clock.until_next(),
            other => panic!("it does not wait, but {other:?}"),
        }
    }

    /// The delays after so many attempts, all of which fail at once.
    fn delays(&mut self, count: usize) -> Vec<Duration> {
        let mut delays = Vec::new();
        for _ in 0..count {
            self.script.fail_next(io::ErrorKind::ConnectionRefused.into());
            let delay = self.waits().expect("it waits for a time");
            self.clock.advance(delay);
            delays.push(delay);
        }
        delays
    }
}

/// Polls a future once, for a task that is never woken.
fn poll_now<F: Future>(future: F) -> Poll<F::Output> {
    pin!(future).poll(&mut Context::from_waker(Waker::noop()))
}

/// What a future that is ready comes to.
fn now<F: Future>(future: F) -> F::Output {
    match poll_now(future) {
        Poll::Ready(result) => result,
        Poll::Pending => panic!("it is not ready"),
    }
}

/// Something to write into from hooks, and to read in the test.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<String>>>);

impl Log {
    fn add(&self, line: impl Into<String>) {
        self.0.lock().unwrap().push(line.into());
    }

    fn take(&self) -> Vec<String> {
        std::mem::take(&mut self.0.lock().unwrap())
    }
}

fn ms(milliseconds: u64) -> Duration {
    Duration::from_millis(milliseconds)
}

fn refused() -> io::Error {
    io::ErrorKind::ConnectionRefused.into()
}
