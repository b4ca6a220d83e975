//! A connector whose calls the test answers.

use std::{fmt, io};

use socketry_connection::{BoxConnection, Connection};
use socketry_connector::{Connect, Trace};

use crate::{
    Call,
    script::{Script, Writer, script},
    scripted_call::Connecting,
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
    let (script, writer) = script();
    (ScriptedConnector { script }, ConnectorHandle { writer })
}

/// A connector that follows a script; see [`scripted_connector`].
///
/// A call begins when its future is first polled: it takes the answer prepared for it
/// ([`ConnectorHandle::answer_next`]), or else appears at the handle and waits. Once the handle is
/// dropped, calls that it has not taken fail, and so does every later one. A clone follows the same
/// script.
pub struct ScriptedConnector<Target> {
    script: Script<Connecting<Target>>,
}

impl<Target: Send> Connect<Target> for ScriptedConnector<Target> {
    type Connection = BoxConnection;

    async fn connect_traced(&self, target: Target, trace: Trace<'_>) -> io::Result<BoxConnection> {
        self.script.ask(target, |answer, target| answer(target, trace), |tell| tell(trace)).await
    }
}

impl<Target> Clone for ScriptedConnector<Target> {
    fn clone(&self) -> Self {
        Self { script: self.script.clone() }
    }
}

impl<Target> fmt::Debug for ScriptedConnector<Target> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ScriptedConnector").field("pending", &self.script.pending()).finish()
    }
}

/// The test's side of a [`ScriptedConnector`].
pub struct ConnectorHandle<Target> {
    writer: Writer<Connecting<Target>>,
}

impl<Target> ConnectorHandle<Target> {
    /// Waits for the next call.
    ///
    /// # Cancel safety
    ///
    /// A dropped future has taken no call. One task at a time can wait.
    pub async fn next_call(&self) -> Call<Target> {
        Call::new(self.writer.next().await)
    }

    /// The next call, if one has come.
    pub fn try_next_call(&self) -> Option<Call<Target>> {
        self.writer.try_next().map(Call::new)
    }

    /// How many calls are alive: begun, and neither finished nor dropped.
    pub fn pending(&self) -> usize {
        self.writer.pending()
    }

    /// How many calls have begun so far, those with a prepared answer included.
    pub fn begun(&self) -> usize {
        self.writer.begun()
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
        self.writer.prepare(Box::new(answer));
    }

    /// Prepares a success; see [`answer_next`](Self::answer_next).
    pub fn succeed_next(&self, connection: impl Connection) {
        self.answer_next(move |_, _| Ok(Box::new(connection)));
    }

    /// Prepares a failure; see [`answer_next`](Self::answer_next).
    pub fn fail_next(&self, error: io::Error) {
        self.answer_next(move |_, _| Err(error));
    }
}

impl<Target> fmt::Debug for ConnectorHandle<Target> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ConnectorHandle").field("pending", &self.pending()).finish()
    }
}
