//! How long each phase of one call took.

use std::{
    fmt,
    sync::{Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use crate::{Event, EventKind, Observe};

/// How long one call took, and its phases: an observer, and afterwards a fact to keep, as an
/// attribute of the connection.
///
/// It measures what it hears. As an observer that wants only what is waited for
/// ([`Trace::through`](crate::Trace::through)) it does not hear of a name that is known and of an
/// attempt that connects at once, and these have no time of their own then.
///
/// # Examples
///
/// ```
/// use socketry_connector::{Connect, HostPort, Timings, Trace};
///
/// async fn timed<C: Connect<HostPort>>(connector: &C, target: HostPort) -> std::io::Result<C::Connection> {
///     let timings = Timings::start();
///     let connection = connector.connect_traced(target, Trace::to(&timings)).await?;
///     timings.end();
///     println!("{timings}"); // lookup 12ms, connect 31ms, handshake 64ms, total 107ms
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
    lookup_ended: Option<Instant>,
    attempt_started: Option<Instant>,
    connected: Option<Instant>,
    handshake_started: Option<Instant>,
    handshake_ended: Option<Instant>,
    ended: Option<Instant>,
}

impl Timings {
    /// The call starts now.
    pub fn start() -> Self {
        Self { started: Instant::now(), marks: Mutex::default() }
    }

    /// The call has its connection, and ends now. Only the first end counts.
    pub fn end(&self) {
        self.lock().ended.get_or_insert_with(Instant::now);
    }

    /// When the call started.
    pub fn started(&self) -> Instant {
        self.started
    }

    /// From the start of the call to the last answer that came before the first attempt; `None` if
    /// no name was looked up, or it was known.
    ///
    /// A resolution delay is part of neither this nor [`connect`](Self::connect).
    pub fn lookup(&self) -> Option<Duration> {
        span(Some(self.started), self.marks().lookup_ended)
    }

    /// From the first attempt to the connection; `None` if none came up, or if the only thing that
    /// was heard of is a lookup: then the attempt took next to no time.
    pub fn connect(&self) -> Option<Duration> {
        let marks = self.marks();
        let began = match marks.lookup_ended {
            None => marks.attempt_started.or(Some(self.started)),
            Some(_) => marks.attempt_started,
        };
        span(began, marks.connected.or(marks.handshake_started).or(marks.ended))
    }

    /// The TLS handshake; `None` if there was none, or it did not end.
    pub fn handshake(&self) -> Option<Duration> {
        let marks = self.marks();
        span(marks.handshake_started, marks.handshake_ended)
    }

    /// The whole call; `None` until it has [ended](Self::end).
    pub fn total(&self) -> Option<Duration> {
        span(Some(self.started), self.marks().ended)
    }

    fn marks(&self) -> Marks {
        *self.lock()
    }

    fn lock(&self) -> MutexGuard<'_, Marks> {
        // Nothing in here can panic half way through a change.
        self.marks.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Observe for Timings {
    fn observe(&self, event: &Event<'_>) {
        let mut marks = self.lock();
        let mark = match event.kind() {
            EventKind::LookupEnded { .. } if marks.attempt_started.is_none() => {
                marks.lookup_ended = Some(event.at());
                return;
            }
            EventKind::AttemptStarted { .. } => &mut marks.attempt_started,
            EventKind::AttemptWon { .. } => &mut marks.connected,
            EventKind::HandshakeStarted { .. } => &mut marks.handshake_started,
            EventKind::HandshakeEnded { .. } => &mut marks.handshake_ended,
            _ => return,
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
            ("total", self.total()),
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
