//! What is said about a call that did not end in time.

use std::{error::Error, fmt, io, time::Duration};

use socketry_connection::Address;
use socketry_connector::Attempts;

/// The error of a call that was not ready in time: after how long, what it was waiting for, and
/// what it had tried.
///
/// ```text
/// connection timed out after 3s
/// connection to example.com timed out after 60s during DNS lookup
/// connection to tcp://10.0.0.1:80 timed out after 3s during connect
/// connection timed out after 3s during connect (tcp://[::1]:80: no answer; tcp://10.0.0.1:80: ...)
/// connection to tls://example.com timed out after 3s during TLS handshake
/// connection to tcp://example.com:80 timed out after 3s during connect (tcp://10.0.0.1:80: no answer)
/// ```
///
/// The last one was [told the target](Self::with_target).
///
/// The [`io::Error`] around it is of kind [`TimedOut`](io::ErrorKind::TimedOut). It has no source:
/// an attempt that failed before is not why the time was up.
///
/// It tells what the layers inside told; a connector that tells nothing leaves
/// [`TimeoutPhase::Unknown`]. Of many attempts the first 64 are kept.
#[derive(Clone, Debug)]
pub struct TimedOut {
    target: Option<String>,
    after: Duration,
    phase: TimeoutPhase,
    unanswered: Vec<Address>,
    attempts: Attempts,
}

impl TimedOut {
    pub(crate) fn new(
        after: Duration,
        phase: TimeoutPhase,
        unanswered: Vec<Address>,
        attempts: Attempts,
    ) -> Self {
        Self { target: None, after, phase, unanswered, attempts }
    }

    /// Says where the connection was to go, as a URI, which a timeout does not know: it reads no
    /// target. By default the text names what was heard of on the way.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::{fmt::Display, io};
    ///
    /// use socketry_connector_timeout::TimedOut;
    ///
    /// /// Names the target in the error of a connect that has timed out.
    /// fn name(error: io::Error, target: impl Display) -> io::Error {
    ///     match error.downcast::<TimedOut>() {
    ///         Ok(timed_out) => timed_out.with_target(target).into(),
    ///         Err(other) => other,
    ///     }
    /// }
    /// ```
    pub fn with_target(mut self, target: impl fmt::Display) -> Self {
        self.target = Some(target.to_string());
        self
    }

    /// How much time the call had.
    pub fn after(&self) -> Duration {
        self.after
    }

    /// What it was waiting for.
    pub fn phase(&self) -> &TimeoutPhase {
        &self.phase
    }

    /// The addresses that were being tried and had not answered, in the order in which they were
    /// started.
    pub fn unanswered(&self) -> &[Address] {
        &self.unanswered
    }

    /// The attempts that had failed before, in the order in which they ended.
    pub fn attempts(&self) -> &Attempts {
        &self.attempts
    }

    /// Where to, as far as one place can be named.
    fn fmt_target(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(target) = &self.target {
            return write!(f, " to {target}");
        }
        match (&self.phase, &self.unanswered[..]) {
            (TimeoutPhase::Lookup { name }, _) => write!(f, " to {name}"),
            (TimeoutPhase::Connect, [only]) if self.attempts.is_empty() => write!(f, " to {only}"),
            (TimeoutPhase::Connected { remote }, _) => write!(f, " to {remote}"),
            (TimeoutPhase::Handshake { peer_name }, _) if peer_name.contains(':') => {
                write!(f, " to tls://[{peer_name}]")
            }
            (TimeoutPhase::Handshake { peer_name }, _) => write!(f, " to tls://{peer_name}"),
            (TimeoutPhase::Connect | TimeoutPhase::Unknown, _) => Ok(()),
        }
    }

    /// What had been tried, unless the target says it all.
    fn fmt_attempts(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let is_said = |only: &Address| match &self.target {
            Some(target) => *target == only.to_string(),
            None => true,
        };
        match (&self.unanswered[..], self.attempts.is_empty()) {
            ([], true) => return Ok(()),
            ([only], true) if is_said(only) => return Ok(()),
            _ => {}
        }
        f.write_str(" (")?;
        for (index, remote) in self.unanswered.iter().enumerate() {
            let separator = if index == 0 { "" } else { "; " };
            write!(f, "{separator}{remote}: no answer")?;
        }
        let is_between = !self.unanswered.is_empty() && !self.attempts.is_empty();
        let separator = if is_between { "; " } else { "" };
        write!(f, "{separator}{})", self.attempts)
    }
}

impl fmt::Display for TimedOut {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("connection")?;
        self.fmt_target(f)?;
        match self.after.is_zero() {
            true => f.write_str(" timed out after 0s")?, // `Duration` would print 0ns
            false => write!(f, " timed out after {:?}", self.after)?,
        }
        if let Some(phase) = self.phase.words() {
            write!(f, " during {phase}")?;
        }
        self.fmt_attempts(f)
    }
}

impl Error for TimedOut {}

impl From<TimedOut> for io::Error {
    fn from(error: TimedOut) -> Self {
        Self::new(io::ErrorKind::TimedOut, error)
    }
}

/// What a call was waiting for when its time was up.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum TimeoutPhase {
    /// For something that was not told: the connector inside tells nothing, or had not begun.
    Unknown,
    /// For the addresses of a name.
    Lookup {
        /// The name.
        name: String,
    },
    /// For an address to answer (see [`TimedOut::unanswered`]), or, if there is none, to try again
    /// after the attempts that failed.
    Connect,
    /// For something that was not told, after a socket was connected (and secured, if that was to
    /// be).
    Connected {
        /// Where to.
        remote: Address,
    },
    /// For the peer, in a TLS handshake.
    Handshake {
        /// Who had to answer.
        peer_name: String,
    },
}

impl TimeoutPhase {
    fn words(&self) -> Option<&'static str> {
        match self {
            Self::Unknown | Self::Connected { .. } => None,
            Self::Lookup { .. } => Some("DNS lookup"),
            Self::Connect => Some("connect"),
            Self::Handshake { .. } => Some("TLS handshake"),
        }
    }
}
