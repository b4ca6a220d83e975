//! Which errors are worth another attempt.

#[cfg(feature = "tls")]
use std::error::Error;
use std::io;

#[cfg(feature = "tls")]
use socketry_connection_tls::{
    HandshakeFailed, HandshakeFailure, SessionFailed,
    rustls::{self, AlertDescription},
};
use socketry_connector_reconnecting::Fatal;

/// Whether another attempt may succeed where one of a [`Connector`](crate::Connector) has failed with
/// `error`: what [`reconnect`](crate::reconnect()) goes by.
///
/// Everything is, but for
///
/// - [`InvalidInput`](io::ErrorKind::InvalidInput) and [`Unsupported`](io::ErrorKind::Unsupported),
///   which are about what was asked for;
/// - a handshake of TLS that has failed because of a certificate: one of the server's that is not to be
///   trusted, or one of ours that the server has refused. A server that speaks no TLS, goes or is slow
///   may be about to start, and is tried again;
/// - what is [`Fatal`].
///
/// # Examples
///
/// A name that is not known yet, and one that never will be:
///
/// ```
/// use std::io;
///
/// use socketry::reconnecting::is_worth_another_attempt;
///
/// let sessions = socketry::reconnect("tcp://db.internal:5432")?
///     .retry_if(|error| is_worth_another_attempt(error) && error.kind() != io::ErrorKind::NotFound);
/// # Ok::<(), io::Error>(())
/// ```
pub fn is_worth_another_attempt(error: &io::Error) -> bool {
    use io::ErrorKind::{InvalidInput, Unsupported};

    let is_about_the_input = matches!(error.kind(), InvalidInput | Unsupported);
    !is_about_the_input && !Fatal::is(error) && !is_about_a_certificate(error)
}

#[cfg(feature = "tls")]
fn is_about_a_certificate(error: &io::Error) -> bool {
    let mut next = payload(error);
    while let Some(error) = next {
        if let Some(failed) = error.downcast_ref::<HandshakeFailed>() {
            return names_a_certificate(failed.failure());
        }
        if let Some(failed) = error.downcast_ref::<SessionFailed>() {
            // With TLS 1.3 the server says so behind the handshake.
            return matches!(failed.error(), rustls::Error::AlertReceived(alert) if refuses_a_certificate(*alert));
        }
        // The source of an `io::Error` is that of its payload, so the payload would be missed.
        next = match error.downcast_ref::<io::Error>() {
            Some(error) => payload(error),
            None => error.source(),
        };
    }
    false
}

#[cfg(not(feature = "tls"))]
fn is_about_a_certificate(_error: &io::Error) -> bool {
    false
}

#[cfg(feature = "tls")]
fn payload(error: &io::Error) -> Option<&(dyn Error + 'static)> {
    match error.get_ref() {
        Some(payload) => Some(payload),
        None => None,
    }
}

#[cfg(feature = "tls")]
fn names_a_certificate(failure: &HandshakeFailure) -> bool {
    use HandshakeFailure as Failure;

    match failure {
        Failure::Expired
        | Failure::NotYetValid
        | Failure::WrongName { .. }
        | Failure::UnknownIssuer
        | Failure::SelfSigned
        | Failure::Revoked
        | Failure::NotPinned
        | Failure::BadCertificate
        | Failure::NoCertificate => true,
        Failure::Alert(alert) => refuses_a_certificate(*alert),
        _ => false,
    }
}

/// Whether the peer says that it does not like ours.
#[cfg(feature = "tls")]
fn refuses_a_certificate(alert: AlertDescription) -> bool {
    use AlertDescription as Alert;

    matches!(
        alert,
        Alert::NoCertificate
            | Alert::BadCertificate
            | Alert::UnsupportedCertificate
            | Alert::CertificateRevoked
            | Alert::CertificateExpired
            | Alert::CertificateUnknown
            | Alert::UnknownCA
            | Alert::AccessDenied
            | Alert::CertificateRequired
    )
}
