//! One connection of a pool, with whoever brings it back.

use std::{
    task::{Context, Poll},
    time::{Duration, Instant},
};

use socketry_connector::Connect;

use crate::{pool::options::PoolOptions, reconnecting::Reconnecting, session::Session};

/// A connection of a pool: up, or to be made.
pub(crate) struct Member<C: Connect<T>, T: Send> {
    pub(super) id: u64,
    // Dropped before whoever would take its loss for a reason to connect.
    pub(super) session: Option<Session<C::Connection>>,
    pub(super) sessions: Reconnecting<C, T>,
    /// It has options of its own, and is kept whatever the size of the pool.
    pub(super) is_added: bool,
    /// Since when nobody uses it.
    pub(super) idle_since: Instant,
}

/// Why a session is not kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Unfit {
    Idle,
    Old,
    Broken,
    Unread,
    Unchecked,
}

impl<C, T> Member<C, T>
where
    C: Connect<T> + 'static,
    T: Clone + Send + Sync + 'static,
{
    pub(super) fn new(id: u64, sessions: Reconnecting<C, T>, now: Instant) -> Self {
        Self { id, session: None, sessions, is_added: false, idle_since: now }
    }

    pub(super) fn added(id: u64, sessions: Reconnecting<C, T>, now: Instant) -> Self {
        Self { is_added: true, ..Self::new(id, sessions, now) }
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

    /// What is wrong with its session, as far as one can see.
    pub(super) fn flaw(&self, options: &PoolOptions, now: Instant) -> Option<Unfit> {
        let session = self.session.as_ref()?;
        let over =
            |limit: Option<Duration>, time: Duration| limit.is_some_and(|limit| time >= limit);
        if session.lost().is_some() {
            Some(Unfit::Broken)
        } else if over(options.max_lifetime, session.uptime()) {
            Some(Unfit::Old)
        } else if over(options.idle_timeout, now.saturating_duration_since(self.idle_since)) {
            Some(Unfit::Idle)
        } else {
            None
        }
    }

    /// When its session will have been idle for too long, or be too old.
    pub(super) fn ends_at(&self, options: &PoolOptions, now: Instant) -> Option<Instant> {
        let session = self.session.as_ref()?;
        let idle = options.idle_timeout.and_then(|limit| self.idle_since.checked_add(limit));
        let old = options
            .max_lifetime
            .and_then(|limit| now.checked_add(limit.saturating_sub(session.uptime())));
        match (idle, old) {
            (Some(idle), Some(old)) => Some(idle.min(old)),
            (idle, old) => idle.or(old),
        }
    }
}
