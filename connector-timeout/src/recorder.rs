//! What is heard of a call, in case it does not end in time.

use std::{
    sync::{Mutex, PoisonError},
    time::Duration,
};

use socketry_connection::{Address, Family};
use socketry_connector::{Attempt, Event, EventKind, Observe, Trace};

use crate::{TimedOut, TimeoutPhase, few::Few};

/// Keeps what it hears of one call, and passes it on.
pub(crate) struct Recorder<'a> {
    next: Trace<'a>,
    heard: Mutex<Heard>,
}

impl<'a> Recorder<'a> {
    /// Has heard nothing, and passes on to `next` what it will hear.
    pub(crate) fn new(next: Trace<'a>) -> Self {
        Self { next, heard: Mutex::new(Heard::NOTHING) }
    }

    /// The error of a call that did not end in time.
    pub(crate) fn into_timed_out(self, after: Duration) -> TimedOut {
        let heard = self.heard.into_inner().unwrap_or_else(PoisonError::into_inner);
        heard.into_timed_out(after)
    }
}

impl Observe for Recorder<'_> {
    fn observe(&self, event: &Event<'_>) {
        // A copy is taken and nothing else done under the lock, so it never blocks for long.
        self.heard.lock().unwrap_or_else(PoisonError::into_inner).note(event.kind());
        self.next.pass(event);
    }
}

/// What is under way, and what has failed.
struct Heard {
    lookup: Option<Lookup>,
    unanswered: Few<Address>,
    failed: Few<Attempt>,
    connected: Option<Address>,
    handshake: Option<String>,
}

/// The families of a name that have been asked for and not been answered.
struct Lookup {
    name: String,
    v4: bool,
    v6: bool,
}

impl Heard {
    const NOTHING: Self = Self {
        lookup: None,
        unanswered: Few::new(),
        failed: Few::new(),
        connected: None,
        handshake: None,
    };

    fn note(&mut self, kind: &EventKind<'_>) {
        match *kind {
            EventKind::AttemptStarted { remote, .. } => {
                self.connected = None;
                self.unanswered.push(remote.clone());
            }
            EventKind::AttemptFailed(attempt) => {
                self.unanswered.remove(|remote| remote == attempt.remote());
                self.failed.push(attempt.clone());
            }
            EventKind::AttemptWon { remote } => {
                // Whoever raced it against others, or was looking for more, has dropped those.
                self.unanswered.clear();
                self.lookup = None;
                self.connected = Some(remote.clone());
            }
            EventKind::LookupStarted { name, family } => self.lookup_started(name, family),
            EventKind::LookupEnded { name, family, .. } => self.lookup_ended(name, family),
            EventKind::HandshakeStarted { peer_name } => self.handshake = Some(peer_name.into()),
            EventKind::HandshakeEnded { .. } => self.handshake = None,
            _ => {} // what is not known to this version is not told by it
        }
    }

    fn lookup_started(&mut self, name: &str, family: Family) {
        self.connected = None;
        let lookup = match &mut self.lookup {
            Some(lookup) if lookup.name == name => lookup,
            other => other.insert(Lookup { name: name.into(), v4: false, v6: false }),
        };
        *lookup.asks(family) = true;
    }

    fn lookup_ended(&mut self, name: &str, family: Family) {
        if let Some(lookup) = self.lookup.as_mut().filter(|lookup| lookup.name == name) {
            *lookup.asks(family) = false;
        }
    }

    fn into_timed_out(self, after: Duration) -> TimedOut {
        let lookup = self.lookup.filter(|lookup| lookup.v4 || lookup.v6);
        let phase = if let Some(peer_name) = self.handshake {
            TimeoutPhase::Handshake { peer_name }
        } else if let Some(remote) = self.connected {
            TimeoutPhase::Connected { remote }
        } else if !self.unanswered.is_empty() {
            TimeoutPhase::Connect
        } else if let Some(Lookup { name, .. }) = lookup {
            TimeoutPhase::Lookup { name }
        } else if !self.failed.is_empty() {
            TimeoutPhase::Connect // between one attempt and the next
        } else {
            TimeoutPhase::Unknown
        };
        let unanswered = self.unanswered.into_iter().collect();
        TimedOut::new(after, phase, unanswered, self.failed.into_iter().collect())
    }
}

impl Lookup {
    fn asks(&mut self, family: Family) -> &mut bool {
        match family {
            Family::V4 => &mut self.v4,
            Family::V6 => &mut self.v6,
        }
    }
}
