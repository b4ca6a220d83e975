//! When connections have to end, because they are idle or old.

use std::{cmp::Reverse, collections::BinaryHeap, sync::Arc, time::Duration};

use crate::{EndReason, entry::Entry, time::nanoseconds};

/// So many that have left are not worth a search.
const FEW: usize = 64;

/// When each connection has to be looked at again.
///
/// One that was active meanwhile is looked at later: a read or a write moves nothing in here. One
/// that has left stays in here until there are more of those than others.
#[derive(Default)]
pub(crate) struct Deadlines {
    idle: Option<u64>,
    lifetime: Option<u64>,
    /// How much later than noted something may have happened.
    blur: u64,
    looks: BinaryHeap<Reverse<Look>>,
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Look {
    at: u64,
    serial: u64,
    index: u32,
}

/// A connection whose time is up, and why.
pub(crate) type Due = (Arc<Entry>, EndReason);

impl Deadlines {
    pub(crate) fn set_idle(&mut self, after: Option<Duration>) {
        self.idle = after.and_then(limit);
    }

    pub(crate) fn set_lifetime(&mut self, after: Option<Duration>) {
        self.lifetime = after.and_then(limit);
    }

    pub(crate) fn idle(&self) -> Option<Duration> {
        self.idle.map(Duration::from_nanos)
    }

    pub(crate) fn lifetime(&self) -> Option<Duration> {
        self.lifetime.map(Duration::from_nanos)
    }

    pub(crate) fn set_blur(&mut self, blur: u64) {
        self.blur = blur;
    }

    /// A connection has come.
    pub(crate) fn begin(&mut self, entry: &Entry) {
        if let Some((at, _)) = self.end_of(entry) {
            self.look_again(entry, at);
        }
    }

    /// Forgets those that have left, if there are more of them than of the `taken` others.
    pub(crate) fn sweep(&mut self, taken: usize, is_there: impl Fn(u64, u32) -> bool) {
        if self.looks.len() > 2 * taken + FEW {
            self.looks.retain(|Reverse(look)| is_there(look.serial, look.index));
            self.looks.shrink_to(2 * taken + FEW);
        }
    }

    /// When the first one has to be looked at.
    pub(crate) fn next(&self) -> Option<u64> {
        self.looks.peek().map(|Reverse(look)| look.at)
    }

    /// Those whose time is up at `now`.
    pub(crate) fn due(
        &mut self,
        now: u64,
        get: impl Fn(u64, u32) -> Option<Arc<Entry>>,
    ) -> Vec<Due> {
        let mut due = Vec::new();
        while let Some(Reverse(look)) = self.looks.peek().copied() {
            if look.at > now {
                break;
            }
            self.looks.pop();
            let Some(entry) = get(look.serial, look.index) else {
                continue; // it has left
            };
            match self.end_of(&entry) {
                Some((at, reason)) if at <= now => due.push((entry, reason)),
                Some((at, _)) => self.look_again(&entry, at),
                None => {}
            }
        }
        due
    }

    /// When a connection has to end if nothing happens until then.
    fn end_of(&self, entry: &Entry) -> Option<(u64, EndReason)> {
        let idle = self.idle.map(|idle| idle + self.blur);
        let idle = idle.map(|idle| (entry.traffic.active().saturating_add(idle), EndReason::Idle));
        let lifetime = self.lifetime;
        let old = lifetime.map(|life| (entry.opened.saturating_add(life), EndReason::Lifetime));
        [idle, old].into_iter().flatten().min_by_key(|(at, _)| *at)
    }

    fn look_again(&mut self, entry: &Entry, at: u64) {
        self.looks.push(Reverse(Look { at, serial: entry.serial, index: entry.index }));
    }
}

/// A time that is to be kept: zero is none, and neither is one that nobody lives to see.
fn limit(duration: Duration) -> Option<u64> {
    Some(nanoseconds(duration)).filter(|time| (1..u64::MAX / 4).contains(time))
}
