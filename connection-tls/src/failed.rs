//! Why a handshake has failed.

use std::{error::Error, fmt, io, sync::Arc, time::Duration};

use rustls::AlertDescription;
use socketry_connection::Address;

use crate::{TlsInfo, explain::Explanation};

/// The error of a connection that could not be secured.
///
/// ```text
/// connection to tls://example.com:443 failed during TLS handshake: certificate has expired
/// connection from tcp://192.0.2.1:5678 failed during TLS handshake: ...
/// ```
///
/// # Examples
///
/// Inside the [`io::Error`] of a connector or a server, it is found by its type:
///
/// ```
/// use std::io;
///
/// use socketry_connection_tls::{HandshakeFailed, HandshakeFailure};
///
/// fn advice(error: &io::Error) -> Option<String> {
///     let failed = error.get_ref()?.downcast_ref::<HandshakeFailed>()?;
///     Some(match failed.failure() {
///         HandshakeFailure::WrongName { names, .. } => format!("ask for one of {names:?}"),
///         HandshakeFailure::Expired => "tell who runs it to renew the certificate".into(),
///         HandshakeFailure::NotTls => "is this the right port?".into(),
///         _ => return None,
///     })
/// }
/// # use futures_lite::{AsyncWriteExt, future::block_on};
/// # use socketry_connection_tls::{TlsOptions, default_provider, rustls};
/// # let config = rustls::ClientConfig::builder_with_provider(default_provider()?)
/// #     .with_safe_default_protocol_versions().unwrap()
/// #     .with_root_certificates(rustls::RootCertStore::empty()).with_no_client_auth();
/// # let (ours, mut theirs) = socketry_testing::pair();
/// # block_on(theirs.write_all(b"220 mail.example.com ESMTP\r\n"))?;
/// # let name = "example.com".try_into().unwrap();
/// # let failed = block_on(TlsOptions::new().connect(ours, name, config.into())).err().unwrap();
/// # let error = io::Error::from(failed);
///
/// // A mail server has greeted in plain text.
/// assert_eq!(advice(&error).as_deref(), Some("is this the right port?"));
/// # io::Result::Ok(())
/// ```
#[derive(Debug)]
pub struct HandshakeFailed(Box<Inner>);

#[derive(Debug)]
struct Inner {
    peer: Peer,
    explanation: Explanation,
    error: io::Error,
    info: TlsInfo,
}

/// Who was to be connected to, or has connected.
#[derive(Debug)]
pub(crate) enum Peer {
    To(Option<Address>),
    /// A connector knows better than the connection.
    Target(String),
    From(Option<Address>),
}

/// In which way a handshake has failed: [`HandshakeFailed::failure`], which has an example.
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
    pub(crate) fn new(
        peer: Peer,
        explanation: Explanation,
        error: io::Error,
        info: TlsInfo,
    ) -> Self {
        Self(Box::new(Inner { peer, explanation, error, info }))
    }

    pub(crate) fn timed_out(peer: Peer, after: Duration, info: TlsInfo) -> Self {
        let failure = HandshakeFailure::TimedOut { after };
        let (words, kind) = (String::new(), io::ErrorKind::TimedOut);
        Self::new(peer, Explanation { failure, words, kind }, kind.into(), info)
    }

    /// Says which target it was, such as `tls://example.com:443`, if a connector knows better than
    /// the connection.
    pub fn with_target(mut self, target: impl fmt::Display) -> Self {
        self.0.peer = Peer::Target(target.to_string());
        self
    }

    /// In which way it has failed.
    pub fn failure(&self) -> &HandshakeFailure {
        &self.0.explanation.failure
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
        let Inner { peer, explanation, .. } = &*self.0;
        f.write_str("connection ")?;
        match peer {
            Peer::To(Some(remote)) => write!(f, "to {remote} ")?,
            Peer::Target(target) => write!(f, "to {target} ")?,
            Peer::From(Some(remote)) => write!(f, "from {remote} ")?,
            Peer::To(None) | Peer::From(None) => {}
        }
        match explanation.failure {
            HandshakeFailure::TimedOut { after } => {
                write!(f, "timed out after {after:?} during TLS handshake")
            }
            _ => write!(f, "failed during TLS handshake: {}", explanation.words),
        }
    }
}

/// The error of rustls, of whoever has chosen the configuration, or of the connection below.
impl Error for HandshakeFailed {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(&self.0.error)
    }
}

/// Of the kind that says what has happened: [`InvalidData`](io::ErrorKind::InvalidData) for what
/// the peer has sent, [`ConnectionReset`](io::ErrorKind::ConnectionReset) if it has gone,
/// [`TimedOut`](io::ErrorKind::TimedOut), or that of the connection below.
impl From<HandshakeFailed> for io::Error {
    fn from(error: HandshakeFailed) -> Self {
        Self::new(error.0.explanation.kind, error)
    }
}

/// What a verifier says of a certificate that is not among those that are pinned, as
/// [`CertificateError::Other`](rustls::CertificateError::Other).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NotPinned {
    found: String,
}

impl NotPinned {
    /// `found` is the pin that this certificate would have.
    pub fn new(found: impl Into<String>) -> Self {
        Self { found: found.into() }
    }
}

impl fmt::Display for NotPinned {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "certificate is none of those that are pinned: it is {}", self.found)
    }
}

impl Error for NotPinned {}

impl From<NotPinned> for rustls::Error {
    fn from(error: NotPinned) -> Self {
        rustls::CertificateError::Other(rustls::OtherError(Arc::new(error))).into()
    }
}
