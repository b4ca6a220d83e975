//! Why a handover has failed.

use std::{error::Error, fmt, io, time::Duration};

use socketry_connection::{Address, UnixAddress};

/// The error of a handover that did not come to its end: on which side, in which phase, and why.
///
/// ```text
/// handing sockets on at unix:///run/demo.handover failed during the start of the successor: it closed the connection
/// taking sockets over at unix:///run/demo.handover timed out after 60s during the passing of sockets
/// offering sockets at unix:///run/demo.handover failed: Address already in use (os error 98); another process offers its sockets there
/// ```
///
/// The [`io::Error`] around it has the kind of what has gone wrong.
///
/// # Examples
///
/// ```
/// use std::io;
///
/// use socketry_server_handover::{HandoverFailed, Phase};
///
/// /// Whether the next process was there, and did not come up.
/// fn has_not_come_up(error: &io::Error) -> bool {
///     let failed = error.get_ref().and_then(|error| error.downcast_ref::<HandoverFailed>());
///     failed.is_some_and(|failed| failed.phase() == Phase::Starting)
/// }
/// ```
#[derive(Debug)]
pub struct HandoverFailed {
    side: Side,
    phase: Phase,
    at: UnixAddress,
    error: io::Error,
    /// If time has run out.
    after: Option<Duration>,
}

/// How far a handover had come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Phase {
    /// The earlier process makes the socket at which they meet.
    Offering,
    /// The two come together.
    Connecting,
    /// Each looks whether the other is of the same user.
    Identifying,
    /// The later process asks for the sockets.
    Asking,
    /// They are passed.
    Passing,
    /// The later process has them, and is to say that it serves.
    Starting,
}

/// Which of the two.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Side {
    Leaver,
    Successor,
}

impl HandoverFailed {
    pub(crate) fn new(side: Side, phase: Phase, at: UnixAddress, error: io::Error) -> Self {
        Self { side, phase, at, error, after: None }
    }

    pub(crate) fn timed_out(side: Side, phase: Phase, at: UnixAddress, after: Duration) -> Self {
        let error = io::ErrorKind::TimedOut.into();
        Self { side, phase, at, error, after: Some(after) }
    }

    /// How far it had come.
    pub fn phase(&self) -> Phase {
        self.phase
    }

    /// Where the processes were to meet.
    pub fn at(&self) -> &UnixAddress {
        &self.at
    }

    /// What has gone wrong.
    pub fn error(&self) -> &io::Error {
        &self.error
    }
}

impl From<HandoverFailed> for io::Error {
    fn from(error: HandoverFailed) -> Self {
        Self::new(error.error.kind(), error)
    }
}

impl fmt::Display for HandoverFailed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let doing = match (self.phase, self.side) {
            (Phase::Offering, _) => "offering sockets",
            (_, Side::Leaver) => "handing sockets on",
            (_, Side::Successor) => "taking sockets over",
        };
        write!(f, "{doing} at {}", Address::Unix(self.at.clone()))?;
        match self.after {
            Some(after) => write!(f, " timed out after {after:?}")?,
            None => f.write_str(" failed")?,
        }
        f.write_str(match self.phase {
            Phase::Offering => "",
            Phase::Connecting => " during connecting",
            Phase::Identifying => " during the check of the user",
            Phase::Asking => " during the request",
            Phase::Passing => " during the passing of sockets",
            Phase::Starting => " during the start of the successor",
        })?;
        match self.after {
            Some(_) => Ok(()),
            None => write!(f, ": {}", self.error),
        }
    }
}

impl Error for HandoverFailed {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(&self.error)
    }
}

/// An error of the system's, and what can be done about it.
#[derive(Debug)]
pub(crate) struct Advised {
    error: io::Error,
    advice: String,
}

impl Advised {
    pub(crate) fn error(error: impl Into<io::Error>, advice: impl Into<String>) -> io::Error {
        let (error, advice) = (error.into(), advice.into());
        io::Error::new(error.kind(), Self { error, advice })
    }
}

impl fmt::Display for Advised {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}; {}", self.error, self.advice)
    }
}

impl Error for Advised {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(&self.error)
    }
}
