//! What two ends have agreed upon.

use rustls::{
    CipherSuite, CommonState, Connection, HandshakeKind, NamedGroup, ProtocolVersion,
    pki_types::CertificateDer,
};

/// What is known of a TLS session; an attribute of the connection, and part of the error of a
/// handshake that failed.
#[derive(Clone, Debug, Default)]
pub struct TlsInfo {
    pub(crate) version: Option<ProtocolVersion>,
    pub(crate) suite: Option<CipherSuite>,
    pub(crate) group: Option<NamedGroup>,
    pub(crate) alpn: Option<Vec<u8>>,
    pub(crate) server_name: Option<String>,
    pub(crate) resumed: bool,
    pub(crate) peer_certificates: Vec<CertificateDer<'static>>,
}

impl TlsInfo {
    pub(crate) fn of(session: &Connection, server_name: Option<String>) -> Self {
        let common: &CommonState = session;
        Self {
            version: common.protocol_version(),
            suite: common.negotiated_cipher_suite().map(|suite| suite.suite()),
            group: common.negotiated_key_exchange_group().map(|group| group.name()),
            alpn: common.alpn_protocol().map(<[u8]>::to_vec),
            server_name,
            resumed: common.handshake_kind() == Some(HandshakeKind::Resumed),
            peer_certificates: common.peer_certificates().map(<[_]>::to_vec).unwrap_or_default(),
        }
    }

    /// The version of the protocol.
    pub fn version(&self) -> Option<ProtocolVersion> {
        self.version
    }

    /// The cipher suite.
    pub fn suite(&self) -> Option<CipherSuite> {
        self.suite
    }

    /// The group of the key exchange.
    pub fn key_exchange_group(&self) -> Option<NamedGroup> {
        self.group
    }

    /// The application protocol that was agreed upon (ALPN), such as `h2`.
    pub fn alpn(&self) -> Option<&[u8]> {
        self.alpn.as_deref()
    }

    /// The name that the client has asked for (SNI).
    pub fn server_name(&self) -> Option<&str> {
        self.server_name.as_deref()
    }

    /// Whether an earlier session was resumed, so that no certificates were sent.
    pub fn is_resumed(&self) -> bool {
        self.resumed
    }

    /// The peer's certificates as it has sent them, its own first, each in DER; empty if it has
    /// sent none.
    pub fn peer_certificates(&self) -> impl Iterator<Item = &[u8]> {
        self.peer_certificates.iter().map(AsRef::as_ref)
    }
}
