//! How the members of a pool are made.

use std::{io, sync::Arc, time::Instant};

use socketry_connector::Connect;

use crate::{
    pool::{member::Member, place::Place, shared::PoolShared},
    reconnecting::Reconnecting,
    shared::Shared,
    targets::Targets,
};

impl<C, T> PoolShared<C, T>
where
    C: Connect<T> + 'static,
    T: Clone + Send + Sync + 'static,
{
    /// The member of a place that was reserved; none if the pool was closed meanwhile.
    pub(super) fn make(&self, place: Place) -> Option<Member<C, T>> {
        let mut sessions = self.sessions(self.plan.targets.clone()?);
        if let Some(choose) = &self.plan.choose {
            sessions = choose(sessions);
        }
        self.seat(place, sessions, false)
    }

    /// Adds a member to targets of its own.
    pub(super) fn add(
        &self,
        targets: Targets<T>,
        choose: impl FnOnce(Reconnecting<C, T>) -> Reconnecting<C, T>,
    ) -> Arc<Shared> {
        let sessions = choose(self.sessions(targets));
        let link = sessions.link();
        let place = self.lock().add();
        if let Some(member) = self.seat(place, sessions, true) {
            self.put_back(member);
        }
        self.tell();
        link
    }

    /// Gives a place to its member.
    fn seat(
        &self,
        place: Place,
        sessions: Reconnecting<C, T>,
        is_added: bool,
    ) -> Option<Member<C, T>> {
        // In a pool nobody would read the answer to a heartbeat.
        let sessions = sessions.choose(|settings| settings.heartbeat = None);
        let link = sessions.link();
        link.on_stop(Box::new(place.end()));
        let member = Member::new(place, sessions, is_added, self.now());
        let is_seated = self.lock().made(&member.place, link);
        is_seated.then_some(member)
    }

    /// Connections to these targets, with all that the pool gives to its members.
    pub(super) fn sessions(&self, targets: Targets<T>) -> Reconnecting<C, T> {
        let mut sessions = Reconnecting::shared(self.connector.clone(), targets);
        if let Some(clock) = self.clock() {
            sessions = sessions.with_clock(clock.clone());
        }
        if let Some(circuits) = &self.plan.circuits {
            let circuits = circuits.clone();
            sessions = sessions.choose(|settings| settings.circuits = Some(circuits));
        }
        match &self.plan.defaults {
            Some(defaults) => defaults(sessions),
            None => sessions,
        }
    }

    /// Why the circuit of a target is open, if one is.
    pub(super) fn error_of_circuits(&self) -> Option<Arc<io::Error>> {
        let (targets, circuit_of) = (self.plan.targets.as_ref()?, self.plan.circuits.as_ref()?);
        targets.as_slice().iter().find_map(|target| circuit_of(target).last_error())
    }

    /// When a connection that is made now would begin; none if at once.
    pub(super) fn next_begin(&self) -> Option<Instant> {
        let (targets, circuit_of) = (self.plan.targets.as_ref()?, self.plan.circuits.as_ref()?);
        let mut earliest = None;
        for target in targets.as_slice() {
            let begins = circuit_of(target).next_at()?;
            earliest = Some(earliest.map_or(begins, |other: Instant| other.min(begins)));
        }
        earliest
    }
}
