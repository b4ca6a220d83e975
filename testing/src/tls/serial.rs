//! Numbers that no two certificates of a process share.

use std::sync::atomic::{AtomicU64, Ordering};

/// The next number.
pub(super) fn next() -> u64 {
    static COUNT: AtomicU64 = AtomicU64::new(1);
    COUNT.fetch_add(1, Ordering::Relaxed)
}
