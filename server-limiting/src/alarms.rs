//! Telling somebody when there are many connections.

use std::{
    fmt,
    sync::{Mutex, PoisonError},
};

/// What an alarm says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Alarm {
    /// There are as many connections as it was to be told of, or more: this many.
    Raised(usize),
    /// There are as few again as it was to be told of, or fewer: this many.
    Cleared(usize),
}

/// Whom an alarm tells.
pub(crate) type Hook = Box<dyn Fn(Alarm) + Send + Sync>;

/// The alarms of one list.
#[derive(Default)]
pub(crate) struct Alarms(Vec<Threshold>);

struct Threshold {
    raise_at: usize,
    clear_at: usize,
    hook: Hook,
    /// Held while the hook runs, so that it hears everything in order.
    is_raised: Mutex<bool>,
}

impl Alarms {
    pub(crate) fn add(&mut self, raise_at: usize, clear_at: usize, hook: Hook) {
        // One that is cleared where it is raised would be told of each connection that comes or goes.
        let clear_at = clear_at.min(raise_at.saturating_sub(1));
        self.0.push(Threshold { raise_at, clear_at, hook, is_raised: Mutex::new(false) });
    }

    /// Tells whoever has to know that the number has changed. `count` is asked under the lock of each
    /// alarm, so that the last one who changes it sees to the truth.
    pub(crate) fn look(&self, count: impl Fn() -> usize) {
        for threshold in &self.0 {
            let mut is_raised = threshold.is_raised.lock().unwrap_or_else(PoisonError::into_inner);
            let count = count();
            let alarm = match *is_raised {
                false if count >= threshold.raise_at => Alarm::Raised(count),
                true if count <= threshold.clear_at => Alarm::Cleared(count),
                _ => continue,
            };
            *is_raised = !*is_raised;
            (threshold.hook)(alarm);
        }
    }
}

impl fmt::Debug for Alarms {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let thresholds = self.0.iter().map(|threshold| (threshold.raise_at, threshold.clear_at));
        f.debug_list().entries(thresholds).finish()
    }
}
