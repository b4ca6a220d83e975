//! Those who wait for a connection, in the order in which they came.

use std::{collections::VecDeque, task::Waker, time::Instant};

use socketry_connector::Connect;

use crate::pool::{member::Member, place::Place};

/// In the order of arrival, so sorted by number.
pub(super) struct Line<C: Connect<T>, T: Send>(VecDeque<Waiting<C, T>>);

/// Who waits. Its grant and its waker are somebody else's: they are dropped without the lock.
pub(super) struct Waiting<C: Connect<T>, T: Send> {
    id: u64,
    wants: Wants,
    pub(super) granted: Option<Grant<C, T>>,
    waker: Option<Waker>,
}

/// What a check-out has use for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Wants {
    /// Anything, and makes a connection if need be.
    Any,
    /// One that is up: it makes one already.
    Live,
    /// One that is up, or whose attempt begins sooner than its own.
    Sooner(Sooner),
    /// Nothing: it has one that is up.
    Nothing,
}

/// When another attempt is worth to leave one's own for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Sooner {
    /// When its own begins.
    pub(super) than: Instant,
    /// Before when one has to begin that goes to the targets of the pool; none does if this is none.
    pub(super) than_usual: Option<Instant>,
    /// Whether a connection that is yet to be made would begin before that.
    pub(super) takes_place: bool,
}

/// What a check-out is given.
#[allow(
    clippy::large_enum_variant,
    reason = "it is taken apart at once, and a box would cost an allocation"
)]
pub(super) enum Grant<C: Connect<T>, T: Send> {
    Member(Member<C, T>),
    /// The place of a member that it has to make.
    Make(Place),
}

impl Sooner {
    pub(super) fn suits<C: Connect<T>, T: Send>(&self, member: &Member<C, T>) -> bool {
        let than = if member.is_added { Some(self.than) } else { self.than_usual };
        than.is_some_and(|than| member.begins.is_none_or(|begins| begins < than))
    }
}

impl<C: Connect<T>, T: Send> Line<C, T> {
    pub(super) fn new() -> Self {
        Self(VecDeque::new())
    }

    /// One more stands at its end. It has use for nothing before it says so.
    pub(super) fn enter(&mut self, id: u64) {
        self.0.push_back(Waiting { id, wants: Wants::Nothing, granted: None, waker: None });
    }

    pub(super) fn leave(&mut self, id: u64) -> Option<Waiting<C, T>> {
        let index = self.0.binary_search_by_key(&id, |waiting| waiting.id).ok()?;
        self.0.remove(index)
    }

    /// Notes what it has use for.
    pub(super) fn wants(&mut self, id: u64, wants: Wants) {
        if let Some(waiting) = self.waiting(id) {
            waiting.wants = wants;
        }
    }

    /// What it was granted. It has use for nothing more before it says so.
    pub(super) fn take_grant(&mut self, id: u64) -> Option<Grant<C, T>> {
        let waiting = self.waiting(id)?;
        let grant = waiting.granted.take()?;
        waiting.wants = Wants::Nothing;
        Some(grant)
    }

    /// Is to be woken by this; returns what it was to be woken by before.
    pub(super) fn waits(&mut self, id: u64, waker: Waker) -> Option<Waker> {
        match self.waiting(id) {
            Some(waiting) => waiting.waker.replace(waker),
            None => Some(waker),
        }
    }

    fn waiting(&mut self, id: u64) -> Option<&mut Waiting<C, T>> {
        let index = self.0.binary_search_by_key(&id, |waiting| waiting.id).ok()?;
        self.0.get_mut(index)
    }

    /// How many have use for something.
    pub(super) fn len(&self) -> usize {
        self.0.iter().filter(|waiting| waiting.wants != Wants::Nothing).count()
    }

    /// The first that has this use for something and was granted nothing.
    pub(super) fn first<R>(&self, has_use: impl Fn(Wants) -> Option<R>) -> Option<(usize, R)> {
        let mut all = self.0.iter().enumerate();
        all.find_map(|(index, waiting)| match waiting.granted {
            None => Some((index, has_use(waiting.wants)?)),
            Some(_) => None,
        })
    }

    /// Grants this to the one who stands there, and notes whom to wake.
    pub(super) fn grant(&mut self, index: usize, grant: Grant<C, T>, wake: &mut Vec<Waker>) {
        let waiting = &mut self.0[index];
        waiting.granted = Some(grant);
        wake.extend(waiting.waker.take());
    }

    /// Takes back a member that was granted and not taken.
    pub(super) fn take_granted(&mut self, id: u64) -> Option<Member<C, T>> {
        let mut all = self.0.iter_mut();
        let waiting = all.find(|waiting| match &waiting.granted {
            Some(Grant::Member(member)) => member.id() == id,
            _ => false,
        })?;
        match waiting.granted.take()? {
            Grant::Member(member) => Some(member),
            Grant::Make(_) => None, // it is a member
        }
    }

    /// Takes back all that was granted and not taken.
    pub(super) fn take_grants(&mut self) -> Vec<Grant<C, T>> {
        self.0.iter_mut().filter_map(|waiting| waiting.granted.take()).collect()
    }

    /// All who are to be woken.
    pub(super) fn wake_all(&mut self, wake: &mut Vec<Waker>) {
        wake.extend(self.0.iter_mut().filter_map(|waiting| waiting.waker.take()));
    }
}
