//! Why a connection has no header.

use std::{error::Error, fmt, io, time::Duration};

use socketry_connection::Address;

use crate::InvalidHeader;

/// The error of a connection that did not begin with the header of a proxy that is trusted. It was
/// closed.
///
/// ```text
/// connection from tcp://192.0.2.1:5678 failed during PROXY header: it begins with "GET / HT", ...
/// connection from tcp://192.0.2.1:5678 timed out after 5s during PROXY header
/// connection from tcp://192.0.2.1:5678 closed: it is from no trusted proxy, ...
/// ```
///
/// # Examples
///
/// Inside the [`io::Error`] of a server, it is found by its type:
///
/// ```
/// use std::io;
///
/// use socketry_server_proxy::{ProxyFailed, ProxyFailure};
///
/// /// Whether somebody comes past the proxy.
/// fn is_stranger(error: &io::Error) -> bool {
///     let failed = error.get_ref().and_then(|error| error.downcast_ref::<ProxyFailed>());
///     failed.is_some_and(|failed| matches!(failed.failure(), ProxyFailure::NotTrusted))
/// }
/// # use futures_lite::future::block_on;
/// # use socketry_server::AcceptExt;
/// # use socketry_server_proxy::{ProxyOptions, ProxyServer};
/// # let (inner, handle) = socketry_testing::scripted_server();
/// # handle.push(socketry_testing::pair().1);
/// # let mut server = ProxyServer::new(inner, ProxyOptions::trusting([]));
/// # let error = block_on(server.accept()).unwrap().unwrap_err();
/// # assert!(is_stranger(&error));
/// ```
#[derive(Debug)]
pub struct ProxyFailed {
    remote: Option<Address>,
    failure: ProxyFailure,
}

/// In which way a connection has failed to begin with a header: [`ProxyFailed::failure`], which has
/// an example.
#[derive(Debug)]
#[non_exhaustive]
pub enum ProxyFailure {
    /// The peer is not trusted.
    NotTrusted,
    /// What it has sent is no header.
    Invalid(InvalidHeader),
    /// It has ended the connection before its header was whole.
    #[non_exhaustive]
    Ended {
        /// How many bytes had come.
        after: usize,
    },
    /// The connection has failed.
    Io(io::Error),
    /// The time was up.
    #[non_exhaustive]
    TimedOut {
        /// How long the header might have taken.
        after: Duration,
    },
}

impl ProxyFailed {
    pub(crate) fn new(remote: Option<Address>, failure: ProxyFailure) -> Self {
        Self { remote, failure }
    }

    /// Who has connected: the proxy, or whoever is in its place.
    pub fn remote(&self) -> Option<&Address> {
        self.remote.as_ref()
    }

    /// In which way it has failed.
    pub fn failure(&self) -> &ProxyFailure {
        &self.failure
    }
}

impl fmt::Display for ProxyFailed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const DURING: &str = "during PROXY header";

        f.write_str("connection")?;
        if let Some(remote) = &self.remote {
            write!(f, " from {remote}")?;
        }
        match &self.failure {
            ProxyFailure::NotTrusted => f.write_str(
                " closed: it is from no trusted proxy, whose network would have to be named",
            ),
            ProxyFailure::Invalid(error) => write!(f, " failed {DURING}: {error}"),
            ProxyFailure::Ended { after } => {
                write!(f, " failed {DURING}: the peer has ended it after {after} bytes")
            }
            ProxyFailure::Io(error) => write!(f, " failed {DURING}: {error}"),
            ProxyFailure::TimedOut { after } => write!(f, " timed out after {after:?} {DURING}"),
        }
    }
}

/// The [`InvalidHeader`], or the error of the connection below.
impl Error for ProxyFailed {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match &self.failure {
            ProxyFailure::Invalid(error) => Some(error),
            ProxyFailure::Io(error) => Some(error),
            ProxyFailure::NotTrusted
            | ProxyFailure::Ended { .. }
            | ProxyFailure::TimedOut { .. } => None,
        }
    }
}

/// Of the kind that says what has happened:
/// [`PermissionDenied`](io::ErrorKind::PermissionDenied) for a peer that is not trusted,
/// [`InvalidData`](io::ErrorKind::InvalidData) for what is no header,
/// [`UnexpectedEof`](io::ErrorKind::UnexpectedEof) for an end,
/// [`TimedOut`](io::ErrorKind::TimedOut), or that of the connection below, such as
/// [`ConnectionReset`](io::ErrorKind::ConnectionReset).
impl From<ProxyFailed> for io::Error {
    fn from(error: ProxyFailed) -> Self {
        let kind = match &error.failure {
            ProxyFailure::NotTrusted => io::ErrorKind::PermissionDenied,
            ProxyFailure::Invalid(_) => io::ErrorKind::InvalidData,
            ProxyFailure::Ended { .. } => io::ErrorKind::UnexpectedEof,
            ProxyFailure::Io(error) => error.kind(),
            ProxyFailure::TimedOut { .. } => io::ErrorKind::TimedOut,
        };
        Self::new(kind, error)
    }
}
