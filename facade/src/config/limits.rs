//! How many connections a server has, as plain data.

use std::time::Duration;

/// How many connections of a server are open at a time, and how long.
///
/// In a file:
///
/// ```toml
/// [limits]
/// max_connections = 1000
/// at_limit = "pause"
/// idle_timeout = "5m"
/// ```
///
/// A server with limits has the list of its connections: [`Server::connections`](crate::Server::connections).
/// As an empty table it has the list and no limit.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Deserialize, serde::Serialize))]
#[cfg_attr(feature = "serde", serde(default, deny_unknown_fields))]
#[non_exhaustive]
pub struct LimitsConfig {
    /// How many connections may be open. By default as many as come; with 0 nobody comes in.
    pub max_connections: Option<usize>,
    /// What becomes of newcomers if as many are open as may be. By default they are closed.
    pub at_limit: AtLimitConfig,
    /// After how long a connection is ended on which nothing is read or written, by its owner or by
    /// others. By default never, as with zero.
    #[cfg_attr(feature = "serde", serde(with = "super::duration::option"))]
    pub idle_timeout: Option<Duration>,
    /// How long after it came a connection is ended, whatever happens on it. By default never, as with
    /// zero.
    #[cfg_attr(feature = "serde", serde(with = "super::duration::option"))]
    pub max_lifetime: Option<Duration>,
    /// How many bytes of what others than its owner write to a connection may wait for its peer to
    /// read. By default 64 KiB.
    pub max_behind: usize,
    /// What happens beyond that. By default whoever writes waits.
    pub when_behind: WhenBehindConfig,
    /// Whether the list shows the local address of each connection, which costs a system call for each.
    /// By default not.
    pub local_addresses: bool,
}

impl Default for LimitsConfig {
    fn default() -> Self {
        Self {
            max_connections: None,
            at_limit: AtLimitConfig::default(),
            idle_timeout: None,
            max_lifetime: None,
            max_behind: 64 * 1024,
            when_behind: WhenBehindConfig::default(),
            local_addresses: false,
        }
    }
}

/// What becomes of newcomers at a limit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Deserialize, serde::Serialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum AtLimitConfig {
    /// They are closed, each of which is one error of the server.
    #[default]
    Reject,
    /// They wait in the backlog until there is a place.
    Pause,
}

/// What happens if more is written to a connection from outside than its peer reads.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Deserialize, serde::Serialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum WhenBehindConfig {
    /// Whoever writes waits.
    #[default]
    Wait,
    /// The message is dropped.
    Drop,
    /// The connection is closed.
    Close,
}
