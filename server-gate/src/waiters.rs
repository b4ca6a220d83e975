//! The servers that wait at a gate.

use std::task::Waker;

use slab::Slab;

/// The tasks to wake, each at the number of its server.
#[derive(Debug, Default)]
pub(crate) struct Waiters {
    tasks: Slab<Option<Waker>>,
}

/// Wakers that come out are dropped, or woken, by whoever has let go of the lock: they may be the
/// last of a task that holds a server.
impl Waiters {
    /// A number for a server.
    pub(crate) fn add(&mut self) -> usize {
        self.tasks.insert(None)
    }

    pub(crate) fn remove(&mut self, server: usize) -> Option<Waker> {
        self.tasks.try_remove(server).flatten()
    }

    /// Lets a server wait; the waker that is replaced comes out.
    pub(crate) fn wait(&mut self, server: usize, waker: &Waker) -> Option<Waker> {
        let task = self.tasks.get_mut(server)?;
        match task.as_ref().is_some_and(|there| there.will_wake(waker)) {
            true => None,
            false => task.replace(waker.clone()),
        }
    }

    /// Lets a server wait no more.
    pub(crate) fn take(&mut self, server: usize) -> Option<Waker> {
        self.tasks.get_mut(server)?.take()
    }

    pub(crate) fn is_anybody_waiting(&self) -> bool {
        self.tasks.iter().any(|(_, task)| task.is_some())
    }

    /// Takes the first that waits, from number `from` on.
    pub(crate) fn take_next(&mut self, from: usize) -> Option<(usize, Waker)> {
        let mut rest = self.tasks.iter_mut().filter(|(server, _)| *server >= from);
        rest.find_map(|(server, task)| Some((server, task.take()?)))
    }
}
