//! Messages that nobody will read.

use std::{error::Error, fmt, io};

use socketry_connection::Address;

/// The error of a message from outside that a connection did not take.
///
/// # Examples
///
/// ```
/// use socketry_server_limiting::{NotWritten, NotWrittenReason};
///
/// let error = NotWritten::new("tcp://192.0.2.1:5678".parse().ok(), NotWrittenReason::Dropped);
/// assert_eq!(
///     error.to_string(),
///     "message to tcp://192.0.2.1:5678 dropped: its peer has not read those before it"
/// );
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NotWritten {
    remote: Option<Address>,
    reason: NotWrittenReason,
}

/// Why a message was not written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum NotWrittenReason {
    /// The connection takes nothing any more: its owner has closed or dropped it, somebody has ended
    /// it, or it has broken.
    Gone,
    /// The peer was too far behind, and messages are then dropped.
    Dropped,
    /// The peer was too far behind, and the connection was closed for that.
    Closed,
}

impl NotWritten {
    /// A message to a peer was not written.
    pub fn new(remote: Option<Address>, reason: NotWrittenReason) -> Self {
        Self { remote, reason }
    }

    /// Who will not read it.
    pub fn remote(&self) -> Option<&Address> {
        self.remote.as_ref()
    }

    /// Why.
    pub fn reason(&self) -> NotWrittenReason {
        self.reason
    }
}

impl From<NotWritten> for io::Error {
    fn from(error: NotWritten) -> Self {
        let kind = match error.reason {
            NotWrittenReason::Gone => io::ErrorKind::BrokenPipe,
            NotWrittenReason::Dropped => io::ErrorKind::WouldBlock,
            NotWrittenReason::Closed => io::ErrorKind::ConnectionAborted,
        };
        Self::new(kind, error)
    }
}

impl fmt::Display for NotWritten {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("message")?;
        if let Some(remote) = &self.remote {
            write!(f, " to {remote}")?;
        }
        f.write_str(match self.reason {
            NotWrittenReason::Gone => " not written: the connection is closed",
            NotWrittenReason::Dropped => " dropped: its peer has not read those before it",
            NotWrittenReason::Closed => {
                " not written: its peer has not read those before it, and the connection was closed for that"
            }
        })
    }
}

impl Error for NotWritten {}
