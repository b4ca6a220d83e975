//! Hearing what one call of a connector does.

use std::{fmt, io, net::SocketAddr, time::Duration};

use socketry_connection::{Address, Family};

use crate::{Attempt, ConnectFailed, Event, EventKind, Observe, Phase};

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
/// trace.tell(|| EventKind::attempt_started(&remote, None));
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
    /// failed: an attempt that connects at once and a name that is known are not told. So a layer can listen to every call in
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

    /// Tells what happens, now. `kind` is not called if nobody listens; what it refers to has to
    /// live outside of it.
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

    /// Tells of a lookup of `name` in `family`.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::{io, net::SocketAddr};
    ///
    /// use socketry_connection::Family;
    /// use socketry_connector::Trace;
    /// # fn known(_: &str) -> Option<Vec<SocketAddr>> { None }
    /// # async fn ask(_: &str) -> io::Result<Vec<SocketAddr>> { Ok(vec![]) }
    ///
    /// async fn look_up(name: &str, trace: Trace<'_>) -> io::Result<Vec<SocketAddr>> {
    ///     let mut telling = trace.lookup(name, Family::V6);
    ///     let result = match known(name) {
    ///         Some(addresses) => Ok(addresses),
    ///         None => {
    ///             telling.waits();
    ///             ask(name).await
    ///         }
    ///     };
    ///     telling.ended(result.as_deref());
    ///     result
    /// }
    /// ```
    #[inline]
    pub fn lookup(self, name: &str, family: Family) -> LookupTrace<'a, '_> {
        let mut telling = LookupTrace { trace: self, name, family, is_told: false };
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
            self.trace.tell(|| EventKind::attempt_won(self.remote));
        }
    }

    /// The socket could not be connected.
    ///
    /// Returns the error to end with: in which `phase` it failed, and why, after how long a wait
    /// (zero if the system refused at once).
    #[cold]
    #[inline(never)]
    pub fn failed(mut self, phase: Phase, error: io::Error, elapsed: Duration) -> ConnectFailed {
        self.waits();
        let attempt = Attempt::new(self.remote.clone(), phase, error, elapsed)
            .from_local(self.local.cloned());
        self.trace.tell(|| EventKind::AttemptFailed(&attempt));
        attempt.into()
    }
}

/// Tells of one lookup, as much as the observer wants to hear: [`Trace::lookup`].
///
/// Dropped without an end, it tells none: the lookup was given up.
#[derive(Debug)]
#[must_use = "a lookup ends in one way or the other"]
pub struct LookupTrace<'a, 'e> {
    trace: Trace<'a>,
    name: &'e str,
    family: Family,
    is_told: bool,
}

impl LookupTrace<'_, '_> {
    /// The lookup begins to wait for an answer.
    #[inline]
    pub fn waits(&mut self) {
        if !self.is_told {
            let Self { name, family, .. } = *self;
            self.is_told = true;
            self.trace.tell(|| EventKind::lookup_started(name, family));
        }
    }

    /// The addresses are known (their ports have no meaning), or are known not to come.
    #[inline]
    pub fn ended(mut self, result: Result<&[SocketAddr], &io::Error>) {
        if result.is_err() {
            self.waits();
        }
        if self.is_told {
            let Self { name, family, .. } = self;
            self.trace.tell(|| EventKind::lookup_ended(name, family, result));
        }
    }
}
