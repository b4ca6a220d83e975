//! A call that is more than one address.

use std::time::Duration;

use socketry_connection::{Address, Family};
use socketry_connector::{Attempt, Attempts, EventKind};

use crate::{TimedOut, TimeoutPhase};

/// More attempts than this are not kept: a layer that tries again and again for hours must not
/// fill the memory, nor its story the screen.
const MOST: usize = 64;

/// What is under way in a call, and what has failed.
#[derive(Default)]
pub(crate) struct Story {
    lookup: Option<Lookup>,
    unanswered: Vec<Address>,
    failed: Attempts,
    connected: Option<Address>,
    handshake: Option<String>,
}

/// The families of a name that have been asked for and not been answered.
struct Lookup {
    name: String,
    v4: bool,
    v6: bool,
}

impl Story {
    /// Goes on.
    pub(crate) fn note(&mut self, kind: &EventKind<'_>) {
        match *kind {
            EventKind::LookupStarted { name, family, .. } => self.lookup_started(name, family),
            EventKind::LookupEnded { name, family, .. } => self.lookup_ended(name, family),
            EventKind::AttemptStarted { remote, .. } => self.attempt_started(remote),
            EventKind::AttemptFailed(attempt) => self.attempt_failed(attempt),
            EventKind::AttemptWon { remote, .. } => self.attempt_won(remote),
            EventKind::HandshakeStarted { peer_name, .. } => {
                self.handshake = Some(peer_name.into());
            }
            EventKind::HandshakeEnded { .. } => self.handshake = None,
            _ => {} // an event of a later version, which this one has no words for
        }
    }

    /// The error of a call whose time is up now.
    pub(crate) fn into_timed_out(self, after: Duration) -> TimedOut {
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
        TimedOut::new(after, phase, self.unanswered, self.failed)
    }

    fn lookup_started(&mut self, name: &str, family: Family) {
        self.begin_anew();
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

    pub(crate) fn attempt_started(&mut self, remote: &Address) {
        self.begin_anew();
        if self.unanswered.len() < MOST {
            self.unanswered.push(remote.clone());
        }
    }

    /// What came after an earlier connection is given up.
    fn begin_anew(&mut self) {
        self.connected = None;
        self.handshake = None;
    }

    pub(crate) fn attempt_failed(&mut self, attempt: &Attempt) {
        if let Some(index) = self.unanswered.iter().position(|remote| remote == attempt.remote()) {
            self.unanswered.remove(index);
        }
        if self.failed.len() < MOST {
            self.failed.push(attempt.clone());
        }
    }

    /// Whoever raced this address against others, or was looking for more, has dropped those.
    pub(crate) fn attempt_won(&mut self, remote: &Address) {
        self.unanswered.clear();
        self.lookup = None;
        self.connected = Some(remote.clone());
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
