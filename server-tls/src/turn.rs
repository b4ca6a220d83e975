//! Letting other tasks have a turn.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

/// How much is done in a row before other tasks get a turn: results, newcomers, and steps of
/// handshakes.
pub(crate) const IN_A_ROW: usize = 32;

/// The steps of handshakes in one turn, of which each may take as long as a signature.
#[derive(Clone, Debug, Default)]
pub(crate) struct Turn {
    steps: Arc<AtomicUsize>,
}

impl Turn {
    /// Whether one more may be made.
    pub(crate) fn take_step(&self) -> bool {
        self.steps.fetch_add(1, Ordering::Relaxed) < IN_A_ROW
    }

    /// Others get theirs.
    pub(crate) fn end(&self) {
        self.steps.store(0, Ordering::Relaxed);
    }
}
