//! What is done between check-outs.

use std::{
    future::{Future, poll_fn},
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    time::Instant,
};

use socketry_connection::Sleep;
use socketry_connector::Connect;

use crate::pool::{
    member::{Member, Unfit},
    options::PoolOptions,
    shared::PoolShared,
};

/// Runs a pool until it is closed.
pub(super) async fn run<C, T>(pool: Arc<PoolShared<C, T>>)
where
    C: Connect<T> + 'static,
    T: Clone + Send + Sync + 'static,
{
    let mut keeper = Keeper { pool, alarm: None };
    poll_fn(|cx| keeper.poll(cx)).await;
}

struct Keeper<C, T>
where
    C: Connect<T> + 'static,
    T: Clone + Send + Sync + 'static,
{
    pool: Arc<PoolShared<C, T>>,
    /// When some connection will be too old.
    alarm: Option<(Instant, Sleep)>,
}

impl<C, T> Keeper<C, T>
where
    C: Connect<T> + 'static,
    T: Clone + Send + Sync + 'static,
{
    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        loop {
            self.pool.keeper.register(cx.waker());
            if self.pool.lock().is_closed {
                return Poll::Ready(());
            }
            self.look_at_all(cx);
            if self.poll_alarm(cx).is_pending() {
                return Poll::Pending;
            }
        }
    }

    /// Takes one idle member out after the other, looks at it, and puts it back.
    fn look_at_all(&self, cx: &mut Context<'_>) {
        let options = self.pool.options();
        let (count, mut ready) = {
            let state = self.pool.lock();
            let up = state.idle().filter(|member| member.session.is_some());
            (state.idle().count(), up.count())
        };
        for _ in 0..count {
            let Some(mut member) = self.pool.lock().take_first() else { break };
            let flaw = member.flaw(&options, self.pool.now());
            if let Some(unfit) = flaw.or_else(|| member.look(&options, cx)) {
                self.pool.close_session(&mut member, unfit);
                ready = ready.saturating_sub(1); // it may have come up after they were counted
            }
            self.bring_back(member, &options, &mut ready, cx);
        }
        while ready < options.min_idle {
            let Some(id) = self.pool.lock().reserve() else { break };
            let Some(member) = self.pool.make(id) else { break };
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
        if member.session.is_some() {
            return self.pool.put_back(member);
        }
        if !member.is_added && *ready >= options.min_idle {
            member.sessions.suspend(); // whoever began it needs it no more
            return self.pool.put_back(member);
        }
        *ready += 1; // it will be
        match member.sessions.poll_session(cx) {
            Poll::Pending => {}
            Poll::Ready(Some(Ok(session))) => {
                member.session = Some(session);
                member.idle_since = self.pool.now();
                // Its peer is watched from now on.
                if member.look(options, cx).is_some() {
                    self.pool.close_session(&mut member, Unfit::Broken);
                    cx.waker().wake_by_ref();
                }
            }
            // It was disconnected, or has given up.
            Poll::Ready(_) => return self.pool.remove_quietly(member),
        }
        self.pool.put_back(member);
    }

    /// Ready when some connection is too old by now.
    fn poll_alarm(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let (now, options) = (self.pool.now(), self.pool.options());
        let next = {
            let state = self.pool.lock();
            state.idle().filter_map(|member| member.ends_at(&options, now)).min()
        };
        match next {
            None => self.alarm = None,
            Some(at) if self.alarm.as_ref().is_some_and(|(there, _)| *there == at) => {}
            Some(at) => self.alarm = Some((at, Sleep::until(self.pool.clock(), at))),
        }
        match &mut self.alarm {
            None => Poll::Pending,
            Some((_, sleep)) => Pin::new(sleep).poll(cx),
        }
    }
}

/// Nobody goes on with what was begun.
impl<C, T> Drop for Keeper<C, T>
where
    C: Connect<T> + 'static,
    T: Clone + Send + Sync + 'static,
{
    fn drop(&mut self) {
        let count = self.pool.lock().idle().count();
        for _ in 0..count {
            let Some(mut member) = self.pool.lock().take_first() else { return };
            if member.session.is_none() {
                member.sessions.suspend();
            }
            self.pool.put_back(member);
        }
    }
}
