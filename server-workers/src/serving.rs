//! Named servers, and the connections that come to them.

use std::{
    fmt,
    future::{Future, poll_fn},
    io,
    pin::{Pin, pin},
    sync::Arc,
    task::Poll,
};

use futures_util::stream::{FuturesUnordered, StreamExt};
use socketry_connection::now;
use socketry_server::{AcceptExt, BoxServer};

use self::{
    client::Client,
    conversation::converse,
    draining::Deadlines,
    registry::{Active, Registry},
    shared::{Shared, Spawner},
    terms::Terms,
};
pub use self::{draining::Drained, entry::NotSent, handle::Handle};
use crate::{Employ, Notice, Pool, ServerOptions};

mod client;
mod conversation;
mod draining;
mod entry;
mod failed;
mod handle;
mod incoming;
mod outgoing;
mod registry;
mod scratch;
mod shared;
mod terms;

/// Named servers whose events the workers of one pool answer.
///
/// Each server is whatever the decorators of this house make of a listener: plain, under TLS, behind a gate.
/// What its clients do becomes [`Event`](crate::Event)s, which a worker of the pool answers; a connection
/// whose event waits for a worker is not read meanwhile, so that slow workers push back on their clients.
/// All of it lives in the future of [`run`](Self::run).
///
/// Whoever closes a connection, its worker is told at once, and nobody can send to it any more. The client
/// has 5 seconds to end its own side then, so that what was written last is not lost; nobody waits for that.
///
/// # Examples
///
/// ```
/// use std::io;
///
/// use socketry_server::BoxServer;
/// use socketry_server_workers::{
///     Answer, Event, InProcess, Pool, PoolOptions, ServerOptions, Worker, WorkerServer,
/// };
///
/// struct Echo;
///
/// impl Worker for Echo {
///     async fn answer(&mut self, event: Event<'_>) -> io::Result<Option<Answer>> {
///         Ok(match event {
///             Event::Connected(peer) => Some(Answer::respond(format!("{} says hi\r\n", peer.server()))),
///             Event::Data(_, message) => Some(Answer::respond(message)),
///             _ => None,
///         })
///     }
/// }
///
/// async fn serve(plain: BoxServer, secure: BoxServer) -> io::Result<()> {
///     let pool = Pool::new(InProcess::new(|| Echo), PoolOptions::new());
///     let servers = WorkerServer::new(pool)
///         .server("plain", plain, ServerOptions::new())?
///         .server("secure", secure, ServerOptions::new())?;
///     let handle = servers.handle(); // writes, closes, resets and drains from any task
///     servers.run().await
/// }
/// ```
pub struct WorkerServer<K: Employ> {
    shared: Arc<Shared<K>>,
    servers: Vec<Named>,
    spawner: Option<Spawner>,
    end: End<K>,
}

/// A server with its name.
struct Named {
    name: Arc<str>,
    server: BoxServer,
    options: ServerOptions,
}

impl<K: Employ> WorkerServer<K> {
    /// No servers yet, whose events this pool will answer. The pool is run with them.
    pub fn new(pool: Pool<K>) -> Self {
        let shared = Arc::new(Shared::new(pool));
        let end = End(shared.clone());
        Self { shared, servers: Vec::new(), spawner: None, end }
    }

    /// Adds a server; its events carry this name.
    ///
    /// # Errors
    ///
    /// [`InvalidInput`](io::ErrorKind::InvalidInput) if there is a server of this name.
    pub fn server(
        mut self,
        name: impl Into<Arc<str>>,
        server: BoxServer,
        options: ServerOptions,
    ) -> io::Result<Self> {
        let name = name.into();
        if self.servers.iter().any(|other| other.name == name) {
            let text = format!("two servers are named {name:?}: give each a name of its own");
            return Err(io::Error::new(io::ErrorKind::InvalidInput, text));
        }
        self.shared.draining.add(server.control());
        self.servers.push(Named { name, server, options });
        Ok(self)
    }

    /// Hands each connection to an executor, as a task that is to be run to its end, so that connections
    /// are served on all its threads. Without it all are served by whoever polls [`run`](Self::run).
    ///
    /// The connections still belong to the servers: with the future of `run` they end.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::sync::Arc;
    ///
    /// use smol::Executor;
    /// use socketry_server_workers::{Employ, WorkerServer};
    ///
    /// fn on_all_cores<K: Employ>(
    ///     servers: WorkerServer<K>,
    ///     executor: Arc<Executor<'static>>,
    /// ) -> WorkerServer<K> {
    ///     servers.spawner(move |task| executor.spawn(task).detach())
    /// }
    /// ```
    pub fn spawner(
        mut self,
        spawn: impl Fn(Pin<Box<dyn Future<Output = ()> + Send>>) + Send + Sync + 'static,
    ) -> Self {
        self.spawner = Some(Spawner(Box::new(spawn)));
        self
    }

    /// A handle to these servers, their connections and their workers, for any task.
    pub fn handle(&self) -> Handle {
        Handle::new(&self.shared)
    }

    /// Starts the workers, then serves until all servers are closed and all connections have ended, and
    /// ends the workers. Clients that have not ended their side by then are not waited for.
    ///
    /// # Errors
    ///
    /// [`InvalidInput`](io::ErrorKind::InvalidInput) if there is no server; and if one of the first
    /// workers cannot be started. What happens later is no error but a [`Notice`]: the servers go on.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future closes all servers and connections at once, and kills the workers.
    pub async fn run(self) -> io::Result<()> {
        let Self { shared, servers, spawner, end: _end } = self;
        if servers.is_empty() {
            let text = "no servers registered: add at least one";
            return Err(io::Error::new(io::ErrorKind::InvalidInput, text));
        }
        let mut keeping = pin!(shared.pool.run());
        if let Some(result) = start(&shared, keeping.as_mut()).await {
            return result;
        }

        let options = shared.pool.options();
        let mut deadlines = Deadlines::new(options.clock.clone(), options.destroy_timeout);
        let mut accepting: FuturesUnordered<_> =
            servers.into_iter().map(|it| accept_all(&shared, spawner.as_ref(), it)).collect();
        let mut conversations = FuturesUnordered::new();
        let mut is_ending = false;
        let _cut = Cut(&shared.registry);
        poll_fn(|cx| {
            shared.registry.server.register(cx.waker());
            if let Poll::Ready(Some(())) = accepting.poll_next_unpin(cx) {
                cx.waker().wake_by_ref(); // one is closed; the others have not been asked
            }
            for (client, active) in shared.newcomers() {
                conversations.push(converse(shared.clone(), client, active));
            }
            while let Poll::Ready(Some(())) = conversations.poll_next_unpin(cx) {}
            let is_cut = deadlines.poll(&shared.draining, &shared.registry, cx).is_ready();
            let has_ended = accepting.is_empty() && shared.registry.active() == 0;
            if (has_ended || is_cut) && !is_ending {
                is_ending = true;
                shared.pool.end();
            }
            keeping.as_mut().poll(cx)
        })
        .await
    }
}

/// Waits until the first workers are ready. If that is not to be, says how the pool has ended.
async fn start<K: Employ>(
    shared: &Shared<K>,
    mut keeping: Pin<&mut impl Future<Output = io::Result<()>>>,
) -> Option<io::Result<()>> {
    let mut starting = pin!(shared.pool.started());
    let mut is_ending = false;
    poll_fn(|cx| {
        shared.registry.server.register(cx.waker());
        if shared.draining.has_begun() && !is_ending {
            is_ending = true;
            shared.pool.end(); // there are no connections to wait for
        }
        match keeping.as_mut().poll(cx) {
            Poll::Ready(result) => Poll::Ready(Some(result)),
            Poll::Pending if is_ending => Poll::Pending,
            Poll::Pending => match starting.as_mut().poll(cx) {
                Poll::Ready(Ok(())) => Poll::Ready(None),
                Poll::Ready(Err(_)) => {
                    is_ending = true; // whoever keeps the pool says why, when all workers have ended
                    Poll::Pending
                }
                Poll::Pending => Poll::Pending,
            },
        }
    })
    .await
}

/// Tells those who wait for the end of the servers, when it has come: also of servers that never ran.
struct End<K: Employ>(Arc<Shared<K>>);

impl<K: Employ> Drop for End<K> {
    fn drop(&mut self) {
        let Shared { pool, registry, draining, .. } = &*self.0;
        let (left, closed) = registry.left_and_closed();
        draining.finish(now(pool.options().clock.as_ref()), left, closed);
        drop(registry.server.take()); // it may keep a whole task alive, for as long as there is a handle
    }
}

/// Ends all connections when nobody serves any more, whoever has them.
struct Cut<'a>(&'a Registry);

impl Drop for Cut<'_> {
    fn drop(&mut self) {
        self.0.cut_all();
    }
}

/// Takes connections until the server is closed.
async fn accept_all<K: Employ>(shared: &Arc<Shared<K>>, spawner: Option<&Spawner>, named: Named) {
    let Named { name, mut server, options } = named;
    let clock = shared.pool.options().clock.clone();
    let terms = Arc::new(Terms { name, options, clock });
    while let Some(accepted) = server.accept().await {
        match accepted {
            Ok(connection) => {
                let registry = shared.registry.clone();
                let active = Active::new(&registry);
                let client = Client::new(connection, terms.clone(), registry);
                match spawner {
                    Some(spawner) => {
                        (spawner.0)(Box::pin(converse(shared.clone(), client, active)));
                    }
                    None => shared.add((client, active)),
                }
            }
            Err(error) => {
                let notice = Notice::NotAccepted { server: &terms.name, error: &error };
                shared.pool.options().notices.tell(&notice);
            }
        }
    }
}

impl<K: Employ> fmt::Debug for WorkerServer<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<_> = self.servers.iter().map(|server| &server.name).collect();
        f.debug_struct("WorkerServer").field("servers", &names).finish_non_exhaustive()
    }
}
