//! Asking a silent peer whether it is still there.

use std::{sync::Arc, time::Duration};

/// What to say to a peer that is silent, and how long to wait for a word of its.
///
/// It is said in [`Session::idle`](crate::Session::idle), and nowhere else: only the user of a session
/// knows where one message ends and the next begins. Any byte counts as an answer, and is read by the
/// user like all that the peer says. Where answers are told apart only by their order, a request that
/// is made while [one is awaited](crate::Session::awaits_heartbeat) has that answer before its own.
///
/// # Examples
///
/// ```
/// use std::time::Duration;
///
/// use socketry_connector_reconnecting::Heartbeat;
///
/// let heartbeat = Heartbeat::new(Duration::from_secs(30), Duration::from_secs(5), "PING\r\n");
/// # let _ = heartbeat;
/// ```
#[derive(Clone, Debug)]
pub struct Heartbeat {
    every: Duration,
    within: Duration,
    says: Arc<[u8]>,
}

impl Heartbeat {
    /// Says `says` when the peer was silent for `every`, and gives the session up if nothing is heard
    /// `within` that time, be it said by then or not. With zero for `every` it is said as soon as a session is idle,
    /// and with zero for `within` only what was there already counts.
    pub fn new(every: Duration, within: Duration, says: impl Into<Vec<u8>>) -> Self {
        Self { every, within, says: says.into().into() }
    }

    /// After how long a silence it is said.
    pub fn every(&self) -> Duration {
        self.every
    }

    /// How long an answer may take.
    pub fn within(&self) -> Duration {
        self.within
    }

    pub(crate) fn says(&self) -> &[u8] {
        &self.says
    }
}
