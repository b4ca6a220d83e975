//! Ending it all, and beginning again.

use std::{
    future::{Future, poll_fn},
    io, mem,
    pin::{Pin, pin},
    sync::Arc,
    task::Poll,
    time::Duration,
};

use socketry_connection::Sleep;

use crate::{
    loss::LossCause,
    shared::{Entry, Replaced, Shared},
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

/// What was there when it was asked to end. What is made after that is another's.
pub(crate) struct Ending {
    shared: Arc<Shared>,
    sessions: Vec<Entry>,
}

/// Waits until all of these are over, and ends what is not in this time altogether.
pub(crate) async fn end_all(all: Vec<Ending>, deadline: Duration) -> Disconnected {
    if !deadline.is_zero() {
        until_over(&all, deadline).await;
    }
    let aborted: usize = all.iter().map(Ending::abort).sum();
    match aborted {
        0 => Disconnected::Gracefully,
        _ => Disconnected::Aborted,
    }
}

/// Waits for one after the other, until the time is up.
async fn until_over(all: &[Ending], deadline: Duration) {
    let Some(clock) = all.first().map(|ending| ending.shared.clock()) else { return };
    let mut sleep = pin!(Sleep::after(clock, deadline));
    for ending in all {
        loop {
            let mut changed = pin!(ending.shared.listen());
            if ending.is_over() {
                break;
            }
            let is_up = poll_fn(|cx| match changed.as_mut().poll(cx) {
                Poll::Ready(()) => Poll::Ready(false),
                Poll::Pending => Pin::new(&mut sleep).poll(cx).map(|()| true),
            });
            if is_up.await {
                return; // a timer that was ready is not asked again
            }
        }
    }
}

impl Ending {
    /// Whether no session reads or writes, and no attempt is left.
    fn is_over(&self) -> bool {
        let are_over = self.sessions.iter().all(|entry| entry.life.is_over());
        are_over && !self.shared.work.is_ending()
    }

    /// Ends the sessions that are left, both ways; how many were not over.
    pub(crate) fn abort(&self) -> usize {
        let mut aborted = 0;
        for Entry { life, abort } in &self.sessions {
            aborted += usize::from(!life.is_over());
            self.shared.session_lost(life, LossCause::Disconnected);
            if let Some(abort) = abort {
                abort.abort();
            }
            life.abort();
        }
        self.shared.close_if_over();
        aborted
    }
}

impl Shared {
    /// Ends it: no attempt is made, the one under way is dropped, sessions are asked to end.
    pub(crate) fn stop(self: &Arc<Self>) -> Ending {
        match self.stop_if(|_| true, None) {
            Some(ending) => ending,
            None => Ending { shared: self.clone(), sessions: Vec::new() }, // it always is
        }
    }

    /// It ends by itself, unless it was stopped meanwhile; whether it does.
    pub(crate) fn end_by(self: &Arc<Self>, epoch: u64, error: Arc<io::Error>) -> bool {
        self.stop_if(|current| current == Some(epoch), Some(error)).is_some()
    }

    fn stop_if(
        self: &Arc<Self>,
        is_meant: impl FnOnce(Option<u64>) -> bool,
        error: Option<Arc<io::Error>>,
    ) -> Option<Ending> {
        let (epoch, sessions) = self.update(|inner| {
            if !is_meant(inner.is_wanted.then_some(inner.epoch)) {
                return None;
            }
            // A loss that was noted before is told yet.
            let was_wanted = mem::replace(&mut inner.is_wanted, false);
            inner.hint = None;
            let is_new = was_wanted || inner.sessions.iter().any(|entry| !entry.life.should_end());
            if is_new && !inner.state.is_closed() {
                let is_over = inner.are_over();
                let before = mem::replace(&mut inner.ended_by, error.clone());
                inner.replaced.extend(before.map(Replaced::Error));
                inner.change(if is_over { State::Closed { error } } else { State::Closing });
            }
            Some((inner.epoch, inner.sessions.clone()))
        })?;
        self.work.cancel(epoch);
        for Entry { life, .. } in &sessions {
            if !life.should_end() {
                life.ask_to_end();
            }
        }
        self.tell();
        self.driver.wake();
        if let Some(act) = self.on_stop.get() {
            act();
        }
        Some(Ending { shared: self.clone(), sessions })
    }

    /// Nobody makes sessions any more; one that is up stays its user's.
    pub(crate) fn abandon(&self) {
        self.update(|inner| {
            (inner.is_wanted, inner.is_abandoned) = (false, true);
            if inner.are_lost() && !matches!(inner.state, State::Closed { .. } | State::Closing) {
                inner.change(State::Closed { error: None });
            }
        });
        self.work.cancel(u64::MAX);
        self.tell();
    }

    /// Whether nothing more will change.
    pub(crate) fn is_finished(&self) -> bool {
        self.lock().is_finished()
    }

    /// Makes sessions again; `false` if nobody is left to make them.
    pub(crate) fn start(&self) -> bool {
        let until = self.now();
        let is_possible = self.update(|inner| {
            if inner.is_abandoned {
                return false;
            }
            if !mem::replace(&mut inner.is_wanted, true) {
                inner.epoch += 1;
                inner.change(State::Waiting { until, attempt: 1, reason: Reason::New });
            }
            true
        });
        self.tell();
        self.driver.wake();
        is_possible
    }

    /// After a disconnect: closed with the last session.
    pub(super) fn close_if_over(&self) {
        self.update(|inner| {
            if matches!(inner.state, State::Closing) && inner.are_over() {
                let error = inner.ended_by.take();
                inner.change(State::Closed { error });
            }
        });
        self.tell();
    }
}
