//! The decorator this crate is about.

use std::{collections::VecDeque, fmt, future::Future, io, pin::Pin, sync::Arc, time::Duration};

use socketry_connection::Clock;
use socketry_connection_tls::TlsOptions;
use socketry_server::{Accept, Signal, Watch};

use crate::{
    ServerTls,
    handshakes::{Ended, Handshakes, in_this_task},
    places::Places,
    spawned,
    turn::Turn,
    waiting::Waiting,
    watcher::Watcher,
};

/// Takes the connections of the server inside, makes the TLS handshake with each, and yields those
/// that are secure.
///
/// - **A slow client holds up nobody.** Handshakes go on side by side in the task that polls this
///   server, and whoever finishes first comes out first. `poll_progress` drives them, too.
/// - **A handshake that fails is one error**, of which none is fatal: a
///   [`HandshakeFailed`](socketry_connection_tls::HandshakeFailed) with the client's address and
///   the reason. Who does not speak TLS is refused at once.
/// - **Each handshake has a deadline**, 10 seconds by default
///   ([`TlsOptions::handshake_within`]), which is kept as long as the server is polled in one way or
///   the other.
/// - **There are so many handshakes at once and no more**, 256 in all and 32 with one address by
///   default. One whose result nobody takes out counts, so memory is bounded whatever clients do.
/// - **Closing** takes nobody new. Handshakes under way go on, so that the server has ended when
///   the last one has, after its deadline at the latest. **Dropping** the server ends them at once.
/// - **Pausing** takes nobody new either, and lets the others finish.
///
/// Its [`Control`](socketry_server::Control) is that of the server inside. Connections and
/// [`local_address`](Accept::local_address) have addresses such as `tls://192.0.2.1:443`.
///
/// # More than one core
///
/// A full handshake takes some hundred microseconds of one core. Without more said, they are those
/// of the task that polls the server. [`spawner`](Self::spawner) puts each handshake into a task of
/// its own.
///
/// # Examples
///
/// ```
/// use std::io;
///
/// use futures_lite::{AsyncReadExt, AsyncWriteExt, future};
/// use socketry_connection_tls::Identity;
/// use socketry_server::{Accept, AcceptExt};
/// use socketry_server_tls::{ServerTls, TlsServer};
///
/// /// Greets whoever comes over TLS.
/// async fn greet(plain: impl Accept, identity: Identity) -> io::Result<()> {
///     let mut server = TlsServer::new(plain, ServerTls::new(identity)?);
///     while let Some(accepted) = server.accept().await {
///         match accepted {
///             Ok(mut connection) => connection.write_all(b"hello\n").await?,
///             Err(error) => eprintln!("{error}"), // the server goes on
///         }
///     }
///     Ok(())
/// }
/// # fn main() -> io::Result<()> {
/// # let authority = socketry_testing::TestAuthority::new();
/// # let identity = authority.issue(["localhost"]);
/// # let identity = Identity::from_pem(identity.chain_pem(), identity.key_pem()).load()?;
/// # let (server, handle) = socketry_testing::scripted_server();
/// # let (mut client, accepted) = socketry_testing::pair();
/// # handle.push(accepted);
/// # let client = async {
/// #     client.write_all(b"GET / HTTP/1.1\r\n\r\n").await?;
/// #     client.read_to_end(&mut Vec::new()).await?;
/// #     handle.finish();
/// #     Ok(())
/// # };
/// # future::block_on(future::try_zip(greet(server, identity), client))?;
/// # Ok(())
/// # }
/// ```
pub struct TlsServer<A: Accept> {
    pub(crate) inner: A,
    /// Whether the server inside may have something.
    pub(crate) inner_is_due: Signal,
    pub(crate) inner_has_ended: bool,
    pub(crate) watch: Watch,
    pub(crate) tls: ServerTls,
    pub(crate) options: TlsOptions,
    pub(crate) clock: Option<Arc<dyn Clock>>,
    pub(crate) watcher: Option<Watcher>,
    /// What nobody has taken out.
    pub(crate) reload_failed: Option<io::Error>,
    pub(crate) handshakes: Box<dyn Handshakes<A::Connection>>,
    /// What has ended while nobody could take it out.
    pub(crate) ended: VecDeque<Ended<A::Connection>>,
    pub(crate) waiting: Waiting<A::Connection>,
    pub(crate) places: Places,
    pub(crate) when_full: WhenFull,
    pub(crate) in_a_row: usize,
    pub(crate) turn: Turn,
}

/// What becomes of a newcomer if there are as many handshakes as there may be.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum WhenFull {
    /// It waits.
    ///
    /// - If there are as many as there may be in all, nobody is taken from the server inside until
    ///   one has ended; newcomers wait in the backlog of the system.
    /// - If there are as many as there may be with its address, it waits in here until one of them
    ///   has ended, because in the backlog it would be in the way of others. As many wait in here
    ///   as are served, in all and of one address; whoever comes from an address of which so many
    ///   wait is refused. Their deadline begins when they are served. If the server closes they are
    ///   closed, as those in the backlog are.
    #[default]
    Wait,
    /// It is closed at once, which is one error of kind
    /// [`QuotaExceeded`](io::ErrorKind::QuotaExceeded) with its address, a
    /// [`LimitReached`](socketry_server::LimitReached).
    Refuse,
}

impl<A: Accept> TlsServer<A> {
    /// Secures the connections of `inner` as `tls` says.
    pub fn new(inner: A, tls: ServerTls) -> Self {
        let turn = Turn::default();
        Self {
            watch: inner.control().watch(),
            inner,
            inner_is_due: Signal::new(),
            inner_has_ended: false,
            options: tls.options().clone(),
            clock: None,
            watcher: None,
            reload_failed: None,
            tls,
            handshakes: in_this_task(turn.clone()),
            turn,
            ended: VecDeque::new(),
            waiting: Waiting::new(),
            places: Places::new(256, 32),
            when_full: WhenFull::default(),
            in_a_row: 0,
        }
    }

    /// How many handshakes there may be at once. By default 256; zero counts as one.
    ///
    /// Each holds a file descriptor and some kilobytes.
    pub fn most_handshakes(mut self, most: usize) -> Self {
        self.places.most = most.max(1);
        self
    }

    /// How many handshakes there may be at once with one address, so that nobody can take all
    /// places. By default 32; zero counts as one, and [`usize::MAX`] is no limit.
    ///
    /// An address is an IPv4 address or a /64 of IPv6, of which one host has as many addresses as
    /// it likes. Who has no IP address (in a Unix socket, for example) is not counted.
    ///
    /// If all clients come through one proxy, they have one address, unless the proxy says whose
    /// connection it is and a decorator below this one reads it.
    pub fn most_handshakes_per_address(mut self, most: usize) -> Self {
        self.places.most_per_origin = most.max(1);
        self
    }

    /// What becomes of a newcomer if there are as many handshakes as there may be. By default it
    /// waits.
    pub fn when_full(mut self, when_full: WhenFull) -> Self {
        self.when_full = when_full;
        self
    }

    /// Makes each handshake in a task of its own: `spawn` is given the tasks, and has to have them
    /// run to their end.
    ///
    /// Nothing else changes. The handshakes still belong to the server: dropping it ends them at
    /// once, whether the executor runs or not. (One that is being polled on another thread in that
    /// moment ends with this poll.) If the executor drops a task, that is one error of kind
    /// [`ConnectionAborted`](io::ErrorKind::ConnectionAborted). Handshakes that have begun before
    /// this is called are dropped.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::sync::Arc;
    ///
    /// use smol::Executor;
    /// use socketry_server::Accept;
    /// use socketry_server_tls::{ServerTls, TlsServer};
    ///
    /// fn on_all_cores<A: Accept>(
    ///     plain: A,
    ///     tls: ServerTls,
    ///     executor: Arc<Executor<'static>>,
    /// ) -> TlsServer<A> {
    ///     TlsServer::new(plain, tls).spawner(move |task| executor.spawn(task).detach())
    /// }
    /// ```
    pub fn spawner(
        mut self,
        spawn: impl Fn(Pin<Box<dyn Future<Output = ()> + Send>>) + Send + Sync + 'static,
    ) -> Self {
        self.handshakes = spawned::by(spawn);
        self
    }

    /// Looks at the [files](ServerTls::files) of the identities and roots once in `interval`, and
    /// [reloads](ServerTls::reload) them when they have changed. By default, and with zero, it does
    /// not look.
    ///
    /// It looks while it is polled, on a thread that may block. Files are read again when two looks
    /// in a row have found them changed and alike, for somebody may be writing them; so new
    /// certificates are in use after two intervals at the latest. The second look of all reads
    /// them in any case, because they may have changed since they were loaded.
    ///
    /// A reload that fails is one error of this server, a [`ReloadFailed`](crate::ReloadFailed); what
    /// was loaded before stays in use, and the files are not read again until they have changed
    /// again. Of several servers that share a [`ServerTls`], one has to look.
    pub fn watching(mut self, interval: Duration) -> Self {
        self.watcher = (!interval.is_zero()).then(|| Watcher::new(interval));
        self
    }

    /// Takes the time from `clock` instead of the system, also for the deadlines of handshakes.
    pub fn with_clock(mut self, clock: Arc<dyn Clock>) -> Self {
        self.options = self.options.with_clock(clock.clone());
        self.clock = Some(clock);
        self
    }

    /// The server inside.
    pub fn get_ref(&self) -> &A {
        &self.inner
    }

    /// The server inside, to change it.
    pub fn get_mut(&mut self) -> &mut A {
        &mut self.inner
    }

    /// Takes the server out. Handshakes under way are dropped, and so are their connections.
    pub fn into_inner(self) -> A {
        self.inner
    }

    /// What is proved to clients and asked of them.
    pub fn tls(&self) -> &ServerTls {
        &self.tls
    }
}

impl<A: Accept + fmt::Debug> fmt::Debug for TlsServer<A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TlsServer")
            .field("inner", &self.inner)
            .field("handshakes", &self.places.taken())
            .field("waiting", &self.waiting.len())
            .finish_non_exhaustive()
    }
}
