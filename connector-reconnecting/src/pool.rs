//! Several connections to the same, used in turn.

use std::{fmt, future::Future, hash::Hash, io, sync::Arc};

use socketry_connector::Connect;

pub(crate) use crate::pool::shared::Choose;
pub use crate::pool::{
    builder::PoolBuilder,
    check::CheckFuture,
    error::NotServed,
    options::{PoolOptions, PoolOrder, PoolStatistics},
    pooled::Pooled,
};
use crate::{
    handle::Handle, pool::shared::PoolShared, reconnecting::Reconnecting, targets::Targets,
};

mod builder;
mod check;
mod checking;
mod checkout;
mod ending;
mod error;
mod idle;
mod keeper;
mod line;
mod making;
mod member;
mod options;
mod place;
mod pooled;
mod seats;
mod shared;
mod state;

/// Connections that come back, several of them, used in turn: a handle for any task.
///
/// [`checkout`](Self::checkout) hands one out that is up and fit for use: the peer has not gone, has said
/// nothing that nobody has read, and the [check](PoolBuilder::check) is passed. If there is none it makes
/// one, up to the [limit](PoolOptions::max_size), or waits, in the order of arrival. Whoever returns one
/// returns it to the first who waits.
///
/// A member that has lost its connection keeps its [`Backoff`](crate::Backoff), so a pool does not hammer a
/// server that accepts and closes. Whoever would have to wait for that goes on with another member whose
/// next attempt begins sooner, or makes a new one; of those to the same targets as long as that spares a
/// second. And all members share what they know of an address: see [`Circuit`](crate::Circuit).
///
/// They say no [`Heartbeat`](crate::Heartbeat), whatever is chosen: nobody would read its answer, and the
/// next user would take it for his own. Those that are idle can be asked by the
/// [check](PoolBuilder::check) instead: see [`PoolOptions::check_every`].
///
/// It needs no task of its own. Without one nothing is done between check-outs: who wants connections kept
/// ready, and those closed that nobody needs, polls [`run`](Self::run) somewhere.
///
/// A clone is the same pool. Dropping the last one disconnects it: idle connections close, and those
/// in use when they are returned.
///
/// # Examples
///
/// ```
/// use std::io;
///
/// use futures_lite::{AsyncWriteExt, future::block_on};
/// use socketry_connector_reconnecting::{Pool, PoolOptions};
/// # let (connector, script) = socketry_testing::scripted_connector::<&str>();
/// # let (ours, _theirs) = socketry_testing::pair();
/// # script.succeed_next(ours);
///
/// # block_on(async {
/// let pool = Pool::builder(connector)
///     .to("memcached.example:11211")
///     .options(PoolOptions::new().max_size(20))
///     .build();
///
/// let mut connection = pool.checkout().await?;
/// connection.write_all(b"version\r\n").await?;
/// // and reads the answer; dropped, it returns to the pool
/// # io::Result::Ok(())
/// # })?;
/// # Ok::<(), io::Error>(())
/// ```
pub struct Pool<C, T>
where
    C: Connect<T> + 'static,
    T: Clone + Send + Sync + 'static,
{
    owner: Arc<Owner<C, T>>,
}

/// Dropped with the last handle.
struct Owner<C, T>
where
    C: Connect<T> + 'static,
    T: Clone + Send + Sync + 'static,
{
    shared: Arc<PoolShared<C, T>>,
}

impl<C, T> Pool<C, T>
where
    C: Connect<T> + 'static,
    T: Clone + Send + Sync + 'static,
{
    /// A pool over a connector, whose options are to be chosen.
    pub fn builder(inner: C) -> PoolBuilder<C, T> {
        PoolBuilder::new(Arc::new(inner))
    }

    fn shared(&self) -> &Arc<PoolShared<C, T>> {
        &self.owner.shared
    }

    /// Its name, for messages; empty if it has none.
    pub fn name(&self) -> &str {
        &self.shared().name
    }

    /// A connection that is up and fit for use.
    ///
    /// # Errors
    ///
    /// - [`NotServed`], of kind [`TimedOut`](io::ErrorKind::TimedOut): not in
    ///   [time](PoolOptions::wait_timeout); it has the last error of the connection that was to be made.
    /// - [`GaveUp`](crate::GaveUp): a connection that was to be made will never be, because of a
    ///   certificate, say, or because its [`Backoff`](crate::Backoff) has an end.
    /// - [`NotConnected`](io::ErrorKind::NotConnected): the pool is disconnected.
    /// - [`InvalidInput`](io::ErrorKind::InvalidInput): there is no connection, and no target to make one.
    ///
    /// # Cancel safety
    ///
    /// Dropped, it leaves the line, and what it has been given goes to the next. A connection that it was
    /// making is dropped, unless somebody else waits, who then goes on with it.
    pub async fn checkout(&self) -> io::Result<Pooled<C, T>> {
        checkout::checkout(self.shared()).await
    }

    /// Adds a connection with hooks and options of its own, to targets of its own. Several to the same are
    /// all kept. It is made when it is needed or somebody polls [`run`](Self::run), and brought back
    /// when it was lost.
    ///
    /// The handle is [detached](Handle::detach). Disconnected by it, the connection leaves the pool, for good:
    /// at once if it is idle, and when it is returned if not. Added to a pool that is disconnected, it is
    /// there when that [connects](Self::connect).
    ///
    /// # Examples
    ///
    /// ```
    /// use socketry_connector_reconnecting::{Backoff, Pool};
    /// # let (connector, _script) = socketry_testing::scripted_connector::<&str>();
    ///
    /// let pool = Pool::builder(connector).build();
    /// for host in ["a.example:11211", "b.example:11211"] {
    ///     pool.add_connection(host, |sessions| sessions.backoff(Backoff::connman()));
    /// }
    /// assert_eq!(pool.statistics().size, 2);
    /// ```
    pub fn add_connection(
        &self,
        targets: impl Into<Targets<T>>,
        choose: impl FnOnce(Reconnecting<C, T>) -> Reconnecting<C, T>,
    ) -> Handle {
        Handle::detached(self.shared().add(targets.into(), choose))
    }

    /// Handles to all connections that there are, each [detached](Handle::detach).
    pub fn connections(&self) -> Vec<Handle> {
        let links = self.shared().lock().seats.links();
        links.into_iter().map(Handle::detached).collect()
    }

    /// How many connections there are, and what has come to pass so far.
    pub fn statistics(&self) -> PoolStatistics {
        self.shared().lock().statistics()
    }

    /// Its options.
    pub fn options(&self) -> PoolOptions {
        self.shared().options()
    }

    /// Changes its options from now on. What is too many is closed at once if it is idle, and when it is
    /// returned if not.
    pub fn set_options(&self, options: PoolOptions) {
        let shared = self.shared();
        shared.change(|state| state.options = options);
        shared.close_surplus();
        shared.tell();
    }

    /// Does what is to be done between check-outs, until the pool is disconnected:
    ///
    /// - keeps so many connections [ready](PoolOptions::min_idle), and brings back those that were
    ///   [added](Self::add_connection);
    /// - closes those that are idle for too long or too old;
    /// - notices those whose peers have gone, and [asks](PoolOptions::check_every) those that are idle.
    ///
    /// Several may be polled at a time: the first does it all, and another one goes on when that is gone. The
    /// future is no handle: it ends when the last handle is dropped. (A task that owns a clone of the pool to
    /// call this has one; `spawn(pool.run())` has none.)
    ///
    /// # Cancel safety
    ///
    /// Dropped, attempts under way are dropped, and a connection that is being checked is closed. It may be
    /// called again.
    pub fn run(&self) -> impl Future<Output = ()> + Send + use<C, T> {
        keeper::run(self.shared().clone())
    }

    /// Serves again after a [`disconnect`](Self::disconnect) or [`drain`](Self::drain), by new connections:
    /// those of before are no more, [added](Self::add_connection) ones included, and one that is still in
    /// use is closed when it is returned.
    pub fn connect(&self) {
        let shared = self.shared();
        shared.change(|state| state.is_closed = false);
        shared.tell();
    }

    /// Whether it is disconnected.
    pub fn is_closed(&self) -> bool {
        self.shared().lock().is_closed
    }
}

impl<C, T> PoolBuilder<C, T>
where
    C: Connect<T> + 'static,
    T: Clone + Send + Sync + 'static,
{
    /// The pool. Nothing is opened before somebody asks for a connection.
    pub fn build(self) -> Pool<C, T>
    where
        T: Eq + Hash,
    {
        Pool { owner: Arc::new(Owner { shared: self.finish() }) }
    }
}

impl<C, T> Clone for Pool<C, T>
where
    C: Connect<T> + 'static,
    T: Clone + Send + Sync + 'static,
{
    fn clone(&self) -> Self {
        Self { owner: self.owner.clone() }
    }
}

impl<C, T> Drop for Owner<C, T>
where
    C: Connect<T> + 'static,
    T: Clone + Send + Sync + 'static,
{
    fn drop(&mut self) {
        self.shared.close();
    }
}

impl<C, T> fmt::Debug for Pool<C, T>
where
    C: Connect<T> + 'static,
    T: Clone + Send + Sync + 'static,
{
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pool")
            .field("name", &self.name())
            .field("statistics", &self.statistics())
            .finish_non_exhaustive()
    }
}
