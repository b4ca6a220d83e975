//! All connections of a program, and its pools by their names.

use std::{
    fmt,
    hash::Hash,
    io, mem,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use socketry_connection::Clock;
use socketry_connector::Connect;

use crate::{
    circuits::Circuits,
    handle::Handle,
    pool::{Pool, PoolBuilder},
    reconnecting::Reconnecting,
    registry::{known::Known, options::Options},
    shared::{Disconnected, Shared, end_all},
    targets::Targets,
};

mod known;
mod options;

/// Knows all connections that were made through it, and pools by their names: a handle for any task.
///
/// It finds connections again by their targets, and ends all of them with one word. What it knows of an
/// address all of them share: see [`Circuits`].
///
/// It holds pools, and only knows of single connections, which belong to who has the [`Reconnecting`].
/// A clone is the same registry. There is none that is there by itself.
///
/// # Examples
///
/// ```
/// use std::time::Duration;
///
/// use futures_lite::future::block_on;
/// use socketry_connector_reconnecting::{Disconnected, Registry};
/// # let (connector, script) = socketry_testing::scripted_connector::<&str>();
/// # let (ours, _theirs) = socketry_testing::pair();
/// # script.succeed_next(ours);
///
/// # block_on(async {
/// let registry = Registry::new(connector);
/// let mut memcached = registry.connect("memcached.example:11211");
/// let session = memcached.next().await.unwrap()?;
///
/// let handle = registry.get_connection(&"memcached.example:11211").unwrap();
/// assert!(handle.state().is_up());
///
/// let pool = registry.create_pool("my pool")?;
/// pool.add_connection("a.example:11211", |sessions| sessions);
/// assert!(registry.create_pool("my pool").is_err());
/// assert_eq!(registry.get_pool("my pool").unwrap().statistics().size, 1);
///
/// drop(session);
/// registry.disconnect_all(Duration::from_secs(5)).await;
/// assert!(handle.state().is_closed());
/// # std::io::Result::Ok(())
/// # })?;
/// # Ok::<(), std::io::Error>(())
/// ```
pub struct Registry<C, T>
where
    C: Connect<T> + 'static,
    T: Clone + Eq + Hash + Send + Sync + 'static,
{
    inner: Arc<Inner<C, T>>,
}

struct Inner<C, T>
where
    C: Connect<T> + 'static,
    T: Clone + Eq + Hash + Send + Sync + 'static,
{
    options: Options<C, T>,
    known: Mutex<Known<C, T>>,
}

impl<C, T> Registry<C, T>
where
    C: Connect<T> + 'static,
    T: Clone + Eq + Hash + Send + Sync + 'static,
{
    /// A registry of connections that are made through `inner`.
    pub fn new(inner: C) -> Self {
        Self::with(Options::new(Arc::new(inner)))
    }

    fn with(options: Options<C, T>) -> Self {
        Self { inner: Arc::new(Inner { options, known: Mutex::new(Known::new()) }) }
    }

    /// Another, empty registry with some options changed.
    fn other(&self, change: impl FnOnce(&mut Options<C, T>)) -> Self {
        let mut options = self.inner.options.clone();
        change(&mut options);
        Self::with(options)
    }

    /// Another, empty registry, in which all take the time from `clock` instead of the system.
    pub fn with_clock(self, clock: Arc<dyn Clock>) -> Self {
        self.other(|options| {
            options.circuits = options.circuits.clone().with_clock(clock.clone());
            options.clock = Some(clock);
        })
    }

    /// Another, empty registry, in which all share these circuits, which have a clock of their own.
    pub fn with_circuits(self, circuits: Circuits<T>) -> Self {
        self.other(|options| options.circuits = circuits)
    }

    /// Another, empty registry, in which hooks and options of all connections are chosen like this, also of
    /// those in pools, before those of their own are.
    pub fn with_defaults(
        self,
        choose: impl Fn(Reconnecting<C, T>) -> Reconnecting<C, T> + Send + Sync + 'static,
    ) -> Self {
        self.other(|options| options.defaults = Some(Arc::new(choose)))
    }

    /// The connector inside.
    pub fn get_ref(&self) -> &C {
        &self.inner.options.connector
    }

    /// What they all know of each target.
    pub fn circuits(&self) -> &Circuits<T> {
        &self.inner.options.circuits
    }

    /// A connection that comes back, to a target or one of several. Its hooks and options are chosen on what
    /// is returned, and nothing happens before the first session is asked for.
    pub fn connect(&self, targets: impl Into<Targets<T>>) -> Reconnecting<C, T> {
        let targets = targets.into();
        let sessions = self.inner.options.connect(targets.clone());
        let gone = self.known().remember(targets, &sessions.link());
        drop(gone); // targets are somebody else's
        sessions
    }

    /// The first connection to this target that there is, alone or in a list. The handle is
    /// [detached](Handle::detach).
    pub fn get_connection(&self, target: &T) -> Option<Handle> {
        self.get_connections(target).into_iter().next()
    }

    /// All connections to this target, alone or in a list, in the order in which they were made. Those of
    /// pools are found through [`Pool::connections`].
    pub fn get_connections(&self, target: &T) -> Vec<Handle> {
        let all = self.all();
        let to = all.into_iter().filter(|(to, _)| to.as_slice().contains(target));
        to.map(|(_, link)| Handle::detached(link)).collect()
    }

    /// All connections, but for those of pools.
    pub fn connections(&self) -> Vec<Handle> {
        self.all().into_iter().map(|(_, link)| Handle::detached(link)).collect()
    }

    /// A pool of that name without a target of its own, for connections that are
    /// [added](Pool::add_connection).
    ///
    /// # Errors
    ///
    /// [`AlreadyExists`](io::ErrorKind::AlreadyExists), if there is a pool of that name.
    pub fn create_pool(&self, name: impl Into<String>) -> io::Result<Pool<C, T>> {
        self.create_pool_with(name, |builder| builder)
    }

    /// A pool of that name with options of its own.
    ///
    /// # Errors
    ///
    /// [`AlreadyExists`](io::ErrorKind::AlreadyExists), if there is a pool of that name.
    ///
    /// # Examples
    ///
    /// ```
    /// use socketry_connector_reconnecting::{PoolOptions, Registry};
    /// # let (connector, _script) = socketry_testing::scripted_connector::<&str>();
    ///
    /// let registry = Registry::new(connector);
    /// let pool = registry.create_pool_with("cache", |pool| {
    ///     pool.to("memcached.example:11211").options(PoolOptions::new().max_size(50))
    /// })?;
    /// # let _ = pool;
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn create_pool_with(
        &self,
        name: impl Into<String>,
        choose: impl FnOnce(PoolBuilder<C, T>) -> PoolBuilder<C, T>,
    ) -> io::Result<Pool<C, T>> {
        let name = name.into();
        let pool = choose(self.inner.options.pool()).name(name.clone()).build();
        let mut known = self.known();
        if known.pools.contains_key(&name) {
            drop(known); // before the pool
            let text = format!("pool {name:?} refused: there is one of that name; see get_pool()");
            return Err(io::Error::new(io::ErrorKind::AlreadyExists, text));
        }
        known.pools.insert(name, pool.clone());
        Ok(pool)
    }

    /// The pool of that name.
    pub fn get_pool(&self, name: &str) -> Option<Pool<C, T>> {
        self.known().pools.get(name).cloned()
    }

    /// All pools, in the order of their names.
    pub fn pools(&self) -> Vec<Pool<C, T>> {
        self.known().pools.values().cloned().collect()
    }

    /// Takes the pool of that name out, so that its name is free. It goes on as long as somebody has it, and
    /// [`disconnect_all`](Self::disconnect_all) does not reach it any more.
    pub fn remove_pool(&self, name: &str) -> Option<Pool<C, T>> {
        self.known().pools.remove(name)
    }

    /// Ends everything that was made through it, connections and pools, each as with
    /// [`Handle::disconnect`] and [`Pool::disconnect`] and all in the same time. It always ends, and nothing
    /// reconnects after that.
    ///
    /// Names are free then. Connections and pools that somebody still has can be connected again, but the
    /// registry knows them no more.
    ///
    /// # Cancel safety
    ///
    /// Once it was polled, all of this is asked for. If it is dropped then, nobody ends what is not over
    /// at the deadline.
    pub async fn disconnect_all(&self, deadline: Duration) -> Disconnected {
        let pools = mem::take(&mut self.known().pools);
        let known = mem::take(&mut self.known().connections); // what is made from now on is another's
        let links = known.iter().filter_map(|(_, link)| link.upgrade());
        let mut all: Vec<_> = links.map(|link| link.stop()).collect();
        for pool in pools.values() {
            all.extend(pool.begin_to_end());
        }
        end_all(all, deadline).await
    }

    /// All connections that there are.
    fn all(&self) -> Vec<(Targets<T>, Arc<Shared>)> {
        let known = self.known().connections.clone();
        let alive = known.into_iter().filter_map(|(to, link)| Some((to, link.upgrade()?)));
        alive.filter(|(_, link)| !link.is_finished()).collect()
    }

    fn known(&self) -> MutexGuard<'_, Known<C, T>> {
        // Nothing in here can panic half way through a change.
        self.inner.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<C, T> Clone for Registry<C, T>
where
    C: Connect<T> + 'static,
    T: Clone + Eq + Hash + Send + Sync + 'static,
{
    fn clone(&self) -> Self {
        Self { inner: self.inner.clone() }
    }
}

impl<C, T> fmt::Debug for Registry<C, T>
where
    C: Connect<T> + 'static,
    T: Clone + Eq + Hash + Send + Sync + 'static,
{
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let known = self.known();
        f.debug_struct("Registry")
            .field("connections", &known.connections.len())
            .field("pools", &known.pools.keys())
            .finish_non_exhaustive()
    }
}
