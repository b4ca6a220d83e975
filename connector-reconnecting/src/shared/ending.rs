//! Ending it all, and beginning again.

use std::{
    future::{Future, poll_fn},
    io, mem,
    pin::{Pin, pin},
    sync::Arc,
    task::Poll,
    time::Duration,
};

use socketry_connection::{Sleep, now};

use crate::{
    loss::LossCause,
    shared::Shared,
    state::{Reason, State},
};

/// How a [`disconnect`](crate::Handle::disconnect) has ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Disconnected {
    /// There was no session, or all have ended in time.
    Gracefully,
    /// Some session was not over at the deadline, and was ended both ways.
    Aborted,
}

/// Ends these, which are asked to already, in this time altogether.
pub(crate) async fn end_all(all: Vec<Arc<Shared>>, deadline: Duration) -> Disconnected {
    let mut sleep = None;
    for shared in &all {
        shared.until_over(deadline, &mut sleep).await;
    }
    let aborted: usize = all.iter().map(|shared| shared.abort_sessions()).sum();
    match aborted {
        0 => Disconnected::Gracefully,
        _ => Disconnected::Aborted,
    }
}

impl Shared {
    /// Ends it: no attempt is made, the one under way is dropped, sessions are asked to end.
    pub(crate) fn stop(&self, error: Option<Arc<io::Error>>) {
        let mut inner = self.lock();
        if !mem::replace(&mut inner.is_wanted, false) {
            return;
        }
        (inner.hint, inner.loss) = (None, None);
        let is_over = inner.are_over();
        inner.change(if is_over { State::Closed { error } } else { State::Closing });
        let lives: Vec<_> = inner.sessions.iter().map(|entry| entry.life.clone()).collect();
        drop(inner);
        self.work.cancel();
        for life in lives {
            life.ask_to_end();
        }
        self.tell();
        self.driver.wake();
    }

    /// Nobody makes sessions any more; one that is up stays its user's.
    pub(crate) fn abandon(&self) {
        let mut inner = self.lock();
        (inner.is_wanted, inner.is_abandoned) = (false, true);
        if inner.sessions.iter().all(|entry| entry.life.lost().is_some())
            && !inner.state.is_closed()
        {
            inner.change(State::Closed { error: None });
        }
        drop(inner);
        self.work.cancel();
        self.tell();
    }

    /// Whether nothing more will change.
    pub(crate) fn is_finished(&self) -> bool {
        let inner = self.lock();
        inner.is_abandoned && inner.state.is_closed()
    }

    /// Makes sessions again; `false` if nobody is left to make them.
    pub(crate) fn start(&self) -> bool {
        let mut inner = self.lock();
        if inner.is_abandoned {
            return false;
        }
        if mem::replace(&mut inner.is_wanted, true) {
            return true;
        }
        inner.epoch += 1;
        let until = now(self.clock());
        inner.change(State::Waiting { until, attempt: 1, reason: Reason::New });
        drop(inner);
        self.tell();
        self.driver.wake();
        true
    }

    /// Waits until no session reads or writes, or the time is up, which one `sleep` may tell to several.
    async fn until_over(&self, deadline: Duration, sleep: &mut Option<Sleep>) {
        loop {
            let mut changed = pin!(self.listen());
            if self.are_sessions_over() || deadline.is_zero() {
                return;
            }
            let sleep = sleep.get_or_insert_with(|| Sleep::after(self.clock(), deadline));
            let is_up = poll_fn(|cx| match changed.as_mut().poll(cx) {
                Poll::Ready(()) => Poll::Ready(false),
                Poll::Pending => Pin::new(&mut *sleep).poll(cx).map(|()| true),
            });
            if is_up.await {
                return;
            }
        }
    }

    /// Whether no session is left that reads or writes.
    pub(crate) fn are_sessions_over(&self) -> bool {
        self.lock().are_over()
    }

    /// Ends the sessions that are left, both ways; how many were not over.
    pub(crate) fn abort_sessions(&self) -> usize {
        let left: Vec<_> = {
            let inner = self.lock();
            let left = inner.sessions.iter();
            left.map(|entry| (entry.life.clone(), entry.abort.clone())).collect()
        };
        let mut aborted = 0;
        for (life, abort) in left {
            aborted += usize::from(!life.is_over());
            self.session_lost(&life, LossCause::Disconnected);
            if let Some(abort) = abort {
                abort.abort();
            }
            life.end();
            life.disturb();
        }
        self.close_if_over();
        aborted
    }

    /// After a disconnect: closed with the last session.
    pub(super) fn close_if_over(&self) {
        let mut inner = self.lock();
        if matches!(inner.state, State::Closing) && inner.are_over() {
            inner.change(State::Closed { error: None });
        }
        drop(inner);
        self.tell();
    }
}
