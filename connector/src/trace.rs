//! Hearing what one call of a connector does.

use std::{
    cell::OnceCell,
    fmt, io,
    net::IpAddr,
    time::{Duration, Instant},
};

use socketry_connection::{Address, Family};

use crate::{Attempt, ConnectFailed, Phase};

/// Listens to one call of a connector, on its way through all layers.
///
/// It is `Copy`, costs nothing when off, and is handed down from layer to layer. The observer
/// belongs to the caller and so outlives the call: a timeout that drops the call in the middle can
/// still say what had been tried.
///
/// # Examples
///
/// ```
/// use std::sync::Mutex;
///
/// use socketry_connector::{Event, EventKind, Observe, Trace};
///
/// #[derive(Default)]
/// struct Log(Mutex<Vec<String>>);
///
/// impl Observe for Log {
///     fn observe(&self, event: &Event<'_>) {
///         self.0.lock().unwrap().push(event.to_string());
///     }
/// }
///
/// let log = Log::default();
/// let trace = Trace::to(&log);
/// let remote = "tcp://127.0.0.1:80".parse().unwrap();
/// trace.tell(|| EventKind::AttemptStarted { remote: &remote, local: None });
/// assert_eq!(*log.0.lock().unwrap(), ["trying tcp://127.0.0.1:80"]);
/// ```
#[derive(Clone, Copy, Default)]
pub struct Trace<'a> {
    observer: Option<&'a dyn Observe>,
    wants_all: bool,
}

impl<'a> Trace<'a> {
    /// Nobody listens.
    pub const fn off() -> Self {
        Self { observer: None, wants_all: false }
    }

    /// `observer` listens.
    pub fn to(observer: &'a dyn Observe) -> Self {
        Self { observer: Some(observer), wants_all: true }
    }

    /// `observer` listens in this one's place, and [passes on](Self::pass) what it hears.
    ///
    /// It hears as much as this one does; if nobody listens, only what is waited for and what
    /// failed: an attempt that connects at once is not told. So a layer can listen to every call in
    /// case it takes too long, and costs next to nothing if it does not. (Whoever tells MAY tell
    /// more.)
    #[inline]
    pub fn through(self, observer: &'a dyn Observe) -> Self {
        Self { observer: Some(observer), wants_all: self.wants_all }
    }

    /// Whether somebody listens.
    pub fn is_on(self) -> bool {
        self.observer.is_some()
    }

    /// Tells what happens, now. `kind` is not called if nobody listens.
    #[inline]
    pub fn tell<'e>(self, kind: impl FnOnce() -> EventKind<'e>) {
        if let Some(observer) = self.observer {
            observer.observe(&Event::new(kind()));
        }
    }

    /// Tells of an attempt to reach `remote`, from `local` if the socket is bound to an address.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::{io, time::Duration};
    ///
    /// use socketry_connection::Address;
    /// use socketry_connector::{Phase, Trace};
    /// # struct Connecting;
    /// # impl Connecting {
    /// #     fn start(_: &Address) -> Self { Self }
    /// #     fn is_done(&self) -> bool { true }
    /// #     async fn finish(self) -> io::Result<()> { Ok(()) }
    /// # }
    ///
    /// async fn attempt(remote: Address, trace: Trace<'_>) -> io::Result<()> {
    ///     let mut telling = trace.attempt(&remote, None);
    ///     let connecting = Connecting::start(&remote); // yours
    ///     if !connecting.is_done() {
    ///         telling.waits();
    ///     }
    ///     match connecting.finish().await {
    ///         Ok(()) => Ok(telling.won()),
    ///         Err(error) => Err(telling.failed(Phase::Connect, error, Duration::ZERO).into()),
    ///     }
    /// }
    /// ```
    #[inline]
    pub fn attempt<'e>(
        self,
        remote: &'e Address,
        local: Option<&'e Address>,
    ) -> AttemptTrace<'a, 'e> {
        let mut telling = AttemptTrace { trace: self, remote, local, is_told: false };
        if self.wants_all {
            telling.waits();
        }
        telling
    }

    /// Hands on an event that a layer has heard on behalf of its caller.
    #[inline]
    pub fn pass(self, event: &Event<'_>) {
        if let Some(observer) = self.observer {
            observer.observe(event);
        }
    }
}

impl fmt::Debug for Trace<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Trace").field("on", &self.is_on()).finish()
    }
}

/// Tells of one attempt, as much as the observer wants to hear: [`Trace::attempt`].
///
/// Dropped without an end, it tells none: the attempt was given up.
#[derive(Debug)]
#[must_use = "an attempt ends in one way or the other"]
pub struct AttemptTrace<'a, 'e> {
    trace: Trace<'a>,
    remote: &'e Address,
    local: Option<&'e Address>,
    is_told: bool,
}

impl AttemptTrace<'_, '_> {
    /// The attempt begins to wait for the system.
    #[inline]
    pub fn waits(&mut self) {
        if !self.is_told {
            let Self { remote, local, .. } = *self;
            self.is_told = true;
            self.trace.tell(|| EventKind::AttemptStarted { remote, local });
        }
    }

    /// The socket is connected.
    #[inline]
    pub fn won(self) {
        if self.is_told {
            self.trace.tell(|| EventKind::AttemptWon { remote: self.remote });
        }
    }

    /// The socket could not be connected.
    ///
    /// Returns the error to end with: in which `phase` it failed, and why, after how long a wait
    /// (zero if the system refused at once).
    pub fn failed(mut self, phase: Phase, error: io::Error, elapsed: Duration) -> ConnectFailed {
        self.waits();
        let attempt = Attempt::new(self.remote.clone(), phase, error, elapsed)
            .from_local(self.local.cloned());
        self.trace.tell(|| EventKind::AttemptFailed(&attempt));
        attempt.into()
    }
}

/// Whoever a [`Trace`] tells.
///
/// `observe` is called in the middle of the work, possibly from several threads: it SHOULD return
/// soon and MUST NOT block.
pub trait Observe: Sync {
    /// Something has happened, just now.
    fn observe(&self, event: &Event<'_>);
}

/// Something that happened in one call of a connector.
///
/// Prints as one line.
#[derive(Debug)]
pub struct Event<'a> {
    kind: EventKind<'a>,
    at: OnceCell<Instant>,
}

impl<'a> Event<'a> {
    /// Something that happens now.
    pub fn new(kind: EventKind<'a>) -> Self {
        Self { kind, at: OnceCell::new() }
    }

    /// What happened.
    pub fn kind(&self) -> &EventKind<'a> {
        &self.kind
    }

    /// When it happened.
    ///
    /// Read from the system's clock when first asked, which is free for observers that do not ask;
    /// all observers in a row hear the same time. An observer under a clock of its own reads that.
    pub fn at(&self) -> Instant {
        *self.at.get_or_init(Instant::now)
    }
}

/// What can happen in one call of a connector.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub enum EventKind<'a> {
    /// A name is being looked up.
    LookupStarted {
        /// The name.
        name: &'a str,
        /// The family of addresses that is asked for.
        family: Family,
    },
    /// The addresses of a name are known, or are known not to come.
    LookupEnded {
        /// The name.
        name: &'a str,
        /// The family of addresses that was asked for.
        family: Family,
        /// The addresses, or why there are none.
        result: Result<&'a [IpAddr], &'a io::Error>,
    },
    /// A socket is being opened towards an address.
    ///
    /// An attempt that is told to have started and neither to have failed nor to have won was given
    /// up: another one had won, or the call was dropped.
    AttemptStarted {
        /// Where to.
        remote: &'a Address,
        /// From where, if the socket is bound to an address.
        local: Option<&'a Address>,
    },
    /// A socket could not be connected.
    AttemptFailed(&'a Attempt),
    /// A socket is connected.
    AttemptWon {
        /// Where to.
        remote: &'a Address,
    },
    /// The call waits for nothing, but lets other tasks go first; it has seen to it that it is
    /// polled again at once.
    Yielded,
    /// A TLS handshake begins.
    HandshakeStarted {
        /// Who has to answer.
        peer_name: &'a str,
    },
    /// A TLS handshake is over.
    HandshakeEnded {
        /// Who had to answer.
        peer_name: &'a str,
        /// What went wrong, if something did.
        result: Result<(), &'a io::Error>,
    },
}

impl fmt::Display for Event<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.kind.fmt(f)
    }
}

impl fmt::Display for EventKind<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::LookupStarted { name, family } => {
                write!(f, "looking up {family} addresses of {name}")
            }
            Self::LookupEnded { name, family, result: Ok(addresses) } => {
                write!(f, "{name} has {} {family} addresses", addresses.len())
            }
            Self::LookupEnded { name, family, result: Err(error) } => {
                write!(f, "no {family} addresses of {name}: {error}")
            }
            Self::AttemptStarted { remote, local: None } => write!(f, "trying {remote}"),
            Self::AttemptStarted { remote, local: Some(local) } => {
                write!(f, "trying {remote} from {local}")
            }
            Self::AttemptFailed(attempt) => attempt.fmt(f),
            Self::AttemptWon { remote } => write!(f, "connected to {remote}"),
            Self::Yielded => f.write_str("letting others go first"),
            Self::HandshakeStarted { peer_name } => write!(f, "TLS handshake with {peer_name}"),
            Self::HandshakeEnded { peer_name, result: Ok(()) } => {
                write!(f, "secured with {peer_name}")
            }
            Self::HandshakeEnded { peer_name, result: Err(error) } => {
                write!(f, "TLS handshake with {peer_name} failed: {error}")
            }
        }
    }
}
