//! What can be done with servers, connections and workers from outside.

use std::{
    fmt,
    future::Future,
    io,
    pin::Pin,
    sync::{Arc, Weak},
    time::Duration,
};

use socketry_connection::{Clock, now};
use uuid::Uuid;

use super::{
    draining::{Drained, Draining},
    entry::NotSent,
    registry::Registry,
    shared::Shared,
};
#[cfg(doc)]
use crate::Pool;
use crate::{Employ, Peer, WorkerInfo, pool::ended};

/// A handle to servers, their connections and their workers, for any task. A clone is one to the same.
///
/// It does what the original offers by RPC, and more; goridge's RPC itself is not spoken. It keeps nothing
/// running or alive: when [`run`](crate::WorkerServer::run) has ended there are no connections and no workers
/// left.
///
/// # Examples
///
/// ```
/// use socketry_server_workers::Handle;
///
/// fn announce(handle: &Handle) {
///     let (sent, not_sent) = handle.broadcast(Some("chat"), "lunch is ready\r\n");
///     println!("{sent} know, {} could not be told", not_sent.len());
/// }
/// ```
///
/// Workers may have one too, as in this chat. It is there after the pool, and before the first worker is
/// made:
///
/// ```
/// use std::{
///     io,
///     sync::{Arc, OnceLock},
/// };
///
/// use socketry_server::BoxServer;
/// use socketry_server_workers::{
///     Answer, Event, Handle, InProcess, Pool, PoolOptions, ServerOptions, Worker, WorkerServer,
/// };
///
/// struct Chat(Arc<OnceLock<Handle>>);
///
/// impl Worker for Chat {
///     async fn answer(&mut self, event: Event<'_>) -> io::Result<Option<Answer>> {
///         if let (Event::Data(peer, message), Some(handle)) = (event, self.0.get()) {
///             handle.broadcast(Some(peer.server()), message);
///         }
///         Ok(Some(Answer::Read))
///     }
/// }
///
/// async fn serve(listener: BoxServer) -> io::Result<()> {
///     let handle = Arc::new(OnceLock::new());
///     let workers = handle.clone();
///     let pool = Pool::new(InProcess::new(move || Chat(workers.clone())), PoolOptions::new());
///     let servers = WorkerServer::new(pool).server("chat", listener, ServerOptions::new())?;
///     let _ = handle.set(servers.handle());
///     servers.run().await
/// }
/// ```
#[derive(Clone)]
pub struct Handle {
    registry: Arc<Registry>,
    draining: Arc<Draining>,
    clock: Option<Arc<dyn Clock>>,
    /// Not kept alive, for workers may have a handle.
    workers: Weak<dyn Workers>,
}

impl Handle {
    pub(super) fn new<K: Employ>(shared: &Arc<Shared<K>>) -> Self {
        let workers: Arc<dyn Workers> = shared.clone();
        Self {
            registry: shared.registry.clone(),
            draining: shared.draining.clone(),
            clock: shared.pool.options().clock.clone(),
            workers: Arc::downgrade(&workers),
        }
    }

    /// The workers, while there are servers.
    fn to_workers(&self) -> io::Result<Arc<dyn Workers>> {
        self.workers.upgrade().ok_or_else(ended)
    }

    /// How many connections are open, without those that are being closed.
    pub fn connections(&self) -> usize {
        self.registry.len()
    }

    /// Who is connected, in no order.
    pub fn peers(&self) -> Vec<Peer> {
        self.registry.peers()
    }

    /// Sends bytes to a connection, whatever it is doing: between two answers of workers, and whole. They
    /// come before an answer that is given later.
    ///
    /// It returns at once; the bytes are written by whoever serves the connection.
    ///
    /// # Errors
    ///
    /// If there is no such connection, or its client does not take what is sent to it: then nothing is
    /// sent.
    pub fn send(&self, connection: Uuid, bytes: impl Into<Arc<[u8]>>) -> Result<(), NotSent> {
        self.registry.send(connection, bytes.into())
    }

    /// Sends bytes to all connections of a server, or of all servers, as [`send`](Self::send) does.
    /// Says to how many, and to which not.
    pub fn broadcast(
        &self,
        server: Option<&str>,
        bytes: impl AsRef<[u8]>,
    ) -> (usize, Vec<(Uuid, NotSent)>) {
        self.registry.broadcast(server, &Arc::from(bytes.as_ref()))
    }

    /// Closes a connection, after the event that a worker is answering and after what was sent. A worker is
    /// told that it is closed. `false` if there is no such connection, or it is being closed already (the
    /// original says `true` then, too).
    pub fn close(&self, connection: Uuid) -> bool {
        self.registry.close(connection)
    }

    /// The workers, also those that are being started or ended. None are left when the servers have ended.
    pub fn workers(&self) -> Vec<WorkerInfo> {
        self.workers.upgrade().map_or_else(Vec::new, |workers| workers.list())
    }

    /// Adds a worker, as [`Pool::add_worker`] does.
    ///
    /// # Errors
    ///
    /// Those of [`Pool::add_worker`], and [`NotConnected`](io::ErrorKind::NotConnected) if the servers have
    /// ended.
    pub fn add_worker(&self) -> io::Result<usize> {
        self.to_workers()?.add()
    }

    /// Removes a worker, as [`Pool::remove_worker`] does.
    ///
    /// # Errors
    ///
    /// Those of [`Pool::remove_worker`], and [`NotConnected`](io::ErrorKind::NotConnected) if the servers have
    /// ended.
    pub fn remove_worker(&self) -> io::Result<usize> {
        self.to_workers()?.remove()
    }

    /// Replaces all workers by new ones, as [`Pool::reset`] does. No connection is closed, and none waits
    /// longer than for an answer.
    ///
    /// # Errors
    ///
    /// Those of [`Pool::reset`].
    ///
    /// # Cancel safety
    ///
    /// The reset goes on without whoever waits for it.
    pub async fn reset(&self) -> io::Result<()> {
        self.to_workers()?.reset().await
    }

    /// Closes all servers at once, and lets connections go on for as long as `grace`. Those that are left
    /// are closed then, each after the event that a worker is answering and at the latest after
    /// `destroy_timeout`, and the workers are ended. Waits for all of that.
    ///
    /// A second drain can only make the first one shorter. While the first workers are still being started
    /// there is nobody to wait for, and the drain ends at once. Nothing happens before the future is polled.
    ///
    /// # Cancel safety
    ///
    /// The drain goes on without whoever waits for it.
    pub async fn drain(&self, grace: Duration) -> Drained {
        self.draining.close_servers();
        let (left, _) = self.registry.left_and_closed();
        self.draining.begin(now(self.clock.as_ref()), grace, left);
        self.registry.server.wake();
        self.draining.ended().await
    }
}

/// The workers of a pool of any kind.
trait Workers: Send + Sync {
    fn list(&self) -> Vec<WorkerInfo>;
    fn add(&self) -> io::Result<usize>;
    fn remove(&self) -> io::Result<usize>;
    fn reset(&self) -> Pin<Box<dyn Future<Output = io::Result<()>> + Send + '_>>;
}

impl<K: Employ> Workers for Shared<K> {
    fn list(&self) -> Vec<WorkerInfo> {
        self.pool.workers()
    }

    fn add(&self) -> io::Result<usize> {
        self.pool.add_worker()
    }

    fn remove(&self) -> io::Result<usize> {
        self.pool.remove_worker()
    }

    fn reset(&self) -> Pin<Box<dyn Future<Output = io::Result<()>> + Send + '_>> {
        Box::pin(self.pool.reset())
    }
}

impl fmt::Debug for Handle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Handle").field("connections", &self.connections()).finish_non_exhaustive()
    }
}
