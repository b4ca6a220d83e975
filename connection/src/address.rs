//! The two ends of a connection as values.

use std::{
    error::Error,
    fmt, io,
    net::{IpAddr, SocketAddr},
    path::Path,
    str::FromStr,
};

use crate::UnixAddress;

/// Where an end of a connection is, or where a server listens.
///
/// Prints and parses as a URI, so that it can be logged, stored, and connected to again:
///
/// | value | text |
/// |---|---|
/// | `Tcp` | `tcp://127.0.0.1:80`, `tcp://[::1]:80`, `tcp://[fe80::1%2]:80` |
/// | `Tls` | `tls://127.0.0.1:443` |
/// | `Unix` | `unix:///run/demo.sock`, `unix://@abstract` |
///
/// # Examples
///
/// ```
/// use socketry_connection::Address;
///
/// let address: Address = "tcp://[::1]:80".parse()?;
/// assert_eq!(address.port(), Some(80));
/// assert_eq!(address.ip(), Some("::1".parse().unwrap()));
/// assert_eq!(address.to_string(), "tcp://[::1]:80");
/// # Ok::<(), socketry_connection::InvalidAddress>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Address {
    /// A plaintext TCP end.
    Tcp(SocketAddr),
    /// A TCP end under TLS.
    Tls(SocketAddr),
    /// A named Unix socket. An end without a name has no address at all.
    Unix(UnixAddress),
}

impl Address {
    /// The part before `://`.
    pub fn scheme(&self) -> &'static str {
        match self {
            Self::Tcp(_) => "tcp",
            Self::Tls(_) => "tls",
            Self::Unix(_) => "unix",
        }
    }

    /// The IP address and port, unless it is a Unix socket.
    pub fn socket_address(&self) -> Option<SocketAddr> {
        match self {
            Self::Tcp(address) | Self::Tls(address) => Some(*address),
            Self::Unix(_) => None,
        }
    }

    /// The IP address, unless it is a Unix socket.
    pub fn ip(&self) -> Option<IpAddr> {
        self.socket_address().map(|address| address.ip())
    }

    /// The port, unless it is a Unix socket.
    pub fn port(&self) -> Option<u16> {
        self.socket_address().map(|address| address.port())
    }

    /// The path, if it is a Unix socket in the file system.
    pub fn path(&self) -> Option<&Path> {
        match self {
            Self::Tcp(_) | Self::Tls(_) => None,
            Self::Unix(address) => address.path(),
        }
    }

    /// The same end seen through TLS: `tcp` becomes `tls`, all else stays.
    pub fn with_tls(self) -> Self {
        match self {
            Self::Tcp(address) => Self::Tls(address),
            other => other,
        }
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}://", self.scheme())?;
        match self {
            Self::Tcp(address) | Self::Tls(address) => address.fmt(f),
            Self::Unix(address) => address.fmt(f),
        }
    }
}

/// Reads what `Display` prints; a scheme may be in any case.
///
/// This is for addresses that a program printed. What people type is richer (host names, bare
/// ports, `?hostname=`): the facade's `Endpoint` reads that.
impl FromStr for Address {
    type Err = InvalidAddress;

    fn from_str(text: &str) -> Result<Self, InvalidAddress> {
        let invalid = |reason: &str| InvalidAddress::new(text.to_string(), reason.to_string());
        let Some((scheme, rest)) = text.split_once("://") else {
            return Err(invalid("an address begins with tcp://, tls:// or unix://"));
        };
        let socket_address = || {
            rest.parse().map_err(|_| {
                invalid("an IP address and a port follow, as in 127.0.0.1:80 or [::1]:80")
            })
        };
        match scheme.to_ascii_lowercase().as_str() {
            "tcp" => Ok(Self::Tcp(socket_address()?)),
            "tls" => Ok(Self::Tls(socket_address()?)),
            "unix" => UnixAddress::from_text(rest).map(Self::Unix),
            _ => Err(invalid("an address begins with tcp://, tls:// or unix://")),
        }
    }
}

/// A plaintext TCP end.
impl From<SocketAddr> for Address {
    fn from(address: SocketAddr) -> Self {
        Self::Tcp(address)
    }
}

impl From<UnixAddress> for Address {
    fn from(address: UnixAddress) -> Self {
        Self::Unix(address)
    }
}

/// The version of the internet protocol.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[allow(clippy::exhaustive_enums, reason = "there is no third, and matching both is the point")]
pub enum Family {
    /// IPv4, whose records are `A`.
    V4,
    /// IPv6, whose records are `AAAA`.
    V6,
}

impl Family {
    /// The family of an address.
    pub fn of(ip: &IpAddr) -> Self {
        match ip {
            IpAddr::V4(_) => Self::V4,
            IpAddr::V6(_) => Self::V6,
        }
    }
}

impl fmt::Display for Family {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::V4 => "IPv4",
            Self::V6 => "IPv6",
        })
    }
}

/// A text that is no address: what was given, and the rule it breaks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InvalidAddress {
    input: String,
    reason: String,
}

impl InvalidAddress {
    pub(crate) fn new(input: String, reason: String) -> Self {
        Self { input, reason }
    }

    /// The text that was given.
    pub fn input(&self) -> &str {
        &self.input
    }

    /// The rule that it breaks.
    pub fn reason(&self) -> &str {
        &self.reason
    }
}

impl fmt::Display for InvalidAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "invalid address {:?}: {}", self.input, self.reason)
    }
}

impl Error for InvalidAddress {}

/// Always of kind [`InvalidInput`](io::ErrorKind::InvalidInput).
impl From<InvalidAddress> for io::Error {
    fn from(error: InvalidAddress) -> Self {
        Self::new(io::ErrorKind::InvalidInput, error)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_of_address_reads_back_what_it_prints() {
        for text in [
            "tcp://127.0.0.1:80",
            "tcp://[::1]:0",
            "tcp://[fe80::1%2]:80",
            "tls://[::ffff:1.2.3.4]:443",
            "unix:///tmp/demo.sock",
            "unix://demo.sock",
            "unix://@abstract name",
        ] {
            let address: Address = text.parse().unwrap();
            assert_eq!(address.to_string(), text);
        }
    }

    #[test]
    fn a_scheme_in_upper_case_is_read_and_printed_in_lower_case() {
        let address: Address = "TCP://127.0.0.1:80".parse().unwrap();
        assert_eq!(address.to_string(), "tcp://127.0.0.1:80");
    }

    #[test]
    fn what_is_no_address_is_refused_with_its_text_and_the_rule() {
        for text in
            ["127.0.0.1:80", "udp://127.0.0.1:80", "tcp://localhost:80", "tcp://::1:80", "unix://"]
        {
            let error = text.parse::<Address>().unwrap_err();
            assert!(io::Error::from(error.clone()).kind() == io::ErrorKind::InvalidInput);
            assert!(!error.reason().is_empty(), "{error}");
        }
    }
}
