//! One call of a scripted connector.

use std::{
    collections::VecDeque,
    fmt,
    future::poll_fn,
    io,
    sync::{Arc, Mutex},
    task::{Context, Poll, Waker},
};

use socketry_connection::{BoxConnection, Connection};
use socketry_connector::Trace;

use crate::sync::{lock, remember, wake};

/// A call that a [`ScriptedConnector`](crate::ScriptedConnector) has received and that the test
/// has to answer.
///
/// Dropped without an answer it fails, so that no test waits for ever: its caller gets an error of
/// kind [`ConnectionAborted`](io::ErrorKind::ConnectionAborted). Keep it to play a peer that never
/// answers.
pub struct Call<Target> {
    target: Target,
    line: Arc<Line>,
}

impl<Target> Call<Target> {
    pub(crate) fn new(target: Target) -> (Self, Caller) {
        let line = Arc::new(Line::default());
        (Self { target, line: line.clone() }, Caller { line })
    }

    /// What the connector was asked for.
    pub fn target(&self) -> &Target {
        &self.target
    }

    /// Tells the caller's trace what happens on the way, when the caller is next polled (and wakes
    /// it).
    ///
    /// # Examples
    ///
    /// ```
    /// use std::net::SocketAddr;
    ///
    /// use socketry_connector::EventKind;
    /// use socketry_testing::Call;
    ///
    /// fn begin(call: &Call<SocketAddr>) {
    ///     let remote = (*call.target()).into();
    ///     call.tell(move |trace| {
    ///         trace.tell(|| EventKind::attempt_started(&remote, None));
    ///     });
    /// }
    /// ```
    pub fn tell(&self, tell: impl FnOnce(Trace<'_>) + Send + 'static) {
        self.line.change(|state| state.tellings.push_back(Box::new(tell)));
    }

    /// Gives the caller its connection; dropped at once if the caller has given up.
    pub fn succeed(self, connection: impl Connection) {
        self.answer(Ok(Box::new(connection)));
    }

    /// Gives the caller an error.
    pub fn fail(self, error: io::Error) {
        self.answer(Err(error));
    }

    /// Whether the caller has given up: its future was dropped.
    pub fn is_cancelled(&self) -> bool {
        lock(&self.line.state).hung_up
    }

    /// Waits until the caller gives up.
    ///
    /// # Cancel safety
    ///
    /// May be dropped and called again. One task at a time can wait.
    pub async fn cancelled(&self) {
        poll_fn(|cx| {
            let mut state = lock(&self.line.state);
            if state.hung_up {
                return Poll::Ready(());
            }
            remember(&mut state.tester, cx);
            Poll::Pending
        })
        .await;
    }

    fn answer(&self, answer: io::Result<BoxConnection>) {
        self.line.change(|state| state.answer = Some(answer));
    }
}

impl<Target> Drop for Call<Target> {
    fn drop(&mut self) {
        self.line.change(|state| {
            state.answer.get_or_insert_with(|| Err(unanswered()));
        });
    }
}

impl<Target: fmt::Debug> fmt::Debug for Call<Target> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Call")
            .field("target", &self.target)
            .field("cancelled", &self.is_cancelled())
            .finish()
    }
}

/// The error of a call that the test dropped instead of answering.
fn unanswered() -> io::Error {
    let reason = "the test dropped this call of a scripted connector without an answer";
    io::Error::new(io::ErrorKind::ConnectionAborted, reason)
}

/// The caller's side of a call: what its future holds.
pub(crate) struct Caller {
    line: Arc<Line>,
}

impl Caller {
    /// The answer, once the test has given it; tells `trace` what the test says on the way.
    pub(crate) fn poll_answer(
        &self,
        cx: &Context<'_>,
        trace: Trace<'_>,
    ) -> Poll<io::Result<BoxConnection>> {
        let mut state = lock(&self.line.state);
        while let Some(tell) = state.tellings.pop_front() {
            drop(state); // what is told may do anything, even drive this very call
            tell(trace);
            state = lock(&self.line.state);
        }
        match state.answer.take() {
            Some(answer) => Poll::Ready(answer),
            None => {
                remember(&mut state.caller, cx);
                Poll::Pending
            }
        }
    }
}

impl Drop for Caller {
    fn drop(&mut self) {
        let mut state = lock(&self.line.state);
        state.hung_up = true;
        let tester = state.tester.take();
        drop(state);
        wake(tester);
    }
}

/// What the two sides of a call share.
#[derive(Default)]
struct Line {
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    tellings: VecDeque<Telling>,
    answer: Option<io::Result<BoxConnection>>,
    hung_up: bool,
    caller: Option<Waker>,
    tester: Option<Waker>,
}

type Telling = Box<dyn FnOnce(Trace<'_>) + Send>;

impl Line {
    /// Changes something that the caller waits for, unless it has hung up.
    fn change(&self, change: impl FnOnce(&mut State)) {
        let mut state = lock(&self.state);
        if state.hung_up {
            return;
        }
        change(&mut state);
        let caller = state.caller.take();
        drop(state);
        wake(caller);
    }
}
