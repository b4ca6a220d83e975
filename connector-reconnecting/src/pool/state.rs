//! Who has which connection, and who is next.

use std::{collections::VecDeque, sync::Arc, task::Waker};

use socketry_connector::Connect;

use crate::{
    pool::{
        member::{Member, Unfit},
        options::{PoolOptions, PoolOrder, PoolStatistics},
    },
    shared::Shared,
};

/// What is behind the lock of a pool. Nothing in here calls anybody: what is taken out is polled and
/// dropped, and who is to be woken is woken, without the lock.
pub(super) struct State<C: Connect<T>, T: Send> {
    pub(super) options: PoolOptions,
    /// Those that nobody has, up or not; the last was used last.
    idle: VecDeque<Member<C, T>>,
    /// In the order of arrival, so sorted by number.
    waiting: VecDeque<Waiting<C, T>>,
    /// All members, and places of those that are being made.
    links: Vec<(u64, Option<Arc<Shared>>)>,
    in_use: usize,
    next_id: u64,
    pub(super) is_closed: bool,
    /// Whether members can be made on demand.
    has_target: bool,
    pub(super) statistics: PoolStatistics,
}

struct Waiting<C: Connect<T>, T: Send> {
    id: u64,
    wants: Wants,
    granted: Option<Grant<C, T>>,
    waker: Option<Waker>,
}

/// What a check-out has use for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Wants {
    /// Anything, and makes a connection if need be.
    Any,
    /// One that is up: it makes one already.
    Live,
    /// Nothing: it has one that is up.
    Nothing,
}

/// What a check-out is given.
pub(super) enum Grant<C: Connect<T>, T: Send> {
    Member(Member<C, T>),
    /// The place of a member that it has to make, by number.
    Make(u64),
}

/// What stands in the line for a check-out.
pub(super) enum Turn<C: Connect<T>, T: Send> {
    Granted(Grant<C, T>),
    Nothing,
    Closed,
    /// There is nothing, and nothing will come.
    Empty,
}

impl<C: Connect<T>, T: Send> State<C, T> {
    pub(super) fn new(options: PoolOptions, has_target: bool) -> Self {
        Self {
            options,
            idle: VecDeque::new(),
            waiting: VecDeque::new(),
            links: Vec::new(),
            in_use: 0,
            next_id: 0,
            is_closed: false,
            has_target,
            statistics: PoolStatistics::default(),
        }
    }

    /// A new check-out stands in the line, at its end. It has use for nothing before it says so.
    pub(super) fn enter(&mut self) -> u64 {
        let id = self.number();
        self.waiting.push_back(Waiting { id, wants: Wants::Nothing, granted: None, waker: None });
        id
    }

    /// Leaves the line; what was granted and not taken is returned.
    pub(super) fn leave(&mut self, id: u64) -> Option<Grant<C, T>> {
        let index = self.waiting.binary_search_by_key(&id, |waiting| waiting.id).ok()?;
        self.waiting.remove(index)?.granted
    }

    /// Notes what a check-out has use for; it is awake now.
    pub(super) fn wants(&mut self, id: u64, wants: Wants) {
        if let Some(waiting) = self.waiting(id) {
            (waiting.wants, waiting.waker) = (wants, None);
        }
    }

    /// Takes what was granted, or waits for it.
    pub(super) fn turn(&mut self, id: u64, waker: &Waker) -> Turn<C, T> {
        let is_empty = self.links.is_empty() && (!self.has_target || self.options.max_size == 0);
        let is_closed = self.is_closed;
        let Some(waiting) = self.waiting(id) else { return Turn::Closed };
        match waiting.granted.take() {
            Some(grant) => Turn::Granted(grant),
            None if is_closed => Turn::Closed,
            None if is_empty => Turn::Empty,
            None => {
                waiting.waker = Some(waker.clone());
                Turn::Nothing
            }
        }
    }

    fn waiting(&mut self, id: u64) -> Option<&mut Waiting<C, T>> {
        let index = self.waiting.binary_search_by_key(&id, |waiting| waiting.id).ok()?;
        self.waiting.get_mut(index)
    }

    /// Takes one that is up without standing in the line, if nobody stands there.
    pub(super) fn take_at_once(&mut self) -> Option<Member<C, T>> {
        if self.is_closed || self.waiting.iter().any(|waiting| waiting.wants != Wants::Nothing) {
            return None;
        }
        self.take_idle(true)
    }

    /// Gives what there is to those who wait, in their order, and notes whom to wake.
    pub(super) fn dispatch(&mut self, wake: &mut Vec<Waker>) {
        while !self.is_closed {
            let Some((index, grant)) = self.next_grant() else { return };
            let waiting = &mut self.waiting[index];
            waiting.granted = Some(grant);
            wake.extend(waiting.waker.take());
        }
    }

    fn next_grant(&mut self) -> Option<(usize, Grant<C, T>)> {
        if let Some(index) = self.taker(&[Wants::Any, Wants::Live]) {
            if let Some(member) = self.take_idle(true) {
                return Some((index, Grant::Member(member)));
            }
        }
        let index = self.taker(&[Wants::Any])?;
        if let Some(member) = self.take_idle(false) {
            return Some((index, Grant::Member(member)));
        }
        Some((index, Grant::Make(self.reserve()?)))
    }

    /// The first in the line that has use for it.
    fn taker(&self, wants: &[Wants]) -> Option<usize> {
        let has_use =
            |waiting: &Waiting<C, T>| waiting.granted.is_none() && wants.contains(&waiting.wants);
        self.waiting.iter().position(has_use)
    }

    /// Takes an idle one that is up, or one that is not.
    fn take_idle(&mut self, is_up: bool) -> Option<Member<C, T>> {
        let fits = |member: &Member<C, T>| member.session.is_some() == is_up;
        let index = match self.options.order {
            PoolOrder::Lifo => self.idle.iter().rposition(fits),
            PoolOrder::Fifo => self.idle.iter().position(fits),
        };
        self.idle.remove(index?)
    }

    /// A place for one more member, if there is room.
    pub(super) fn reserve(&mut self) -> Option<u64> {
        if !self.has_target || self.links.len() >= self.options.max_size {
            return None;
        }
        let id = self.number();
        self.links.push((id, None));
        Some(id)
    }

    /// A place for one more member, whether there is room or not.
    pub(super) fn add(&mut self, link: Arc<Shared>) -> u64 {
        let id = self.number();
        self.links.push((id, Some(link)));
        id
    }

    /// The member of a place is made.
    pub(super) fn made(&mut self, id: u64, link: Arc<Shared>) {
        if let Some(place) = self.links.iter_mut().find(|(place, _)| *place == id) {
            place.1 = Some(link);
        }
    }

    /// A member is no more.
    pub(super) fn remove(&mut self, id: u64) {
        self.links.retain(|(place, _)| *place != id);
    }

    /// How to end every member there is.
    pub(super) fn links(&self) -> Vec<Arc<Shared>> {
        self.links.iter().filter_map(|(_, link)| link.clone()).collect()
    }

    pub(super) fn size(&self) -> usize {
        self.links.len()
    }

    /// Whether there are more than there may be.
    pub(super) fn has_too_many(&self) -> bool {
        self.links.len() > self.options.max_size
    }

    /// An idle one that is too many.
    pub(super) fn take_surplus(&mut self) -> Option<Member<C, T>> {
        if !self.has_too_many() {
            return None;
        }
        let made = |is_up: bool| {
            move |member: &Member<C, T>| !member.is_added && member.session.is_some() == is_up
        };
        let index = self.idle.iter().position(made(false));
        let index = index.or_else(|| self.idle.iter().position(made(true)));
        self.idle.remove(index?)
    }

    /// Whether somebody would take a member that is not up.
    pub(super) fn has_maker(&self) -> bool {
        self.taker(&[Wants::Any]).is_some()
    }

    /// Puts one back, as the one that was used last.
    pub(super) fn put_back(&mut self, member: Member<C, T>) {
        self.idle.push_back(member);
    }

    /// The idle one that has waited longest for a look, for whoever looks at all in turn.
    pub(super) fn take_first(&mut self) -> Option<Member<C, T>> {
        self.idle.pop_front()
    }

    pub(super) fn idle(&self) -> impl Iterator<Item = &Member<C, T>> {
        self.idle.iter()
    }

    /// All idle ones, to be dropped.
    pub(super) fn take_all(&mut self) -> VecDeque<Member<C, T>> {
        let all = std::mem::take(&mut self.idle);
        for member in &all {
            self.links.retain(|(place, _)| *place != member.id);
        }
        all
    }

    /// Closes: nobody is served any more. Returns whom to wake.
    pub(super) fn close(&mut self) -> Vec<Waker> {
        self.is_closed = true;
        self.waiting.iter_mut().filter_map(|waiting| waiting.waker.take()).collect()
    }

    pub(super) fn checked_out(&mut self) {
        self.in_use += 1;
        self.statistics.served += 1;
    }

    pub(super) fn checked_in(&mut self) {
        self.in_use -= 1;
    }

    /// Counts a session that is not kept.
    pub(super) fn count(&mut self, unfit: Unfit) {
        let statistics = &mut self.statistics;
        *match unfit {
            Unfit::Idle => &mut statistics.closed_idle,
            Unfit::Old => &mut statistics.closed_old,
            Unfit::Broken => &mut statistics.closed_broken,
            Unfit::Unread => &mut statistics.closed_unread,
            Unfit::Unchecked => &mut statistics.closed_unfit,
        } += 1;
    }

    pub(super) fn statistics(&self) -> PoolStatistics {
        let waits = |waiting: &&Waiting<C, T>| waiting.wants != Wants::Nothing;
        PoolStatistics {
            size: self.links.len(),
            idle: self.idle.iter().filter(|member| member.session.is_some()).count(),
            in_use: self.in_use,
            waiting: self.waiting.iter().filter(waits).count(),
            ..self.statistics
        }
    }

    fn number(&mut self) -> u64 {
        self.next_id += 1;
        self.next_id
    }
}
