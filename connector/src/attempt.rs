//! One try to reach one address, and what is kept of the tries that failed.

use std::{error::Error, fmt, io, slice, sync::Arc, time::Duration};

use socketry_connection::Address;

use crate::HostPort;

/// A failed try to connect one socket to one address.
///
/// A clone shares the error.
#[derive(Clone, Debug)]
pub struct Attempt {
    remote: Address,
    local: Option<Address>,
    phase: Phase,
    error: Arc<io::Error>,
    elapsed: Duration,
}

impl Attempt {
    /// An attempt to reach `remote` that failed in `phase`, having waited for `elapsed`.
    pub fn new(remote: Address, phase: Phase, error: io::Error, elapsed: Duration) -> Self {
        Self { remote, local: None, phase, error: Arc::new(error), elapsed }
    }

    /// Notes the address that the socket was to be bound to.
    pub fn from_local(mut self, local: Option<Address>) -> Self {
        self.local = local;
        self
    }

    /// Where the connection was to go.
    pub fn remote(&self) -> &Address {
        &self.remote
    }

    /// Where it was to come from, if it was bound to an address.
    pub fn local(&self) -> Option<&Address> {
        self.local.as_ref()
    }

    /// What the socket was doing when it failed.
    pub fn phase(&self) -> Phase {
        self.phase
    }

    /// Why it failed.
    pub fn error(&self) -> &io::Error {
        &self.error
    }

    /// How long it had waited: zero if the system refused at once.
    pub fn elapsed(&self) -> Duration {
        self.elapsed
    }
}

/// `tcp://127.0.0.1:80: Connection refused (os error 111)`, with the phase if it is not `connect`.
impl fmt::Display for Attempt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}: {}", self.remote, While(self), self.error)
    }
}

/// What a socket was doing when it failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Phase {
    /// Opening the socket.
    Socket,
    /// Setting this option.
    Option(&'static str),
    /// Binding to a local address.
    Bind,
    /// Connecting.
    Connect,
}

/// Phases print as the words of an error: `connect`, `bind`, `option keepalive`, `socket`.
impl fmt::Display for Phase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Socket => f.write_str("socket"),
            Self::Option(name) => write!(f, "option {name}"),
            Self::Bind => f.write_str("bind"),
            Self::Connect => f.write_str("connect"),
        }
    }
}

/// The attempts that failed in one call, in the order in which they ended.
///
/// Also an attribute of connections: what failed before the connection came up.
#[derive(Clone, Debug, Default)]
pub struct Attempts(Vec<Attempt>);

impl Attempts {
    /// No attempts.
    pub const fn new() -> Self {
        Self(Vec::new())
    }

    /// Adds one.
    pub fn push(&mut self, attempt: Attempt) {
        self.0.push(attempt);
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// One after the other.
    pub fn iter(&self) -> slice::Iter<'_, Attempt> {
        self.0.iter()
    }

    /// The most telling one: that which came furthest (connect, then bind, option, socket), and
    /// the first of these.
    pub fn headline(&self) -> Option<&Attempt> {
        let progress = |attempt: &Attempt| match attempt.phase {
            Phase::Socket => 0,
            Phase::Option(_) => 1,
            Phase::Bind => 2,
            Phase::Connect => 3,
        };
        // `max_by_key` takes the last of several; the first one came from the preferred address.
        self.0.iter().rev().max_by_key(|attempt| progress(attempt))
    }

    /// Whether all failed in the same phase and for the same reason.
    fn fail_alike(&self) -> bool {
        let reason = |attempt: &Attempt| (attempt.phase, attempt.error.to_string());
        self.0.windows(2).all(|pair| reason(&pair[0]) == reason(&pair[1]))
    }
}

impl<'a> IntoIterator for &'a Attempts {
    type Item = &'a Attempt;
    type IntoIter = slice::Iter<'a, Attempt>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

impl FromIterator<Attempt> for Attempts {
    fn from_iter<I: IntoIterator<Item = Attempt>>(attempts: I) -> Self {
        Self(attempts.into_iter().collect())
    }
}

/// One after the other, with semicolons between.
impl fmt::Display for Attempts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, attempt) in self.iter().enumerate() {
            let separator = if index == 0 { "" } else { "; " };
            write!(f, "{separator}{attempt}")?;
        }
        Ok(())
    }
}

/// The error of a connector that opens one socket.
///
/// ```text
/// connection to tcp://127.0.0.1:80 failed: Connection refused (os error 111)
/// connection to tcp://192.0.2.1:80 from tcp://203.0.113.9:0 failed during bind: Cannot assign ...
/// ```
///
/// The [`io::Error`] around it has the kind of the system's error.
#[derive(Clone, Debug)]
pub struct ConnectFailed {
    attempt: Attempt,
}

impl ConnectFailed {
    /// The attempt that failed.
    pub fn attempt(&self) -> &Attempt {
        &self.attempt
    }
}

impl From<Attempt> for ConnectFailed {
    fn from(attempt: Attempt) -> Self {
        Self { attempt }
    }
}

impl From<ConnectFailed> for io::Error {
    fn from(error: ConnectFailed) -> Self {
        Self::new(error.attempt.error.kind(), error)
    }
}

impl fmt::Display for ConnectFailed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Attempt { remote, local, error, .. } = &self.attempt;
        write!(f, "connection to {remote}")?;
        if let Some(local) = local {
            write!(f, " from {local}")?;
        }
        write!(f, " failed{}: {error}", While(&self.attempt))
    }
}

impl Error for ConnectFailed {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(&*self.attempt.error)
    }
}

/// The error of a connector that tried several addresses, all in vain.
///
/// It keeps every attempt; its headline, kind and source are those of the most telling one (see
/// [`Attempts::headline`]).
#[derive(Clone, Debug)]
pub struct AllAttemptsFailed {
    host: Option<HostPort>,
    attempts: Attempts,
}

impl AllAttemptsFailed {
    /// All `attempts` to reach `host` have failed.
    pub fn new(host: Option<HostPort>, attempts: Attempts) -> Self {
        Self { host, attempts }
    }

    /// The host that was to be reached, if it is known.
    pub fn host(&self) -> Option<&HostPort> {
        self.host.as_ref()
    }

    /// Every attempt, in the order in which they ended.
    pub fn attempts(&self) -> &Attempts {
        &self.attempts
    }
}

/// Of the headline's kind; [`AddrNotAvailable`](io::ErrorKind::AddrNotAvailable) if there was no
/// address to try.
impl From<AllAttemptsFailed> for io::Error {
    fn from(error: AllAttemptsFailed) -> Self {
        let headline = error.attempts.headline();
        let kind = headline.map_or(io::ErrorKind::AddrNotAvailable, |attempt| attempt.error.kind());
        Self::new(kind, error)
    }
}

impl fmt::Display for AllAttemptsFailed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("connection")?;
        if let Some(host) = &self.host {
            write!(f, " to tcp://{host}")?;
        }
        match self.attempts.headline() {
            None => f.write_str(" failed: it has no address to try"),
            Some(headline) if self.attempts.len() == 1 => write!(f, " failed: {headline}"),
            Some(headline) if self.attempts.fail_alike() => {
                write!(f, " failed{}: {} (", While(headline), headline.error)?;
                for (index, attempt) in self.attempts.iter().enumerate() {
                    let separator = if index == 0 { "" } else { ", " };
                    write!(f, "{separator}{}", attempt.remote)?;
                }
                f.write_str(")")
            }
            Some(headline) => write!(f, " failed: {} ({})", headline.error, self.attempts),
        }
    }
}

impl Error for AllAttemptsFailed {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        let headline = self.attempts.headline()?;
        Some(&*headline.error)
    }
}

/// ` during bind`, and nothing for the phase that everybody expects.
struct While<'a>(&'a Attempt);

impl fmt::Display for While<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.phase {
            Phase::Connect => Ok(()),
            phase => write!(f, " during {phase}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use socketry_connection::os_error;

    use super::*;

    fn attempt(port: u16, phase: Phase, errno: i32) -> Attempt {
        let remote = format!("tcp://127.0.0.1:{port}").parse().unwrap();
        Attempt::new(remote, phase, io::Error::from_raw_os_error(errno), Duration::ZERO)
    }

    #[test]
    fn one_line_says_what_failed_where_and_why_and_keeps_the_number() {
        let error = io::Error::from(ConnectFailed::from(attempt(80, Phase::Connect, 111)));
        assert_eq!(
            error.to_string(),
            "connection to tcp://127.0.0.1:80 failed: Connection refused (os error 111)"
        );
        assert_eq!((error.kind(), os_error(&error)), (io::ErrorKind::ConnectionRefused, Some(111)));
    }

    #[test]
    fn a_failed_bind_names_both_ends_and_the_phase() {
        let local = "tcp://127.0.0.2:0".parse().ok();
        let failed = ConnectFailed::from(attempt(80, Phase::Bind, 99).from_local(local));
        let text = failed.to_string();
        assert!(
            text.starts_with(
                "connection to tcp://127.0.0.1:80 from tcp://127.0.0.2:0 failed during bind: "
            ),
            "{text}"
        );
    }

    #[test]
    fn what_fails_alike_everywhere_is_said_once() {
        let attempts = [attempt(1, Phase::Connect, 111), attempt(2, Phase::Connect, 111)];
        let failed =
            AllAttemptsFailed::new("example.org:80".parse().ok(), attempts.into_iter().collect());
        assert_eq!(
            failed.to_string(),
            "connection to tcp://example.org:80 failed: Connection refused (os error 111) (tcp://127.0.0.1:1, tcp://127.0.0.1:2)"
        );
    }

    #[test]
    fn the_headline_is_what_came_furthest_and_the_first_of_these() {
        let attempts: Attempts = [
            attempt(1, Phase::Socket, 97),
            attempt(2, Phase::Connect, 101),
            attempt(3, Phase::Connect, 111),
            attempt(4, Phase::Bind, 99),
        ]
        .into_iter()
        .collect();
        assert_eq!(attempts.headline().unwrap().remote().port(), Some(2));
        let error =
            io::Error::from(AllAttemptsFailed::new("example.org:80".parse().ok(), attempts));
        assert_eq!(os_error(&error), Some(101));
        let text = error.to_string();
        assert!(text.starts_with("connection to tcp://example.org:80 failed: "), "{text}");
        assert!((1..=4).all(|port| text.contains(&format!("tcp://127.0.0.1:{port}"))), "{text}");
    }
}
