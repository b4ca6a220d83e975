//! Why a check-out was not served.

use std::{error::Error, fmt, io, sync::Arc, time::Duration};

/// The error of a check-out that was not served in time.
///
/// ```text
/// no connection from pool "cache" within 30s: connection to tcp://192.0.2.1:11211 failed: ...
/// no connection from pool "cache" within 30s: it is still being made
/// no connection from pool "cache" within 30s: all 10 are in use
/// no connection from pool "cache" within 30s: 7 of 10 are in use, and others are being made
/// ```
///
/// The [`io::Error`] around it is of kind [`TimedOut`](io::ErrorKind::TimedOut).
#[derive(Clone, Debug)]
pub struct NotServed {
    pub(crate) pool: String,
    pub(crate) after: Duration,
    pub(crate) size: usize,
    pub(crate) in_use: usize,
    pub(crate) is_connecting: bool,
    pub(crate) last: Option<Arc<io::Error>>,
}

impl NotServed {
    /// How long it has waited.
    pub fn after(&self) -> Duration {
        self.after
    }

    /// Why there was no connection; `None` if all were in use, or nothing has failed so far.
    pub fn last_error(&self) -> Option<&io::Error> {
        self.last.as_deref()
    }
}

impl fmt::Display for NotServed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { pool, after, size, in_use, is_connecting, last } = self;
        write!(f, "no connection from pool {pool:?} within {after:?}: ")?;
        match last {
            Some(error) => error.fmt(f),
            None if *is_connecting => f.write_str("it is still being made"),
            None if in_use == size => write!(f, "all {size} are in use"),
            None => write!(f, "{in_use} of {size} are in use, and others are being made"),
        }
    }
}

impl Error for NotServed {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match &self.last {
            Some(error) => Some(&**error),
            None => None,
        }
    }
}

impl From<NotServed> for io::Error {
    fn from(error: NotServed) -> Self {
        Self::new(io::ErrorKind::TimedOut, error)
    }
}

/// The error of a check-out from a pool that is closed.
pub(crate) fn closed(pool: &str) -> io::Error {
    let text =
        format!("no connection from pool {pool:?}: it is disconnected; call connect() on it");
    io::Error::new(io::ErrorKind::NotConnected, text)
}

/// The error of a check-out from a pool that has no connection and no target to make one.
pub(crate) fn empty(pool: &str) -> io::Error {
    let text = format!(
        "no connection from pool {pool:?}: it has none and no target; give it one with to(), or add_connection()"
    );
    io::Error::new(io::ErrorKind::InvalidInput, text)
}
