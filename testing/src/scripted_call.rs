//! One call of a scripted connector.

use std::{fmt, io, marker::PhantomData};

use socketry_connection::{BoxConnection, Connection};
use socketry_connector::Trace;

use crate::exchange::{Asked, Exchange};

/// A call that a [`ScriptedConnector`](crate::ScriptedConnector) has received and that the test
/// has to answer.
///
/// Dropped without an answer it fails, so that no test waits for ever: its caller gets an error of
/// kind [`ConnectionAborted`](io::ErrorKind::ConnectionAborted). Keep it to play a peer that never
/// answers.
pub struct Call<Target> {
    exchange: Exchange<Connecting<Target>>,
}

impl<Target> Call<Target> {
    pub(crate) fn new(exchange: Exchange<Connecting<Target>>) -> Self {
        Self { exchange }
    }

    /// What the connector was asked for.
    pub fn target(&self) -> &Target {
        self.exchange.question()
    }

    /// What the connector was asked for, to take something out of it: the addresses of
    /// [`Candidates`](socketry_connector::Candidates), say.
    pub fn target_mut(&mut self) -> &mut Target {
        self.exchange.question_mut()
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
        self.exchange.tell(Box::new(tell));
    }

    /// Gives the caller its connection; dropped at once if the caller has given up.
    pub fn succeed(self, connection: impl Connection) {
        self.exchange.answer(Ok(Box::new(connection)));
    }

    /// Gives the caller an error.
    pub fn fail(self, error: io::Error) {
        self.exchange.answer(Err(error));
    }

    /// Whether the caller has given up: its future was dropped.
    pub fn is_cancelled(&self) -> bool {
        self.exchange.is_cancelled()
    }

    /// Waits until the caller gives up.
    ///
    /// # Cancel safety
    ///
    /// May be dropped and called again. One task at a time can wait.
    pub async fn cancelled(&self) {
        self.exchange.cancelled().await;
    }
}

impl<Target: fmt::Debug> fmt::Debug for Call<Target> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Call")
            .field("target", self.target())
            .field("cancelled", &self.is_cancelled())
            .finish()
    }
}

/// What is asked of a connector.
pub(crate) struct Connecting<Target>(PhantomData<Target>);

impl<Target> Asked for Connecting<Target> {
    type Question = Target;
    type Telling = Box<dyn FnOnce(Trace<'_>) + Send>;
    type Answer = BoxConnection;
    type Prepared = Box<dyn FnOnce(Target, Trace<'_>) -> io::Result<BoxConnection> + Send>;
    const UNANSWERED: &str = "the test dropped this call of a scripted connector without an answer";
}
