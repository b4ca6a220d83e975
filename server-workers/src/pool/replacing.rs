//! How many workers are to be begun, and which are to make room.

use std::time::Instant;

use super::{
    after::After,
    member::{Member, Place},
    state::{Phase, State},
};
use crate::WorkerId;

impl<W> State<W> {
    /// Begins a reset; those that go on are replaced by what this one makes.
    pub(super) fn begin_reset(&mut self, until: Option<Instant>) -> u64 {
        self.reset.generation += 1;
        self.reset.until = until;
        self.reset.last_failure = None;
        self.reset.generation
    }

    fn is_old(&self, id: WorkerId) -> bool {
        self.members.get(&id).is_some_and(|it| it.generation < self.reset.generation)
    }

    /// How many workers are missing.
    pub(super) fn missing(&self) -> usize {
        if !self.is_open() {
            return 0;
        }
        let present = self.members.values().filter(|member| member.is_present());
        let present_number = present.clone().count();
        if self.on_demand {
            let starting = present.filter(|it| matches!(it.place, Place::Starting)).count();
            let free = self.wanted.saturating_sub(present_number);
            return self.line.len().saturating_sub(starting).min(free);
        }
        if !self.reset.goes_on() {
            return self.wanted.saturating_sub(present_number);
        }
        let new = present.filter(|it| it.generation == self.reset.generation).count();
        let most = self.wanted + (self.wanted / 4).max(1);
        self.wanted.saturating_sub(new).min(most.saturating_sub(present_number))
    }

    /// A worker that is one too many, if there is one: an old one before others, an idle one before a
    /// busy one.
    fn one_too_many(&self) -> Option<WorkerId> {
        let stays = self.members.iter().filter(|(_, it)| {
            matches!(it.place, Place::Idle(_) | Place::Busy) && it.leaves.is_none()
        });
        if stays.clone().count() <= self.wanted {
            return None;
        }
        let last =
            stays.min_by_key(|(id, it)| (!self.is_old(**id), matches!(it.place, Place::Busy)));
        last.map(|(id, _)| *id)
    }

    /// Sends those away who are too many; called until there is nothing to be done.
    pub(super) fn trim(&mut self) -> Option<After<W>> {
        let id = self.one_too_many()?;
        let reason = if self.is_old(id) { "a reset replaces it" } else { "it was removed" };
        Some(self.retire(id, reason))
    }

    /// Whether the reset under way has just ended. The end of the pool breaks it off.
    pub(super) fn check_reset(&mut self) -> bool {
        if !self.reset.goes_on() || !self.is_open() {
            return false;
        }
        let mut present = self.members.iter().filter(|(_, it)| it.is_present());
        let is_under_way = present.any(|(id, _)| self.is_old(*id)) || self.missing_new() > 0;
        if !is_under_way {
            self.reset.until = None;
            self.reset.ended = Some((self.reset.generation, None));
        }
        !self.reset.goes_on()
    }

    /// How many new workers are not ready yet.
    fn missing_new(&self) -> usize {
        if self.on_demand {
            return 0;
        }
        let ready = self.members.values().filter(|it| {
            matches!(it.place, Place::Idle(_) | Place::Busy)
                && it.generation == self.reset.generation
        });
        self.wanted.saturating_sub(ready.count())
    }

    /// Ends a reset whose time is over. Old workers stay if there are no new ones for them; those that are
    /// still busy and keep new ones from coming are to be killed, and are handed out.
    pub(super) fn expire_reset(&mut self) -> Vec<WorkerId> {
        let generation = self.reset.generation;
        let missing = self.missing_new();
        let failure = self.reset.last_failure.take();
        let is_starting =
            |it: &Member<W>| matches!(it.place, Place::Starting) && it.generation == generation;
        let waits_for_busy = failure.is_none() && !self.members.values().any(is_starting);
        self.reset.until = None;
        let (mut overdue, mut is_killed) = (Vec::new(), false);
        for (id, member) in &mut self.members {
            if !member.is_present() || member.generation == generation {
                continue;
            }
            let is_busy = matches!(member.place, Place::Busy);
            if member.leaves.is_some() || is_busy && waits_for_busy {
                is_killed |= member.leaves.is_none();
                overdue.push(*id);
            } else {
                member.generation = generation;
            }
        }
        let of = self.wanted;
        let why = (missing > 0).then(|| match failure {
            Some(why) => format!("{missing} of {of} workers stay as they are: {why}"),
            None if is_killed => format!("{missing} of {of} workers were busy, and are killed"),
            None => format!("{missing} of {of} new workers were not ready in time"),
        });
        self.reset.ended = Some((generation, why));
        overdue
    }

    /// Lets all workers go, and no new one come. Those who wait are to be told.
    pub(super) fn begin_end(&mut self) -> Vec<After<W>> {
        if self.is_open() {
            self.phase = Phase::Ending;
        }
        let told = After { wake_also: self.line.dissolve(), ..After::nothing() };
        let ids: Vec<_> = self.members.keys().copied().collect();
        let mut all: Vec<_> = ids.into_iter().map(|id| self.retire(id, "the pool ends")).collect();
        all.push(told);
        all
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reset_that_the_end_of_the_pool_breaks_off_is_not_done() {
        let (mut state, now) = (State::new(1, false), Instant::now());
        let id = state.begin(now, None);
        state.settle(id, (), now).finish();
        assert!(state.check_start());
        state.begin_reset(None);
        state.begin_end().into_iter().for_each(After::finish);
        assert!(!state.check_reset());
        assert!(state.reset.goes_on());
    }
}
