//! What two ends have agreed upon.

use std::fmt;

use rustls::{
    CipherSuite, CommonState, Connection, HandshakeKind, NamedGroup, ProtocolVersion,
    pki_types::CertificateDer,
};

use crate::details::Details;

/// What is known of a TLS session: an attribute of the connection, and part of the error of a
/// handshake that failed, as far as it had come.
///
/// Prints as one line. It costs one allocation if the peer has shown certificates, and usually none
/// otherwise.
///
/// # Examples
///
/// ```
/// use socketry_connection::Connection;
/// use socketry_connection_tls::TlsInfo;
///
/// fn log(connection: &impl Connection) {
///     if let Some(info) = connection.attributes().get::<TlsInfo>() {
///         println!("{info}"); // TLSv1_3, TLS13_AES_256_GCM_SHA384, X25519MLKEM768, h2, resumed
///     }
/// }
/// ```
#[derive(Clone)]
pub struct TlsInfo {
    version: Option<ProtocolVersion>,
    suite: Option<CipherSuite>,
    group: Option<NamedGroup>,
    resumed: bool,
    details: Details,
}

impl TlsInfo {
    /// What is known of a session that is there.
    pub(crate) fn of(session: &Connection, server_name: Option<&str>) -> Self {
        let common: &CommonState = session;
        let certificates = common.peer_certificates().unwrap_or_default();
        Self {
            version: common.protocol_version(),
            suite: common.negotiated_cipher_suite().map(|suite| suite.suite()),
            group: common.negotiated_key_exchange_group().map(|group| group.name()),
            resumed: common.handshake_kind() == Some(HandshakeKind::Resumed),
            details: Details::new(
                common.alpn_protocol(),
                server_name,
                certificates.iter().map(AsRef::as_ref),
            ),
        }
    }

    /// What is known before there is a session.
    pub(crate) fn begun(server_name: Option<&str>) -> Self {
        let details = Details::new(None, server_name, [].into_iter());
        Self { version: None, suite: None, group: None, resumed: false, details }
    }

    /// The same, with the certificates that have ended it.
    pub(crate) fn with_refused(mut self, certificates: &[CertificateDer<'_>]) -> Self {
        let certificates = certificates.iter().map(AsRef::as_ref);
        self.details = Details::new(None, self.details.name(), certificates);
        self
    }

    /// The version of the protocol. `None` only if the handshake has failed.
    pub fn version(&self) -> Option<ProtocolVersion> {
        self.version
    }

    /// The cipher suite. `None` only if the handshake has failed.
    pub fn suite(&self) -> Option<CipherSuite> {
        self.suite
    }

    /// The group in which keys were exchanged. `None` also if a session of TLS 1.2 was resumed.
    pub fn key_exchange_group(&self) -> Option<NamedGroup> {
        self.group
    }

    /// The application protocol that was agreed upon (ALPN), such as `h2`.
    pub fn alpn(&self) -> Option<&[u8]> {
        self.details.alpn()
    }

    /// The name that the client has asked for (SNI).
    pub fn server_name(&self) -> Option<&str> {
        self.details.name()
    }

    /// Whether an earlier session was resumed. Its certificates are the peer's then, and none was
    /// sent.
    pub fn is_resumed(&self) -> bool {
        self.resumed
    }

    /// The peer's certificates as it has sent them, its own first, each in DER. None if it has sent
    /// none, as clients do that nobody asks.
    ///
    /// Those of a connection were verified, unless that was switched off; those of a failed
    /// handshake are what it failed of.
    pub fn peer_certificates(&self) -> impl Iterator<Item = &[u8]> {
        self.details.certificates()
    }
}

/// Nothing is known.
impl Default for TlsInfo {
    fn default() -> Self {
        Self { version: None, suite: None, group: None, resumed: false, details: Details::none() }
    }
}

impl fmt::Display for TlsInfo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.version {
            Some(version) => write!(f, "{version:?}")?,
            None => f.write_str("no TLS")?,
        }
        if let Some(suite) = self.suite {
            write!(f, ", {suite:?}")?;
        }
        if let Some(group) = self.group {
            write!(f, ", {group:?}")?;
        }
        if let Some(alpn) = self.alpn() {
            write!(f, ", {}", alpn.escape_ascii())?;
        }
        match self.resumed {
            true => f.write_str(", resumed"),
            false => Ok(()),
        }
    }
}

/// Counts the certificates instead of showing them.
impl fmt::Debug for TlsInfo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TlsInfo")
            .field("version", &self.version)
            .field("suite", &self.suite)
            .field("key_exchange_group", &self.group)
            .field("alpn", &self.alpn().map(|alpn| alpn.escape_ascii().to_string()))
            .field("server_name", &self.server_name())
            .field("is_resumed", &self.resumed)
            .field("peer_certificates", &self.peer_certificates().count())
            .finish()
    }
}
