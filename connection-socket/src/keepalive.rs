//! Asking a silent peer whether it is still there.

use std::time::Duration;

use socket2::TcpKeepalive;

/// When and how often a silent peer is asked whether it is still there.
///
/// What is not set stays as the system has it; Linux asks after two hours, every 75 seconds, and
/// gives up after nine questions without an answer.
///
/// # Examples
///
/// ```
/// use std::time::Duration;
///
/// use socketry_connection_socket::{Keepalive, SocketOptions};
///
/// // a peer that says nothing is given up after 60 + 3 * 10 seconds
/// let keepalive = Keepalive::after(Duration::from_secs(60))
///     .interval(Duration::from_secs(10))
///     .retries(3);
/// let options = SocketOptions::new().keepalive(keepalive);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Keepalive {
    time: Duration,
    interval: Option<Duration>,
    retries: Option<u32>,
}

impl Keepalive {
    /// Asks for the first time after this much silence, in whole seconds, at least one.
    pub fn after(time: Duration) -> Self {
        Self { time, interval: None, retries: None }
    }

    /// Asks again after this long, in whole seconds, at least one.
    pub fn interval(mut self, interval: Duration) -> Self {
        self.interval = Some(interval);
        self
    }

    /// Gives up after this many questions without an answer.
    pub fn retries(mut self, retries: u32) -> Self {
        self.retries = Some(retries);
        self
    }

    pub(crate) fn to_system(self) -> TcpKeepalive {
        let mut keepalive = TcpKeepalive::new().with_time(self.time);
        if let Some(interval) = self.interval {
            keepalive = keepalive.with_interval(interval);
        }
        if let Some(retries) = self.retries {
            keepalive = keepalive.with_retries(retries);
        }
        keepalive
    }
}
