//! What the peer means by an alert, and by having nothing in common.

use rustls::{AlertDescription as Alert, PeerIncompatible};

use super::Explanation;
use crate::HandshakeFailure as Failure;

pub(super) fn explain_alert(peer: &str, alert: Alert) -> Explanation {
    let (failure, meaning) = match alert {
        Alert::ProtocolVersion => {
            (Failure::NothingInCommon, "it speaks no version of TLS that is spoken here")
        }
        Alert::InsufficientSecurity => {
            (Failure::NothingInCommon, "what is spoken here is too weak for it")
        }
        Alert::HandshakeFailure => (
            Failure::Alert(alert),
            "the two have nothing in common that it accepts, or it wants a certificate",
        ),
        Alert::NoApplicationProtocol => (
            Failure::NoProtocolInCommon,
            "it speaks none of the application protocols that were proposed (ALPN)",
        ),
        Alert::UnrecognisedName => (Failure::Alert(alert), "it does not go by that name"),
        Alert::CertificateRequired => (Failure::Alert(alert), "it wants a certificate"),
        Alert::UnknownCA => {
            (Failure::Alert(alert), "it trusts nobody who has signed the certificate shown here")
        }
        Alert::CertificateExpired => {
            (Failure::Alert(alert), "the certificate shown here has expired, it says")
        }
        Alert::CertificateRevoked => {
            (Failure::Alert(alert), "the certificate shown here is revoked, it says")
        }
        Alert::BadCertificate | Alert::CertificateUnknown | Alert::UnsupportedCertificate => {
            (Failure::Alert(alert), "it does not take the certificate shown here")
        }
        Alert::UserCanceled | Alert::CloseNotify => (Failure::Alert(alert), "it has given up"),
        _ => (Failure::Alert(alert), "it has found a fault"),
    };
    Explanation::new(failure, format!("{peer} has refused with the alert {alert:?}: {meaning}"))
}

pub(super) fn nothing_in_common(peer: &str, reason: &PeerIncompatible) -> String {
    let what = match reason {
        PeerIncompatible::NoCipherSuitesInCommon => "cipher suite",
        PeerIncompatible::NoKxGroupsInCommon => "group for exchanging keys",
        PeerIncompatible::NoSignatureSchemesInCommon
        | PeerIncompatible::NoCertificateRequestSignatureSchemesInCommon => "signature scheme",
        PeerIncompatible::ServerDoesNotSupportTls12Or13
        | PeerIncompatible::SupportedVersionsExtensionRequired
        | PeerIncompatible::Tls12NotOffered
        | PeerIncompatible::Tls12NotOfferedOrEnabled
        | PeerIncompatible::Tls13RequiredForQuic
        | PeerIncompatible::ServerTlsVersionIsDisabledByOurConfig => "version of TLS",
        other => return format!("{peer} is incompatible: {other:?}"),
    };
    format!("{peer} has no {what} in common with this side")
}
