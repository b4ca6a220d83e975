//! The list of all open connections.

use std::{
    collections::HashMap,
    mem,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use atomic_waker::AtomicWaker;
use uuid::Uuid;

use super::entry::{Entry, NotSent, Order};
use crate::Peer;

/// The list of all open connections.
#[derive(Debug, Default)]
pub(crate) struct Registry {
    entries: Mutex<Entries>,
    /// Wakes whoever serves, when the last conversation is over or a drain has begun.
    pub(super) server: AtomicWaker,
}

#[derive(Debug, Default)]
struct Entries {
    by_id: HashMap<Uuid, Arc<Entry>>,
    /// Those who are being closed; nobody else knows of them any more.
    leaving: HashMap<Uuid, Arc<Entry>>,
    /// What newcomers are told at once.
    order: Option<Order>,
    /// How many have left before all were told to.
    left: u64,
    /// How many were there when all were told to leave.
    closed: u64,
    /// How many conversations go on, with those that only tell a worker of their end.
    active: usize,
}

impl Registry {
    /// The list. Nothing of others is called under the lock.
    fn entries(&self) -> MutexGuard<'_, Entries> {
        self.entries.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn add(&self, entry: Arc<Entry>) {
        let mut entries = self.entries();
        entries.by_id.insert(entry.peer.id(), entry.clone());
        let order = entries.order;
        drop(entries);
        if let Some(order) = order {
            entry.order(order);
        }
    }

    /// A connection is being closed.
    pub(super) fn leave(&self, id: Uuid) {
        let mut entries = self.entries();
        if let Some(entry) = entries.by_id.remove(&id) {
            entries.leaving.insert(id, entry);
            entries.left += u64::from(entries.order.is_none());
        }
    }

    /// A connection is closed.
    pub(super) fn remove(&self, id: Uuid) {
        self.leave(id);
        let removed = self.entries().leaving.remove(&id);
        drop(removed); // after the lock
    }

    pub(super) fn active(&self) -> usize {
        self.entries().active
    }

    pub(crate) fn len(&self) -> usize {
        self.entries().by_id.len()
    }

    /// How many connections have left before all were told to, and how many were told so.
    pub(super) fn left_and_closed(&self) -> (u64, u64) {
        let entries = self.entries();
        (entries.left, entries.closed)
    }

    pub(crate) fn peers(&self) -> Vec<Peer> {
        self.entries().by_id.values().map(|entry| entry.peer.clone()).collect()
    }

    fn entry(&self, id: Uuid) -> Option<Arc<Entry>> {
        self.entries().by_id.get(&id).cloned()
    }

    fn all(&self) -> Vec<Arc<Entry>> {
        self.entries().by_id.values().cloned().collect()
    }

    pub(crate) fn send(&self, id: Uuid, message: Arc<[u8]>) -> Result<(), NotSent> {
        self.entry(id).ok_or(NotSent::Unknown)?.send(message)
    }

    /// To all connections of a server, or of all servers: how many get it, and who does not.
    pub(crate) fn broadcast(
        &self,
        server: Option<&str>,
        message: &Arc<[u8]>,
    ) -> (usize, Vec<(Uuid, NotSent)>) {
        let mut sent = 0;
        let mut not_sent = Vec::new();
        for entry in self.all() {
            if server.is_some_and(|server| server != entry.peer.server()) {
                continue;
            }
            match entry.send(message.clone()) {
                Ok(()) => sent += 1,
                Err(error) => not_sent.push((entry.peer.id(), error)),
            }
        }
        (sent, not_sent)
    }

    /// Closes a connection after the event that it is in; `false` if there is none.
    pub(crate) fn close(&self, id: Uuid) -> bool {
        self.entry(id).is_some_and(|entry| entry.order(Order::Close))
    }

    /// Closes all, also those that are still to come.
    pub(super) fn order_all(&self, order: Order) {
        let mut entries = self.entries();
        if entries.order.is_none() {
            entries.closed = entries.by_id.len() as u64; // no more than fit into memory
        }
        entries.order = entries.order.max(Some(order));
        let all = entries.by_id.values().chain(entries.leaving.values());
        let all: Vec<_> = all.cloned().collect();
        drop(entries);
        for entry in all {
            entry.order(order);
        }
    }

    /// Cuts all, and forgets them.
    pub(super) fn cut_all(&self) {
        self.order_all(Order::Cut);
        let mut entries = self.entries();
        let known = mem::take(&mut entries.by_id);
        entries.leaving.extend(known);
    }
}

/// A conversation that goes on for as long as this is there.
pub(super) struct Active(Arc<Registry>);

impl Active {
    pub(super) fn new(registry: &Arc<Registry>) -> Self {
        registry.entries().active += 1;
        Self(registry.clone())
    }
}

impl Drop for Active {
    fn drop(&mut self) {
        let is_last = {
            let mut entries = self.0.entries();
            entries.active -= 1;
            entries.active == 0
        };
        if is_last {
            self.0.server.wake();
        }
    }
}
