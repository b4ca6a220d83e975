//! What is known, and what is being looked up.

use std::{
    collections::HashMap,
    future::Future,
    mem,
    sync::{Arc, Mutex, Weak},
    time::{Duration, Instant},
};

use socketry_resolver::{Family, sharing::Flight};

use crate::{error::Outcome, names::Names, sync::lock};

/// What all clones of a resolver share. Its one lock is never held while anything of the resolver
/// inside, of a task or of an error runs or is dropped.
#[derive(Default)]
pub(crate) struct Cache {
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    known: Names<Known>,
    /// By their callers alone are flights kept alive.
    flights: HashMap<Key, (u64, Weak<Flight<Outcome>>)>,
    flights_begun: u64,
}

/// What is known of one name.
#[derive(Default)]
struct Known {
    v4: Option<Kept>,
    v6: Option<Kept>,
}

struct Kept {
    outcome: Outcome,
    /// Never, if there is nothing.
    expires: Option<Instant>,
}

/// What is looked up by one flight.
#[derive(Clone, PartialEq, Eq, Hash)]
struct Key {
    name: Arc<str>,
    family: Family,
}

/// What a caller finds.
pub(crate) enum Found {
    Known(Outcome),
    /// Its own, or that of somebody who asked earlier.
    UnderWay(Arc<Flight<Outcome>>),
}

impl Cache {
    /// What is known `now`, or else the flight that finds it out. If there is none, one begins.
    pub(crate) fn find<F>(
        self: &Arc<Self>,
        name: &str,
        family: Family,
        now: Instant,
        begin: impl FnOnce(Registration) -> F,
    ) -> Found
    where
        F: Future<Output = Outcome> + Send + 'static,
    {
        let mut state = lock(&self.state);
        if let Some(outcome) = state.known(name, family, now) {
            return Found::Known(outcome);
        }
        let key = Key { name: name.into(), family };
        if let Some(flight) = state.flights.get(&key).and_then(|(_, flight)| flight.upgrade()) {
            return Found::UnderWay(flight);
        }
        state.flights_begun += 1;
        let number = state.flights_begun;
        let registration = Registration { cache: self.clone(), key: key.clone(), number };
        let flight = Arc::new(Flight::new(begin(registration)));
        state.flights.insert(key, (number, Arc::downgrade(&flight)));
        Found::UnderWay(flight)
    }

    /// Forgets what is known of a name; flights under way are for those who have asked already.
    pub(crate) fn forget(&self, name: &str) {
        let mut state = lock(&self.state);
        let known = state.known.remove(name);
        for family in [Family::V4, Family::V6] {
            state.flights.remove(&Key { name: name.into(), family });
        }
        drop(state);
        drop(known); // after the lock
    }

    /// Forgets everything; flights under way are for those who have asked already.
    pub(crate) fn clear(&self) {
        let mut state = lock(&self.state);
        let known = mem::take(&mut state.known);
        state.flights.clear();
        drop(state);
        drop(known); // after the lock
    }

    /// How many names are known, and how many flights are under way.
    pub(crate) fn counts(&self) -> (usize, usize) {
        let state = lock(&self.state);
        (state.known.len(), state.flights.len())
    }
}

impl State {
    fn known(&mut self, name: &str, family: Family, now: Instant) -> Option<Outcome> {
        let known = self.known.get(name)?;
        let kept = match family {
            Family::V4 => known.v4.as_ref()?,
            Family::V6 => known.v6.as_ref()?,
        };
        let is_good = kept.expires.is_none_or(|at| now < at);
        is_good.then(|| kept.outcome.clone())
    }
}

/// A flight's place in the cache: while it is there, others join the flight. Dropped with the
/// future of the flight, at its end or before.
pub(crate) struct Registration {
    cache: Arc<Cache>,
    key: Key,
    /// Tells this flight from an earlier or later one of the same name.
    number: u64,
}

impl Registration {
    pub(crate) fn name(&self) -> &str {
        &self.key.name
    }

    pub(crate) fn family(&self) -> Family {
        self.key.family
    }

    /// Keeps the outcome of the flight from `now` on, as one of at most `most` names, unless it was
    /// to be forgotten meanwhile.
    pub(crate) fn keep(&self, outcome: Outcome, now: Instant, lifetime: Duration, most: usize) {
        if lifetime.is_zero() || most == 0 {
            return;
        }
        let kept = Kept { outcome, expires: now.checked_add(lifetime) };
        let mut dropped = Vec::new();
        let mut state = lock(&self.cache.state);
        if !self.is_in(&state) {
            return;
        }
        let known = state.known.get_or_add(&self.key.name, most, &mut dropped);
        let place = match self.key.family {
            Family::V4 => &mut known.v4,
            Family::V6 => &mut known.v6,
        };
        let replaced = place.replace(kept);
        drop(state);
        drop((replaced, dropped)); // after the lock
    }

    fn is_in(&self, state: &State) -> bool {
        state.flights.get(&self.key).is_some_and(|(number, _)| *number == self.number)
    }
}

impl Drop for Registration {
    fn drop(&mut self) {
        let mut state = lock(&self.cache.state);
        if self.is_in(&state) {
            state.flights.remove(&self.key);
        }
    }
}
