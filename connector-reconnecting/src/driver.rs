//! From one session to the next.

use std::{
    future::Future,
    io, mem,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    time::Instant,
};

use socketry_connection::Sleep;
use socketry_connector::Connect;

use crate::{
    attempt::{Attempt, Failed},
    circuit::{Permit, Permitting},
    hooks::{Prologue, SessionInfo},
    loss::LossCause,
    schedule::Schedule,
    session::Session,
    settings::Settings,
    shared::{Hint, Shared},
    slot::{Cancel as _, Slot},
    targets::Tour,
};

mod outcomes;
mod rounds;

/// After so many steps of one poll others get a turn: a delay of zero and an attempt that fails at once
/// would never wait.
const MOST_STEPS: u32 = 64;

/// Makes the sessions.
pub(crate) struct Driver<C: Connect<T>, T: Send> {
    connector: Arc<C>,
    settings: Settings<C::Connection, T>,
    schedule: Schedule,
    tour: Tour,
    phase: Phase,
    work: Arc<Slot<Work<C::Connection>>>,
    shared: Arc<Shared>,
    epoch: u64,
    generation: u64,
    /// In force for the next session only.
    once: Option<Prologue<C::Connection>>,
    /// Why the last session was lost.
    cause: Option<LossCause>,
    down_since: Instant,
    /// Of the round under way, some attempt has failed in a way that is worth another one, or was not made.
    is_hopeful: bool,
    /// Why the last attempt of this outage has failed.
    last_error: Option<Arc<io::Error>>,
}

enum Phase {
    /// Nothing was done so far.
    New,
    /// For the next round of attempts.
    Waits {
        until: Instant,
    },
    /// The same, but nothing is under way: nobody has polled for it.
    Suspended {
        until: Instant,
    },
    /// For a permit to try this target.
    Asks {
        target: usize,
    },
    Attempts {
        target: usize,
        session: SessionInfo,
        began: Instant,
    },
    Up,
}

/// What is under way, in a place where a disconnect finds it.
pub(crate) enum Work<C> {
    Wait(Sleep),
    /// Until the outage has lasted as long as it may.
    Permit(Permitting, Option<Sleep>),
    /// With the permit for it, which is given back with the attempt.
    Attempt(Attempt<C>, Option<Permit>),
}

/// What has come of it.
enum Done<C> {
    Waited,
    Permitted(Permit),
    OutOfTime,
    Attempted(Result<C, Failed>, Option<Permit>),
}

/// What comes next in one poll.
type Step<C> = Poll<Option<io::Result<Session<C>>>>;

impl<C, T> Driver<C, T>
where
    C: Connect<T> + 'static,
    T: Clone + Send + Sync + 'static,
{
    pub(crate) fn new(
        connector: Arc<C>,
        mut settings: Settings<C::Connection, T>,
        work: Arc<Slot<Work<C::Connection>>>,
        shared: Arc<Shared>,
    ) -> Self {
        let schedule = Schedule::new(settings.backoff.clone(), settings.random.fork());
        let down_since = shared.now();
        Self {
            connector,
            settings,
            schedule,
            tour: Tour::default(),
            phase: Phase::New,
            work,
            epoch: 0,
            shared,
            generation: 0,
            once: None,
            cause: None,
            down_since,
            is_hopeful: false,
            last_error: None,
        }
    }

    /// The next session; none while it is disconnected.
    pub(crate) fn poll(&mut self, cx: &mut Context<'_>) -> Step<C::Connection> {
        self.shared.driver_waits(cx.waker());
        for _ in 0..MOST_STEPS {
            let epoch = self.shared.epoch();
            if epoch != Some(self.epoch) {
                self.rest();
            }
            let Some(epoch) = epoch else { return Poll::Ready(None) };
            self.epoch = epoch;
            match self.step(cx) {
                Poll::Ready(None) => {}
                // Work that was put back after a disconnect had looked for it is dropped here.
                Poll::Pending if self.shared.epoch() != Some(epoch) => self.work.cancel(epoch),
                result => return result,
            }
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    }

    /// As before the first attempt. A loss that came before the disconnect is told yet.
    fn rest(&mut self) {
        if let Some(life) = self.shared.take_loss() {
            self.tell_reset(&life);
        }
        self.work.cancel(self.epoch);
        self.shared.tell(); // that nothing is under way
        self.phase = Phase::New;
        self.schedule.end_outage();
        self.tour.rest();
        (self.once, self.cause, self.last_error) = (None, None, None);
    }

    fn step(&mut self, cx: &mut Context<'_>) -> Step<C::Connection> {
        match self.phase {
            Phase::New => {
                if let Err(error) = self.settings.check() {
                    let told = io::Error::new(error.kind(), error.to_string());
                    self.shared.end_by(self.epoch, Arc::new(told));
                    return Poll::Ready(Some(Err(error)));
                }
                self.down_since = self.shared.now();
                self.begin_round()
            }
            Phase::Suspended { until } => {
                let reason = self.reason();
                self.wait(until, self.shared.now(), reason)
            }
            Phase::Up => match self.shared.take_loss() {
                Some(life) => self.session_lost(&life),
                None => {
                    self.take_advice();
                    Poll::Pending
                }
            },
            Phase::Waits { .. } => match self.take_advice() {
                Some(_) => self.begin_round(),
                None => self.poll_work(cx),
            },
            Phase::Attempts { .. } => {
                if self.take_advice() == Some(Hint::Anew) {
                    self.schedule.round_begins(self.shared.now());
                }
                self.poll_work(cx)
            }
            Phase::Asks { .. } => {
                self.take_advice();
                self.poll_work(cx)
            }
        }
    }

    /// What somebody knows who is not asked. What has failed so far may say nothing about now.
    fn take_advice(&mut self) -> Option<Hint> {
        let hint = self.shared.take_hint();
        if hint == Some(Hint::Anew) {
            self.schedule.begin_anew();
            if let Some(circuit_of) = &self.settings.circuits {
                let targets = self.settings.targets.as_slice();
                targets.iter().for_each(|target| circuit_of(target).reset());
            }
        }
        hint
    }

    fn poll_work(&mut self, cx: &mut Context<'_>) -> Step<C::Connection> {
        let done = self.work.poll(|work| match work {
            Work::Wait(sleep) => Pin::new(sleep).poll(cx).map(|()| Done::Waited),
            Work::Permit(permitting, out_of_time) => match Pin::new(permitting).poll(cx) {
                Poll::Ready(permit) => Poll::Ready(Done::Permitted(permit)),
                Poll::Pending => match out_of_time {
                    Some(sleep) => Pin::new(sleep).poll(cx).map(|()| Done::OutOfTime),
                    None => Poll::Pending,
                },
            },
            Work::Attempt(attempt, permit) => {
                attempt.as_mut().poll(cx).map(|result| Done::Attempted(result, permit.take()))
            }
        });
        let phase = mem::replace(&mut self.phase, Phase::New);
        match (done, phase) {
            (Poll::Pending, phase) => {
                self.phase = phase;
                Poll::Pending
            }
            (Poll::Ready(Some(Done::Waited)), _) => self.begin_round(),
            (Poll::Ready(Some(Done::OutOfTime)), Phase::Asks { target }) => {
                self.out_of_time(Some(target))
            }
            (Poll::Ready(Some(Done::Permitted(permit))), Phase::Asks { target }) => {
                self.begin_attempt(target, Some(permit));
                Poll::Ready(None)
            }
            (
                Poll::Ready(Some(Done::Attempted(result, permit))),
                Phase::Attempts { target, session, .. },
            ) => match result {
                Ok(connection) => self.session_begins(connection, target, session, permit),
                Err(failed) => self.attempt_failed(target, failed, permit),
            },
            // It was cancelled, and perhaps started again since.
            (Poll::Ready(_), _) => {
                self.shared.tell(); // that nothing is under way
                Poll::Ready(None)
            }
        }
    }
}
