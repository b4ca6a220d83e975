//! One try to reach one address, and what is kept of the tries that failed.

use std::{fmt, io, slice, sync::Arc, time::Duration};

use socketry_connection::Address;

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

    /// The same, where the connection was to be secured by TLS once it was there.
    pub(crate) fn over_tls(mut self) -> Self {
        self.remote = self.remote.with_tls();
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

/// `tcp://127.0.0.1:80: Connection refused (os error 111)`, with the local address if the socket was
/// bound to one, and with the phase if it is not `connect`.
impl fmt::Display for Attempt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}: {}", Ends(self), While(self), self.error)
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

/// The attempts of one call that failed, in the order in which they ended; and, if another attempt
/// has won, where those went that had not been answered by then.
///
/// Also an attribute of connections: what was tried before the connection came up.
#[derive(Clone, Debug, Default)]
pub struct Attempts {
    failed: Vec<Attempt>,
    unanswered: Vec<Address>,
}

impl Attempts {
    /// No attempts.
    pub const fn new() -> Self {
        Self { failed: Vec::new(), unanswered: Vec::new() }
    }

    /// Adds one that failed.
    pub fn push(&mut self, attempt: Attempt) {
        self.failed.push(attempt);
    }

    /// Adds one that was given up, because another one has won.
    pub fn push_unanswered(&mut self, remote: Address) {
        self.unanswered.push(remote);
    }

    /// The addresses that had not answered when another attempt won, in the order in which they
    /// were tried.
    pub fn unanswered(&self) -> &[Address] {
        &self.unanswered
    }

    /// How many have failed.
    pub fn len(&self) -> usize {
        self.failed.len()
    }

    /// Whether none has failed.
    pub fn is_empty(&self) -> bool {
        self.failed.is_empty()
    }

    /// Those that failed, one after the other.
    pub fn iter(&self) -> slice::Iter<'_, Attempt> {
        self.failed.iter()
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
        self.failed.iter().rev().max_by_key(|attempt| progress(attempt))
    }

    /// Whether all failed in the same phase and for the same reason.
    pub(crate) fn fail_alike(&self) -> bool {
        let reason = |attempt: &Attempt| (attempt.phase, attempt.error.to_string());
        self.failed.windows(2).all(|pair| reason(&pair[0]) == reason(&pair[1]))
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
        Self { failed: attempts.into_iter().collect(), unanswered: Vec::new() }
    }
}

/// One after the other, with semicolons between: of many the first 8, and how many more there are.
impl fmt::Display for Attempts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut separator = "";
        for attempt in self.iter().take(MOST_SHOWN) {
            write!(f, "{separator}{attempt}")?;
            separator = "; ";
        }
        let left = MOST_SHOWN.saturating_sub(self.len());
        for remote in self.unanswered.iter().take(left) {
            write!(f, "{separator}{remote}: no answer")?;
            separator = "; ";
        }
        and_more(f, self.len() + self.unanswered.len(), separator)
    }
}

/// How many attempts a text tells of: how many there are is up to a nameserver, and a line that
/// nobody can read helps nobody.
pub(crate) const MOST_SHOWN: usize = 8;

/// Ends a list of `count` attempts, if there are more than are shown: `and 9992 more`.
pub(crate) fn and_more(f: &mut fmt::Formatter<'_>, count: usize, separator: &str) -> fmt::Result {
    match count.saturating_sub(MOST_SHOWN) {
        0 => Ok(()),
        more => write!(f, "{separator}and {more} more"),
    }
}

/// Where to, and from where if that was chosen.
pub(crate) struct Ends<'a>(pub(crate) &'a Attempt);

impl fmt::Display for Ends<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.remote.fmt(f)?;
        match &self.0.local {
            Some(local) => write!(f, " from {local}"),
            None => Ok(()),
        }
    }
}

/// ` during bind`, and nothing for the phase that everybody expects.
pub(crate) struct While<'a>(pub(crate) &'a Attempt);

impl fmt::Display for While<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.phase {
            Phase::Connect => Ok(()),
            phase => write!(f, " during {phase}"),
        }
    }
}
