//! From one attempt to the next.

use std::{task::Poll, time::Instant};

use socketry_connection::Sleep;
use socketry_connector::Connect;

use crate::{
    attempt::{Failed, Plan, attempt},
    circuit::{Circuit, Permit},
    driver::{Driver, Phase, Step, Work},
    error::AttemptTimedOut,
    hooks::SessionInfo,
    slot::Cancel as _,
    state::{Reason, State},
};

impl<C, T> Driver<C, T>
where
    C: Connect<T> + 'static,
    T: Clone + Send + Sync + 'static,
{
    pub(super) fn begin_round(&mut self) -> Step<C::Connection> {
        let now = self.shared.now();
        if self.schedule.is_over(now) {
            return self.out_of_time(None);
        }
        self.is_hopeful = false;
        self.schedule.round_begins(now);
        self.tour.begin(&self.settings.targets, self.schedule.random());
        self.next_target();
        Poll::Ready(None)
    }

    /// Begins with the next target that its circuit lets through, or waits for the first that will be.
    pub(super) fn next_target(&mut self) {
        let attempt = self.schedule.attempts().saturating_add(1);
        let mut soonest: Option<(Instant, usize)> = None;
        while let Some(target) = self.tour.next(&self.settings.targets, attempt) {
            let Some(circuit_of) = &self.settings.circuits else {
                return self.begin_attempt(target, None);
            };
            let circuit = circuit_of(&self.settings.targets.as_slice()[target]);
            let Some(until) = circuit.next_at() else { return self.ask(target, &circuit) };
            self.is_hopeful = true; // it is not tried, and may be good
            if soonest.is_none_or(|(soonest, _)| until < soonest) {
                soonest = Some((until, target));
            }
        }
        let (Some((until, target)), Some(circuit_of)) = (soonest, &self.settings.circuits) else {
            self.phase = Phase::New; // the list was found not to be empty
            return;
        };
        let circuit = circuit_of(&self.settings.targets.as_slice()[target]);
        let reason = match (self.reason(), circuit.last_error()) {
            (Reason::New, Some(error)) => Reason::Failed(error), // of another's attempt
            (reason, _) => reason,
        };
        self.shared.set_state(self.epoch, State::Waiting { until, attempt, reason });
        self.ask(target, &circuit);
    }

    /// Asks for leave to try a target.
    fn ask(&mut self, target: usize, circuit: &Circuit) {
        self.phase = Phase::Asks { target };
        let ends = self.schedule.ends().map(|end| Sleep::until(self.shared.clock(), end));
        self.work.put(self.epoch, Work::Permit(circuit.permit(), ends));
    }

    pub(super) fn begin_attempt(&mut self, target: usize, permit: Option<Permit>) {
        self.schedule.attempt_begins();
        let (now, attempt_number) = (self.shared.now(), self.schedule.attempts());
        let session = SessionInfo {
            generation: self.generation + 1,
            attempts: attempt_number,
            outage: now.saturating_duration_since(self.down_since),
            cause: self.cause.clone(),
            target,
        };
        let plan = Plan {
            prologue: self.once.as_ref().or(self.settings.hooks.on_connect.as_ref()).cloned(),
            session: session.clone(),
            down_since: self.down_since,
            began: now,
            times_out: self.schedule.times_out(now),
            observer: self.settings.observer.clone(),
            shared: self.shared.clone(),
            epoch: self.epoch,
        };
        let to = self.settings.targets.as_slice()[target].clone();
        let attempt = Box::pin(attempt(self.connector.clone(), to, plan));
        self.work.put(self.epoch, Work::Attempt(attempt, permit));
        self.phase = Phase::Attempts { target, session, began: now };
        self.shared.count(|statistics| statistics.attempts += 1);
        self.shared.set_state(self.epoch, State::Connecting { attempt: attempt_number });
    }

    /// Why there is no session.
    pub(super) fn reason(&self) -> Reason {
        match (self.shared.state(), &self.cause) {
            (State::Waiting { reason, .. }, _) => reason,
            (_, Some(cause)) => Reason::Lost(cause.clone()),
            (_, None) => Reason::New,
        }
    }

    /// Waits until the next round of attempts may begin.
    pub(super) fn wait(
        &mut self,
        until: Instant,
        now: Instant,
        reason: Reason,
    ) -> Step<C::Connection> {
        let attempt = self.schedule.attempts().saturating_add(1);
        if until <= now {
            return self.begin_round();
        }
        self.shared.set_state(self.epoch, State::Waiting { until, attempt, reason });
        self.work.put(self.epoch, Work::Wait(Sleep::until(self.shared.clock(), until)));
        self.phase = Phase::Waits { until };
        Poll::Ready(None)
    }

    /// Drops what is under way: nobody polls for it. The delays stay as they are.
    pub(crate) fn suspend(&mut self) {
        let until = match self.phase {
            Phase::New | Phase::Up | Phase::Suspended { .. } => return,
            Phase::Waits { until } => until,
            Phase::Asks { .. } | Phase::Attempts { .. } => {
                self.schedule.earliest().unwrap_or_else(|| self.shared.now())
            }
        };
        self.work.cancel(self.epoch);
        self.phase = Phase::Suspended { until };
        let attempt = self.schedule.attempts().saturating_add(1);
        let reason = self.reason();
        self.shared.set_state(self.epoch, State::Waiting { until, attempt, reason });
    }

    /// The attempt under way has failed: whoever polls for it has no more time.
    pub(crate) fn attempt_timed_out(&mut self) {
        let Phase::Attempts { target, began, .. } = self.phase else { return };
        let permit = match self.work.take() {
            Some(Work::Attempt(attempt, permit)) => {
                drop(attempt);
                permit
            }
            _ => return,
        };
        let after = self.shared.now().saturating_duration_since(began);
        let error = AttemptTimedOut::new(after, "connect").into();
        // If it gives up, the next poll finds it ended.
        let _ = self.attempt_failed(target, Failed { error, in_prologue: false }, permit);
    }
}
