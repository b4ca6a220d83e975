//! A text that is no endpoint.

use std::{convert::Infallible, error::Error, fmt, io};

use socketry_connection::InvalidAddress;
use socketry_connector::InvalidHost;

use super::parse::split_scheme;

/// An endpoint that cannot be: what was given, the rule it breaks, and how to mend it.
///
/// Prints as one line. A password in the input is shown as `***`.
///
/// # Examples
///
/// ```
/// use std::io;
///
/// use socketry::Endpoint;
///
/// let error = "tcp://ann:secret@example.org:80".parse::<Endpoint>().unwrap_err();
/// assert_eq!(error.input(), "tcp://ann:***@example.org:80");
/// assert!(error.reason().contains("remove it"));
/// assert_eq!(io::Error::from(error).kind(), io::ErrorKind::InvalidInput);
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InvalidEndpoint {
    input: String,
    reason: String,
}

impl InvalidEndpoint {
    pub(crate) fn new(input: &str, reason: impl Into<String>) -> Self {
        Self { input: without_password(input), reason: reason.into() }
    }

    /// The text that was given, without a password.
    pub fn input(&self) -> &str {
        &self.input
    }

    /// The rule that it breaks, and how to mend it.
    pub fn reason(&self) -> &str {
        &self.reason
    }
}

impl fmt::Display for InvalidEndpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "invalid endpoint {:?}: {}", self.input, self.reason)
    }
}

impl Error for InvalidEndpoint {}

/// Always of kind [`InvalidInput`](io::ErrorKind::InvalidInput).
impl From<InvalidEndpoint> for io::Error {
    fn from(error: InvalidEndpoint) -> Self {
        Self::new(io::ErrorKind::InvalidInput, error)
    }
}

/// What is an endpoint already never fails to become one.
impl From<Infallible> for InvalidEndpoint {
    fn from(never: Infallible) -> Self {
        match never {}
    }
}

impl From<InvalidHost> for InvalidEndpoint {
    fn from(error: InvalidHost) -> Self {
        Self::new(error.input(), error.reason())
    }
}

impl From<InvalidAddress> for InvalidEndpoint {
    fn from(error: InvalidAddress) -> Self {
        Self::new(error.input(), error.reason())
    }
}

/// Masks what may be a password: all between the first colon behind the scheme and the last `@`,
/// because a password that a person has typed may hold any character. A Unix path keeps both.
fn without_password(input: &str) -> String {
    let (scheme, rest) = split_scheme(input);
    let is_path = scheme.is_some_and(|scheme| scheme.eq_ignore_ascii_case("unix"));
    match rest.rsplit_once('@') {
        Some((userinfo, host)) if !is_path => match userinfo.split_once(':') {
            Some((user, _password)) => {
                let scheme = &input[..input.len() - rest.len()];
                format!("{scheme}{user}:***@{host}")
            }
            None => input.to_string(),
        },
        _ => input.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::{super::Endpoint, *};

    #[test]
    fn a_password_is_never_repeated_however_the_text_is_broken() {
        for text in [
            "tcp://ann:secret@example.org:80",
            "ann:secret@example.org:80",
            "tls://ann:secret@example.org",
            "TLS://ann:secret@@example.org:80",
            "tcp://ann:sec/secret@example.org:80",
            "tcp://ann:sec?secret@example.org:80",
            "tcp://ann:8x#secret@example.org:80",
            "tcp://ann:secret secret@example.org:80",
            "tcp://ann:a@secret@example.org:80",
            "tcp://:secret@example.org:80",
            "ann:se://secret@example.org:80",
            "redis://ann:secret@example.org:80",
            "://ann:secret@example.org:80",
            "fd://ann:secret@3",
            "php://ann:secret@3",
            "systemd://ann:secret@web",
        ] {
            let error = text.parse::<Endpoint>().unwrap_err().to_string();
            assert!(!error.contains("secret") && error.contains(":***@"), "{error}");
        }
        let error = Endpoint::try_from(("ann:secret@example.org", 80)).unwrap_err().to_string();
        assert!(!error.contains("secret"), "{error}");
    }

    #[test]
    fn the_path_of_a_unix_socket_is_repeated_whole() {
        let text = format!("unix:///run/a:b@c{}", "x".repeat(200));
        assert_eq!(text.parse::<Endpoint>().unwrap_err().input(), text);
    }

    #[test]
    fn the_message_is_one_line_whatever_was_given() {
        for text in ["a\nb:80", "a\u{85}b\u{2028}", "unix://a\r\nb", "x\ny://z", "systemd://\n"] {
            let error = text.parse::<Endpoint>().unwrap_err().to_string();
            assert!(!error.contains(|c: char| c.is_control() || c == '\u{2028}'), "{error:?}");
        }
    }

    #[test]
    fn errors_of_hosts_and_addresses_keep_their_input_and_reason() {
        let host = "a b".parse::<socketry_connector::Host>().unwrap_err();
        let address = "udp://a".parse::<socketry_connection::Address>().unwrap_err();
        assert_eq!(InvalidEndpoint::from(host.clone()).reason(), host.reason());
        assert_eq!(InvalidEndpoint::from(address).input(), "udp://a");
    }
}
