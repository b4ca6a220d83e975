//! From one attempt to the next.

use std::time::Instant;

use socketry_connection::Sleep;
use socketry_connector::Connect;

use crate::{
    attempt::{Plan, attempt},
    circuit::Permit,
    driver::{Driver, Phase, Work},
    hooks::SessionInfo,
    slot::Cancel as _,
    state::{Reason, State},
};

impl<C, T> Driver<C, T>
where
    C: Connect<T> + 'static,
    T: Clone + Send + Sync + 'static,
{
    pub(super) fn begin_round(&mut self) {
        let now = self.shared.now();
        self.is_hopeful = false;
        self.schedule.round_begins(now);
        self.tour.begin(&self.settings.targets, self.schedule.random());
        self.next_target();
    }

    pub(super) fn next_target(&mut self) {
        let attempt = self.schedule.attempts().saturating_add(1);
        let Some(target) = self.tour.next(&self.settings.targets, attempt) else {
            self.phase = Phase::New; // the list was found not to be empty
            return;
        };
        let Some(circuits) = &self.settings.circuits else {
            return self.begin_attempt(target, None);
        };
        let circuit = circuits(&self.settings.targets.as_slice()[target]);
        if let Some(until) = circuit.next_at() {
            let reason = self.reason();
            self.shared.set_state(State::Waiting { until, attempt, reason });
        }
        self.phase = Phase::Asks { target };
        self.work.put(Work::Permit(circuit.permit()));
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
        };
        let to = self.settings.targets.as_slice()[target].clone();
        self.work.put(Work::Attempt(Box::pin(attempt(self.connector.clone(), to, plan))));
        self.phase = Phase::Attempts { target, session, permit };
        self.shared.count(|statistics| statistics.attempts += 1);
        self.shared.set_state(State::Connecting { attempt: attempt_number });
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
    pub(super) fn wait(&mut self, until: Instant, now: Instant, reason: Reason) {
        if until <= now {
            return self.begin_round();
        }
        let attempt = self.schedule.attempts().saturating_add(1);
        self.shared.set_state(State::Waiting { until, attempt, reason });
        self.work.put(Work::Wait(Sleep::until(self.shared.clock(), until)));
        self.phase = Phase::Waits { until };
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
        self.work.cancel();
        self.phase = Phase::Suspended { until };
    }
}
