//! What resolvers say when a lookup finds nothing.

use std::{error::Error, fmt, io, sync::Arc, time::Instant};

use socketry_connection::Family;

/// The error of a lookup: which name and family, and why there is no answer.
///
/// ```text
/// lookup of example.invalid (IPv6) failed: there is no such name (NXDOMAIN)
/// lookup of example.com (IPv4) failed: the nameserver failed (SERVFAIL)
/// ```
///
/// A clone shares the error beneath: several callers can be told of one failure.
///
/// # Examples
///
/// ```
/// use std::io;
///
/// use socketry_resolver::{Family, LookupFailed, LookupFailure};
///
/// let error: io::Error = LookupFailed::new("example.invalid", Family::V4, LookupFailure::NoSuchName).into();
/// assert_eq!(error.kind(), io::ErrorKind::NotFound);
/// ```
#[derive(Clone, Debug)]
pub struct LookupFailed {
    name: String,
    family: Family,
    failure: LookupFailure,
    source: Option<Arc<io::Error>>,
    expires: Option<Instant>,
}

impl LookupFailed {
    /// The lookup of `name` in `family` has failed.
    pub fn new(name: impl Into<String>, family: Family, failure: LookupFailure) -> Self {
        Self { name: name.into(), family, failure, source: None, expires: None }
    }

    /// Adds the error beneath.
    pub fn because_of(mut self, source: io::Error) -> Self {
        self.source = Some(Arc::new(source));
        self
    }

    /// Says until when it is so: for [`NoSuchName`](LookupFailure::NoSuchName) and
    /// [`NoAddress`](LookupFailure::NoAddress), whose zone says for how long they are good (RFC 2308,
    /// section 5). By default nobody knows.
    pub fn expiring(mut self, at: Instant) -> Self {
        self.expires = Some(at);
        self
    }

    /// Until when it is so, if somebody knows.
    pub fn expires(&self) -> Option<Instant> {
        self.expires
    }

    /// The name that was looked up.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The family that was asked for.
    pub fn family(&self) -> Family {
        self.family
    }

    /// Why there is no answer.
    pub fn failure(&self) -> LookupFailure {
        self.failure
    }
}

/// Of the kind that the failure has; of that of the source if it is [`LookupFailure::Other`].
impl From<LookupFailed> for io::Error {
    fn from(error: LookupFailed) -> Self {
        let kind = match (error.failure, &error.source) {
            (LookupFailure::Other, Some(source)) => source.kind(),
            (failure, _) => failure.kind(),
        };
        Self::new(kind, error)
    }
}

impl fmt::Display for LookupFailed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "lookup of {} ({}) failed: {}", self.name, self.family, self.failure)?;
        match &self.source {
            Some(source) => write!(f, ": {source}"),
            None => Ok(()),
        }
    }
}

impl Error for LookupFailed {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(&**self.source.as_ref()?)
    }
}

/// Why a lookup has no answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum LookupFailure {
    /// What was asked for can be no host name.
    InvalidName,
    /// The name does not exist (NXDOMAIN).
    NoSuchName,
    /// The name exists and has no address of the family that was asked for (NODATA).
    NoAddress,
    /// The nameserver has failed (SERVFAIL).
    ServerFailed,
    /// The nameserver does not answer such questions (REFUSED).
    Refused,
    /// No nameserver has answered in time.
    TimedOut,
    /// No nameserver can be reached.
    Unreachable,
    /// No nameserver is configured.
    NoServer,
    /// Something else: see the source.
    Other,
}

impl LookupFailure {
    fn kind(self) -> io::ErrorKind {
        match self {
            Self::InvalidName => io::ErrorKind::InvalidInput,
            Self::NoSuchName | Self::NoAddress => io::ErrorKind::NotFound,
            Self::Refused => io::ErrorKind::PermissionDenied,
            Self::TimedOut => io::ErrorKind::TimedOut,
            Self::Unreachable => io::ErrorKind::HostUnreachable,
            Self::ServerFailed | Self::NoServer | Self::Other => io::ErrorKind::Other,
        }
    }
}

impl fmt::Display for LookupFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::InvalidName => "this can be no host name",
            Self::NoSuchName => "there is no such name (NXDOMAIN)",
            Self::NoAddress => "the name has no address of this family (NODATA)",
            Self::ServerFailed => "the nameserver failed (SERVFAIL)",
            Self::Refused => "the nameserver refuses to answer (REFUSED)",
            Self::TimedOut => "no nameserver answered in time",
            Self::Unreachable => "no nameserver can be reached",
            Self::NoServer => "no nameserver is configured",
            Self::Other => "something went wrong",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failure_of_its_own_kind_keeps_it_and_any_other_has_that_of_its_source() {
        let kind = |failure| {
            let source = io::ErrorKind::OutOfMemory.into();
            let failed = LookupFailed::new("a.example", Family::V4, failure).because_of(source);
            io::Error::from(failed).kind()
        };
        assert_eq!(kind(LookupFailure::TimedOut), io::ErrorKind::TimedOut);
        assert_eq!(kind(LookupFailure::Other), io::ErrorKind::OutOfMemory);
    }
}
