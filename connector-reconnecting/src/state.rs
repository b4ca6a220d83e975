//! How a connection that comes back is doing.

use std::{
    fmt, io,
    sync::Arc,
    time::{Duration, Instant},
};

use crate::loss::LossCause;

/// How a connection that comes back is doing: [`Handle::state`](crate::Handle::state).
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum State {
    /// An attempt is under way.
    #[non_exhaustive]
    Connecting {
        /// Its number since the last session that has lasted: 1 is the first.
        attempt: u32,
    },
    /// A session is established.
    #[non_exhaustive]
    Up {
        /// Its number.
        generation: u64,
    },
    /// There is no session, and no attempt yet.
    #[non_exhaustive]
    Waiting {
        /// When the next attempt begins at the earliest, if somebody polls for it. Until somebody does
        /// after a loss, this is the moment of the loss: the delay is not known yet.
        until: Instant,
        /// The number of that attempt; 1 until somebody polls for it.
        attempt: u32,
        /// Why there is no session.
        reason: Reason,
    },
    /// A session is being ended, after [`disconnect`](crate::Handle::disconnect).
    Closing,
    /// No attempt is made, and there is no session.
    #[non_exhaustive]
    Closed {
        /// Why it has ended by itself; `None` after `disconnect`.
        error: Option<Arc<io::Error>>,
    },
}

/// Why there is no session.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Reason {
    /// Nobody has asked for one so far.
    New,
    /// The last one was lost.
    Lost(LossCause),
    /// The last attempt has failed.
    Failed(Arc<io::Error>),
}

impl State {
    /// Whether a session is established.
    pub fn is_up(&self) -> bool {
        matches!(self, Self::Up { .. })
    }

    /// Whether no attempt is made and there is no session.
    pub fn is_closed(&self) -> bool {
        matches!(self, Self::Closed { .. })
    }

    /// The last error: of an attempt, of a session that was lost, or of what has ended everything.
    pub fn last_error(&self) -> Option<&Arc<io::Error>> {
        match self {
            Self::Waiting { reason: Reason::Failed(error), .. }
            | Self::Waiting {
                reason: Reason::Lost(LossCause::Failed(error) | LossCause::GivenUp(error)),
                ..
            } => Some(error),
            Self::Closed { error } => error.as_ref(),
            _ => None,
        }
    }
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Connecting { attempt } => write!(f, "connecting, attempt {attempt}"),
            Self::Up { generation } => write!(f, "up, session {generation}"),
            Self::Waiting { attempt, reason, .. } => {
                write!(f, "waiting for attempt {attempt}: {reason}")
            }
            Self::Closing => f.write_str("closing"),
            Self::Closed { error: None } => f.write_str("closed"),
            Self::Closed { error: Some(error) } => write!(f, "closed: {error}"),
        }
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::New => f.write_str("nobody has asked yet"),
            Self::Lost(cause) => write!(f, "the session was lost: {cause}"),
            Self::Failed(error) => error.fmt(f),
        }
    }
}

/// What has come to pass so far: [`Handle::statistics`](crate::Handle::statistics).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Statistics {
    /// Attempts that have begun.
    pub attempts: u64,
    /// Attempts that have failed.
    pub failed_attempts: u64,
    /// Sessions that were established.
    pub sessions: u64,
    /// Sessions that are lost.
    pub lost_sessions: u64,
    /// Bytes that users have read in all sessions; those of prologues and of `get_mut` are not counted.
    pub bytes_read: u64,
    /// Bytes that users have written in all sessions, likewise.
    pub bytes_written: u64,
    /// How long sessions have been up, all together.
    pub uptime: Duration,
}
