//! From one session to the next.

use std::{
    future::Future,
    io,
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
    /// Of the round under way, some attempt has failed in a way that is worth another one.
    is_hopeful: bool,
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
        permit: Option<Permit>,
    },
    Up,
}

/// What is under way, in a place where a disconnect finds it.
pub(crate) enum Work<C> {
    Wait(Sleep),
    Permit(Permitting),
    Attempt(Attempt<C>),
}

/// What has come of it.
enum Done<C> {
    Waited,
    Permitted(Permit),
    Attempted(Result<C, Failed>),
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
        }
    }

    /// The next session; none while it is disconnected.
    pub(crate) fn poll(&mut self, cx: &mut Context<'_>) -> Step<C::Connection> {
        self.shared.driver_waits(cx.waker());
        for _ in 0..MOST_STEPS {
            let Some(epoch) = self.shared.epoch() else {
                self.rest();
                return Poll::Ready(None);
            };
            if epoch != self.epoch {
                self.rest();
                self.epoch = epoch;
            }
            match self.step(cx) {
                Poll::Ready(None) => {}
                // Work that was put back after a disconnect had looked for it is dropped here.
                Poll::Pending if self.shared.epoch() != Some(epoch) => self.work.cancel(),
                result => return result,
            }
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    }

    /// As before the first attempt.
    fn rest(&mut self) {
        self.work.cancel();
        self.phase = Phase::New;
        self.schedule.end_outage();
        (self.once, self.cause) = (None, None);
    }

    fn step(&mut self, cx: &mut Context<'_>) -> Step<C::Connection> {
        match &mut self.phase {
            Phase::New => {
                if let Err(error) = self.settings.check() {
                    let told = io::Error::new(error.kind(), error.to_string());
                    self.shared.stop(Some(Arc::new(told)));
                    return Poll::Ready(Some(Err(error)));
                }
                self.down_since = self.shared.now();
                self.begin_round();
            }
            &mut Phase::Suspended { until } => {
                let reason = self.reason();
                self.wait(until, self.shared.now(), reason);
            }
            Phase::Up => match self.shared.take_loss() {
                None => return Poll::Pending,
                Some(life) => return self.session_lost(&life),
            },
            Phase::Waits { .. } => match self.shared.take_hint() {
                None => return self.poll_work(cx),
                Some(hint) => {
                    if hint == Hint::Anew {
                        self.begin_anew();
                    }
                    self.begin_round();
                }
            },
            Phase::Asks { .. } => {
                if self.shared.take_hint() == Some(Hint::Anew) {
                    self.begin_anew();
                }
                return self.poll_work(cx);
            }
            Phase::Attempts { .. } => return self.poll_work(cx),
        }
        Poll::Ready(None)
    }

    /// What has failed so far says nothing about now.
    fn begin_anew(&mut self) {
        self.schedule.begin_anew();
        if let Some(circuit_of) = &self.settings.circuits {
            self.settings.targets.as_slice().iter().for_each(|target| circuit_of(target).reset());
        }
    }

    fn poll_work(&mut self, cx: &mut Context<'_>) -> Step<C::Connection> {
        let done = self.work.poll(|work| match work {
            Work::Wait(sleep) => Pin::new(sleep).poll(cx).map(|()| Done::Waited),
            Work::Permit(permitting) => Pin::new(permitting).poll(cx).map(Done::Permitted),
            Work::Attempt(attempt) => attempt.as_mut().poll(cx).map(Done::Attempted),
        });
        let phase = std::mem::replace(&mut self.phase, Phase::New);
        match (done, phase) {
            (Poll::Pending, phase) => {
                self.phase = phase;
                return Poll::Pending;
            }
            (Poll::Ready(Some(Done::Waited)), _) => self.begin_round(),
            (Poll::Ready(Some(Done::Permitted(permit))), Phase::Asks { target }) => {
                self.begin_attempt(target, Some(permit));
            }
            (
                Poll::Ready(Some(Done::Attempted(result))),
                Phase::Attempts { target, session, permit },
            ) => match result {
                Ok(connection) => return self.session_begins(connection, target, session, permit),
                Err(failed) => return self.attempt_failed(target, failed, permit),
            },
            // It was cancelled, and perhaps started again since.
            (Poll::Ready(_), _) => {}
        }
        Poll::Ready(None)
    }
}
