//! How far a reset has come.

use std::time::Instant;

/// Replacing all workers by new ones: a reset.
///
/// New workers are started beside the old ones, a quarter of their number at a time, and each that is ready
/// sends an old one away. If no new one comes to be the old ones stay.
#[derive(Debug, Default)]
pub(super) struct Reset {
    /// How many resets have begun.
    pub(super) generation: u64,
    /// Until when the last may take; `None` when it has ended.
    pub(super) until: Option<Instant>,
    /// How the last one that has ended has ended: its number, and what was wrong.
    pub(super) ended: Option<(u64, Option<String>)>,
    /// Why a worker could not be started, if none could since.
    pub(super) last_failure: Option<String>,
}

impl Reset {
    /// Whether one is under way.
    pub(super) fn goes_on(&self) -> bool {
        let done = self.ended.as_ref().map_or(0, |(generation, _)| *generation);
        self.generation > done
    }
}
