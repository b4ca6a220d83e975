//! How many workers there are, and for how long.

use std::{fmt, num::NonZeroUsize, sync::Arc, thread, time::Duration};

use socketry_connection::Clock;

use crate::{Notice, Notices};

/// The most workers that a pool can have.
pub(crate) const MOST_WORKERS: usize = 500;

/// How many processors there are for this process; 1 if that cannot be known.
pub(crate) fn processors() -> NonZeroUsize {
    thread::available_parallelism().unwrap_or(NonZeroUsize::MIN)
}

/// How many workers a pool has, how long each may live, and how long others wait for one.
///
/// Zero means "no limit" for every duration and number here, but for
/// [`num_workers`](Self::num_workers) and [`watch_tick`](Self::watch_tick). The names and the defaults
/// are those of the original's configuration.
///
/// # Examples
///
/// ```
/// use std::time::Duration;
///
/// use socketry_server_workers::PoolOptions;
///
/// let options = PoolOptions::new()
///     .num_workers(4)
///     .exec_ttl(Duration::from_secs(30)) // who needs longer for an event is replaced
///     .on_notice(|notice| eprintln!("{notice}"));
/// ```
#[derive(Clone)]
pub struct PoolOptions {
    pub(crate) num_workers: usize,
    pub(crate) max_jobs: u64,
    pub(crate) max_queue_size: usize,
    pub(crate) allocate_timeout: Duration,
    pub(crate) destroy_timeout: Duration,
    pub(crate) reset_timeout: Duration,
    pub(crate) debug: bool,
    pub(crate) watch_tick: Duration,
    pub(crate) ttl: Duration,
    pub(crate) idle_ttl: Duration,
    pub(crate) exec_ttl: Duration,
    pub(crate) max_worker_memory: u64,
    pub(crate) notices: Notices,
    pub(crate) clock: Option<Arc<dyn Clock>>,
}

impl PoolOptions {
    /// As many workers as the machine has processors, and no limit but of the times to start, to wait,
    /// to end and to reset, which are 60 seconds each.
    pub fn new() -> Self {
        const MINUTE: Duration = Duration::from_secs(60);
        Self {
            num_workers: processors().get(),
            max_jobs: 0,
            max_queue_size: 0,
            allocate_timeout: MINUTE,
            destroy_timeout: MINUTE,
            reset_timeout: MINUTE,
            debug: false,
            watch_tick: Duration::from_secs(5),
            ttl: Duration::ZERO,
            idle_ttl: Duration::ZERO,
            exec_ttl: Duration::ZERO,
            max_worker_memory: 0,
            notices: Notices::default(),
            clock: None,
        }
    }

    /// How many workers there are: from 1 to 500, and as many as the machine has processors for zero.
    /// More than 500 are 500.
    pub fn num_workers(mut self, number: usize) -> Self {
        self.num_workers = match number {
            0 => processors().get(),
            number => number.min(MOST_WORKERS),
        };
        self
    }

    /// After how many events a worker is replaced: a cure for leaks. Each worker adds up to 14 % by
    /// chance, so that not all are replaced at once.
    pub fn max_jobs(mut self, number: u64) -> Self {
        self.max_jobs = number;
        self
    }

    /// How many events may wait for a free worker. One more, and its connection is closed.
    pub fn max_queue_size(mut self, number: usize) -> Self {
        self.max_queue_size = number;
        self
    }

    /// How long a worker may take until it is ready, and how long an event waits for a free one. After
    /// the latter its connection is closed.
    pub fn allocate_timeout(mut self, timeout: Duration) -> Self {
        self.allocate_timeout = timeout;
        self
    }

    /// How long the end of the pool waits for its workers, before it kills them.
    pub fn destroy_timeout(mut self, timeout: Duration) -> Self {
        self.destroy_timeout = timeout;
        self
    }

    /// How long a reset may take. Workers that are busy for longer are killed then.
    pub fn reset_timeout(mut self, timeout: Duration) -> Self {
        self.reset_timeout = timeout;
        self
    }

    /// Whether each event gets a new worker, which is started for it: so that a change of the worker's
    /// code shows at once. By default not.
    pub fn debug(mut self, debug: bool) -> Self {
        self.debug = debug;
        self
    }

    /// How often `ttl`, `idle_ttl` and `max_worker_memory` are looked at. By default every 5
    /// seconds; zero means the default.
    pub fn watch_tick(mut self, tick: Duration) -> Self {
        self.watch_tick = if tick.is_zero() { Self::new().watch_tick } else { tick };
        self
    }

    /// How old a worker becomes. One that is busy is replaced after its event.
    pub fn ttl(mut self, limit: Duration) -> Self {
        self.ttl = limit;
        self
    }

    /// How long a worker may have nothing to do. One that has never had anything is left alone.
    pub fn idle_ttl(mut self, limit: Duration) -> Self {
        self.idle_ttl = limit;
        self
    }

    /// How long a worker may take for an event. One that takes longer is killed, and the connection is
    /// closed.
    pub fn exec_ttl(mut self, limit: Duration) -> Self {
        self.exec_ttl = limit;
        self
    }

    /// How many bytes of memory a worker may have. One that has more is replaced, after its event.
    pub fn max_worker_memory(mut self, bytes: u64) -> Self {
        self.max_worker_memory = bytes;
        self
    }

    /// Who is told what happens to workers and connections; nobody by default.
    pub fn on_notice(mut self, tell: impl Fn(&Notice<'_>) + Send + Sync + 'static) -> Self {
        self.notices = Notices::new(tell);
        self
    }

    /// The clock of all these times; the system's by default.
    pub fn clock(mut self, clock: Arc<dyn Clock>) -> Self {
        self.clock = Some(clock);
        self
    }
}

impl Default for PoolOptions {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for PoolOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PoolOptions")
            .field("num_workers", &self.num_workers)
            .field("max_jobs", &self.max_jobs)
            .field("max_queue_size", &self.max_queue_size)
            .field("exec_ttl", &self.exec_ttl)
            .finish_non_exhaustive()
    }
}
