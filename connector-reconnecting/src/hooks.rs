//! What is done when a session begins, and what is told when it ends.

use std::{fmt, future::Future, io, pin::Pin, sync::Arc, time::Duration};

use crate::loss::LossCause;

/// The future of a [`Prologue`].
pub type PrologueFuture<'a> = Pin<Box<dyn Future<Output = io::Result<()>> + Send + 'a>>;

/// What is said on a fresh connection before its session is handed out: authenticate, subscribe, replay.
///
/// It belongs to the attempt: its time is that of the attempt, and if it fails so has the attempt. An
/// error that is [`Fatal`](crate::Fatal) ends everything.
///
/// # Examples
///
/// ```
/// use std::io;
///
/// use futures_lite::{AsyncReadExt, AsyncWriteExt};
/// use socketry_connection::Connection;
/// use socketry_connector_reconnecting::Prologue;
///
/// fn greeting<C: Connection>() -> Prologue<C> {
///     Prologue::new(|connection: &mut C, _session| {
///         Box::pin(async move {
///             connection.write_all(b"HELLO\r\n").await?;
///             let mut answer = [0; 4];
///             connection.read_exact(&mut answer).await?;
///             match &answer {
///                 b"OK\r\n" => Ok(()),
///                 _ => Err(io::Error::other("the server has not said OK")),
///             }
///         })
///     })
/// }
/// # greeting::<socketry_testing::MemoryConnection>();
/// ```
pub struct Prologue<C>(Arc<Act<C>>);

type Act<C> = dyn for<'a> Fn(&'a mut C, &'a SessionInfo) -> PrologueFuture<'a> + Send + Sync;

impl<C> Prologue<C> {
    /// What this function does with the connection. It may be called many times.
    pub fn new(
        act: impl for<'a> Fn(&'a mut C, &'a SessionInfo) -> PrologueFuture<'a> + Send + Sync + 'static,
    ) -> Self {
        Self(Arc::new(act))
    }

    /// Nothing is said.
    pub fn nothing() -> Self {
        Self::new(|_, _| Box::pin(async { Ok(()) }))
    }

    pub(crate) fn begin<'a>(
        &self,
        connection: &'a mut C,
        session: &'a SessionInfo,
    ) -> PrologueFuture<'a> {
        (self.0)(connection, session)
    }
}

impl<C> Clone for Prologue<C> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<C> fmt::Debug for Prologue<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Prologue").finish_non_exhaustive()
    }
}

/// Which session it is, and what has come before it.
#[derive(Clone, Debug)]
pub struct SessionInfo {
    pub(crate) generation: u64,
    pub(crate) attempts: u32,
    pub(crate) outage: Duration,
    pub(crate) cause: Option<LossCause>,
    pub(crate) target: usize,
}

impl SessionInfo {
    /// The number of the session: 1 is the first, and none comes twice.
    pub fn generation(&self) -> u64 {
        self.generation
    }

    /// How many attempts it took since the last session that had lasted, this one included: 1 if the
    /// first has succeeded.
    pub fn attempts(&self) -> u32 {
        self.attempts
    }

    /// How long there was no connection: since the session before was lost, or for the first one since it
    /// was asked for. In a prologue: so far.
    pub fn outage(&self) -> Duration {
        self.outage
    }

    /// Why the session before was lost; `None` for the first one, and the first after a
    /// [`disconnect`](crate::Handle::disconnect).
    pub fn cause(&self) -> Option<&LossCause> {
        self.cause.as_ref()
    }

    /// Which of the [`Targets`](crate::Targets) it goes to, counted from 0.
    pub fn target(&self) -> usize {
        self.target
    }
}

/// A session was established, and is lost.
#[derive(Clone, Debug)]
pub struct Reset {
    pub(crate) generation: u64,
    pub(crate) cause: LossCause,
    pub(crate) uptime: Duration,
    pub(crate) bytes_read: u64,
    pub(crate) bytes_written: u64,
    pub(crate) attempts: u32,
}

impl Reset {
    /// The number of the session.
    pub fn generation(&self) -> u64 {
        self.generation
    }

    /// Why it was lost.
    pub fn cause(&self) -> &LossCause {
        &self.cause
    }

    /// How long it was up.
    pub fn uptime(&self) -> Duration {
        self.uptime
    }

    /// How many bytes its user had read when it was lost, those of the prologue not counted.
    pub fn bytes_read(&self) -> u64 {
        self.bytes_read
    }

    /// How many bytes its user had written, as far as the connection has taken them and without those of the
    /// prologue; whether the peer has got them nobody knows.
    pub fn bytes_written(&self) -> u64 {
        self.bytes_written
    }

    /// How many attempts it had taken to establish it.
    pub fn attempts(&self) -> u32 {
        self.attempts
    }
}

/// With which prologue the next sessions begin: what a function given to
/// [`on_reset`](crate::Reconnecting::on_reset) hands back.
///
/// `()` is [`Same`](Self::Same).
#[derive(Debug)]
#[non_exhaustive]
pub enum NextStart<C> {
    /// With the one that was in force.
    Same,
    /// The next session with this one, those after it with the one that was in force.
    Once(Prologue<C>),
    /// All sessions from now on with this one.
    Always(Prologue<C>),
}

impl<C> From<()> for NextStart<C> {
    fn from((): ()) -> Self {
        Self::Same
    }
}

/// An attempt has led to no session.
#[derive(Debug)]
pub struct AttemptFailed<'a> {
    pub(crate) attempt: u32,
    pub(crate) target: usize,
    pub(crate) error: &'a io::Error,
    pub(crate) in_prologue: bool,
    pub(crate) next_in: Option<Duration>,
}

impl AttemptFailed<'_> {
    /// The number of the attempt since the last session that had lasted: 1 is the first.
    pub fn attempt(&self) -> u32 {
        self.attempt
    }

    /// Which of the [`Targets`](crate::Targets) it went to, counted from 0.
    pub fn target(&self) -> usize {
        self.target
    }

    /// Why it has failed.
    pub fn error(&self) -> &io::Error {
        self.error
    }

    /// Whether there was a connection, and its prologue has failed.
    pub fn in_prologue(&self) -> bool {
        self.in_prologue
    }

    /// How long until the next attempt; `None` if there will be none.
    pub fn next_in(&self) -> Option<Duration> {
        self.next_in
    }
}
