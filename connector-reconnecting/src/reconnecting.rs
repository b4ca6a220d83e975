//! Connections that come back.

use std::{
    fmt,
    future::poll_fn,
    hash::Hash,
    io,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

use fastrand::Rng;
use futures_core::Stream;
use socketry_connection::Clock;
use socketry_connector::{Connect, Observe};

use crate::{
    backoff::Backoff,
    circuits::Circuits,
    driver::{Driver, Work},
    handle::Handle,
    heartbeat::Heartbeat,
    hooks::{AttemptFailed, NextStart, Prologue, PrologueFuture, Reset, SessionInfo},
    session::Session,
    settings::Settings,
    shared::Shared,
    slot::Slot,
    targets::Targets,
};

mod pooled;

/// Yields one session after the other: each a connection of its own to the same target, over any
/// connector.
///
/// Name a service once, take a [`Session`], use it until it is lost, take the next. What is in between
/// (noticing the loss, waiting as the [`Backoff`] says, looking the name up anew, connecting,
/// the [prologue](Self::on_connect)) is done in here. It ends by itself only if it was told when to give up.
///
/// It needs no task of its own: everything happens while the next session is waited for. To be told
/// of a loss elsewhere there are [hooks](Self::on_reset) and [`Handle::watch`].
///
/// # Examples
///
/// ```
/// use std::io;
///
/// use futures_lite::{AsyncWriteExt, future::block_on};
/// use socketry_connector_reconnecting::Reconnecting;
/// # let (connector, script) = socketry_testing::scripted_connector::<&str>();
/// # for _ in 0..2 {
/// #     let (ours, theirs) = socketry_testing::pair();
/// #     drop(theirs);
/// #     script.succeed_next(ours);
/// # }
/// # let backoff = socketry_connector_reconnecting::Backoff::connman();
///
/// # block_on(async {
/// let mut sessions = Reconnecting::new(connector, "memcached.example:11211")
/// #   .backoff(backoff.max_attempts(Some(1)).initial(std::time::Duration::ZERO))
///     .on_reset(|reset| eprintln!("lost after {:?}: {}", reset.uptime(), reset.cause()));
/// while let Some(session) = sessions.next().await {
///     let mut session = session?; // an error only if it gives up
///     loop {
///         if let Err(error) = session.write_all(b"version\r\n").await {
///             eprintln!("{error}");
///             break; // and take the next one
///         }
///     }
/// #   if session.generation() == 2 { break }
/// }
/// # io::Result::Ok(())
/// # })?;
/// # Ok::<(), io::Error>(())
/// ```
pub struct Reconnecting<C: Connect<T>, T: Send> {
    connector: Arc<C>,
    work: Arc<Slot<Work<C::Connection>>>,
    shared: Arc<Shared>,
    /// Until the first poll.
    settings: Option<Box<Settings<C::Connection, T>>>,
    /// From then on.
    driver: Option<Box<Driver<C, T>>>,
}

impl<C, T> Reconnecting<C, T>
where
    C: Connect<T> + 'static,
    T: Clone + Send + Sync + 'static,
{
    /// Connects to a target, or one of several [`Targets`], through `inner`. Nothing happens before the
    /// first session is asked for.
    pub fn new(inner: C, targets: impl Into<Targets<T>>) -> Self {
        Self::shared(Arc::new(inner), targets)
    }

    pub(crate) fn shared(inner: Arc<C>, targets: impl Into<Targets<T>>) -> Self {
        let work = Arc::new(Slot::new());
        let shared = Arc::new(Shared::new(work.clone()));
        let settings = Some(Box::new(Settings::new(targets.into())));
        Self { connector: inner, work, shared, settings, driver: None }
    }

    /// How long to wait between attempts, and when to give up. By default [`Backoff::grpc`].
    pub fn backoff(self, backoff: Backoff) -> Self {
        self.choose(|settings| settings.backoff = backoff)
    }

    /// What is said on each connection before its session is handed out; see [`Prologue`], which has an
    /// example. By default nothing.
    pub fn on_connect(
        self,
        prologue: impl for<'a> Fn(&'a mut C::Connection, &'a SessionInfo) -> PrologueFuture<'a>
        + Send
        + Sync
        + 'static,
    ) -> Self {
        self.choose(|settings| settings.hooks.on_connect = Some(Prologue::new(prologue)))
    }

    /// What is told once for each session that was established and is lost, before the next attempt. It may
    /// hand back with which prologue the [next sessions begin](NextStart), or nothing.
    ///
    /// Whoever waits for the next session calls it. A [`disconnect`](Handle::disconnect) is no loss.
    ///
    /// # Examples
    ///
    /// ```
    /// use socketry_connection::Connection;
    /// use socketry_connector::Connect;
    /// use socketry_connector_reconnecting::{NextStart, Prologue, Reconnecting};
    ///
    /// fn resume<C: Connect<u16> + 'static>(sessions: Reconnecting<C, u16>) -> Reconnecting<C, u16> {
    ///     sessions.on_reset(|reset| match reset.bytes_read() {
    ///         0 => NextStart::Same,
    ///         _ => NextStart::Once(Prologue::nothing()), // it has been greeted before
    ///     })
    /// }
    /// # let (connector, _script) = socketry_testing::scripted_connector::<u16>();
    /// # resume(Reconnecting::new(connector, 80));
    /// ```
    pub fn on_reset<N: Into<NextStart<C::Connection>>>(
        self,
        mut on_reset: impl FnMut(&Reset) -> N + Send + Sync + 'static,
    ) -> Self {
        self.choose(|settings| {
            settings.hooks.on_reset = Some(Box::new(move |reset| on_reset(reset).into()));
        })
    }

    /// What is told for each attempt that fails, be it to connect or in its prologue. One that is dropped by
    /// a [`disconnect`](Handle::disconnect) has not failed.
    pub fn on_attempt_failed(
        self,
        on_attempt_failed: impl FnMut(&AttemptFailed<'_>) + Send + Sync + 'static,
    ) -> Self {
        self.choose(|settings| {
            settings.hooks.on_attempt_failed = Some(Box::new(on_attempt_failed));
        })
    }

    /// Which errors of the connector are worth another attempt. By default
    /// [`is_worth_another_attempt`](crate::is_worth_another_attempt) decides.
    ///
    /// It is also asked of the error of a session that [has not lasted](Backoff::stable_after): with TLS
    /// 1.3 a server refuses a certificate only behind the handshake. With several targets those that are
    /// left are tried all the same, and it gives up if the errors of all are not worth it. A
    /// [`Fatal`](crate::Fatal) error ends everything, and this is not asked.
    pub fn retry_if(self, retry_if: impl Fn(&io::Error) -> bool + Send + Sync + 'static) -> Self {
        self.choose(|settings| settings.hooks.retry_if = Arc::new(retry_if))
    }

    /// How to ask a silent peer, in [`Session::idle`]. By default it is not asked.
    pub fn heartbeat(self, heartbeat: Heartbeat) -> Self {
        self.choose(|settings| settings.heartbeat = Some(heartbeat))
    }

    /// Shares with all others of these `circuits` what is known of a target: together they make no more
    /// attempts than its [`Circuit`](crate::Circuit) lets through, and stop asking a dead one. By default
    /// nothing is shared.
    pub fn circuits(self, circuits: Circuits<T>) -> Self
    where
        T: Eq + Hash,
    {
        self.choose(|settings| settings.circuits = Some(Arc::new(move |to| circuits.of(to))))
    }

    /// Hears everything that happens in an attempt.
    pub fn observer(self, observer: Arc<dyn Observe + Send + Sync>) -> Self {
        self.choose(|settings| settings.observer = Some(observer))
    }

    /// Takes the time from `clock` instead of the system. To be called once at most, and before
    /// [`with_handle`](Self::with_handle).
    pub fn with_clock(self, clock: Arc<dyn Clock>) -> Self {
        self.shared.set_clock(clock);
        self
    }

    /// Leaves to chance what it leaves to chance, but the same each time: for tests.
    pub fn with_seed(self, seed: u64) -> Self {
        self.choose(|settings| settings.random = Rng::with_seed(seed))
    }

    /// The same, with a handle. **Dropping the handle disconnects**, unless it is
    /// [detached](Handle::detach).
    #[must_use = "dropping the handle disconnects; detach it if it is not needed"]
    pub fn with_handle(self) -> (Self, Handle) {
        let handle = Handle::new(self.shared.clone());
        (self, handle)
    }

    /// The connector inside.
    pub fn get_ref(&self) -> &C {
        &self.connector
    }

    /// The next session: waits until the one before is lost, then as long as it has to.
    ///
    /// `None` while it is disconnected, and after it has given up.
    ///
    /// # Errors
    ///
    /// - [`InvalidInput`](io::ErrorKind::InvalidInput), before anything is opened: there is no target, or the
    ///   backoff makes no sense.
    /// - [`GaveUp`](crate::GaveUp), once: an error was not worth another attempt, or attempts or time are
    ///   used up.
    ///
    /// # Cancel safety
    ///
    /// It may be dropped and called again: the attempt or wait under way stays, and goes on with the next
    /// call. Dropping the `Reconnecting` ends it, at once; a session that is up stays its user's.
    pub async fn next(&mut self) -> Option<io::Result<Session<C::Connection>>> {
        poll_fn(|cx| self.poll_session(cx)).await
    }

    /// See [`next`](Self::next).
    ///
    /// # Errors
    ///
    /// Those of [`next`](Self::next).
    pub fn poll_session(
        &mut self,
        cx: &mut Context<'_>,
    ) -> Poll<Option<io::Result<Session<C::Connection>>>> {
        if let Some(settings) = self.settings.take() {
            let (connector, work) = (self.connector.clone(), self.work.clone());
            let driver = Driver::new(connector, *settings, work, self.shared.clone());
            self.driver = Some(Box::new(driver));
        }
        match &mut self.driver {
            Some(driver) => driver.poll(cx),
            None => Poll::Ready(None), // it was made of the settings
        }
    }

    pub(crate) fn choose(mut self, choose: impl FnOnce(&mut Settings<C::Connection, T>)) -> Self {
        if let Some(settings) = &mut self.settings {
            choose(settings);
        }
        self
    }
}

/// Yields what [`next`](Self::next) returns. After `None` it may yield again: see [`Handle::connect`].
impl<C, T> Stream for Reconnecting<C, T>
where
    C: Connect<T> + 'static,
    T: Clone + Send + Sync + 'static,
{
    type Item = io::Result<Session<C::Connection>>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.get_mut().poll_session(cx)
    }
}

// Nothing in it is pinned: what is under way is in a box.
impl<C: Connect<T>, T: Send> Unpin for Reconnecting<C, T> {}

impl<C: Connect<T>, T: Send> Drop for Reconnecting<C, T> {
    fn drop(&mut self) {
        self.shared.abandon();
    }
}

impl<C: Connect<T>, T: Send> fmt::Debug for Reconnecting<C, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reconnecting").field("state", &self.shared.state()).finish_non_exhaustive()
    }
}
