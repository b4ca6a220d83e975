//! One connection of a pool, with whoever brings it back.

use std::{
    io,
    task::{Context, Poll},
    time::{Duration, Instant},
};

use socketry_connector::Connect;

use crate::{
    pool::{options::PoolOptions, place::Place},
    reconnecting::Reconnecting,
    session::Session,
    state::{Reason, State},
};

/// A connection of a pool: up, or to be made.
pub(crate) struct Member<C: Connect<T>, T: Send> {
    // Dropped before whoever would take its loss for a reason to connect.
    pub(super) session: Option<Session<C::Connection>>,
    pub(super) sessions: Reconnecting<C, T>,
    /// It has options of its own, and is kept whatever the size of the pool.
    pub(super) is_added: bool,
    /// Since when nobody uses it.
    pub(super) idle_since: Instant,
    up_since: Instant,
    /// When it was last used or checked.
    pub(super) good_at: Instant,
    /// Its number among the idle ones: the higher it is, the later it was used. None when it was used.
    pub(super) rank: Option<u64>,
    /// If it is not up, when its next attempt may begin; none if it was never made or is under way.
    pub(super) begins: Option<Instant>,
    /// An attempt or a wait is under way, which somebody has to poll.
    pub(super) is_under_way: bool,
    // Dropped last: the place is free when the connection is closed.
    pub(super) place: Place,
}

/// Why a session is not kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Unfit {
    Idle,
    Old,
    Broken,
    Unread,
    Unanswered,
    Unchecked,
    /// Its user, or the pool, has no more use for it.
    NotWanted,
}

impl<C: Connect<T>, T: Send> Member<C, T> {
    pub(super) fn id(&self) -> u64 {
        self.place.id()
    }

    pub(super) fn is_up(&self) -> bool {
        self.session.is_some()
    }

    /// Why its session ends if nobody uses it at this time.
    pub(super) fn overdue(&self, options: &PoolOptions, now: Instant) -> Option<Unfit> {
        self.session.as_ref()?;
        if is_over(options.max_lifetime, self.up_since, now) {
            return Some(Unfit::Old);
        }
        is_over(options.idle_timeout, self.idle_since, now).then_some(Unfit::Idle)
    }

    /// When its session will be overdue.
    pub(super) fn overdue_at(&self, options: &PoolOptions) -> Option<Instant> {
        self.session.as_ref()?;
        let idle = options.idle_timeout.and_then(|limit| self.idle_since.checked_add(limit));
        let old = options.max_lifetime.and_then(|limit| self.up_since.checked_add(limit));
        match (idle, old) {
            (Some(idle), Some(old)) => Some(idle.min(old)),
            (idle, old) => idle.or(old),
        }
    }

    /// When it is to be checked if nobody has used it by then.
    pub(super) fn check_at(&self, every: Duration) -> Option<Instant> {
        self.session.as_ref()?;
        self.good_at.checked_add(every)
    }
}

impl<C, T> Member<C, T>
where
    C: Connect<T> + 'static,
    T: Clone + Send + Sync + 'static,
{
    pub(super) fn new(
        place: Place,
        sessions: Reconnecting<C, T>,
        is_added: bool,
        now: Instant,
    ) -> Self {
        Self {
            session: None,
            sessions,
            is_added,
            idle_since: now,
            up_since: now,
            good_at: now,
            rank: None,
            begins: None,
            is_under_way: false,
            place,
        }
    }

    /// Goes on to make its session. An error if there will be none: it was disconnected, or has given up,
    /// and is no member any more.
    pub(super) fn poll_up(
        &mut self,
        cx: &mut Context<'_>,
        now: impl FnOnce() -> Instant,
    ) -> Poll<Result<(), Option<io::Error>>> {
        self.is_under_way = true;
        let Poll::Ready(end) = self.sessions.poll_session(cx) else { return Poll::Pending };
        self.is_under_way = false;
        match end {
            Some(Ok(session)) => {
                let now = now();
                (self.up_since, self.idle_since, self.good_at) = (now, now, now);
                self.begins = Some(now); // it was tried
                self.session = Some(session);
                Poll::Ready(Ok(()))
            }
            Some(Err(error)) => Poll::Ready(Err(Some(error))),
            None => Poll::Ready(Err(None)),
        }
    }

    /// Closes its session for this reason. If that is nobody's fault the next one is not delayed.
    pub(super) fn close(&mut self, unfit: Unfit) {
        if let Some(mut session) = self.session.take() {
            use Unfit::{Idle, NotWanted, Old, Unanswered};

            session.retire(matches!(unfit, Idle | Old | Unanswered | NotWanted));
        }
    }

    /// Drops what is under way: nobody polls for it any more.
    pub(super) fn suspend(&mut self) {
        self.sessions.suspend();
        self.is_under_way = false;
    }

    /// Somebody has used it until now.
    pub(super) fn was_used(&mut self, now: Instant) {
        (self.idle_since, self.good_at, self.rank) = (now, now, None);
    }

    /// Notes when its next attempt may begin. If nothing is under way, that is known already.
    pub(super) fn note_begin(&mut self, now: Instant) {
        if self.is_under_way {
            self.begins = self.waits_until(now);
        }
    }

    /// When its next attempt may begin; none if that is under way, or was never made and may begin now.
    pub(super) fn waits_until(&self, now: Instant) -> Option<Instant> {
        match self.sessions.link().state() {
            State::Waiting { reason: Reason::New, until, .. } if until <= now => None,
            State::Waiting { until, .. } => Some(until),
            _ => None,
        }
    }

    /// Whether it was asked to end: nobody can use it any more.
    pub(super) fn is_gone(&self) -> bool {
        let is_ending = self.session.as_ref().is_some_and(Session::is_ending);
        is_ending || !self.sessions.link().is_wanted()
    }

    /// Looks whether the peer of its idle session has gone, or has said something.
    pub(super) fn look(&mut self, options: &PoolOptions, cx: &mut Context<'_>) -> Option<Unfit> {
        let session = self.session.as_mut()?;
        match session.poll_idle(cx) {
            Poll::Pending => None,
            Poll::Ready(Ok(())) if options.keeps_unread => None,
            Poll::Ready(Ok(())) => Some(Unfit::Unread),
            Poll::Ready(Err(_)) => Some(Unfit::Broken),
        }
    }

    /// What is wrong with its session when its user returns it.
    pub(super) fn flaw(&self, options: &PoolOptions, now: Instant) -> Option<Unfit> {
        if self.session.as_ref()?.lost().is_some() {
            return Some(Unfit::Broken);
        }
        is_over(options.max_lifetime, self.up_since, now).then_some(Unfit::Old)
    }
}

fn is_over(limit: Option<Duration>, since: Instant, now: Instant) -> bool {
    limit.is_some_and(|limit| now.saturating_duration_since(since) >= limit)
}
