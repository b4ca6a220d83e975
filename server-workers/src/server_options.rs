//! How the connections of one server are read and written.

use std::time::Duration;

use crate::Framing;

/// How the connections of one server are read and written.
///
/// Zero means "never" for each timeout.
///
/// # Examples
///
/// ```
/// use std::time::Duration;
///
/// use socketry_server_workers::{Framing, ServerOptions};
///
/// let options = ServerOptions::new()
///     .framing(Framing::delimited("\n")?)
///     .max_message_size(64 * 1024)
///     .idle_timeout(Duration::from_secs(300))
///     .read_timeout(Duration::from_secs(10));
/// # std::io::Result::Ok(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServerOptions {
    pub(crate) framing: Framing,
    pub(crate) max_message_size: usize,
    pub(crate) max_unsent: usize,
    pub(crate) idle_timeout: Duration,
    pub(crate) read_timeout: Duration,
    pub(crate) write_timeout: Duration,
    pub(crate) sticky: bool,
}

impl ServerOptions {
    /// Messages of at most 1 MiB that end with `"\r\n"`; clients may be silent for as long as they like, and
    /// have 60 seconds to take what is written to them.
    pub fn new() -> Self {
        Self {
            framing: Framing::default(),
            max_message_size: 1024 * 1024,
            max_unsent: 1024 * 1024,
            idle_timeout: Duration::ZERO,
            read_timeout: Duration::ZERO,
            write_timeout: Duration::from_secs(60),
            sticky: false,
        }
    }

    /// What a message is.
    pub fn framing(mut self, framing: Framing) -> Self {
        self.framing = framing;
        self
    }

    /// How many bytes a message may have. A client that sends a longer one is closed. Zero counts as
    /// one.
    pub fn max_message_size(mut self, bytes: usize) -> Self {
        self.max_message_size = bytes;
        self
    }

    /// How many bytes from [`Handle::send`](crate::Handle::send) and
    /// [`broadcast`](crate::Handle::broadcast) may wait for a client to take them; 1 MiB by default.
    /// More are refused, but for a single message.
    pub fn max_unsent(mut self, bytes: usize) -> Self {
        self.max_unsent = bytes;
        self
    }

    /// How long a client may be silent between two messages. It is closed then. The time of the worker
    /// does not count.
    pub fn idle_timeout(mut self, timeout: Duration) -> Self {
        self.idle_timeout = timeout;
        self
    }

    /// How long a message may take from its first byte to its last. The client is closed then.
    pub fn read_timeout(mut self, timeout: Duration) -> Self {
        self.read_timeout = timeout;
        self
    }

    /// How long a client may take nothing of what is written to it. It is closed then.
    pub fn write_timeout(mut self, timeout: Duration) -> Self {
        self.write_timeout = timeout;
        self
    }

    /// Whether all events of a connection go to the same worker, as long as that one lives. A worker has
    /// several connections, and an event waits while it answers another's. A newcomer gets the worker that
    /// has been idle longest, so that all of them have their share. By default any worker gets any event.
    pub fn sticky(mut self, sticky: bool) -> Self {
        self.sticky = sticky;
        self
    }
}

impl Default for ServerOptions {
    fn default() -> Self {
        Self::new()
    }
}
