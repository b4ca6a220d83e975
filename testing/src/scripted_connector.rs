//! A connector whose calls the test answers.

use std::{
    collections::VecDeque,
    fmt,
    future::poll_fn,
    io,
    sync::{Arc, Mutex},
    task::{Context, Poll, Waker},
};

use socketry_connection::{BoxConnection, Connection};
use socketry_connector::{Connect, Trace};

use crate::{
    Call,
    scripted_call::Caller,
    sync::{lock, remember, wake},
};

/// A connector whose calls appear at a handle, where the test answers them.
///
/// # Examples
///
/// ```
/// use std::io;
///
/// use futures_lite::future;
/// use socketry_connector::Connect;
/// use socketry_testing::scripted_connector;
///
/// let (connector, handle) = scripted_connector::<&str>();
/// let asking = connector.connect("somewhere");
/// let answering = async {
///     let call = handle.next_call().await;
///     assert_eq!(*call.target(), "somewhere");
///     call.fail(io::ErrorKind::ConnectionRefused.into());
/// };
/// let (result, ()) = future::block_on(future::zip(asking, answering));
/// assert_eq!(result.unwrap_err().kind(), io::ErrorKind::ConnectionRefused);
/// ```
pub fn scripted_connector<Target: Send>() -> (ScriptedConnector<Target>, ConnectorHandle<Target>) {
    let script = Arc::new(Mutex::new(Script::default()));
    (ScriptedConnector { script: script.clone() }, ConnectorHandle { script })
}

/// A connector that follows a script; see [`scripted_connector`].
///
/// A call begins when its future is first polled: it takes the answer prepared for it
/// ([`ConnectorHandle::answer_next`]), or else appears at the handle and waits. Once the handle is
/// dropped, calls that it has not taken fail, and so does every later one. A clone follows the same
/// script.
pub struct ScriptedConnector<Target> {
    script: Arc<Mutex<Script<Target>>>,
}

impl<Target: Send> Connect<Target> for ScriptedConnector<Target> {
    type Connection = BoxConnection;

    async fn connect_traced(&self, target: Target, trace: Trace<'_>) -> io::Result<BoxConnection> {
        let _alive = Alive::new(&self.script);
        let caller = match self.begin(target) {
            Begun::Answer(answer, target) => return answer(target, trace),
            Begun::Call(caller) => caller,
        };
        poll_fn(|cx| caller.poll_answer(cx, trace)).await
    }
}

impl<Target> ScriptedConnector<Target> {
    fn begin(&self, target: Target) -> Begun<Target> {
        let mut script = lock(&self.script);
        if let Some(answer) = script.answers.pop_front() {
            return Begun::Answer(answer, target);
        }
        let (call, caller) = Call::new(target);
        let waiting = match script.handle_dropped {
            true => None,
            false => {
                script.calls.push_back(call);
                script.tester.take()
            }
        };
        drop(script);
        wake(waiting);
        Begun::Call(caller)
    }
}

impl<Target> Clone for ScriptedConnector<Target> {
    fn clone(&self) -> Self {
        Self { script: self.script.clone() }
    }
}

impl<Target> fmt::Debug for ScriptedConnector<Target> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let pending = lock(&self.script).pending;
        f.debug_struct("ScriptedConnector").field("pending", &pending).finish()
    }
}

/// The test's side of a [`ScriptedConnector`].
pub struct ConnectorHandle<Target> {
    script: Arc<Mutex<Script<Target>>>,
}

impl<Target> ConnectorHandle<Target> {
    /// Waits for the next call.
    ///
    /// # Cancel safety
    ///
    /// A dropped future has taken no call. One task at a time can wait.
    pub async fn next_call(&self) -> Call<Target> {
        poll_fn(|cx| self.poll_next_call(cx)).await
    }

    /// The next call, if one has come.
    pub fn try_next_call(&self) -> Option<Call<Target>> {
        lock(&self.script).calls.pop_front()
    }

    /// How many calls are alive: begun, and neither finished nor dropped.
    pub fn pending(&self) -> usize {
        lock(&self.script).pending
    }

    /// How many calls have begun so far, those with a prepared answer included.
    pub fn begun(&self) -> usize {
        lock(&self.script).begun
    }

    /// Prepares the answer to one call to come, which it gets at its first poll without ever
    /// waiting. Answers are used in the order in which they were prepared.
    ///
    /// # Examples
    ///
    /// ```
    /// use futures_lite::future::block_on;
    /// use socketry_connector::Connect;
    /// use socketry_testing::{pair, scripted_connector};
    ///
    /// let (connector, handle) = scripted_connector::<u16>();
    /// let (ours, _theirs) = pair();
    /// handle.answer_next(move |port, _trace| {
    ///     assert_eq!(port, 80);
    ///     Ok(Box::new(ours))
    /// });
    /// assert!(block_on(connector.connect(80)).is_ok());
    /// ```
    pub fn answer_next(
        &self,
        answer: impl FnOnce(Target, Trace<'_>) -> io::Result<BoxConnection> + Send + 'static,
    ) {
        lock(&self.script).answers.push_back(Box::new(answer));
    }

    /// Prepares a success; see [`answer_next`](Self::answer_next).
    pub fn succeed_next(&self, connection: impl Connection) {
        self.answer_next(move |_, _| Ok(Box::new(connection)));
    }

    /// Prepares a failure; see [`answer_next`](Self::answer_next).
    pub fn fail_next(&self, error: io::Error) {
        self.answer_next(move |_, _| Err(error));
    }

    fn poll_next_call(&self, cx: &Context<'_>) -> Poll<Call<Target>> {
        let mut script = lock(&self.script);
        match script.calls.pop_front() {
            Some(call) => Poll::Ready(call),
            None => {
                remember(&mut script.tester, cx);
                Poll::Pending
            }
        }
    }
}

impl<Target> Drop for ConnectorHandle<Target> {
    fn drop(&mut self) {
        let mut script = lock(&self.script);
        script.handle_dropped = true;
        let calls = std::mem::take(&mut script.calls);
        drop(script);
        drop(calls); // after the lock: it wakes the callers
    }
}

impl<Target> fmt::Debug for ConnectorHandle<Target> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ConnectorHandle").field("pending", &self.pending()).finish()
    }
}

struct Script<Target> {
    answers: VecDeque<Answer<Target>>,
    calls: VecDeque<Call<Target>>,
    pending: usize,
    begun: usize,
    handle_dropped: bool,
    tester: Option<Waker>,
}

type Answer<Target> = Box<dyn FnOnce(Target, Trace<'_>) -> io::Result<BoxConnection> + Send>;

impl<Target> Default for Script<Target> {
    fn default() -> Self {
        Self {
            answers: VecDeque::new(),
            calls: VecDeque::new(),
            pending: 0,
            begun: 0,
            handle_dropped: false,
            tester: None,
        }
    }
}

enum Begun<Target> {
    Answer(Answer<Target>, Target),
    Call(Caller),
}

/// Counts a call while it is alive.
struct Alive<'a, Target> {
    script: &'a Mutex<Script<Target>>,
}

impl<'a, Target> Alive<'a, Target> {
    fn new(script: &'a Mutex<Script<Target>>) -> Self {
        let mut counts = lock(script);
        counts.pending += 1;
        counts.begun += 1;
        drop(counts);
        Self { script }
    }
}

impl<Target> Drop for Alive<'_, Target> {
    fn drop(&mut self) {
        lock(self.script).pending -= 1;
    }
}
