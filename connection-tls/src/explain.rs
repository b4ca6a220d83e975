//! What the errors of a handshake mean, in words.

use std::{
    error,
    fmt::{self, Write},
    io,
    time::{Duration, SystemTime},
};

use rustls::{
    CertificateError, Error,
    pki_types::{CertificateDer, UnixTime},
};
use webpki::{EndEntityCert, KeyUsage};

use self::{
    alerts::{explain_alert, nothing_in_common},
    issuer::issuer,
    names::{bare, wrong_name},
};
use crate::{HandshakeFailure as Failure, NotPinned, default_provider};

mod alerts;
mod issuer;
mod names;

/// Which side this is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Side {
    Client,
    Server,
}

/// What is known of a handshake that has failed.
pub(crate) struct Evidence<'a> {
    pub(crate) side: Side,
    /// The first bytes that the peer has sent.
    pub(crate) first_bytes: &'a [u8],
    /// The peer's certificates, if they were refused.
    pub(crate) certificates: &'a [CertificateDer<'static>],
}

/// In which way it has failed, in words, and the kind that the error is of.
#[derive(Debug)]
pub(crate) struct Explanation {
    pub(crate) failure: Failure,
    pub(crate) words: String,
    pub(crate) kind: io::ErrorKind,
}

impl Explanation {
    fn new(failure: Failure, words: impl Into<String>) -> Self {
        Self { failure, words: words.into(), kind: io::ErrorKind::InvalidData }
    }
}

impl Side {
    fn peer(self) -> &'static str {
        match self {
            Self::Client => "the server",
            Self::Server => "the client",
        }
    }
}

impl Evidence<'_> {
    /// What `error`, with which a handshake has ended, means.
    pub(crate) fn explain(&self, error: &io::Error) -> Explanation {
        let peer = self.side.peer();
        match error.get_ref().and_then(|payload| payload.downcast_ref::<Error>()) {
            Some(Error::InvalidMessage(_) | Error::PeerSentOversizedRecord)
                if !self.begins_as_tls() =>
            {
                Explanation::new(Failure::NotTls, self.what_came())
            }
            Some(error) => self.explain_tls(error),
            None if error.kind() == io::ErrorKind::UnexpectedEof => Explanation {
                kind: io::ErrorKind::ConnectionReset,
                ..Explanation::new(Failure::PeerGone, format!("{peer} has closed the connection"))
            },
            None => {
                let (failure, kind) = match error.kind() {
                    io::ErrorKind::ConnectionReset | io::ErrorKind::BrokenPipe => {
                        (Failure::PeerGone, io::ErrorKind::ConnectionReset)
                    }
                    kind => (Failure::Other, kind),
                };
                Explanation { kind, ..Explanation::new(failure, one_line(error)) }
            }
        }
    }

    fn explain_tls(&self, error: &Error) -> Explanation {
        let peer = self.side.peer();
        match error {
            Error::InvalidCertificate(error) => self.explain_certificate(error),
            Error::AlertReceived(alert) => explain_alert(peer, *alert),
            Error::NoCertificatesPresented => Explanation::new(
                Failure::NoCertificate,
                format!("{peer} has shown no certificate, and has to"),
            ),
            Error::NoApplicationProtocol => Explanation::new(
                Failure::NoProtocolInCommon,
                format!(
                    "{peer} speaks none of the application protocols that are spoken here (ALPN)"
                ),
            ),
            Error::PeerIncompatible(reason) => {
                Explanation::new(Failure::NothingInCommon, nothing_in_common(peer, reason))
            }
            Error::InvalidMessage(message) => Explanation::new(
                Failure::Other,
                format!("{peer} has sent a message that cannot be read ({message:?})"),
            ),
            other => Explanation::new(Failure::Other, one_line(other)),
        }
    }

    fn explain_certificate(&self, error: &CertificateError) -> Explanation {
        use CertificateError as E;
        match error {
            E::Expired => Explanation::new(Failure::Expired, "certificate has expired"),
            E::ExpiredContext { not_after, .. } => Explanation::new(
                Failure::Expired,
                format!("certificate has expired: it was valid until {}", Moment(*not_after)),
            ),
            E::NotValidYet => {
                Explanation::new(Failure::NotYetValid, "certificate is not valid yet")
            }
            E::NotValidYetContext { not_before, .. } => Explanation::new(
                Failure::NotYetValid,
                format!("certificate is not valid yet: it will be from {}", Moment(*not_before)),
            ),
            E::NotValidForName => Explanation::new(
                Failure::WrongName { names: Vec::new() },
                "wrong name in certificate",
            ),
            E::NotValidForNameContext { expected, presented } => {
                let names: Vec<String> = presented.iter().map(|name| bare(name)).collect();
                let words = wrong_name(&expected.to_str(), &names);
                Explanation::new(Failure::WrongName { names }, words)
            }
            E::UnknownIssuer => self.explain_unknown_issuer(),
            E::Revoked => Explanation::new(Failure::Revoked, "certificate has been revoked"),
            E::InvalidPurpose | E::InvalidPurposeContext { .. } => {
                let purpose = match self.side {
                    Side::Client => "servers",
                    Side::Server => "clients",
                };
                let words = format!("certificate is not for {purpose} (extended key usage)");
                Explanation::new(Failure::BadCertificate, words)
            }
            E::BadSignature => Explanation::new(Failure::BadCertificate, self.bad_signature()),
            E::Other(other) => match other.0.downcast_ref::<NotPinned>() {
                Some(not_pinned) => Explanation::new(Failure::NotPinned, not_pinned.to_string()),
                None => Explanation::new(Failure::BadCertificate, other_words(&*other.0)),
            },
            other => Explanation::new(Failure::BadCertificate, format!("bad certificate: {other}")),
        }
    }

    fn explain_unknown_issuer(&self) -> Explanation {
        if self.certificates.first().is_some_and(|first| self.is_self_signed(first)) {
            return Explanation::new(
                Failure::SelfSigned,
                "certificate is signed by itself, and is not among those that are trusted",
            );
        }
        let signer = match self.certificates.first().and_then(issuer) {
            Some(name) => format!("{name}, which is not trusted"),
            None => "nobody who is trusted".into(),
        };
        let key = match self.side {
            Side::Client => "ca_files",
            Side::Server => "client_ca_files",
        };
        let words = format!(
            "certificate is signed by {signer} (unknown issuer), or {} does not send the \
             certificates in between; to trust its authority, name it among the roots \
             (Roots::with_pem_file, or {key} in a configuration)",
            self.side.peer()
        );
        Explanation::new(Failure::UnknownIssuer, words)
    }

    /// rustls tells a key that is too weak no other way than a signature that is wrong.
    fn bad_signature(&self) -> &'static str {
        match self.certificates {
            // Then the certificates were good, and it is the handshake that is signed badly, unless
            // the verifier is one that remembers nothing.
            [] => {
                "a signature does not fit the key of the certificate, or that key is too weak to \
                 be accepted (RSA needs 2048 bits)"
            }
            _ => {
                "certificate has a signature that is not its issuer's, or the issuer's key is too \
                 weak to be accepted (RSA needs 2048 bits)"
            }
        }
    }

    /// Whether `certificate` is good as soon as it is a root itself, which its own signature has to
    /// be for. Anybody can write the same name into both places.
    fn is_self_signed(&self, certificate: &CertificateDer<'_>) -> bool {
        let usage = match self.side {
            Side::Client => KeyUsage::server_auth(),
            Side::Server => KeyUsage::client_auth(),
        };
        let (Ok(end), Ok(root), Ok(provider)) = (
            EndEntityCert::try_from(certificate),
            webpki::anchor_from_trusted_cert(certificate),
            default_provider(),
        ) else {
            return false;
        };
        let algorithms = provider.signature_verification_algorithms.all;
        let now = UnixTime::now();
        end.verify_for_usage(algorithms, &[root], &[], now, usage, None, None).is_ok()
    }

    /// Whether it began with the head of a record.
    fn begins_as_tls(&self) -> bool {
        // Before anything has come, nothing is known.
        self.first_bytes.first().is_none_or(|first| (20..=24).contains(first))
    }

    fn what_came(&self) -> String {
        let verb = match self.side {
            Side::Client => "the server answered",
            Side::Server => "the client spoke",
        };
        let line = self.first_bytes.split(|byte| matches!(byte, b'\r' | b'\n')).next();
        let line = line.unwrap_or_default();
        let is_text = line.iter().all(|byte| byte.is_ascii_graphic() || *byte == b' ');
        if is_text && !line.is_empty() {
            let is_cut = line.len() == self.first_bytes.len();
            let dots = if is_cut && line.len() >= SHOWN { "..." } else { "" };
            return format!("{verb} in plain text: {}{dots}", line.escape_ascii());
        }
        let mut words = format!("{verb} in something that is not TLS:");
        for byte in self.first_bytes.iter().take(8) {
            // A `String` takes everything.
            let _ = write!(words, " {byte:02x}");
        }
        words
    }
}

/// How many of the first bytes are kept, to be shown.
pub(crate) const SHOWN: usize = 64;

/// What `error` means in the middle of a session, in words.
pub(crate) fn words(peer: &str, error: &Error) -> String {
    match error {
        Error::AlertReceived(alert) => explain_alert(peer, *alert).words,
        Error::DecryptError => {
            "what came was not what the peer has sent (it cannot be decrypted)".into()
        }
        other => one_line(other),
    }
}

fn other_words(error: &(dyn error::Error + Send + Sync + 'static)) -> String {
    match error.downcast_ref::<webpki::Error>() {
        Some(webpki::Error::CaUsedAsEndEntity) => {
            "certificate says that it is an authority (as those of `openssl req -x509` do), and so \
             cannot be an end's as well; make it with basicConstraints=CA:FALSE"
                .into()
        }
        Some(webpki::Error::NameConstraintViolation) => {
            "certificate is for a name that its authority may not certify (name constraints)".into()
        }
        Some(error) => format!("bad certificate: {error}"),
        None => one_line(error),
    }
}

fn one_line(error: &(impl ToString + ?Sized)) -> String {
    error.to_string().split_whitespace().collect::<Vec<_>>().join(" ")
}

/// A point in time, to the second.
struct Moment(UnixTime);

impl fmt::Display for Moment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        /// The year 10000, which has no place in a certificate, nor in this format.
        const END: u64 = 253_402_300_800;
        let since = Duration::from_secs(self.0.as_secs().min(END - 1));
        humantime::format_rfc3339_seconds(SystemTime::UNIX_EPOCH + since).fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use socketry_testing::TestCertificate;

    use super::*;

    fn of_unknown_issuer(certificate: Vec<u8>) -> Failure {
        let certificates = [certificate.into()];
        let evidence =
            Evidence { side: Side::Client, first_bytes: &[], certificates: &certificates };
        evidence.explain_certificate(&CertificateError::UnknownIssuer).failure
    }

    #[test]
    fn a_certificate_is_self_signed_only_by_its_own_key() {
        let good = TestCertificate::self_signed(["a.test"]).issue().chain_der()[0].clone();
        assert_eq!(of_unknown_issuer(good.clone()), Failure::SelfSigned);
        let mut forged = good;
        *forged.last_mut().unwrap() ^= 1; // the end of the signature
        assert_eq!(of_unknown_issuer(forged), Failure::UnknownIssuer);
    }
}
