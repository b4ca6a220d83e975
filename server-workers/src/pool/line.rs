//! Who waits for a free worker, in the order of their coming.

use std::{collections::BTreeMap, task::Waker};

use crate::WorkerId;

/// The place of somebody in the line; who came first has the smallest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Ticket(u64);

/// Who waits: for any worker, or for one of them.
#[derive(Debug, Default)]
pub(super) struct Line {
    next: u64,
    for_any: BTreeMap<Ticket, Waker>,
    for_one: BTreeMap<(WorkerId, Ticket), Waker>,
}

impl Line {
    pub(super) fn len(&self) -> usize {
        self.for_any.len() + self.for_one.len()
    }

    pub(super) fn join(&mut self, one: Option<WorkerId>, waker: Waker) -> Ticket {
        let ticket = Ticket(self.next);
        self.next += 1;
        match one {
            None => drop(self.for_any.insert(ticket, waker)),
            Some(worker) => drop(self.for_one.insert((worker, ticket), waker)),
        }
        ticket
    }

    /// Renews the waker of somebody who waits, and hands out the one that is needed no more.
    pub(super) fn renew(&mut self, one: Option<WorkerId>, ticket: Ticket, waker: Waker) -> Waker {
        let bound = one.and_then(|worker| self.for_one.get_mut(&(worker, ticket)));
        match bound.or_else(|| self.for_any.get_mut(&ticket)) {
            Some(place) => std::mem::replace(place, waker),
            None => waker,
        }
    }

    /// Lets somebody go who waits no longer.
    pub(super) fn leave(&mut self, one: Option<WorkerId>, ticket: Ticket) -> Option<Waker> {
        let bound = one.and_then(|worker| self.for_one.remove(&(worker, ticket)));
        bound.or_else(|| self.for_any.remove(&ticket))
    }

    /// Who has waited longest of those who would take this worker.
    pub(super) fn first_for(&mut self, worker: WorkerId) -> Option<(Ticket, Waker)> {
        let for_any = self.for_any.keys().next().copied();
        let all = (worker, Ticket(0))..=(worker, Ticket(u64::MAX));
        let bound = self.for_one.range(all).next().map(|((_, ticket), _)| *ticket);
        let first = [for_any, bound].into_iter().flatten().min()?;
        let waker = self.leave(Some(worker), first)?;
        Some((first, waker))
    }

    /// Who has waited longest of those who would take any.
    pub(super) fn first_for_any(&mut self) -> Option<(Ticket, Waker)> {
        self.for_any.pop_first()
    }

    /// Puts somebody back who was given a worker that has ended meanwhile. It has been woken, and will
    /// come.
    pub(super) fn come_back(&mut self, ticket: Ticket) {
        self.for_any.insert(ticket, Waker::noop().clone());
    }

    /// Lets those who wait for this worker wait for any, because it will not come back.
    pub(super) fn release(&mut self, worker: WorkerId) {
        let all = (worker, Ticket(0))..=(worker, Ticket(u64::MAX));
        let bound: Vec<_> = self.for_one.range(all).map(|(key, _)| *key).collect();
        for key in bound {
            if let Some(waker) = self.for_one.remove(&key) {
                self.for_any.insert(key.1, waker);
            }
        }
    }

    /// All of them, who are to be told that nobody will come.
    pub(super) fn dissolve(&mut self) -> Vec<Waker> {
        let mut wakers: Vec<_> = std::mem::take(&mut self.for_any).into_values().collect();
        wakers.extend(std::mem::take(&mut self.for_one).into_values());
        wakers
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn joined(line: &mut Line, one: Option<u64>) -> Ticket {
        line.join(one.map(WorkerId::new), Waker::noop().clone())
    }

    fn first(line: &mut Line, worker: u64) -> Option<Ticket> {
        line.first_for(WorkerId::new(worker)).map(|(ticket, _)| ticket)
    }

    #[test]
    fn who_came_first_is_served_first_whether_bound_or_not() {
        let mut line = Line::default();
        let (bound, any) = (joined(&mut line, Some(1)), joined(&mut line, None));
        assert_eq!([first(&mut line, 1), first(&mut line, 1)], [Some(bound), Some(any)]);
    }

    #[test]
    fn a_worker_is_not_given_to_those_who_wait_for_another() {
        let mut line = Line::default();
        joined(&mut line, Some(1));
        assert_eq!((first(&mut line, 2), line.len()), (None, 1));
    }

    #[test]
    fn those_who_wait_for_a_worker_that_is_gone_keep_their_places_in_the_line() {
        let mut line = Line::default();
        let bound = joined(&mut line, Some(1));
        joined(&mut line, None);
        line.release(WorkerId::new(1));
        assert_eq!(first(&mut line, 2), Some(bound));
    }

    #[test]
    fn who_leaves_is_not_served() {
        let mut line = Line::default();
        let gone = joined(&mut line, Some(1));
        line.release(WorkerId::new(1));
        line.leave(Some(WorkerId::new(1)), gone);
        assert_eq!((first(&mut line, 1), line.len()), (None, 0));
    }
}
