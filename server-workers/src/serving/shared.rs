//! What all connections of all servers share.

use std::{
    fmt,
    future::Future,
    mem,
    pin::Pin,
    sync::{Arc, Mutex, PoisonError},
};

use super::{
    client::Client,
    draining::Draining,
    registry::{Active, Registry},
};
use crate::{Employ, Pool};

pub(super) struct Shared<K: Employ> {
    pub(super) pool: Pool<K>,
    pub(super) registry: Arc<Registry>,
    pub(super) draining: Arc<Draining>,
    /// Those who were accepted, until whoever serves looks.
    newcomers: Mutex<Vec<(Client, Active)>>,
}

impl<K: Employ> Shared<K> {
    pub(super) fn new(pool: Pool<K>) -> Self {
        Self {
            pool,
            registry: Arc::default(),
            draining: Arc::default(),
            newcomers: Mutex::default(),
        }
    }

    pub(super) fn add(&self, newcomer: (Client, Active)) {
        self.newcomers.lock().unwrap_or_else(PoisonError::into_inner).push(newcomer);
    }

    pub(super) fn newcomers(&self) -> Vec<(Client, Active)> {
        mem::take(&mut self.newcomers.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// A conversation, as an executor gets it.
pub(super) type Task = Pin<Box<dyn Future<Output = ()> + Send>>;

/// Hands conversations to an executor. They do not own it: it may own them.
pub(super) struct Spawner(pub(super) Box<dyn Fn(Task) + Send + Sync>);

impl fmt::Debug for Spawner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Spawner")
    }
}
