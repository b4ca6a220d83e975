//! Numbers that look random and are the same in every run.

use std::sync::atomic::{AtomicU64, Ordering};

/// By how much the state grows with each number.
const STEP: u64 = 0x9E37_79B9_7F4A_7C15;

/// SplitMix64: small, and good enough to choose moments.
pub(crate) struct Random {
    state: AtomicU64,
}

impl Random {
    pub(crate) fn new(seed: u64) -> Self {
        Self { state: AtomicU64::new(seed) }
    }

    /// A number from 0 to `end`, without `end`, which is small: the bias does not matter then.
    pub(crate) fn below(&self, end: u32) -> u32 {
        let before = self.state.fetch_add(STEP, Ordering::Relaxed);
        let state = before.wrapping_add(STEP);
        let mixed = (state ^ (state >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        let high = (mixed ^ (mixed >> 31)) >> 32;
        ((high * u64::from(end)) >> 32) as u32 // below `end`
    }
}
