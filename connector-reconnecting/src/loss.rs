//! Why a session has ended, as a value and as an error.

use std::{error::Error, fmt, io, sync::Arc, time::Duration};

use socketry_connection::Address;

use crate::error::find;

/// Why a session has ended.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum LossCause {
    /// The peer has finished writing: its FIN was read.
    PeerClosed,
    /// The connection has failed.
    Failed(Arc<io::Error>),
    /// Its user has [given it up](crate::Session::give_up), and said why.
    GivenUp(Arc<io::Error>),
    /// Nothing was heard from the peer in time after a heartbeat.
    #[non_exhaustive]
    NoHeartbeat {
        /// How long it was waited for.
        within: Duration,
    },
    /// Whoever had the session has closed or dropped it, or taken the connection out of it.
    ClosedByUser,
    /// Its pool has closed it: it was idle for too long, too old, one too many, or not fit for use.
    ClosedByPool,
    /// It was to be ended: [`Handle::disconnect`](crate::Handle::disconnect).
    Disconnected,
}

impl LossCause {
    /// The kind of an error that says so.
    fn kind(&self) -> io::ErrorKind {
        match self {
            Self::PeerClosed => io::ErrorKind::UnexpectedEof,
            Self::Failed(error) | Self::GivenUp(error) => error.kind(),
            Self::NoHeartbeat { .. } => io::ErrorKind::TimedOut,
            Self::ClosedByUser | Self::ClosedByPool | Self::Disconnected => {
                io::ErrorKind::NotConnected
            }
        }
    }
}

impl fmt::Display for LossCause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::PeerClosed => f.write_str("the peer has closed it"),
            Self::Failed(error) | Self::GivenUp(error) => error.fmt(f),
            Self::NoHeartbeat { within } => {
                write!(f, "nothing was heard for {within:?} after a heartbeat")
            }
            Self::ClosedByUser => f.write_str("it was closed on this side"),
            Self::ClosedByPool => f.write_str("its pool has closed it"),
            Self::Disconnected => f.write_str("it was disconnected"),
        }
    }
}

/// The error of reads and writes of a session that is over.
///
/// ```text
/// session 3 with tcp://192.0.2.1:6379 was lost after 12.3s: the peer has closed it
/// ```
///
/// The [`io::Error`] around it is of kind [`UnexpectedEof`](io::ErrorKind::UnexpectedEof) if the peer
/// has closed the connection, of that of the connection's error,
/// [`TimedOut`](io::ErrorKind::TimedOut) without a heartbeat, and
/// [`NotConnected`](io::ErrorKind::NotConnected) if it was ended on this side.
#[derive(Clone, Debug)]
pub struct SessionLost(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    generation: u64,
    remote: Option<Address>,
    uptime: Duration,
    cause: LossCause,
}

impl SessionLost {
    pub(crate) fn new(
        generation: u64,
        remote: Option<Address>,
        uptime: Duration,
        cause: LossCause,
    ) -> Self {
        Self(Arc::new(Inner { generation, remote, uptime, cause }))
    }

    /// The number of the session.
    pub fn generation(&self) -> u64 {
        self.0.generation
    }

    /// How long it was up.
    pub fn uptime(&self) -> Duration {
        self.0.uptime
    }

    /// Why it has ended.
    pub fn cause(&self) -> &LossCause {
        &self.0.cause
    }

    /// This error at the bottom of `error`, if a session was lost.
    ///
    /// # Examples
    ///
    /// ```
    /// use socketry_connector_reconnecting::SessionLost;
    ///
    /// fn is_a_loss(error: &std::io::Error) -> bool {
    ///     SessionLost::of(error).is_some()
    /// }
    /// # assert!(!is_a_loss(&std::io::Error::other("")));
    /// ```
    pub fn of(error: &io::Error) -> Option<&Self> {
        find(error)
    }
}

impl fmt::Display for SessionLost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Inner { generation, remote, uptime, cause } = &*self.0;
        write!(f, "session {generation}")?;
        if let Some(remote) = remote {
            write!(f, " with {remote}")?;
        }
        write!(f, " was lost after {uptime:.1?}: {cause}")
    }
}

impl Error for SessionLost {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match &self.0.cause {
            LossCause::Failed(error) | LossCause::GivenUp(error) => Some(&**error),
            _ => None,
        }
    }
}

impl From<SessionLost> for io::Error {
    fn from(error: SessionLost) -> Self {
        Self::new(error.0.cause.kind(), error)
    }
}
