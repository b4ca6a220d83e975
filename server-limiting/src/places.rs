//! Who is connected.

use std::{sync::Arc, task::Waker};

use crate::{
    deadlines::{Deadlines, Due},
    entry::Entry,
};

/// Below this a list that has emptied keeps its memory.
const FEW: usize = 1024;

/// All places, and who waits for one. In here is what one lock guards.
#[derive(Default)]
pub(crate) struct Places {
    entries: Vec<Option<Arc<Entry>>>,
    free: Vec<u32>,
    taken: usize,
    next_serial: u64,
    left: Left,
    /// The task that polls the server and waits for a place.
    waiting: Option<Waker>,
    pub(crate) deadlines: Deadlines,
}

/// How many have left.
#[derive(Clone, Copy, Default)]
pub(crate) struct Left {
    /// By themselves.
    pub(crate) finished: u64,
    /// After they were ended.
    pub(crate) ended: u64,
}

impl Places {
    /// Takes a place; `make` is told its serial number and its index.
    pub(crate) fn take(&mut self, make: impl FnOnce(u64, u32) -> Entry) -> Arc<Entry> {
        let index = self.free.pop().unwrap_or_else(|| {
            self.entries.push(None);
            // A descriptor each: there are not 2^32 of them.
            (self.entries.len() - 1) as u32
        });
        self.next_serial += 1;
        self.taken += 1;
        let entry = Arc::new(make(self.next_serial, index));
        self.entries[index as usize] = Some(entry.clone());
        self.deadlines.begin(&entry);
        entry
    }

    /// Frees a place. Returns who waits for one, and the list's share of the entry; both are not to
    /// be woken or dropped under the lock.
    #[must_use]
    pub(crate) fn free(&mut self, entry: &Entry) -> (Option<Waker>, Option<Arc<Entry>>) {
        let Some(place) = self.entries.get_mut(entry.index as usize) else {
            return (None, None);
        };
        let removed = place.take();
        self.free.push(entry.index);
        self.taken -= 1;
        match entry.flags.now().ended() {
            None => self.left.finished += 1,
            Some(_) => self.left.ended += 1,
        }
        if self.taken == 0 && self.entries.len() > FEW {
            self.entries = Vec::new();
            self.free = Vec::new();
        }
        let mut deadlines = std::mem::take(&mut self.deadlines);
        deadlines.sweep(self.taken, |serial, index| self.get(serial, index).is_some());
        self.deadlines = deadlines;
        (self.waiting.take(), removed)
    }

    pub(crate) fn taken(&self) -> usize {
        self.taken
    }

    /// Those who were there and are there no more.
    pub(crate) fn left(&self) -> Left {
        self.left
    }

    pub(crate) fn get(&self, serial: u64, index: u32) -> Option<&Arc<Entry>> {
        let entry = self.entries.get(index as usize)?.as_ref()?;
        (entry.serial == serial).then_some(entry)
    }

    /// All of them, in no order.
    pub(crate) fn all(&self) -> Vec<Arc<Entry>> {
        let mut all = Vec::with_capacity(self.taken);
        all.extend(self.entries.iter().flatten().cloned());
        all
    }

    /// Remembers who waits for a place. Returns who was remembered before, not to be dropped under
    /// the lock.
    #[must_use]
    pub(crate) fn wait(&mut self, waker: &Waker) -> Option<Waker> {
        match &self.waiting {
            Some(waiting) if waiting.will_wake(waker) => None,
            _ => self.waiting.replace(waker.clone()),
        }
    }

    /// Whoever waits for a place.
    pub(crate) fn take_waiting(&mut self) -> Option<Waker> {
        self.waiting.take()
    }

    /// Ends of time that have come, by `now`; and the next one.
    pub(crate) fn due(&mut self, now: u64) -> (Vec<Due>, Option<u64>) {
        let mut deadlines = std::mem::take(&mut self.deadlines);
        let due = deadlines.due(now, |serial, index| self.get(serial, index).cloned());
        let next = deadlines.next();
        self.deadlines = deadlines;
        (due, next)
    }
}
