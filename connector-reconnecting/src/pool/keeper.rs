//! What is done between check-outs.

use std::{
    future::{Future, poll_fn},
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    time::{Duration, Instant},
};

use event_listener::EventListener;
use socketry_connection::Sleep;
use socketry_connector::Connect;

use crate::pool::{
    checking::{Checking, next_check},
    member::Member,
    options::PoolOptions,
    shared::PoolShared,
};

/// After so many rounds of one poll others go on: limits that are tiny are over at once again.
const MOST_ROUNDS: u32 = 64;

/// How long no connection is made ahead after one has given up.
const REST: Duration = Duration::from_secs(30);

/// Runs a pool until it is closed.
pub(super) async fn run<C, T>(pool: Arc<PoolShared<C, T>>)
where
    C: Connect<T> + 'static,
    T: Clone + Send + Sync + 'static,
{
    let id = pool.lock().number();
    let mut keeper = Keeper { pool, id, changed: None, alarm: None, checking: None };
    poll_fn(|cx| keeper.poll(cx)).await;
}

/// One of those who run a pool. The first does all, and the others wait until it is gone.
struct Keeper<C, T>
where
    C: Connect<T> + 'static,
    T: Clone + Send + Sync + 'static,
{
    pool: Arc<PoolShared<C, T>>,
    id: u64,
    changed: Option<EventListener>,
    /// When there is something to do for which nobody wakes it.
    alarm: Option<(Instant, Sleep)>,
    checking: Option<Checking>,
}

impl<C, T> Keeper<C, T>
where
    C: Connect<T> + 'static,
    T: Clone + Send + Sync + 'static,
{
    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        for _ in 0..MOST_ROUNDS {
            // Made before it looks, so that no change is missed.
            self.changed.get_or_insert_with(|| self.pool.changed.listen());
            let (is_closed, is_kept) = {
                let mut state = self.pool.lock();
                (state.is_closed, state.is_kept_by(self.id))
            };
            if is_closed {
                return Poll::Ready(());
            }
            if is_kept && self.keep(cx).is_ready() {
                continue;
            }
            match self.changed.as_mut().map(|changed| Pin::new(changed).poll(cx)) {
                Some(Poll::Pending) => return Poll::Pending,
                Some(Poll::Ready(())) | None => self.changed = None,
            }
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    }

    /// Does what is to be done now; ready if there is more by then.
    fn keep(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        self.look_at_all(cx);
        if self.poll_check(cx).is_ready() {
            return Poll::Ready(());
        }
        self.poll_alarm(cx)
    }

    /// Takes one idle member out after the other, looks at it, and puts it back.
    fn look_at_all(&self, cx: &mut Context<'_>) {
        self.pool.close_overdue();
        let options = self.pool.options();
        let (ids, up) = {
            let state = self.pool.lock();
            let ids: Vec<_> = state.idle.iter().map(Member::id).collect();
            (ids, state.idle.count_up())
        };
        let mut ready = up + usize::from(self.checking.is_some());
        for id in ids {
            let member = self.pool.lock().idle.take(id);
            let Some(mut member) = member else { continue };
            if let Some(unfit) = member.look(&options, cx) {
                self.pool.close_session(&mut member, unfit);
                ready = ready.saturating_sub(1); // it may have come up after they were counted
            }
            self.bring_back(member, &options, &mut ready, cx);
        }
        while ready < options.ready() {
            let now = self.pool.now();
            let place = self.pool.lock().reserve_ahead(now);
            let Some(member) = place.and_then(|place| self.pool.make(place)) else { break };
            self.bring_back(member, &options, &mut ready, cx);
        }
    }

    /// Goes on to make its session if one is needed, and puts it back.
    fn bring_back(
        &self,
        mut member: Member<C, T>,
        options: &PoolOptions,
        ready: &mut usize,
        cx: &mut Context<'_>,
    ) {
        if member.is_up() {
            return self.pool.put_back(member);
        }
        let is_needed = (member.is_added && !options.ends_at_once()) || *ready < options.ready();
        if !is_needed {
            return self.pool.put_back(member); // suspended: whoever began it needs it no more
        }
        *ready += 1; // it will be
        match member.poll_up(cx, || self.pool.now()) {
            Poll::Pending => {}
            Poll::Ready(Ok(())) => {
                // Its peer is watched from now on.
                if let Some(unfit) = member.look(options, cx) {
                    self.pool.close_session(&mut member, unfit);
                    cx.waker().wake_by_ref();
                }
            }
            Poll::Ready(Err(_)) => {
                // It was disconnected, or has given up.
                if !member.is_added {
                    let until = self.pool.now().checked_add(REST);
                    self.pool.lock().rests_until = until;
                }
                return drop(member);
            }
        }
        self.pool.put_back_polled(member);
    }

    /// Checks those that are to be checked, one after the other. Ready if one was.
    fn poll_check(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        if self.checking.is_none() {
            self.checking = next_check(&self.pool);
        }
        let Some(checking) = &mut self.checking else { return Poll::Pending };
        let checked = checking.as_mut().poll(cx);
        if checked.is_ready() {
            self.checking = None;
        }
        checked
    }

    /// Ready when there is something to do.
    fn poll_alarm(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        match self.next_alarm() {
            None => self.alarm = None,
            Some(at) if self.alarm.as_ref().is_some_and(|(there, _)| *there == at) => {}
            Some(at) => self.alarm = Some((at, Sleep::until(self.pool.clock(), at))),
        }
        let Some((_, sleep)) = &mut self.alarm else { return Poll::Pending };
        let is_up = Pin::new(sleep).poll(cx);
        if is_up.is_ready() {
            self.alarm = None;
        }
        is_up
    }

    /// When a session is overdue, or to be checked, or a connection may be made ahead again.
    fn next_alarm(&self) -> Option<Instant> {
        let (options, now) = (self.pool.options(), self.pool.now());
        let has_check = self.checking.is_none() && self.pool.plan.check.is_some();
        let every = options.check_every.filter(|_| has_check);
        let state = self.pool.lock();
        let overdue = state.idle.iter().filter_map(|member| member.overdue_at(&options));
        let checks = state.idle.iter().filter_map(|member| member.check_at(every?));
        let rest = state.rests_until.filter(|until| *until > now);
        overdue.chain(checks).chain(rest).min()
    }
}

/// Nobody goes on with what was begun, unless there is another one who runs it.
impl<C, T> Drop for Keeper<C, T>
where
    C: Connect<T> + 'static,
    T: Clone + Send + Sync + 'static,
{
    fn drop(&mut self) {
        self.checking = None;
        let (is_kept, ids) = {
            let mut state = self.pool.lock();
            let ids: Vec<_> = state.idle.iter().map(Member::id).collect();
            (state.is_kept_by(self.id), ids)
        };
        if !is_kept {
            return;
        }
        for id in ids {
            let unpolled = self.pool.lock().idle.take_unpolled(id);
            if let Some(member) = unpolled {
                self.pool.put_back(member);
            }
        }
        self.pool.lock().is_left_by(self.id);
        self.pool.tell();
    }
}
