//! What can be heard of one call of a connector.

use std::{cell::OnceCell, fmt, io, net::SocketAddr, time::Instant};

use socketry_connection::{Address, Family};

use crate::Attempt;

/// Whoever a [`Trace`](crate::Trace) tells.
///
/// `observe` is called in the middle of the work, possibly from several threads: it SHOULD return
/// soon and MUST NOT block.
///
/// # Examples
///
/// ```
/// use std::sync::atomic::{AtomicUsize, Ordering};
///
/// use socketry_connector::{Event, EventKind, Observe, Trace};
///
/// /// Counts the attempts of a call.
/// #[derive(Default)]
/// struct Count(AtomicUsize);
///
/// impl Observe for Count {
///     fn observe(&self, event: &Event<'_>) {
///         if let EventKind::AttemptStarted { .. } = event.kind() {
///             self.0.fetch_add(1, Ordering::Relaxed);
///         }
///     }
/// }
///
/// let count = Count::default();
/// let remote = "tcp://127.0.0.1:80".parse().unwrap();
/// Trace::to(&count).attempt(&remote, None).won(); // what a connector does
/// assert_eq!(count.0.into_inner(), 1);
/// ```
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
///
/// Made by its functions, so that each kind may come to hold more.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub enum EventKind<'a> {
    /// A name is being looked up.
    #[non_exhaustive]
    LookupStarted {
        /// The name.
        name: &'a str,
        /// The family of addresses that is asked for.
        family: Family,
    },
    /// The addresses of a name are known, or are known not to come.
    #[non_exhaustive]
    LookupEnded {
        /// The name.
        name: &'a str,
        /// The family of addresses that was asked for.
        family: Family,
        /// The addresses, with port 0 and link-local ones with their scope, or why there are none.
        result: Result<&'a [SocketAddr], &'a io::Error>,
    },
    /// An attempt to reach an address. To an observer that wants only what waits
    /// ([`Trace::through`](crate::Trace::through)) it is told when the attempt first waits, or
    /// fails.
    ///
    /// An attempt that is told to have started and neither to have failed nor to have won was given
    /// up: another one had won, or the call was dropped.
    #[non_exhaustive]
    AttemptStarted {
        /// Where to.
        remote: &'a Address,
        /// From where, if the socket is bound to an address.
        local: Option<&'a Address>,
    },
    /// A socket could not be connected.
    AttemptFailed(&'a Attempt),
    /// A socket is connected.
    #[non_exhaustive]
    AttemptWon {
        /// Where to.
        remote: &'a Address,
    },
    /// The call waits for nothing, but lets other tasks go first; it has seen to it that it is
    /// polled again at once.
    Yielded,
    /// A TLS handshake begins.
    #[non_exhaustive]
    HandshakeStarted {
        /// Who has to answer.
        peer_name: &'a str,
    },
    /// A TLS handshake is over.
    #[non_exhaustive]
    HandshakeEnded {
        /// Who had to answer.
        peer_name: &'a str,
        /// What went wrong, if something did.
        result: Result<(), &'a io::Error>,
    },
}

impl<'a> EventKind<'a> {
    /// A name is being looked up.
    pub fn lookup_started(name: &'a str, family: Family) -> Self {
        Self::LookupStarted { name, family }
    }

    /// The addresses of a name are known (their ports have no meaning), or are known not to come.
    pub fn lookup_ended(
        name: &'a str,
        family: Family,
        result: Result<&'a [SocketAddr], &'a io::Error>,
    ) -> Self {
        Self::LookupEnded { name, family, result }
    }

    /// An attempt to reach an address. [`Trace::attempt`](crate::Trace::attempt) tells it, and how
    /// it ends.
    pub fn attempt_started(remote: &'a Address, local: Option<&'a Address>) -> Self {
        Self::AttemptStarted { remote, local }
    }

    /// A socket is connected.
    pub fn attempt_won(remote: &'a Address) -> Self {
        Self::AttemptWon { remote }
    }

    /// A TLS handshake begins.
    pub fn handshake_started(peer_name: &'a str) -> Self {
        Self::HandshakeStarted { peer_name }
    }

    /// A TLS handshake is over.
    pub fn handshake_ended(peer_name: &'a str, result: Result<(), &'a io::Error>) -> Self {
        Self::HandshakeEnded { peer_name, result }
    }
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
                let plural = if addresses.len() == 1 { "" } else { "es" };
                write!(f, "{name} has {} {family} address{plural}", addresses.len())
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
