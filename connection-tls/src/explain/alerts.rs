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
            "the two have nothing in common that it accepts, or it wants a certificate (give an \
             identity)",
        ),
        Alert::NoApplicationProtocol => (
            Failure::NoProtocolInCommon,
            "it speaks none of the application protocols that were proposed (ALPN)",
        ),
        Alert::UnrecognisedName => (Failure::Alert(alert), "it does not go by that name"),
        Alert::CertificateRequired => {
            (Failure::Alert(alert), "it wants a certificate: give an identity")
        }
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
    let words = format!("{peer} has refused with the alert {}: {meaning}", name(alert));
    Explanation::new(failure, words)
}

/// What the protocol calls it, and its number: `bad_record_mac (20)`.
fn name(alert: Alert) -> String {
    let number = u8::from(alert);
    let camel = match alert {
        Alert::UnrecognisedName => "UnrecognizedName".into(),
        Alert::UnknownCA => "UnknownCa".into(),
        Alert::UnknownPSKIdentity => "UnknownPskIdentity".into(),
        Alert::Unknown(_) => return number.to_string(),
        other => format!("{other:?}"),
    };
    let mut name = String::new();
    for letter in camel.chars() {
        if letter.is_ascii_uppercase() && !name.is_empty() {
            name.push('_');
        }
        name.push(letter.to_ascii_lowercase());
    }
    format!("{name} ({number})")
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn alerts_have_the_names_of_the_protocol() {
        let names = [48, 112, 115, 116, 250].map(|number| name(Alert::from(number)));
        assert_eq!(
            names,
            [
                "unknown_ca (48)",
                "unrecognized_name (112)",
                "unknown_psk_identity (115)",
                "certificate_required (116)",
                "250"
            ]
        );
    }
}
