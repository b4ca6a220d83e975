//! So many workers, who is asked next, and who takes the place of one that is gone.

use std::{fmt, future::Future, io, sync::Arc};

pub use self::member::{WorkerInfo, WorkerState};
pub(crate) use self::shared::ended;
use self::{
    shared::{Shared, SharedPool},
    state::Phase,
};
use crate::{Employ, Event, PoolOptions, Reply, WorkerId, pool_options::MOST_WORKERS};

mod after;
mod asking;
mod career;
mod keeper;
mod limits;
mod line;
mod member;
mod patience;
mod replacing;
mod reset;
mod shared;
mod state;
mod wanted;

/// So many workers, which answer events side by side.
///
/// A clone is another handle to the same pool. Its workers live as long as the future of
/// [`run`](Self::run), which starts them, replaces them and ends them: without it there are none. (A
/// [`WorkerServer`](crate::WorkerServer) runs its pool.)
///
/// # Examples
///
/// ```
/// use std::io;
///
/// use futures_lite::future::{block_on, or};
/// use socketry_server_workers::{Answer, Event, InProcess, Peer, Pool, PoolOptions, Worker};
///
/// struct Echo;
///
/// impl Worker for Echo {
///     async fn answer(&mut self, event: Event<'_>) -> io::Result<Option<Answer>> {
///         Ok(Some(Answer::respond(event.message())))
///     }
/// }
///
/// let pool = Pool::new(InProcess::new(|| Echo), PoolOptions::new().num_workers(4));
/// let peer = Peer::new("example", None);
/// let asked = async {
///     let reply = pool.ask(Event::Data(&peer, b"hello")).await?;
///     assert_eq!((reply.bytes(), reply.goes_on()), (&b"hello"[..], true));
///     Ok(())
/// };
/// block_on(or(pool.run(), asked))?;
/// # Ok::<(), io::Error>(())
/// ```
pub struct Pool<K: Employ> {
    shared: SharedPool<K>,
}

impl<K: Employ> Pool<K> {
    /// A pool of workers of this kind. None is started before it is run.
    pub fn new(kind: K, options: PoolOptions) -> Self {
        Self { shared: Arc::new(Shared::new(kind, options)) }
    }

    /// Starts the workers, keeps their number, and ends them after [`end`](Self::end).
    ///
    /// The future is no handle: it can be kept apart from the pool. A pool is run once.
    ///
    /// # Errors
    ///
    /// If one of the first workers cannot be started, after all others have been ended; and
    /// [`InvalidInput`](io::ErrorKind::InvalidInput) if it is or was run already. Later no error ends it:
    /// a worker that cannot be started is tried again, after a delay that grows up to 10 seconds.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future kills all workers at once, and whoever waits for one is told that the pool
    /// has ended.
    pub fn run(&self) -> impl Future<Output = io::Result<()>> + Send + use<K> {
        keeper::keep(self.shared.clone())
    }

    /// Waits until the first workers are ready. Ready at once if each event gets a worker of its own
    /// (`debug`).
    ///
    /// # Errors
    ///
    /// If the pool ends before; [`run`](Self::run) says why.
    ///
    /// # Cancel safety
    ///
    /// It can be dropped and called again.
    pub async fn started(&self) -> io::Result<()> {
        self.wait_for(|shared| match shared.state().phase {
            Phase::Starting => None,
            Phase::Open => Some(Ok(())),
            Phase::Ending | Phase::Ended => Some(Err(ended())),
        })
        .await
    }

    /// Asks a worker about an event, as soon as one is free.
    ///
    /// # Errors
    ///
    /// What the worker says instead of an answer; that it has broken off, or has taken longer than
    /// `exec_ttl` ([`TimedOut`](io::ErrorKind::TimedOut)); that none was free in time
    /// ([`TimedOut`](io::ErrorKind::TimedOut)) or too many wait
    /// ([`QuotaExceeded`](io::ErrorKind::QuotaExceeded)); and that the pool has ended
    /// ([`NotConnected`](io::ErrorKind::NotConnected)).
    ///
    /// # Cancel safety
    ///
    /// Dropped while it waits for a worker it has no effect. Dropped while a worker answers, that
    /// worker is killed and replaced, because its answer would be taken for the next.
    pub async fn ask(&self, event: Event<'_>) -> io::Result<Reply> {
        asking::ask(&self.shared, event, None).await
    }

    /// Asks as [`ask`](Self::ask) does, and if there is `stick`, each time the worker in it, which is the
    /// one that was asked last; another one, if that is gone.
    pub(crate) async fn ask_same(
        &self,
        event: Event<'_>,
        stick: Option<&mut Option<WorkerId>>,
    ) -> io::Result<Reply> {
        asking::ask(&self.shared, event, stick).await
    }

    /// The workers, also those that are being started or ended.
    pub fn workers(&self) -> Vec<WorkerInfo> {
        self.shared.workers()
    }

    /// Adds a worker, and says how many there are to be now.
    ///
    /// # Errors
    ///
    /// [`InvalidInput`](io::ErrorKind::InvalidInput) if there are 500 already.
    pub fn add_worker(&self) -> io::Result<usize> {
        self.resize(|wanted| match wanted {
            MOST_WORKERS.. => Err(format!("{MOST_WORKERS} workers are the most")),
            fewer => Ok(fewer + 1),
        })
    }

    /// Removes a worker, after the event that it answers, and says how many there are to be now.
    ///
    /// # Errors
    ///
    /// [`InvalidInput`](io::ErrorKind::InvalidInput) if it is the last one.
    pub fn remove_worker(&self) -> io::Result<usize> {
        self.resize(|wanted| match wanted {
            ..=1 => Err("the last worker cannot be removed".to_string()),
            more => Ok(more - 1),
        })
    }

    fn resize(&self, resize: impl FnOnce(usize) -> Result<usize, String>) -> io::Result<usize> {
        let resized = {
            let mut state = self.shared.state();
            resize(state.wanted).inspect(|wanted| state.wanted = *wanted)
        };
        let wanted = resized.map_err(|text| io::Error::new(io::ErrorKind::InvalidInput, text))?;
        self.shared.trim();
        self.shared.keeper.wake();
        Ok(wanted)
    }

    /// Replaces all workers by new ones, without a moment in which there are fewer: new ones are started
    /// beside the old, a quarter of their number at a time, and each that is ready takes the place of
    /// one. Waits until that is done.
    ///
    /// # Errors
    ///
    /// If not all could be replaced within `reset_timeout`, with the reason: those that were busy all the
    /// time are killed then, and if no new ones could be started the others stay. And if the pool has
    /// ended.
    ///
    /// # Cancel safety
    ///
    /// The reset goes on without whoever waits for it.
    pub async fn reset(&self) -> io::Result<()> {
        let limit = self.shared.options.reset_timeout;
        let until = if limit.is_zero() { None } else { self.shared.now().checked_add(limit) };
        let reset = self.shared.state().begin_reset(until);
        self.shared.keeper.wake();
        self.wait_for(|shared| {
            let state = shared.state();
            match &state.reset.ended {
                Some((ended, why)) if *ended >= reset => Some(match why {
                    None => Ok(()),
                    Some(why) => Err(io::Error::other(format!("the reset is not complete: {why}"))),
                }),
                _ if !state.is_open() => Some(Err(ended())),
                _ => None,
            }
        })
        .await
    }

    /// Ends the pool: each worker goes after the event that it answers, and [`run`](Self::run) returns
    /// when all have gone, or have been killed after `destroy_timeout`. Whoever waits for a worker is told
    /// at once that there will be none.
    pub fn end(&self) {
        self.shared.begin_end();
    }

    /// Waits for something that is notified.
    async fn wait_for<T>(&self, mut look: impl FnMut(&Shared<K>) -> Option<T>) -> T {
        loop {
            let changed = self.shared.changed.listen();
            if let Some(found) = look(&self.shared) {
                return found;
            }
            changed.await;
        }
    }

    pub(crate) fn options(&self) -> &PoolOptions {
        &self.shared.options
    }
}

impl<K: Employ> Clone for Pool<K> {
    fn clone(&self) -> Self {
        Self { shared: self.shared.clone() }
    }
}

impl<K: Employ> fmt::Debug for Pool<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pool").field("options", self.options()).finish_non_exhaustive()
    }
}
