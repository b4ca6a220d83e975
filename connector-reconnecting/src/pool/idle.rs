//! The connections of a pool that nobody uses.

use std::{
    collections::VecDeque,
    time::{Duration, Instant},
};

use socketry_connector::Connect;

use crate::pool::{
    member::{Member, Unfit},
    options::{PoolOptions, PoolOrder},
};

/// Members that nobody has, up or not, in the order in which they were used.
pub(super) struct Idle<C: Connect<T>, T: Send>(VecDeque<Member<C, T>>);

impl<C: Connect<T>, T: Send> Idle<C, T> {
    pub(super) fn new() -> Self {
        Self(VecDeque::new())
    }

    /// Puts one where its rank says.
    pub(super) fn put(&mut self, member: Member<C, T>) {
        let index = self.0.partition_point(|other| other.rank <= member.rank);
        self.0.insert(index, member);
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &Member<C, T>> {
        self.0.iter()
    }

    /// How many are up.
    pub(super) fn count_up(&self) -> usize {
        self.0.iter().filter(|member| member.is_up()).count()
    }

    pub(super) fn take(&mut self, id: u64) -> Option<Member<C, T>> {
        self.take_first(|member| member.id() == id)
    }

    /// This one, if somebody has to poll for it.
    pub(super) fn take_unpolled(&mut self, id: u64) -> Option<Member<C, T>> {
        self.take_first(|member| member.id() == id && member.is_under_way)
    }

    /// One that is up.
    pub(super) fn take_up(&mut self, order: PoolOrder) -> Option<Member<C, T>> {
        let index = match order {
            PoolOrder::Lifo => self.0.iter().rposition(Member::is_up),
            PoolOrder::Fifo => self.0.iter().position(Member::is_up),
        };
        self.0.remove(index?)
    }

    /// Of those that are not up and suit, the one whose next attempt begins first.
    pub(super) fn take_earliest(
        &mut self,
        suits: impl Fn(&Member<C, T>) -> bool,
    ) -> Option<Member<C, T>> {
        let all = self.0.iter().enumerate();
        let suiting = all.filter(|(_, member)| !member.is_up() && suits(member));
        let earliest = suiting.min_by_key(|(_, member)| (member.begins, !member.is_under_way));
        let index = earliest?.0;
        self.0.remove(index)
    }

    /// One whose session has to end by now, and why.
    pub(super) fn take_overdue(
        &mut self,
        options: &PoolOptions,
        now: Instant,
    ) -> Option<(Member<C, T>, Unfit)> {
        let mut all = self.0.iter().enumerate();
        let (index, unfit) =
            all.find_map(|(index, member)| Some((index, member.overdue(options, now)?)))?;
        Some((self.0.remove(index)?, unfit))
    }

    /// One that is to be checked by now: the one that has waited longest for that.
    pub(super) fn take_unchecked(&mut self, every: Duration, now: Instant) -> Option<Member<C, T>> {
        let all = self.0.iter().enumerate();
        let due = all.filter_map(|(index, member)| Some((member.check_at(every)?, index)));
        let (_, index) = due.filter(|(at, _)| *at <= now).min()?;
        self.0.remove(index)
    }

    /// One that may go if there are too many.
    pub(super) fn take_surplus(&mut self) -> Option<Member<C, T>> {
        let down = self.take_first(|member| !member.is_added && !member.is_up());
        down.or_else(|| self.take_first(|member| !member.is_added))
    }

    pub(super) fn take_all(&mut self) -> VecDeque<Member<C, T>> {
        std::mem::take(&mut self.0)
    }

    fn take_first(&mut self, fits: impl FnMut(&Member<C, T>) -> bool) -> Option<Member<C, T>> {
        let index = self.0.iter().position(fits)?;
        self.0.remove(index)
    }
}
