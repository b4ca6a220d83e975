//! Who has which connection, and who is next.

use std::{
    sync::{Arc, Weak},
    task::Waker,
    time::Instant,
};

use socketry_connector::Connect;

use crate::{
    pool::{
        idle::Idle,
        line::{Grant, Line, Wants},
        member::{Member, Unfit},
        options::{PoolOptions, PoolStatistics},
        place::{Place, Places},
        seats::Seats,
    },
    shared::Shared,
};

/// What is behind the lock of a pool. Nothing in here calls anybody: what is taken out is polled and
/// dropped, and who is to be woken is woken, without the lock.
pub(super) struct State<C: Connect<T>, T: Send> {
    pub(super) options: PoolOptions,
    /// Those that nobody has.
    pub(super) idle: Idle<C, T>,
    pub(super) line: Line<C, T>,
    pub(super) seats: Seats,
    next_id: u64,
    pub(super) is_closed: bool,
    /// How often it was closed. What belongs to an earlier time is not kept.
    epoch: u64,
    /// Whether members can be made on demand.
    has_target: bool,
    /// Whoever runs it.
    keeper: Option<u64>,
    /// No connection is made ahead before that, since one has given up.
    pub(super) rests_until: Option<Instant>,
    pub(super) statistics: PoolStatistics,
}

/// What stands in the line for a check-out.
#[allow(
    clippy::large_enum_variant,
    reason = "it is taken apart at once, and a box would cost an allocation"
)]
pub(super) enum Turn<C: Connect<T>, T: Send> {
    Granted(Grant<C, T>),
    Nothing,
    Closed,
    /// There is nothing, and nothing will come.
    Empty,
}

/// Why a member is not handed out after all.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Refused {
    /// The pool is closed.
    Closed,
    /// It belongs to the time before the pool was closed.
    Old,
}

impl<C: Connect<T>, T: Send> State<C, T> {
    pub(super) fn new(options: PoolOptions, has_target: bool, places: Weak<dyn Places>) -> Self {
        Self {
            options,
            idle: Idle::new(),
            line: Line::new(),
            seats: Seats::new(places),
            next_id: 0,
            is_closed: false,
            epoch: 0,
            has_target,
            keeper: None,
            rests_until: None,
            statistics: PoolStatistics::default(),
        }
    }

    /// A new check-out stands in the line.
    pub(super) fn enter(&mut self) -> u64 {
        let id = self.number();
        self.line.enter(id);
        id
    }

    /// Takes what was granted, or else waits for it; the other is a waker that is not needed any more.
    pub(super) fn turn(&mut self, id: u64, waker: Waker) -> (Turn<C, T>, Option<Waker>) {
        if let Some(grant) = self.line.take_grant(id) {
            return (Turn::Granted(grant), Some(waker));
        }
        if self.is_closed {
            return (Turn::Closed, Some(waker));
        }
        if self.is_empty() {
            return (Turn::Empty, Some(waker));
        }
        (Turn::Nothing, self.line.waits(id, waker))
    }

    /// Whether there is nothing, and nothing will come.
    fn is_empty(&self) -> bool {
        self.seats.len() == 0 && (!self.has_target || self.options.max_size == 0)
    }

    /// Takes one that is up without standing in the line, if nobody stands there.
    pub(super) fn take_at_once(&mut self) -> Option<Member<C, T>> {
        match self.is_closed || self.line.len() > 0 {
            true => None,
            false => self.idle.take_up(self.options.order),
        }
    }

    /// Gives what there is to those who wait, in their order, and notes whom to wake.
    pub(super) fn dispatch(&mut self, wake: &mut Vec<Waker>) {
        if self.is_closed || self.is_empty() {
            self.line.wake_all(wake); // they are told so
            return;
        }
        while let Some((index, grant)) = self.next_grant() {
            self.line.grant(index, grant, wake);
        }
    }

    fn next_grant(&mut self) -> Option<(usize, Grant<C, T>)> {
        let takes = |wants| (wants != Wants::Nothing).then_some(());
        let (index, ()) = self.line.first(takes)?;
        if let Some(member) = self.idle.take_up(self.options.order) {
            return Some((index, Grant::Member(member)));
        }
        if let Some((index, ())) = self.line.first(|wants| (wants == Wants::Any).then_some(())) {
            if let Some(member) = self.idle.take_earliest(|_| true) {
                return Some((index, Grant::Member(member)));
            }
            return Some((index, Grant::Make(self.reserve()?)));
        }
        let has_room = self.has_room();
        let (index, sooner) = self.line.first(|wants| {
            let Wants::Sooner(sooner) = wants else { return None };
            let has_use = (has_room && sooner.takes_place)
                || self.idle.iter().any(|member| !member.is_up() && sooner.suits(member));
            has_use.then_some(sooner)
        })?;
        match self.idle.take_earliest(|member| sooner.suits(member)) {
            Some(member) => Some((index, Grant::Member(member))),
            None => Some((index, Grant::Make(self.reserve()?))),
        }
    }

    fn has_room(&self) -> bool {
        self.has_target && !self.is_closed && self.seats.len() < self.options.max_size
    }

    /// A place for one more member, if there is room.
    pub(super) fn reserve(&mut self) -> Option<Place> {
        self.has_room().then(|| self.add())
    }

    /// The same for one that nobody asks for yet.
    pub(super) fn reserve_ahead(&mut self, now: Instant) -> Option<Place> {
        match self.rests_until {
            Some(until) if now < until => None,
            _ => self.reserve(),
        }
    }

    /// A place for one more member, whether there is room or not.
    pub(super) fn add(&mut self) -> Place {
        let (id, epoch) = (self.number(), self.epoch);
        self.seats.add(id, epoch)
    }

    /// The member of a place is made; `false` if it may be none, since the pool was closed meanwhile.
    pub(super) fn made(&mut self, place: &Place, link: Arc<Shared>) -> bool {
        if place.epoch() != self.epoch {
            return false;
        }
        self.seats.made(place.id(), link);
        true
    }

    /// Whether there are more than there may be.
    fn has_too_many(&self) -> bool {
        self.seats.staying() > self.options.max_size
    }

    /// An idle one that is too many.
    pub(super) fn take_surplus(&mut self) -> Option<Member<C, T>> {
        let member = self.has_too_many().then(|| self.idle.take_surplus()).flatten()?;
        self.seats.leaves(member.id());
        Some(member)
    }

    /// One whose session has to end by now, and why.
    pub(super) fn take_overdue(&mut self, now: Instant) -> Option<(Member<C, T>, Unfit)> {
        self.idle.take_overdue(&self.options, now)
    }

    /// This one, if nobody has it, or only would have it.
    pub(super) fn take(&mut self, id: u64) -> Option<Member<C, T>> {
        self.idle.take(id).or_else(|| self.line.take_granted(id))
    }

    /// Closes: nobody is served any more. Returns what is to be dropped.
    pub(super) fn close(&mut self) -> Vec<Grant<C, T>> {
        self.is_closed = true;
        self.epoch += 1;
        self.rests_until = None;
        let mut all = self.line.take_grants();
        all.extend(self.idle.take_all().into_iter().map(Grant::Member));
        all
    }

    pub(super) fn epoch(&self) -> u64 {
        self.epoch
    }

    /// Whether this is the one who runs it, or may be from now on.
    pub(super) fn is_kept_by(&mut self, keeper: u64) -> bool {
        *self.keeper.get_or_insert(keeper) == keeper
    }

    /// This one runs it no more.
    pub(super) fn is_left_by(&mut self, keeper: u64) {
        self.keeper = self.keeper.filter(|other| *other != keeper);
    }

    pub(super) fn number(&mut self) -> u64 {
        self.next_id += 1;
        self.next_id
    }
}

impl<C, T> State<C, T>
where
    C: Connect<T> + 'static,
    T: Clone + Send + Sync + 'static,
{
    /// Puts one back among the idle ones; it comes back if it is not kept.
    pub(super) fn put_back(&mut self, mut member: Member<C, T>) -> Option<Member<C, T>> {
        let is_surplus = !member.is_added && self.has_too_many();
        if member.place.epoch() != self.epoch || member.is_gone() || is_surplus {
            self.seats.leaves(member.id());
            return Some(member);
        }
        if member.rank.is_none() {
            member.rank = Some(self.number());
        }
        self.idle.put(member);
        None
    }

    /// Hands one out, in the same moment in which it is found that this may be.
    pub(super) fn check_out(
        &mut self,
        member: &Member<C, T>,
        has_waited: bool,
    ) -> Result<(), Refused> {
        if self.is_closed {
            return Err(Refused::Closed);
        }
        if member.place.epoch() != self.epoch || member.is_gone() {
            return Err(Refused::Old);
        }
        self.seats.uses(member.id(), true);
        self.statistics.served += 1;
        self.statistics.waited += u64::from(has_waited);
        Ok(())
    }
}

impl<C: Connect<T>, T: Send> State<C, T> {
    /// Counts a session that is not kept.
    pub(super) fn count(&mut self, unfit: Unfit) {
        let statistics = &mut self.statistics;
        *match unfit {
            Unfit::Idle => &mut statistics.closed_idle,
            Unfit::Old => &mut statistics.closed_old,
            Unfit::Broken | Unfit::NotWanted => &mut statistics.closed_broken,
            Unfit::Unread => &mut statistics.closed_unread,
            Unfit::Unanswered => &mut statistics.closed_unanswered,
            Unfit::Unchecked => &mut statistics.closed_unfit,
        } += 1;
    }

    pub(super) fn statistics(&self) -> PoolStatistics {
        PoolStatistics {
            size: self.seats.len(),
            idle: self.idle.count_up(),
            in_use: self.seats.in_use(),
            waiting: self.line.len(),
            ..self.statistics
        }
    }
}
