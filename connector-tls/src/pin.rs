//! Certificates that are known by their fingerprints.

use std::{error::Error, fmt, io, str::FromStr};

use socketry_connection_tls::default_provider;

use crate::{
    base64,
    fingerprint::{digest, key_in, sha256},
};

/// The SHA-256 by which a server's certificate, or the key in it, is known beforehand.
///
/// # Text
///
/// | text | what it is the SHA-256 of |
/// |---|---|
/// | `sha256//` and base64, as curl's `--pinnedpubkey` | the public key (SPKI) |
/// | `pin-sha256="` base64 `"`, as HPKP (RFC 7469) | the public key (SPKI) |
/// | 64 hexadecimal digits, with or without colons | the whole certificate |
///
/// A key stays when the certificate is renewed, if its owner lets it; a certificate does not. From
/// a certificate in a file:
///
/// ```text
/// openssl x509 -in server.pem -noout -fingerprint -sha256             # the certificate's
/// openssl x509 -in server.pem -noout -pubkey | openssl pkey -pubin -outform der \
///     | openssl dgst -sha256 -binary | openssl base64                   # the key's
/// ```
///
/// Prints as the first and the last of the table.
///
/// # Examples
///
/// ```
/// use socketry_connector_tls::CertificatePin;
///
/// let key: CertificatePin = "sha256//YLh1dUR9y6Kja30RrAn7JKnbQG/uEtLMkBgFF2Fuihg=".parse()?;
/// let whole: CertificatePin =
///     "60b87575447dcba2a36b7d11ac09fb24a9db406fee12d2cc90180517616e8a18".parse()?;
/// assert!(whole.to_string().starts_with("60:B8:75:75:"));
/// assert_ne!(key, whole);
/// # Ok::<(), socketry_connector_tls::InvalidPin>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct CertificatePin {
    of: Of,
    sha256: [u8; 32],
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Of {
    Key,
    Certificate,
}

impl CertificatePin {
    /// The certificates whose public key (SPKI, as DER has it) has this SHA-256.
    pub fn key(sha256: [u8; 32]) -> Self {
        Self { of: Of::Key, sha256 }
    }

    /// The one certificate that has, in DER, this SHA-256.
    pub fn certificate(sha256: [u8; 32]) -> Self {
        Self { of: Of::Certificate, sha256 }
    }

    /// The certificates that have the same key as this one, which is in DER.
    ///
    /// # Errors
    ///
    /// If this is no certificate, or the [default provider](default_provider) has no SHA-256.
    pub fn key_of(certificate: &[u8]) -> io::Result<Self> {
        let hash = sha256(&*default_provider()?)?;
        let key = key_in(&certificate.into()).map_err(io::Error::other)?;
        Ok(Self::key(digest(hash, &key)))
    }

    /// The certificate that this is, in DER.
    ///
    /// # Errors
    ///
    /// If the [default provider](default_provider) has no SHA-256.
    pub fn certificate_of(certificate: &[u8]) -> io::Result<Self> {
        Ok(Self::certificate(digest(sha256(&*default_provider()?)?, certificate)))
    }
}

impl FromStr for CertificatePin {
    type Err = InvalidPin;

    fn from_str(text: &str) -> Result<Self, InvalidPin> {
        let by_http = text.strip_prefix("pin-sha256=\"").and_then(|rest| rest.strip_suffix('"'));
        match text.strip_prefix("sha256//").or(by_http) {
            Some(key) => match base64::decode(key) {
                Some(sha256) => Ok(Self::key(sha256)),
                None => Err(InvalidPin::new(text, "a SHA-256 in base64 has 43 characters and a =")),
            },
            None => read_hexadecimal(text).map(Self::certificate),
        }
    }
}

fn read_hexadecimal(text: &str) -> Result<[u8; 32], InvalidPin> {
    let digits: String = match text.contains(':') {
        true if text.split(':').all(|pair| pair.len() == 2) => text.replace(':', ""),
        _ => text.to_string(),
    };
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return Err(InvalidPin::new(
            text,
            "write sha256// and the SHA-256 of the key in base64, or that of the certificate in \
             hexadecimal digits",
        ));
    }
    match digits.len() {
        64 => {}
        32 | 40 => {
            let reason = "an MD5 or SHA-1 can be forged: give the SHA-256, of 64 digits";
            return Err(InvalidPin::new(text, reason));
        }
        _ => return Err(InvalidPin::new(text, "a SHA-256 has 64 hexadecimal digits")),
    }
    let mut sha256 = [0; 32];
    for (byte, pair) in sha256.iter_mut().zip(digits.as_bytes().chunks_exact(2)) {
        let pair = pair.iter().filter_map(|&digit| char::from(digit).to_digit(16));
        *byte = pair.fold(0, |byte, digit| byte << 4 | digit as u8);
    }
    Ok(sha256)
}

impl fmt::Display for CertificatePin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.of {
            Of::Key => write!(f, "sha256//{}", base64::encode(&self.sha256)),
            Of::Certificate => {
                for (index, byte) in self.sha256.iter().enumerate() {
                    let separator = if index == 0 { "" } else { ":" };
                    write!(f, "{separator}{byte:02X}")?;
                }
                Ok(())
            }
        }
    }
}

/// A text that is no pin: what was given, and the rule it breaks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InvalidPin {
    input: String,
    reason: &'static str,
}

impl InvalidPin {
    fn new(input: &str, reason: &'static str) -> Self {
        Self { input: input.to_string(), reason }
    }

    /// The text that was given.
    pub fn input(&self) -> &str {
        &self.input
    }

    /// The rule that it breaks, and how to mend it.
    pub fn reason(&self) -> &str {
        self.reason
    }
}

impl fmt::Display for InvalidPin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "invalid certificate pin {:?}: {}", self.input, self.reason)
    }
}

impl Error for InvalidPin {}

/// Always of kind [`InvalidInput`](io::ErrorKind::InvalidInput).
impl From<InvalidPin> for io::Error {
    fn from(error: InvalidPin) -> Self {
        Self::new(io::ErrorKind::InvalidInput, error)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BASE64: &str = "YLh1dUR9y6Kja30RrAn7JKnbQG/uEtLMkBgFF2Fuihg=";
    const HEX: &str = "60:B8:75:75:44:7D:CB:A2:A3:6B:7D:11:AC:09:FB:24:A9:DB:40:6F:EE:12:D2:CC:90:18:05:17:61:6E:8A:18";

    fn pin(text: &str) -> CertificatePin {
        text.parse().unwrap()
    }

    #[test]
    fn a_key_is_written_as_curl_and_as_browsers_have_it() {
        let key = pin(&format!("sha256//{BASE64}"));
        assert_eq!(key, pin(&format!("pin-sha256=\"{BASE64}\"")));
        assert_eq!(key.to_string(), format!("sha256//{BASE64}"));
    }

    #[test]
    fn a_certificate_is_written_in_hexadecimal_digits_with_or_without_colons() {
        assert_eq!(pin(HEX), pin(&HEX.replace(':', "").to_lowercase()));
        assert_eq!(pin(HEX).to_string(), HEX);
    }

    #[test]
    fn a_pin_of_the_key_is_none_of_the_certificate() {
        assert_ne!(pin(HEX), pin(&format!("sha256//{BASE64}")));
    }

    #[test]
    fn other_fingerprints_are_refused_and_the_error_says_why() {
        for (text, why) in [
            ("", "in base64, or"),
            (BASE64, "write sha256//"),
            ("sha256//", "43 characters"),
            ("60:B8", "64 hexadecimal digits"),
            ("6:0B:8", "write sha256//"),
            (&HEX[..59], "MD5 or SHA-1"),
            (&HEX[..47], "MD5 or SHA-1"),
            (&HEX.replace(':', "::"), "write sha256//"),
        ] {
            let error = text.parse::<CertificatePin>().unwrap_err();
            assert!(error.reason().contains(why), "{error}");
            assert_eq!(error.input(), text);
        }
    }
}
