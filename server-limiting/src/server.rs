//! The decorator this crate is about.

use std::{fmt, sync::Arc, time::Duration};

use socketry_connection::{Address, Clock, Sleep};
use socketry_server::{Accept, AtLimit, Watch};

use crate::{
    Alarm, Connections, WhenBehind,
    shared::{Shared, UNLIMITED},
    time::Time,
};

/// Limits how many connections of the server inside are open, and keeps the list of them.
///
/// - **So many are open and no more.** What becomes of others is up to [`AtLimit`]. A connection is
///   open from the moment at which this server hands it out until its owner drops it.
/// - **The list** of them is [`connections`](Self::connections): a handle that counts them, shows
///   them, [writes](crate::Tracked::write) to them and [closes](crate::Tracked::close) them, from
///   any task.
/// - **Time**: a connection may be ended if nothing happens on it, or if it gets too old.
/// - **Drain**: [`Connections::drain`] ends the server without cutting anybody off who ends in time.
///
/// It belongs outside of TLS, so that it counts clients and not handshakes, and so that what is
/// written from outside is encrypted. Its [`Control`](socketry_server::Control) is that of the server inside: pausing by hand
/// and waiting for a place do not know of each other.
///
/// A connection costs one allocation here, of less than 200 bytes with its place in the list.
///
/// # Examples
///
/// ```
/// use futures_lite::{AsyncReadExt, AsyncWriteExt, future};
/// use socketry_server::{Accept, AcceptExt};
/// use socketry_server_limiting::LimitingServer;
///
/// /// Greets clients, of whom two at most are there at a time.
/// async fn greet(inner: impl Accept) {
///     let mut server = LimitingServer::new(inner, 2);
///     let connections = server.connections();
///     while let Some(accepted) = server.accept().await {
///         match accepted {
///             Ok(mut connection) => {
///                 let greeting = format!("you are one of {}\n", connections.len());
///                 let _ = connection.write_all(greeting.as_bytes()).await;
///             }
///             Err(error) => eprintln!("{error}"), // the server goes on
///         }
///     }
/// }
/// # let (server, handle) = socketry_testing::scripted_server();
/// # let (mut client, accepted) = socketry_testing::pair();
/// # handle.push(accepted);
/// # let client = async {
/// #     let mut heard = String::new();
/// #     client.read_to_string(&mut heard).await.unwrap();
/// #     assert_eq!(heard, "you are one of 1\n");
/// #     handle.finish();
/// # };
/// # future::block_on(future::zip(greet(server), client));
/// ```
pub struct LimitingServer<A: Accept> {
    pub(crate) inner: A,
    pub(crate) shared: Arc<Shared>,
    pub(crate) at_limit: AtLimit,
    pub(crate) has_local_addresses: bool,
    /// The one that came last, for the next ones mostly have the same.
    pub(crate) local: Option<Arc<Address>>,
    pub(crate) watch: Watch,
    /// A connection that was under way when the server was closed, and waits for a place.
    pub(crate) held: Option<A::Connection>,
    /// Until somebody's time is up, and when that is.
    pub(crate) sleep: Option<(u64, Sleep)>,
}

impl<A: Accept> LimitingServer<A> {
    /// Lets `limit` connections of `inner` be open, or as many as come with `None`. With zero nobody
    /// comes in.
    pub fn new(inner: A, limit: impl Into<Option<usize>>) -> Self {
        let control = inner.control();
        Self {
            watch: control.watch(),
            shared: Shared::new(control, limit.into().unwrap_or(UNLIMITED)),
            inner,
            at_limit: AtLimit::default(),
            has_local_addresses: false,
            local: None,
            held: None,
            sleep: None,
        }
    }

    /// What becomes of newcomers if as many are open as may be. By default they are closed
    /// ([`AtLimit::Reject`]).
    ///
    /// With [`AtLimit::Pause`] nobody is taken from the server inside from the moment on at which the
    /// last place was taken, before that connection is handed out; and newcomers are taken again as
    /// soon as a place is free. A TLS handshake that is under way goes on, and waits for a place.
    pub fn at_limit(mut self, at_limit: AtLimit) -> Self {
        self.at_limit = at_limit;
        self
    }

    /// Ends a connection if nothing is read from it or written to it for so long, by its owner or by
    /// others: a client that says nothing and hears what is said to all is not idle. By default, and
    /// with `None` or zero, it may be idle for ever.
    ///
    /// It ends at once, without a goodbye of a protocol above; an owner that wants to say one keeps the
    /// time itself. Its owner finds a [`ConnectionEnded`](crate::ConnectionEnded) of kind
    /// [`TimedOut`](std::io::ErrorKind::TimedOut). The time is
    /// kept as long as this server is polled in one way or the other.
    pub fn idle_timeout(self, after: impl Into<Option<Duration>>) -> Self {
        self.shared.set_idle(after.into());
        self
    }

    /// Ends a connection so long after it came, whatever happens on it. By default, and with `None`
    /// or zero, it may stay for ever. What [`idle_timeout`](Self::idle_timeout) says of errors and time is true
    /// here, too.
    pub fn max_lifetime(self, after: impl Into<Option<Duration>>) -> Self {
        self.shared.set_lifetime(after.into());
        self
    }

    /// How many bytes of what others write to a connection may wait for its peer to read, and what
    /// happens beyond. By default 64 KiB, and whoever writes waits ([`WhenBehind::Wait`]). Zero counts
    /// as one.
    ///
    /// A message is taken whole as long as fewer bytes wait, so there may be one message more. Each
    /// counts for 48 bytes beside its own, which is what it takes to keep it.
    pub fn when_behind(self, most: usize, when_behind: WhenBehind) -> Self {
        self.shared.settings.set_behind(most, when_behind);
        self
    }

    /// Tells `hook` when `raise_at` connections are open, once; and again only after no more than
    /// `clear_at` were open, which it is told, too. A `clear_at` that is not below `raise_at` counts as
    /// one less than that.
    ///
    /// There may be several alarms. A hook is called by whoever has opened or dropped a connection,
    /// before that goes on. It MUST return at once, and MUST NOT drop a connection of this server
    /// (which would wait for the hook). While a thread panics it is not called.
    ///
    /// # Examples
    ///
    /// ```
    /// use socketry_server::Accept;
    /// use socketry_server_limiting::{Alarm, LimitingServer};
    ///
    /// fn with_alarm<A: Accept>(inner: A) -> LimitingServer<A> {
    ///     LimitingServer::new(inner, 1000).alarm(900, 700, |alarm| match alarm {
    ///         Alarm::Raised(count) => eprintln!("{count} of 1000 places are taken"),
    ///         _ => eprintln!("there is room again"),
    ///     })
    /// }
    /// ```
    pub fn alarm(
        self,
        raise_at: usize,
        clear_at: usize,
        hook: impl Fn(Alarm) + Send + Sync + 'static,
    ) -> Self {
        self.shared.add_alarm(raise_at, clear_at, Box::new(hook));
        self
    }

    /// Asks each connection for its local address, so that the list can show it
    /// ([`Tracked::local_address`](crate::Tracked::local_address)). By default it does not: with TCP
    /// that is one system call for each connection, and mostly all have the same.
    pub fn local_addresses(mut self) -> Self {
        self.has_local_addresses = true;
        self
    }

    /// Takes the time from `clock` instead of the system. Has no effect once the first connection has
    /// come.
    pub fn with_clock(self, clock: Arc<dyn Clock>) -> Self {
        self.shared.settings.set_time(Time::on(Some(clock)));
        self
    }

    /// The list of connections.
    pub fn connections(&self) -> Connections {
        Connections { shared: self.shared.clone() }
    }

    /// The server inside.
    pub fn get_ref(&self) -> &A {
        &self.inner
    }

    /// The server inside, to change it. What is accepted from it directly is not counted.
    pub fn get_mut(&mut self) -> &mut A {
        &mut self.inner
    }

    /// Takes the server out. Connections that were handed out stay in the list; one that waits for a
    /// place after a close is dropped.
    pub fn into_inner(self) -> A {
        self.inner
    }
}

impl<A: Accept + fmt::Debug> fmt::Debug for LimitingServer<A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LimitingServer")
            .field("inner", &self.inner)
            .field("connections", &self.connections())
            .finish_non_exhaustive()
    }
}
