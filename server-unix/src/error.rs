//! Why a path cannot be listened on.

use std::{borrow::Cow, error::Error, fmt, io};

use rustix::io::Errno;
use socketry_server::ListenFailed;

/// The path of a server is taken: by whom or what, and what to do about it where that is known.
///
/// ```text
/// listening on unix:///run/demo.sock failed: Address already in use (os error 98); another server holds the lock /run/demo.sock.lock; stop it or choose another path
/// ```
///
/// It lies under a [`ListenFailed`] and over the system's `EADDRINUSE`.
///
/// # Examples
///
/// ```
/// use std::io;
///
/// use socketry_server::ListenFailed;
/// use socketry_server_unix::PathInUse;
///
/// fn who_is_there(error: &io::Error) -> Option<&str> {
///     let failed: &ListenFailed = error.get_ref()?.downcast_ref()?;
///     let in_use: &PathInUse = failed.error().get_ref()?.downcast_ref()?;
///     Some(in_use.reason())
/// }
/// ```
#[derive(Debug)]
pub struct PathInUse {
    reason: String,
    error: io::Error,
}

impl PathInUse {
    pub(crate) fn new(reason: String) -> Self {
        Self { reason, error: Errno::ADDRINUSE.into() }
    }

    /// Who or what is there.
    pub fn reason(&self) -> &str {
        &self.reason
    }
}

/// Always of kind [`AddrInUse`](io::ErrorKind::AddrInUse).
impl From<PathInUse> for io::Error {
    fn from(error: PathInUse) -> Self {
        Self::new(error.error.kind(), error)
    }
}

impl fmt::Display for PathInUse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}; {}", self.error, self.reason)
    }
}

impl Error for PathInUse {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(&self.error)
    }
}

/// Why listening failed, and at which step if that needs to be said.
#[derive(Debug)]
pub(crate) struct Failure {
    step: Option<Cow<'static, str>>,
    error: io::Error,
}

impl Failure {
    /// It failed at this step.
    pub(crate) fn during(step: impl Into<Cow<'static, str>>, error: io::Error) -> Self {
        Self { step: Some(step.into()), error }
    }

    /// The error of a server that was to listen `on` this.
    pub(crate) fn listening_on(self, on: impl fmt::Display) -> io::Error {
        let failed = ListenFailed::new(on, self.error);
        match self.step {
            Some(step) => failed.during(step).into(),
            None => failed.into(),
        }
    }
}

/// A failure at a step that everybody expects.
impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        Self { step: None, error }
    }
}

impl From<PathInUse> for Failure {
    fn from(error: PathInUse) -> Self {
        io::Error::from(error).into()
    }
}
