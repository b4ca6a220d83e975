//! Pools, as plain data.

use std::time::Duration;

use socketry_connector_reconnecting::{PoolOptions, PoolOrder};

use super::{ReconnectConfig, Setting, Timeout};

/// What a pool is like, as plain data: [`Connector::pool_with`](crate::Connector::pool_with).
///
/// With the feature `serde` it can be read; what is missing has its default, an unknown key is an
/// error, and durations are written as `60s` or `250ms`. A time is also `true`, which is the default,
/// or `false`, which is for ever:
///
/// ```toml
/// max_size = 50
/// min_idle = 2
/// wait_timeout = "2s"
/// max_lifetime = false
///
/// [connections.backoff]
/// cap = "30s"
/// ```
///
/// # Examples
///
/// ```
/// use std::time::Duration;
///
/// use socketry::{Connector, PoolConfig};
///
/// let mut config = PoolConfig::default();
/// config.max_size = 50;
/// config.wait_timeout = Duration::from_secs(2).into();
/// let pool = Connector::new().pool_with(["tcp://memcached.example:11211"], &config)?.build();
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Deserialize, serde::Serialize))]
#[cfg_attr(feature = "serde", serde(default, deny_unknown_fields))]
#[non_exhaustive]
pub struct PoolConfig {
    /// How many connections there are at most. By default 10; zero makes none but those that are added.
    pub max_size: usize,
    /// How many connections are kept ready, as long as somebody polls
    /// [`Pool::run`](crate::reconnecting::Pool::run). By default none.
    pub min_idle: usize,
    /// How long a check-out waits. By default 30 seconds; zero means unless there is a connection that
    /// is ready at once.
    pub wait_timeout: Setting<Timeout>,
    /// How long a connection is kept that nobody uses. By default 10 minutes.
    pub idle_timeout: Setting<Timeout>,
    /// How long a connection is used. By default 30 minutes.
    pub max_lifetime: Setting<Timeout>,
    /// How long a check may take. By default 5 seconds; off, as long as the check-out waits.
    pub check_timeout: Setting<Timeout>,
    /// Checks only connections that have been idle for so long. Zero, the default, checks all.
    #[cfg_attr(feature = "serde", serde(with = "super::duration"))]
    pub check_after: Duration,
    /// Checks also those that are idle, each that was neither used nor checked for so long, as long as
    /// somebody polls [`Pool::run`](crate::reconnecting::Pool::run). By default, and off, none is; zero
    /// checks them without a pause.
    pub check_every: Setting<Timeout>,
    /// Which of the idle connections is handed out first. By default the one that was used last.
    pub order: PoolOrderConfig,
    /// Whether a connection is kept on which the peer has said something while it was idle. By default
    /// it is not.
    pub keep_unread: bool,
    /// Whether a connection is kept on which its user has written last, and read nothing since. By
    /// default it is not; with protocols in which nothing is answered it is right.
    pub keep_unanswered: bool,
    /// How its connections come back. A heartbeat of theirs is not said: see `check_every`.
    pub connections: ReconnectConfig,
}

/// Which of the idle connections is handed out first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Deserialize, serde::Serialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum PoolOrderConfig {
    /// The one that was used last.
    #[default]
    Lifo,
    /// The one that has been idle for longest.
    Fifo,
}

impl PoolConfig {
    /// The options that this describes, but for how connections come back.
    pub fn to_options(&self) -> PoolOptions {
        let usual = PoolOptions::new();
        let order = match self.order {
            PoolOrderConfig::Lifo => PoolOrder::Lifo,
            PoolOrderConfig::Fifo => PoolOrder::Fifo,
        };
        let options = usual
            .max_size(self.max_size)
            .min_idle(self.min_idle)
            .check_after(self.check_after)
            .order(order)
            .keep_unread(self.keep_unread)
            .keep_unanswered(self.keep_unanswered);
        let options = chosen(options, self.wait_timeout, PoolOptions::wait_timeout);
        let options = chosen(options, self.idle_timeout, PoolOptions::idle_timeout);
        let options = chosen(options, self.max_lifetime, PoolOptions::max_lifetime);
        let options = chosen(options, self.check_timeout, PoolOptions::check_timeout);
        chosen(options, self.check_every, PoolOptions::check_every)
    }
}

/// These options with one time as it is set.
fn chosen(
    options: PoolOptions,
    setting: Setting<Timeout>,
    choose: fn(PoolOptions, Option<Duration>) -> PoolOptions,
) -> PoolOptions {
    match setting {
        Setting::Off => choose(options, None),
        Setting::On => options,
        Setting::With(timeout) => choose(options, Some(timeout.into())),
    }
}

impl Default for PoolConfig {
    fn default() -> Self {
        Self {
            max_size: 10,
            min_idle: 0,
            wait_timeout: Setting::On,
            idle_timeout: Setting::On,
            max_lifetime: Setting::On,
            check_timeout: Setting::On,
            check_after: Duration::ZERO,
            check_every: Setting::On,
            order: PoolOrderConfig::default(),
            keep_unread: false,
            keep_unanswered: false,
            connections: ReconnectConfig::default(),
        }
    }
}
