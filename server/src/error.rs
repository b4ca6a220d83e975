//! What servers say when something goes wrong.

use std::{borrow::Cow, error::Error, fmt, io};

use socketry_connection::Address;

/// The error of a server that could not begin to listen.
///
/// ```text
/// listening on tcp://127.0.0.1:80 failed: Permission denied (os error 13)
/// listening on tcp://127.0.0.1:80 failed during option reuse_port: Protocol not available ...
/// ```
///
/// The [`io::Error`] around it has the kind of the system's error.
///
/// # Examples
///
/// ```
/// use std::io;
///
/// use socketry_server::ListenFailed;
///
/// let denied = io::Error::from_raw_os_error(13);
/// let error: io::Error = ListenFailed::new("tcp://127.0.0.1:80", denied).into();
/// assert_eq!(error.kind(), io::ErrorKind::PermissionDenied);
/// ```
#[derive(Debug)]
pub struct ListenFailed {
    on: String,
    step: Option<Cow<'static, str>>,
    error: io::Error,
}

impl ListenFailed {
    /// Listening `on` an address (or whatever names the listener) has failed.
    pub fn new(on: impl fmt::Display, error: io::Error) -> Self {
        Self { on: on.to_string(), step: None, error }
    }

    /// Says at which step it failed, such as `option reuse_port`.
    pub fn during(mut self, step: impl Into<Cow<'static, str>>) -> Self {
        self.step = Some(step.into());
        self
    }

    /// Says another name for what was to be listened on: that of a layer above.
    pub fn renamed(mut self, on: impl fmt::Display) -> Self {
        self.on = on.to_string();
        self
    }

    /// What was to be listened on.
    pub fn on(&self) -> &str {
        &self.on
    }

    /// Why it failed.
    pub fn error(&self) -> &io::Error {
        &self.error
    }
}

impl From<ListenFailed> for io::Error {
    fn from(error: ListenFailed) -> Self {
        Self::new(error.error.kind(), error)
    }
}

impl fmt::Display for ListenFailed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "listening on {} failed", self.on)?;
        if let Some(step) = &self.step {
            write!(f, " during {step}")?;
        }
        write!(f, ": {}", self.error)
    }
}

impl Error for ListenFailed {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(&self.error)
    }
}

/// The error of a server that could not take a connection just now; it goes on.
///
/// ```text
/// accepting on tcp://127.0.0.1:80 failed: Software caused connection abort (os error 103)
/// ```
///
/// The [`io::Error`] around it has the kind of the system's error.
#[derive(Debug)]
pub struct AcceptFailed {
    on: Option<Address>,
    advice: Option<&'static str>,
    error: io::Error,
}

impl AcceptFailed {
    /// Taking a connection `on` a listener's address has failed.
    pub fn new(on: Option<Address>, error: io::Error) -> Self {
        Self { on, advice: None, error }
    }

    /// Adds what a person can do about it, if that is known.
    pub fn with_advice(mut self, advice: impl Into<Option<&'static str>>) -> Self {
        self.advice = advice.into();
        self
    }

    /// Where the server listens.
    pub fn on(&self) -> Option<&Address> {
        self.on.as_ref()
    }

    /// Why it failed.
    pub fn error(&self) -> &io::Error {
        &self.error
    }
}

impl From<AcceptFailed> for io::Error {
    fn from(error: AcceptFailed) -> Self {
        Self::new(error.error.kind(), error)
    }
}

impl fmt::Display for AcceptFailed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("accepting")?;
        if let Some(on) = &self.on {
            write!(f, " on {on}")?;
        }
        write!(f, " failed: {}", self.error)?;
        match self.advice {
            Some(advice) => write!(f, "; {advice}"),
            None => Ok(()),
        }
    }
}

impl Error for AcceptFailed {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(&self.error)
    }
}

/// The error of a server that closed a newcomer because a limit was reached.
///
/// The [`io::Error`] around it is of kind [`QuotaExceeded`](io::ErrorKind::QuotaExceeded).
///
/// # Examples
///
/// ```
/// use socketry_server::LimitReached;
///
/// let remote = "tcp://192.0.2.1:5678".parse().ok();
/// let error = LimitReached::new(remote, 100, "open connections");
/// assert_eq!(
///     error.to_string(),
///     "connection from tcp://192.0.2.1:5678 closed: the limit of 100 open connections is reached"
/// );
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LimitReached {
    remote: Option<Address>,
    limit: u64,
    of_what: Cow<'static, str>,
}

impl LimitReached {
    /// A connection from `remote` was one more than `limit` of something.
    pub fn new(remote: Option<Address>, limit: u64, of_what: impl Into<Cow<'static, str>>) -> Self {
        Self { remote, limit, of_what: of_what.into() }
    }

    /// Who was turned away.
    pub fn remote(&self) -> Option<&Address> {
        self.remote.as_ref()
    }

    /// The limit.
    pub fn limit(&self) -> u64 {
        self.limit
    }

    /// What is limited, such as `open connections`.
    pub fn of_what(&self) -> &str {
        &self.of_what
    }
}

impl From<LimitReached> for io::Error {
    fn from(error: LimitReached) -> Self {
        Self::new(io::ErrorKind::QuotaExceeded, error)
    }
}

impl fmt::Display for LimitReached {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("connection")?;
        if let Some(remote) = &self.remote {
            write!(f, " from {remote}")?;
        }
        write!(f, " closed: the limit of {} {} is reached", self.limit, self.of_what)
    }
}

impl Error for LimitReached {}
