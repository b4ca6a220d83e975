//! What ends attempts, and all of them.

use std::{error::Error, fmt, io, sync::Arc, time::Duration};

use socketry_connection::Address;

/// Says that an error ends everything: no attempt follows.
///
/// For a prologue that finds that it will never be let in, and for connectors of one's own. It reads as
/// the error inside.
///
/// # Examples
///
/// ```
/// use std::io;
///
/// use socketry_connector_reconnecting::Fatal;
///
/// fn check(answer: &str) -> io::Result<()> {
///     match answer {
///         "+OK" => Ok(()),
///         "-WRONGPASS" => Err(Fatal::error(io::Error::other("the password is wrong"))),
///         other => Err(io::Error::other(format!("not understood: {other}"))), // tried again
///     }
/// }
/// # assert!(Fatal::is(&check("-WRONGPASS").unwrap_err()) && !Fatal::is(&check("").unwrap_err()));
/// ```
#[derive(Debug)]
pub struct Fatal(io::Error);

impl Fatal {
    /// `error`, after which no attempt follows. It keeps its kind.
    pub fn error(error: io::Error) -> io::Error {
        io::Error::new(error.kind(), Self(error))
    }

    /// Whether `error` says so.
    pub fn is(error: &io::Error) -> bool {
        find::<Self>(error).is_some()
    }
}

impl fmt::Display for Fatal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl Error for Fatal {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(&self.0)
    }
}

/// The error of connections that come back no more.
///
/// ```text
/// gave up after 10 attempts in 63.1s: connection to tcp://192.0.2.1:80 failed: Connection refused ...
/// ```
///
/// The [`io::Error`] around it is of the kind of the last error.
#[derive(Debug)]
pub struct GaveUp {
    attempts: u32,
    outage: Duration,
    last: Arc<io::Error>,
    is_final: bool,
}

impl GaveUp {
    pub(crate) fn new(
        attempts: u32,
        outage: Duration,
        last: Arc<io::Error>,
        is_final: bool,
    ) -> Self {
        Self { attempts, outage, last, is_final }
    }

    /// How many attempts there were in a row.
    pub fn attempts(&self) -> u32 {
        self.attempts
    }

    /// How long they took.
    pub fn outage(&self) -> Duration {
        self.outage
    }

    /// Why the last one has failed.
    pub fn last_error(&self) -> &io::Error {
        &self.last
    }

    /// Whether the last error was not worth another attempt; otherwise the attempts or the time were
    /// used up.
    pub fn is_final(&self) -> bool {
        self.is_final
    }

    /// This error at the bottom of `error`, if it is one.
    pub fn of(error: &io::Error) -> Option<&Self> {
        find(error)
    }
}

impl fmt::Display for GaveUp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { attempts, outage, last, .. } = self;
        if *attempts == 0 {
            return write!(f, "gave up: {last}"); // a session has ended it, and no attempt
        }
        let plural = if *attempts == 1 { "" } else { "s" };
        write!(f, "gave up after {attempts} attempt{plural} in {outage:.1?}: {last}")
    }
}

impl Error for GaveUp {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(&*self.last)
    }
}

impl From<GaveUp> for io::Error {
    fn from(error: GaveUp) -> Self {
        Self::new(error.last.kind(), error)
    }
}

/// The error of an attempt that took too long.
///
/// ```text
/// attempt timed out after 20s during connect
/// ```
#[derive(Clone, Copy, Debug)]
pub struct AttemptTimedOut {
    after: Duration,
    during: &'static str,
}

impl AttemptTimedOut {
    pub(crate) fn new(after: Duration, during: &'static str) -> Self {
        Self { after, during }
    }

    /// How long it took.
    pub fn after(&self) -> Duration {
        self.after
    }
}

impl fmt::Display for AttemptTimedOut {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "attempt timed out after {:.1?} during {}", self.after, self.during)
    }
}

impl Error for AttemptTimedOut {}

impl From<AttemptTimedOut> for io::Error {
    fn from(error: AttemptTimedOut) -> Self {
        Self::new(io::ErrorKind::TimedOut, error)
    }
}

/// The error of an attempt whose [`Prologue`](crate::Prologue) has failed.
///
/// ```text
/// connection to tcp://192.0.2.1:6379 failed during its prologue: the password is wrong
/// ```
///
/// The [`io::Error`] around it has the kind of what the prologue has returned, which is its source.
#[derive(Debug)]
pub struct PrologueFailed {
    remote: Option<Address>,
    error: io::Error,
}

impl PrologueFailed {
    pub(crate) fn error(remote: Option<Address>, error: io::Error) -> io::Error {
        io::Error::new(error.kind(), Self { remote, error })
    }
}

impl fmt::Display for PrologueFailed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("connection")?;
        if let Some(remote) = &self.remote {
            write!(f, " to {remote}")?;
        }
        write!(f, " failed during its prologue: {}", self.error)
    }
}

impl Error for PrologueFailed {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(&self.error)
    }
}

/// An error of this type at or below `error`.
pub(crate) fn find<E: Error + 'static>(error: &io::Error) -> Option<&E> {
    let mut next: Option<&(dyn Error + 'static)> = match error.get_ref() {
        Some(payload) => Some(payload),
        None => None,
    };
    while let Some(error) = next {
        if let Some(found) = error.downcast_ref() {
            return Some(found);
        }
        next = match error.downcast_ref::<io::Error>() {
            Some(error) => match error.get_ref() {
                Some(payload) => Some(payload),
                None => None,
            },
            None => error.source(),
        };
    }
    None
}
