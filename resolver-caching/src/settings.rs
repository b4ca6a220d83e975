//! What is kept, and for how long.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use socketry_connection::Clock;
use socketry_resolver::Answer;

use crate::error::{Outcome, as_none};

/// How one [`CachingResolver`](crate::CachingResolver) keeps what it finds.
#[derive(Clone, Debug)]
pub(crate) struct Settings {
    pub(crate) most_names: usize,
    pub(crate) lifetime: Option<Duration>,
    pub(crate) most_lifetime: Duration,
    pub(crate) failure_lifetime: Duration,
    pub(crate) clock: Option<Arc<dyn Clock>>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            most_names: 256,
            lifetime: None,
            most_lifetime: Duration::from_secs(24 * 60 * 60),
            failure_lifetime: Duration::from_secs(5),
            clock: None,
        }
    }
}

impl Settings {
    pub(crate) fn now(&self) -> Instant {
        self.clock.as_ref().map_or_else(Instant::now, |clock| clock.now())
    }

    /// The answer, to expire when it is forgotten if that is fixed.
    pub(crate) fn date(&self, answer: Answer, now: Instant) -> Answer {
        match self.lifetime.and_then(|lifetime| now.checked_add(lifetime)) {
            Some(at) => answer.expiring(at),
            None => answer,
        }
    }

    /// For how long an outcome that came `now` is kept; not at all if that is zero.
    pub(crate) fn lifetime(&self, outcome: &Outcome, now: Instant) -> Duration {
        let until = |at: Instant| at.saturating_duration_since(now).min(self.most_lifetime);
        match (outcome, self.lifetime) {
            (Ok(_), Some(lifetime)) => lifetime,
            (Ok(answer), None) => match answer.expires() {
                Some(at) => until(at),
                None if answer.is_empty() => self.failure_lifetime,
                None => Duration::ZERO,
            },
            (Err(error), _) => match as_none(error) {
                Some(none) => none.expires().map_or(self.failure_lifetime, until),
                None => Duration::ZERO,
            },
        }
    }
}
