//! Why a handshake has failed.

use std::{error::Error, fmt, io, time::Duration};

use rustls::AlertDescription;
use socketry_connection::Address;

use crate::TlsInfo;

/// The error of a connection that could not be secured.
///
/// ```text
/// connection to tls://example.com:443 failed during TLS handshake: certificate has expired
/// connection from tcp://192.0.2.1:5678 failed during TLS handshake: ...
/// ```
#[derive(Debug)]
pub struct HandshakeFailed(Box<Inner>);

#[derive(Debug)]
struct Inner {
    peer: Peer,
    failure: HandshakeFailure,
    error: io::Error,
    info: TlsInfo,
}

#[derive(Debug)]
enum Peer {
    To(String),
    From(Option<Address>),
}

/// In which way a handshake has failed.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum HandshakeFailure {
    /// The peer's certificate, or one above it, has expired.
    Expired,
    /// The peer's certificate, or one above it, is not valid yet.
    NotYetValid,
    /// The server's certificate is for other names.
    #[non_exhaustive]
    WrongName {
        /// The names that it is for.
        names: Vec<String>,
    },
    /// Nobody who is trusted has signed the peer's certificate.
    UnknownIssuer,
    /// The peer has signed its certificate itself, and it is not trusted.
    SelfSigned,
    /// The peer's certificate is revoked.
    Revoked,
    /// The peer's certificate is not one of those that are pinned.
    NotPinned,
    /// The peer's certificate is bad in another way.
    BadCertificate,
    /// The peer has sent no certificate, and needs one.
    NoCertificate,
    /// The peer has ended the handshake, and said why.
    Alert(AlertDescription),
    /// The two have no version of the protocol in common, or no cipher suite.
    NothingInCommon,
    /// The two have no application protocol in common (ALPN).
    NoProtocolInCommon,
    /// The peer does not speak TLS.
    NotTls,
    /// The peer has gone.
    PeerGone,
    /// The time was up.
    #[non_exhaustive]
    TimedOut {
        /// How long the handshake might have taken.
        after: Duration,
    },
    /// Whoever chooses the configuration has refused this client.
    Refused,
    /// Something else.
    Other,
}

impl HandshakeFailed {
    pub(crate) fn to(
        peer: String,
        failure: HandshakeFailure,
        error: io::Error,
        info: TlsInfo,
    ) -> Self {
        Self(Box::new(Inner { peer: Peer::To(peer), failure, error, info }))
    }

    pub(crate) fn from(
        peer: Option<Address>,
        failure: HandshakeFailure,
        error: io::Error,
        info: TlsInfo,
    ) -> Self {
        Self(Box::new(Inner { peer: Peer::From(peer), failure, error, info }))
    }

    /// Says which target it was, such as `tls://example.com:443`, if a connector knows better than
    /// the connection.
    pub fn with_target(mut self, target: impl fmt::Display) -> Self {
        self.0.peer = Peer::To(target.to_string());
        self
    }

    /// In which way it has failed.
    pub fn failure(&self) -> &HandshakeFailure {
        &self.0.failure
    }

    /// Why it has failed.
    pub fn error(&self) -> &io::Error {
        &self.0.error
    }

    /// What was known by then.
    pub fn info(&self) -> &TlsInfo {
        &self.0.info
    }
}

impl fmt::Display for HandshakeFailed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Inner { peer, failure, error, .. } = &*self.0;
        f.write_str("connection ")?;
        match peer {
            Peer::To(target) => write!(f, "to {target} ")?,
            Peer::From(Some(remote)) => write!(f, "from {remote} ")?,
            Peer::From(None) => {}
        }
        match failure {
            HandshakeFailure::TimedOut { after } => {
                write!(f, "timed out after {after:?} during TLS handshake")
            }
            _ => write!(f, "failed during TLS handshake: {error}"),
        }
    }
}

impl Error for HandshakeFailed {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(&self.0.error)
    }
}

/// Keeps the kind.
impl From<HandshakeFailed> for io::Error {
    fn from(error: HandshakeFailed) -> Self {
        Self::new(error.0.error.kind(), error)
    }
}
