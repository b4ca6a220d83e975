//! What a registry knows.

use std::{
    collections::BTreeMap,
    hash::Hash,
    mem,
    sync::{Arc, Weak},
};

use socketry_connector::Connect;

use crate::{pool::Pool, shared::Shared, targets::Targets};

/// So many connections are remembered before it is looked whether some are no more.
const FEW: usize = 32;

/// What is behind the lock of a registry.
pub(super) struct Known<C, T>
where
    C: Connect<T> + 'static,
    T: Clone + Eq + Hash + Send + Sync + 'static,
{
    pub(super) connections: Vec<Connection<T>>,
    pub(super) pools: BTreeMap<String, Pool<C, T>>,
    /// With how many connections it looks for those that are no more.
    full: usize,
}

/// A connection, which is somebody else's.
type Connection<T> = (Targets<T>, Weak<Shared>);

impl<C, T> Known<C, T>
where
    C: Connect<T> + 'static,
    T: Clone + Eq + Hash + Send + Sync + 'static,
{
    pub(super) fn new() -> Self {
        Self { connections: Vec::new(), pools: BTreeMap::new(), full: FEW }
    }

    /// Remembers a connection; returns those that are no more, if there may be many, to be dropped.
    pub(super) fn remember(
        &mut self,
        targets: Targets<T>,
        link: &Arc<Shared>,
    ) -> Vec<Connection<T>> {
        let mut gone = Vec::new();
        if self.connections.len() >= self.full {
            let all = mem::take(&mut self.connections);
            (self.connections, gone) = all.into_iter().partition(|(_, to)| to.strong_count() > 0);
            self.full = (self.connections.len() * 2).max(FEW);
        }
        self.connections.push((targets, Arc::downgrade(link)));
        gone
    }
}
