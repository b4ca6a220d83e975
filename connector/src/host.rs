//! A host, by name or by address.

use std::{
    error::Error,
    fmt, io,
    net::{IpAddr, Ipv4Addr, Ipv6Addr},
    str::FromStr,
    sync::Arc,
};

/// A host: a name to be looked up, or an IP address with its IPv6 zone.
///
/// # Text
///
/// Reads names, IPv4 addresses, and IPv6 addresses with or without brackets and with or without a
/// zone (`fe80::1%eth0`, or `%25eth0` as RFC 6874 writes it). ASCII letters of a name become small.
/// Whether a name exists is the resolver's business; refused is what can be no host at all:
///
/// - empty names and empty labels (`a..b`), white space, control characters, and characters that
///   end a host in a URI (`/ ? # @ : [ ] % \ < > ^ |`);
/// - names that look like an IPv4 address and are none: those whose last label is a number, such as
///   `1.2.3`, `256.0.0.1`, `0x7f000001` or `127.0.0.1.`. Some systems would connect to an address
///   nobody meant (see the [URL standard](https://url.spec.whatwg.org/#ends-in-a-number-checker)).
///
/// Prints without brackets; [`HostPort`](crate::HostPort) adds them. A clone allocates nothing.
///
/// # Examples
///
/// ```
/// use socketry_connector::Host;
///
/// let host: Host = "Example.ORG".parse()?;
/// assert_eq!(host.name(), Some("example.org"));
///
/// let host: Host = "[fe80::1%25eth0]".parse()?;
/// assert_eq!(host.zone(), Some("eth0"));
/// assert_eq!(host.to_string(), "fe80::1%eth0");
///
/// assert!("1.2.3".parse::<Host>().is_err());
/// # Ok::<(), socketry_connector::InvalidHost>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Host(Inner);

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum Inner {
    Name(Arc<str>),
    V4(Ipv4Addr),
    V6(Ipv6Addr, Option<Arc<str>>),
}

impl Host {
    /// The name, unless it is an address.
    pub fn name(&self) -> Option<&str> {
        match &self.0 {
            Inner::Name(name) => Some(name),
            Inner::V4(_) | Inner::V6(..) => None,
        }
    }

    /// The address, unless it is a name.
    pub fn ip(&self) -> Option<IpAddr> {
        match &self.0 {
            Inner::Name(_) => None,
            Inner::V4(ip) => Some((*ip).into()),
            Inner::V6(ip, _) => Some((*ip).into()),
        }
    }

    /// The zone of an IPv6 address (RFC 4007): the name or the index of a network interface.
    pub fn zone(&self) -> Option<&str> {
        match &self.0 {
            Inner::V6(_, zone) => zone.as_deref(),
            Inner::Name(_) | Inner::V4(_) => None,
        }
    }

    /// Whether this is `localhost` or a name below it, which always mean this machine (RFC 6761).
    pub fn is_localhost(&self) -> bool {
        let name = self.name().unwrap_or_default();
        let name = name.strip_suffix('.').unwrap_or(name);
        name == "localhost" || name.ends_with(".localhost")
    }

    pub(crate) fn with_scope(ip: Ipv6Addr, scope: u32) -> Self {
        let zone = (scope != 0).then(|| scope.to_string().into());
        Self(Inner::V6(ip, zone))
    }

    fn from_v6_text(input: &str, text: &str) -> Result<Self, InvalidHost> {
        let (address, zone) = match text.split_once('%') {
            Some((address, zone)) => (address, Some(zone)),
            None => (text, None),
        };
        let Ok(ip) = address.parse() else {
            return Err(InvalidHost::new(input, "this is no IPv6 address"));
        };
        let zone = match zone {
            Some(zone) => Some(read_zone(input, zone)?),
            None => None,
        };
        Ok(Self(Inner::V6(ip, zone)))
    }
}

impl FromStr for Host {
    type Err = InvalidHost;

    fn from_str(text: &str) -> Result<Self, InvalidHost> {
        if let Some(inside) = text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
            return Self::from_v6_text(text, inside);
        }
        if text.contains(':') {
            return Self::from_v6_text(text, text);
        }
        if let Ok(ip) = text.parse() {
            return Ok(Self(Inner::V4(ip)));
        }
        match name_fault(text) {
            Some(reason) => Err(InvalidHost::new(text, reason)),
            None => Ok(Self(Inner::Name(lower_case(text)))),
        }
    }
}

impl From<IpAddr> for Host {
    fn from(ip: IpAddr) -> Self {
        match ip {
            IpAddr::V4(ip) => Self(Inner::V4(ip)),
            IpAddr::V6(ip) => Self(Inner::V6(ip, None)),
        }
    }
}

impl fmt::Display for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Inner::Name(name) => f.write_str(name),
            Inner::V4(ip) => ip.fmt(f),
            Inner::V6(ip, None) => ip.fmt(f),
            Inner::V6(ip, Some(zone)) => {
                // A zone that itself begins with 25 would be taken for the escaped percent sign.
                let guard = if zone.starts_with("25") && zone.len() > 2 { "25" } else { "" };
                write!(f, "{ip}%{guard}{zone}")
            }
        }
    }
}

/// A text that is no host, or no host and port: what was given, and the rule it breaks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InvalidHost {
    input: String,
    reason: String,
}

impl InvalidHost {
    pub(crate) fn new(input: &str, reason: impl Into<String>) -> Self {
        Self { input: input.to_string(), reason: reason.into() }
    }

    /// The text that was given.
    pub fn input(&self) -> &str {
        &self.input
    }

    /// The rule that it breaks, and how to mend it.
    pub fn reason(&self) -> &str {
        &self.reason
    }
}

impl fmt::Display for InvalidHost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "invalid host {:?}: {}", self.input, self.reason)
    }
}

impl Error for InvalidHost {}

/// Always of kind [`InvalidInput`](io::ErrorKind::InvalidInput).
impl From<InvalidHost> for io::Error {
    fn from(error: InvalidHost) -> Self {
        Self::new(io::ErrorKind::InvalidInput, error)
    }
}

fn read_zone(input: &str, text: &str) -> Result<Arc<str>, InvalidHost> {
    let zone = match text.strip_prefix("25") {
        Some(escaped) if !escaped.is_empty() => escaped,
        _ => text,
    };
    let fits = |c: char| !c.is_control() && !c.is_whitespace() && !"%/?#[]".contains(c);
    if zone.is_empty() || !zone.chars().all(fits) {
        let reason = "after % comes the zone: a network interface, as in [fe80::1%eth0]";
        return Err(InvalidHost::new(input, reason));
    }
    Ok(zone.into())
}

fn lower_case(name: &str) -> Arc<str> {
    match name.bytes().any(|byte| byte.is_ascii_uppercase()) {
        true => name.to_ascii_lowercase().into(),
        false => name.into(), // the usual, and one allocation less
    }
}

/// Why `name` can be no host name, if it can't.
fn name_fault(name: &str) -> Option<&'static str> {
    let relative = name.strip_suffix('.').unwrap_or(name);
    let last_label = relative.rsplit('.').next().unwrap_or_default();
    if name.is_empty() {
        Some("the host is missing")
    } else if name.chars().any(|c| c.is_control() || c.is_whitespace()) {
        Some("a host has no white space, NUL or control character")
    } else if name.chars().any(|c| "/?#@[]%\\<>^|\"`{}".contains(c)) {
        Some("a host has none of / ? # @ [ ] % \\ < > ^ | \" ` { }")
    } else if relative.split('.').any(str::is_empty) {
        Some("a host has no empty label: write example.com, not example..com")
    } else if relative.len() > 253 {
        Some("a host name has at most 253 bytes")
    } else if is_number(last_label) {
        Some(
            "a host whose last label is a number must be an IPv4 address: write all four parts, each 0 to 255, as in 127.0.0.1",
        )
    } else {
        None
    }
}

fn is_number(label: &str) -> bool {
    let hexadecimal = label.strip_prefix("0x").or_else(|| label.strip_prefix("0X"));
    match hexadecimal {
        Some(digits) => digits.bytes().all(|b| b.is_ascii_hexdigit()),
        None => !label.is_empty() && label.bytes().all(|b| b.is_ascii_digit()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_of_every_kind_read_back_what_they_print() {
        for text in [
            "example.org",
            "example.org.",
            "my_host",
            "münchen.de",
            "-bad-.com",
            "a1.b2",
            "127.0.0.1",
            "::1",
            "::ffff:127.0.0.1",
            "fe80::1%eth0",
            "fe80::1%3",
            "fe80::1%25",
            "fe80::1%2525x",
        ] {
            let host: Host = text.parse().unwrap();
            assert_eq!(host.to_string(), text);
            assert_eq!(host.to_string().parse::<Host>(), Ok(host));
        }
    }

    #[test]
    fn a_zone_that_begins_with_25_is_told_from_an_escaped_percent_sign() {
        let escaped: Host = "fe80::1%25eth0".parse().unwrap();
        assert_eq!(escaped.zone(), Some("eth0"));
        let escaped: Host = "fe80::1%2525x".parse().unwrap();
        assert_eq!(escaped.zone(), Some("25x"));
    }

    #[test]
    fn names_that_look_like_an_address_and_are_none_are_refused() {
        for text in [
            "1.2.3",
            "256.0.0.1",
            "0x7f000001",
            "2130706433",
            "127.0.0.1.",
            "1.2.3.4.5",
            "a.0x1",
            "0x",
            "09.1.1.1",
        ] {
            let error = text.parse::<Host>().unwrap_err();
            assert!(error.reason().contains("must be an IPv4 address"), "{error}");
        }
    }

    #[test]
    fn what_can_be_no_host_is_refused() {
        for text in [
            "",
            ".",
            "a..b",
            ".a",
            "a b",
            " a",
            "a\0b",
            "a\n",
            "u@h",
            "a/b",
            "[::1",
            "::1]",
            "[1.2.3.4]",
            "fe80::1%",
            "fe80::1%a b",
            "fe80::1%a%b",
            "a%20b",
            "1::2::3",
        ] {
            assert!(text.parse::<Host>().is_err(), "{text:?} was accepted");
        }
        assert!(format!("{}.com", "a".repeat(250)).parse::<Host>().is_err());
    }

    #[test]
    fn localhost_is_known_in_any_case_with_a_dot_and_below() {
        for text in ["localhost", "LocalHost", "localhost.", "app.localhost"] {
            assert!(text.parse::<Host>().unwrap().is_localhost(), "{text}");
        }
        assert!(!"notlocalhost".parse::<Host>().unwrap().is_localhost());
    }
}
