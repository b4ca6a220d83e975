//! How long each phase of one call took.

use std::{
    fmt,
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

use crate::{Event, EventKind, Observe};

/// How long the phases of one call took: an observer, and afterwards a fact to keep (put it into the
/// connection's attributes, if you like).
///
/// # Examples
///
/// ```
/// use socketry_connector::{Connect, HostPort, Timings, Trace};
///
/// async fn timed<C: Connect<HostPort>>(connector: &C, target: HostPort) -> std::io::Result<C::Connection> {
///     let timings = Timings::start();
///     let connection = connector.connect_traced(target, Trace::to(&timings)).await?;
///     println!("{timings}"); // lookup 12ms, connect 31ms, handshake 64ms
///     Ok(connection)
/// }
/// ```
#[derive(Debug)]
pub struct Timings {
    started: Instant,
    marks: Mutex<Marks>,
}

#[derive(Clone, Copy, Debug, Default)]
struct Marks {
    lookup_started: Option<Instant>,
    lookup_ended: Option<Instant>,
    attempt_started: Option<Instant>,
    connected: Option<Instant>,
    handshake_started: Option<Instant>,
    handshake_ended: Option<Instant>,
}

impl Timings {
    /// The call starts now.
    pub fn start() -> Self {
        Self { started: Instant::now(), marks: Mutex::default() }
    }

    /// When the call started.
    pub fn started(&self) -> Instant {
        self.started
    }

    /// From the first question to the first answer; `None` if no name was looked up.
    pub fn lookup(&self) -> Option<Duration> {
        let marks = self.marks();
        span(marks.lookup_started, marks.lookup_ended)
    }

    /// From the first attempt to the connection; `None` if none came up.
    pub fn connect(&self) -> Option<Duration> {
        let marks = self.marks();
        span(marks.attempt_started, marks.connected)
    }

    /// The TLS handshake; `None` if there was none, or it did not end.
    pub fn handshake(&self) -> Option<Duration> {
        let marks = self.marks();
        span(marks.handshake_started, marks.handshake_ended)
    }

    fn marks(&self) -> Marks {
        *self.marks.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Observe for Timings {
    fn observe(&self, event: &Event<'_>) {
        let mut marks = self.marks.lock().unwrap_or_else(PoisonError::into_inner);
        let mark = match event.kind() {
            EventKind::LookupStarted { .. } => &mut marks.lookup_started,
            EventKind::LookupEnded { .. } => &mut marks.lookup_ended,
            EventKind::AttemptStarted { .. } => &mut marks.attempt_started,
            EventKind::AttemptWon { .. } => &mut marks.connected,
            EventKind::HandshakeStarted { .. } => &mut marks.handshake_started,
            EventKind::HandshakeEnded { .. } => &mut marks.handshake_ended,
            EventKind::AttemptFailed(_) | EventKind::Yielded => return,
        };
        mark.get_or_insert_with(|| event.at());
    }
}

impl Clone for Timings {
    fn clone(&self) -> Self {
        Self { started: self.started, marks: Mutex::new(self.marks()) }
    }
}

impl fmt::Display for Timings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let phases = [
            ("lookup", self.lookup()),
            ("connect", self.connect()),
            ("handshake", self.handshake()),
        ];
        let mut separator = "";
        for (name, took) in phases {
            if let Some(took) = took {
                write!(f, "{separator}{name} {took:.1?}")?;
                separator = ", ";
            }
        }
        Ok(())
    }
}

fn span(from: Option<Instant>, to: Option<Instant>) -> Option<Duration> {
    Some(to?.saturating_duration_since(from?))
}
