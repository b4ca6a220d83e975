//! How large a pool is, and how long its connections live.

use std::time::Duration;

/// How large a [`Pool`](crate::Pool) is, how long one waits for a connection, and how long connections
/// live.
///
/// # Examples
///
/// ```
/// use std::time::Duration;
///
/// use socketry_connector_reconnecting::PoolOptions;
///
/// let options = PoolOptions::new().max_size(50).wait_timeout(Some(Duration::from_secs(2)));
/// # let _ = options;
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PoolOptions {
    pub(crate) max_size: usize,
    pub(crate) min_idle: usize,
    pub(crate) wait_timeout: Option<Duration>,
    pub(crate) idle_timeout: Option<Duration>,
    pub(crate) max_lifetime: Option<Duration>,
    pub(crate) check_timeout: Option<Duration>,
    pub(crate) check_after: Duration,
    pub(crate) check_every: Option<Duration>,
    pub(crate) order: PoolOrder,
    pub(crate) keeps_unread: bool,
    pub(crate) keeps_unanswered: bool,
}

/// Which of the idle connections is handed out first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[allow(clippy::exhaustive_enums, reason = "a line has two ends")]
pub enum PoolOrder {
    /// The one that was used last: few are in use, and those that are not needed become idle and end.
    Lifo,
    /// The one that has been idle for longest: all are in use in turn.
    Fifo,
}

impl PoolOptions {
    /// 10 connections at most, none kept idle, 30 seconds to wait; a connection ends after 10 minutes
    /// idle or 30 minutes altogether, a check has 5 seconds, and the last one used is handed out first.
    pub fn new() -> Self {
        Self {
            max_size: 10,
            min_idle: 0,
            wait_timeout: Some(Duration::from_secs(30)),
            idle_timeout: Some(Duration::from_secs(600)),
            max_lifetime: Some(Duration::from_secs(1800)),
            check_timeout: Some(Duration::from_secs(5)),
            check_after: Duration::ZERO,
            check_every: None,
            order: PoolOrder::Lifo,
            keeps_unread: false,
            keeps_unanswered: false,
        }
    }

    /// How many connections there are at most, idle, in use or being made. Those that were
    /// [added](crate::Pool::add_connection) count, but are never too many. Zero makes none but these.
    pub fn max_size(mut self, connections: usize) -> Self {
        self.max_size = connections;
        self
    }

    /// How many connections are kept ready, as long as somebody polls [`run`](crate::Pool::run). After one
    /// of them has [given up](crate::GaveUp) the next is made half a minute later.
    pub fn min_idle(mut self, connections: usize) -> Self {
        self.min_idle = connections;
        self
    }

    /// How long a check-out waits, for its turn, the connect and the check. `None` means for ever; zero
    /// means unless there is one that is ready at once.
    pub fn wait_timeout(mut self, timeout: Option<Duration>) -> Self {
        self.wait_timeout = timeout;
        self
    }

    /// How long a connection is kept that nobody uses. `None` means for ever; zero means that none is kept
    /// when it is returned, unless somebody waits for it, and none is kept [ready](Self::min_idle). Noticed
    /// while somebody polls [`run`](crate::Pool::run), and otherwise at the next check-out or return.
    pub fn idle_timeout(mut self, timeout: Option<Duration>) -> Self {
        self.idle_timeout = timeout;
        self
    }

    /// How long a connection is used, however busy it is; it ends when it is returned or idle. `None` means
    /// for ever; zero means that each is used once, and none is kept [ready](Self::min_idle).
    pub fn max_lifetime(mut self, lifetime: Option<Duration>) -> Self {
        self.max_lifetime = lifetime;
        self
    }

    /// How long a [check](crate::PoolBuilder::check) may take. `None` means as long as the check-out waits,
    /// and for ever between check-outs; zero means unless it answers at once.
    pub fn check_timeout(mut self, timeout: Option<Duration>) -> Self {
        self.check_timeout = timeout;
        self
    }

    /// Checks only connections that have been idle for so long. Zero, the default, checks all.
    pub fn check_after(mut self, idle: Duration) -> Self {
        self.check_after = idle;
        self
    }

    /// Asks also those that are idle, by the [check](crate::PoolBuilder::check) and as long as somebody polls
    /// [`run`](crate::Pool::run): each that was neither used nor checked for so long, one after the other.
    /// Nobody gets it meanwhile, and one that fails is closed. By default none is asked; zero means that
    /// they are asked without a pause.
    pub fn check_every(mut self, idle: Option<Duration>) -> Self {
        self.check_every = idle;
        self
    }

    /// Which of the idle connections is handed out first.
    pub fn order(mut self, order: PoolOrder) -> Self {
        self.order = order;
        self
    }

    /// Whether a connection is kept on which the peer has said something while it was idle. By default it
    /// is not: that is the answer to a request of somebody who has not waited for it, and the next user
    /// would take it for the answer to his own. With protocols in which servers speak unasked it is right.
    ///
    /// What it has said is its next user's, so nothing behind that is read while it is idle: a peer that
    /// says something and then goes is noticed by that user.
    pub fn keep_unread(mut self, keep: bool) -> Self {
        self.keeps_unread = keep;
        self
    }

    /// Whether a connection is kept on which its user has written last, and read nothing since. By default it
    /// is not: he has left before the answer came, be it that a deadline has dropped his request, and the next
    /// user would take that answer for his own. With protocols in which nothing is answered it is right.
    pub fn keep_unanswered(mut self, keep: bool) -> Self {
        self.keeps_unanswered = keep;
        self
    }

    /// How many are kept ready: none, if each ends as soon as it is idle.
    pub(crate) fn ready(&self) -> usize {
        match self.ends_at_once() {
            true => 0,
            false => self.min_idle,
        }
    }

    /// Whether each ends as soon as it is idle.
    pub(crate) fn ends_at_once(&self) -> bool {
        [self.idle_timeout, self.max_lifetime].contains(&Some(Duration::ZERO))
    }
}

/// [`PoolOptions::new`].
impl Default for PoolOptions {
    fn default() -> Self {
        Self::new()
    }
}

/// What has come to pass in a pool: [`Pool::statistics`](crate::Pool::statistics).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct PoolStatistics {
    /// Connections there are, be they up or not.
    pub size: usize,
    /// Those that are up and that nobody uses.
    pub idle: usize,
    /// Those that are checked out.
    pub in_use: usize,
    /// Check-outs that wait.
    pub waiting: usize,
    /// Check-outs that were served.
    pub served: u64,
    /// Of these, those that had to wait.
    pub waited: u64,
    /// Check-outs that were not served in time.
    pub timed_out: u64,
    /// Sessions that were closed because they had been idle for too long.
    pub closed_idle: u64,
    /// Sessions that were closed because they were old.
    pub closed_old: u64,
    /// Sessions that were lost, or given up by their users.
    pub closed_broken: u64,
    /// Sessions that were closed because something unread was in them.
    pub closed_unread: u64,
    /// Sessions that were closed because their users had left before they were answered.
    pub closed_unanswered: u64,
    /// Sessions that have failed their check.
    pub closed_unfit: u64,
}
