//! What is the same on both sides.

use std::{fmt, sync::Arc, time::Duration};

use socketry_connection::Clock;

/// How TLS connections are made and ended, on either side: in what time, and what an end means.
///
/// What is spoken and who is trusted is in the configurations of rustls that
/// [`connect`](Self::connect) and [`accept`](Self::accept) are given.
///
/// # Examples
///
/// ```
/// use std::time::Duration;
///
/// use socketry_connection_tls::{TlsOptions, Truncation};
///
/// // HTTP/1.1 with Content-Length says by itself where a body ends, and many of its servers do
/// // not say goodbye.
/// let options = TlsOptions::new()
///     .handshake_within(Duration::from_secs(3))
///     .truncation(Truncation::Allow);
/// ```
#[derive(Clone)]
pub struct TlsOptions {
    pub(crate) handshake_within: Option<Duration>,
    pub(crate) close_within: Duration,
    pub(crate) truncation: Truncation,
    pub(crate) clock: Option<Arc<dyn Clock>>,
}

/// What the end of the stream below means if the peer has not said that it was going to end
/// (close_notify).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Truncation {
    /// An error of kind [`UnexpectedEof`](std::io::ErrorKind::UnexpectedEof): somebody on the way
    /// may have cut the stream.
    #[default]
    Strict,
    /// The end of the stream, as if the peer had said so. For protocols that tell by themselves
    /// where a message ends. An end in the middle of a record is an error all the same.
    Allow,
}

impl TlsOptions {
    /// Ten seconds for a handshake, five for closing, and no truncation.
    pub fn new() -> Self {
        Self {
            handshake_within: Some(Duration::from_secs(10)),
            close_within: Duration::from_secs(5),
            truncation: Truncation::Strict,
            clock: None,
        }
    }

    /// How long a handshake may take, or `None` for as long as it takes. By default 10 seconds.
    ///
    /// The time begins when the handshake first has to wait; zero is no time to wait at all.
    pub fn handshake_within(mut self, time: impl Into<Option<Duration>>) -> Self {
        self.handshake_within = time.into();
        self
    }

    /// How long closing may wait for a peer that does not read, and
    /// [`shutdown`](crate::TlsConnection::shutdown) also for one that does not end. By default 5
    /// seconds.
    ///
    /// The time begins when closing first has to wait; zero is no time to wait at all, and
    /// [`Duration::MAX`] means for as long as it takes.
    pub fn close_within(mut self, time: Duration) -> Self {
        self.close_within = time;
        self
    }

    /// What an end without close_notify means. By default [`Truncation::Strict`].
    pub fn truncation(mut self, truncation: Truncation) -> Self {
        self.truncation = truncation;
        self
    }

    /// Waits on this clock. By default the system's.
    pub fn with_clock(mut self, clock: Arc<dyn Clock>) -> Self {
        self.clock = Some(clock);
        self
    }
}

impl Default for TlsOptions {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for TlsOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TlsOptions")
            .field("handshake_within", &self.handshake_within)
            .field("close_within", &self.close_within)
            .field("truncation", &self.truncation)
            .finish_non_exhaustive()
    }
}
