//! Handshakes as tasks of somebody's executor.

use std::{
    collections::HashMap,
    fmt,
    future::Future,
    io,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
};

use socketry_connection::{Address, Connection};

use self::{results::Results, slot::Slot};
use crate::{
    handshakes::{Ended, Handshakes, Job, make},
    origin::Origin,
};

mod results;
mod slot;

/// A task, as a spawner is given it.
pub(crate) type Task = Pin<Box<dyn Future<Output = ()> + Send>>;

/// The handshakes of a server that has a spawner.
pub(crate) fn by<C: Connection>(
    spawn: impl Fn(Task) + Send + Sync + 'static,
) -> Box<dyn Handshakes<C>> {
    let results = Arc::new(Results::new());
    Box::new(Spawned { spawn, begin: make, under_way: HashMap::new(), next: 0, results })
}

/// The futures belong to this side and the tasks only poll them, so that dropping this drops them.
struct Spawned<S, B, F, C> {
    spawn: S,
    begin: B,
    under_way: HashMap<u64, Arc<Slot<F>>>,
    next: u64,
    results: Arc<Results<(u64, Ended<C>)>>,
}

impl<S, B, F, C> Handshakes<C> for Spawned<S, B, F, C>
where
    S: Fn(Task) + Send + Sync,
    B: Fn(Job<C>) -> F + Send + Sync,
    F: Future<Output = Ended<C>> + Send + Sync + 'static,
    C: Connection,
{
    fn begin(&mut self, job: Job<C>) {
        let number = self.next;
        self.next += 1;
        let (remote, origin) = (job.connection.remote_address(), job.origin);
        let slot = Arc::new(Slot::new((self.begin)(job)));
        self.under_way.insert(number, slot.clone());
        let results = self.results.clone();
        (self.spawn)(Box::pin(Running { number, slot: Some(slot), results, remote, origin }));
    }

    fn poll_ended(&mut self, cx: &mut Context<'_>) -> Poll<Option<Ended<C>>> {
        match self.results.poll(cx) {
            Poll::Ready((number, ended)) => {
                self.under_way.remove(&number);
                Poll::Ready(Some(ended))
            }
            Poll::Pending if self.under_way.is_empty() => Poll::Ready(None),
            Poll::Pending => Poll::Pending,
        }
    }
}

impl<S, B, F, C> Drop for Spawned<S, B, F, C> {
    fn drop(&mut self) {
        self.results.close();
        self.under_way.drain().for_each(|(_, slot)| slot.empty());
    }
}

/// The task of one handshake.
struct Running<F, C> {
    number: u64,
    /// `None` once it has ended.
    slot: Option<Arc<Slot<F>>>,
    results: Arc<Results<(u64, Ended<C>)>>,
    remote: Option<Address>,
    origin: Option<Origin>,
}

impl<F: Future<Output = Ended<C>>, C> Future for Running<F, C> {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        if let Some(slot) = &self.slot {
            let ended = ready!(slot.poll(cx));
            self.slot = None;
            if let Some(ended) = ended {
                self.results.push((self.number, ended));
            }
        }
        Poll::Ready(())
    }
}

/// A task that its executor drops, or in which something has panicked, is told as an error: the
/// server would wait for it for ever.
impl<F, C> Drop for Running<F, C> {
    fn drop(&mut self) {
        if let Some(slot) = self.slot.take() {
            slot.empty();
            let dropped = Dropped { remote: self.remote.take() };
            let result = Err(io::Error::new(io::ErrorKind::ConnectionAborted, dropped));
            self.results.push((self.number, Ended { origin: self.origin, result }));
        }
    }
}

/// The error of a handshake whose task was dropped.
#[derive(Debug)]
struct Dropped {
    remote: Option<Address>,
}

impl fmt::Display for Dropped {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("connection ")?;
        if let Some(remote) = &self.remote {
            write!(f, "from {remote} ")?;
        }
        f.write_str(
            "closed during TLS handshake: the executor of the server's spawner has dropped it",
        )
    }
}

impl std::error::Error for Dropped {}
