//! The peer's certificates where a handshake has failed because of them.
//!
//! rustls drops them with the session. A verifier sees them, but it is shared by all connections; so
//! the handshake that is being polled in this thread leaves a place for them here, and looks there
//! when it has failed.

use std::{cell::RefCell, sync::Arc};

use rustls::{
    DigitallySignedStruct, DistinguishedName, Error, SignatureScheme,
    client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier},
    pki_types::{CertificateDer, ServerName, UnixTime},
    server::danger::{ClientCertVerified, ClientCertVerifier},
};

/// Certificates, that of the peer first.
pub(crate) type Certificates = Vec<CertificateDer<'static>>;

thread_local! {
    static REFUSED: RefCell<Option<Certificates>> = const { RefCell::new(None) };
}

/// Runs `poll`, and returns the certificates that a verifier has refused meanwhile.
pub(crate) fn refused_during<R>(poll: impl FnOnce() -> R) -> (R, Option<Certificates>) {
    // What an outer handshake has left here is its own: TLS in TLS polls one within the other.
    let outer = REFUSED.take();
    let result = poll();
    (result, REFUSED.replace(outer))
}

fn remember(first: &CertificateDer<'_>, others: &[CertificateDer<'_>]) {
    let all = [first].into_iter().chain(others);
    let all = all.map(|certificate| certificate.clone().into_owned()).collect();
    REFUSED.set(Some(all));
}

/// `verifier`, such that the certificates which it refuses are found in the error of the handshake
/// ([`HandshakeFailed::info`](crate::HandshakeFailed::info)).
///
/// The configurations of this house have it around their verifiers; put it around those of a
/// configuration of your own. It costs nothing unless a certificate is refused.
///
/// # Examples
///
/// ```
/// use std::sync::Arc;
///
/// use socketry_connection_tls::{
///     default_provider, remembering,
///     rustls::{ClientConfig, RootCertStore, client::WebPkiServerVerifier},
/// };
///
/// # fn example(roots: RootCertStore) -> Result<(), Box<dyn std::error::Error>> {
/// let provider = default_provider()?;
/// let verifier = WebPkiServerVerifier::builder_with_provider(roots.into(), provider.clone());
/// let config = ClientConfig::builder_with_provider(provider)
///     .with_safe_default_protocol_versions()?
///     .dangerous()
///     .with_custom_certificate_verifier(remembering(verifier.build()?))
///     .with_no_client_auth();
/// # Ok(())
/// # }
/// ```
pub fn remembering(verifier: Arc<dyn ServerCertVerifier>) -> Arc<dyn ServerCertVerifier> {
    Arc::new(Server(verifier))
}

/// The same as [`remembering`], for the certificates of clients.
pub fn remembering_clients(verifier: Arc<dyn ClientCertVerifier>) -> Arc<dyn ClientCertVerifier> {
    Arc::new(Client(verifier))
}

#[derive(Debug)]
struct Server(Arc<dyn ServerCertVerifier>);

impl ServerCertVerifier for Server {
    fn verify_server_cert(
        &self,
        first: &CertificateDer<'_>,
        others: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        ocsp: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let verified = self.0.verify_server_cert(first, others, name, ocsp, now);
        verified.inspect_err(|_| remember(first, others))
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.0.verify_tls12_signature(message, certificate, signature)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.0.verify_tls13_signature(message, certificate, signature)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.supported_verify_schemes()
    }

    fn requires_raw_public_keys(&self) -> bool {
        self.0.requires_raw_public_keys()
    }

    fn root_hint_subjects(&self) -> Option<&[DistinguishedName]> {
        self.0.root_hint_subjects()
    }
}

#[derive(Debug)]
struct Client(Arc<dyn ClientCertVerifier>);

impl ClientCertVerifier for Client {
    fn offer_client_auth(&self) -> bool {
        self.0.offer_client_auth()
    }

    fn client_auth_mandatory(&self) -> bool {
        self.0.client_auth_mandatory()
    }

    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        self.0.root_hint_subjects()
    }

    fn verify_client_cert(
        &self,
        first: &CertificateDer<'_>,
        others: &[CertificateDer<'_>],
        now: UnixTime,
    ) -> Result<ClientCertVerified, Error> {
        let verified = self.0.verify_client_cert(first, others, now);
        verified.inspect_err(|_| remember(first, others))
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.0.verify_tls12_signature(message, certificate, signature)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.0.verify_tls13_signature(message, certificate, signature)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.supported_verify_schemes()
    }

    fn requires_raw_public_keys(&self) -> bool {
        self.0.requires_raw_public_keys()
    }
}
