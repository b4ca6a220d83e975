//! Connections that were ended from outside.

use std::{error::Error, fmt, io, time::Duration};

use socketry_connection::Address;

/// The error of a connection that was ended from outside and not by its peer.
///
/// Its owner finds it when it reads or writes the next time. The [`io::Error`] around it is of kind
/// [`TimedOut`](io::ErrorKind::TimedOut) if its time was up, and
/// [`ConnectionAborted`](io::ErrorKind::ConnectionAborted) otherwise.
///
/// # Examples
///
/// ```
/// use socketry_server_limiting::{ConnectionEnded, EndReason};
///
/// let remote = "tcp://192.0.2.1:5678".parse().ok();
/// let error = ConnectionEnded::new(remote, EndReason::Closed);
/// assert_eq!(
///     error.to_string(),
///     "connection from tcp://192.0.2.1:5678 ended: it was closed through the list of connections"
/// );
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConnectionEnded {
    remote: Option<Address>,
    reason: EndReason,
    after: Option<Duration>,
}

/// Why a connection was ended from outside.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum EndReason {
    /// Somebody has closed it through [`Tracked::close`](crate::Tracked::close).
    Closed,
    /// Nothing was read or written for too long.
    Idle,
    /// It has lived as long as a connection may.
    Lifetime,
    /// Its peer was too slow to read what was written to it from outside.
    Behind,
    /// The server was drained, and the deadline of that had come.
    Drained,
}

impl ConnectionEnded {
    /// A connection from `remote` was ended.
    pub fn new(remote: Option<Address>, reason: EndReason) -> Self {
        Self { remote, reason, after: None }
    }

    /// Says how long it was allowed to take.
    pub(crate) fn after(mut self, after: Option<Duration>) -> Self {
        self.after = after;
        self
    }

    /// Whose connection it was.
    pub fn remote(&self) -> Option<&Address> {
        self.remote.as_ref()
    }

    /// Why.
    pub fn reason(&self) -> EndReason {
        self.reason
    }
}

impl From<ConnectionEnded> for io::Error {
    fn from(error: ConnectionEnded) -> Self {
        let kind = match error.reason {
            EndReason::Idle | EndReason::Lifetime => io::ErrorKind::TimedOut,
            _ => io::ErrorKind::ConnectionAborted,
        };
        Self::new(kind, error)
    }
}

impl fmt::Display for ConnectionEnded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("connection")?;
        if let Some(remote) = &self.remote {
            write!(f, " from {remote}")?;
        }
        f.write_str(" ended: ")?;
        f.write_str(match self.reason {
            EndReason::Closed => "it was closed through the list of connections",
            EndReason::Idle => "nothing was read or written for too long",
            EndReason::Lifetime => "it has lived as long as it may",
            EndReason::Behind => "its peer did not read what was written to it",
            EndReason::Drained => "the server has stopped, and the time for that was up",
        })?;
        match self.after {
            Some(after) => write!(f, " ({after:?})"),
            None => Ok(()),
        }
    }
}

impl Error for ConnectionEnded {}
