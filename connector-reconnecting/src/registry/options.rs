//! What all have in common that is made through a registry.

use std::{hash::Hash, sync::Arc};

use socketry_connection::Clock;
use socketry_connector::Connect;

use crate::{
    circuit::CircuitOptions,
    circuits::Circuits,
    pool::{Choose, PoolBuilder},
    reconnecting::Reconnecting,
    targets::Targets,
};

/// What all connections and pools of a registry have in common.
pub(super) struct Options<C, T>
where
    C: Connect<T> + 'static,
    T: Clone + Eq + Hash + Send + Sync + 'static,
{
    pub(super) connector: Arc<C>,
    pub(super) circuits: Circuits<T>,
    pub(super) clock: Option<Arc<dyn Clock>>,
    pub(super) defaults: Option<Choose<C, T>>,
}

impl<C, T> Options<C, T>
where
    C: Connect<T> + 'static,
    T: Clone + Eq + Hash + Send + Sync + 'static,
{
    pub(super) fn new(connector: Arc<C>) -> Self {
        let circuits = Circuits::new(CircuitOptions::default());
        Self { connector, circuits, clock: None, defaults: None }
    }

    /// A connection that comes back.
    pub(super) fn connect(&self, targets: Targets<T>) -> Reconnecting<C, T> {
        let mut sessions =
            Reconnecting::shared(self.connector.clone(), targets).circuits(self.circuits.clone());
        if let Some(clock) = &self.clock {
            sessions = sessions.with_clock(clock.clone());
        }
        match &self.defaults {
            Some(defaults) => defaults(sessions),
            None => sessions,
        }
    }

    /// A pool that is still to be built.
    pub(super) fn pool(&self) -> PoolBuilder<C, T> {
        let mut builder = PoolBuilder::new(self.connector.clone()).circuits(self.circuits.clone());
        if let Some(clock) = &self.clock {
            builder = builder.with_clock(clock.clone());
        }
        match self.defaults.clone() {
            Some(defaults) => builder.defaults(move |sessions| defaults(sessions)),
            None => builder,
        }
    }
}

impl<C, T> Clone for Options<C, T>
where
    C: Connect<T> + 'static,
    T: Clone + Eq + Hash + Send + Sync + 'static,
{
    fn clone(&self) -> Self {
        let Self { connector, circuits, clock, defaults } = self;
        Self {
            connector: connector.clone(),
            circuits: circuits.clone(),
            clock: clock.clone(),
            defaults: defaults.clone(),
        }
    }
}
