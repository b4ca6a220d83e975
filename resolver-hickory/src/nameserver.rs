//! Whom to ask.

use std::{
    error::Error,
    fmt, io,
    net::{IpAddr, SocketAddr},
    str::FromStr,
};

/// The port of nameservers (RFC 1035).
const PORT: u16 = 53;

/// A nameserver: its address, and whether it is asked over UDP or TCP.
///
/// Over UDP an answer that does not fit (TC) is fetched over TCP (RFC 7766). Text has the scheme
/// and the port optional: `udp://` and 53 if they are not there.
///
/// # Examples
///
/// ```
/// use socketry_resolver_hickory::Nameserver;
///
/// # fn main() -> std::io::Result<()> {
/// let nameserver: Nameserver = "192.0.2.53".parse()?;
/// assert_eq!(nameserver.to_string(), "udp://192.0.2.53:53");
///
/// let nameserver: Nameserver = "tcp://[::1]:5353".parse()?;
/// assert_eq!(nameserver.address(), "[::1]:5353".parse().unwrap());
/// assert!(nameserver.is_tcp_only());
///
/// let error = "dns.example".parse::<Nameserver>().unwrap_err();
/// assert_eq!(
///     error.to_string(),
///     "invalid nameserver \"dns.example\": write an IP address, as in 192.0.2.53, [::1]:5353 or \
///      tcp://192.0.2.53"
/// );
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Nameserver {
    address: SocketAddr,
    tcp_only: bool,
}

impl Nameserver {
    /// A nameserver that is asked over UDP, and over TCP for what does not fit.
    pub fn udp(address: SocketAddr) -> Self {
        Self { address, tcp_only: false }
    }

    /// A nameserver that is asked over TCP alone.
    pub fn tcp(address: SocketAddr) -> Self {
        Self { address, tcp_only: true }
    }

    /// Where it is.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Whether it is never asked over UDP.
    pub fn is_tcp_only(&self) -> bool {
        self.tcp_only
    }
}

/// Over UDP.
impl From<SocketAddr> for Nameserver {
    fn from(address: SocketAddr) -> Self {
        Self::udp(address)
    }
}

/// Over UDP, on port 53.
impl From<IpAddr> for Nameserver {
    fn from(ip: IpAddr) -> Self {
        Self::udp((ip, PORT).into())
    }
}

impl FromStr for Nameserver {
    type Err = InvalidNameserver;

    fn from_str(text: &str) -> Result<Self, InvalidNameserver> {
        let invalid = |reason| InvalidNameserver { text: text.to_string(), reason };
        let (scheme, rest) = text.split_once("://").unwrap_or(("udp", text));
        let address = parse_address(rest).ok_or_else(|| invalid(NO_ADDRESS))?;
        if address.port() == 0 {
            return Err(invalid("nobody can be asked at port 0: leave it out for port 53"));
        }
        match scheme.to_ascii_lowercase().as_str() {
            "udp" => Ok(Self::udp(address)),
            "tcp" => Ok(Self::tcp(address)),
            _ => Err(invalid("only udp:// and tcp:// are spoken here: write one of them, or none")),
        }
    }
}

const NO_ADDRESS: &str = "write an IP address, as in 192.0.2.53, [::1]:5353 or tcp://192.0.2.53";

/// An address with or without a port, an IPv6 address with or without brackets.
fn parse_address(text: &str) -> Option<SocketAddr> {
    if let Ok(address) = text.parse() {
        return Some(address);
    }
    let bare = text.strip_prefix('[').and_then(|text| text.strip_suffix(']')).unwrap_or(text);
    parse_ip(bare).map(|mut address| {
        address.set_port(PORT);
        address
    })
}

/// An IP address without brackets, with the number of its zone if it has one; port 0.
pub(crate) fn parse_ip(text: &str) -> Option<SocketAddr> {
    match text.parse::<IpAddr>() {
        Ok(ip) => Some((ip, 0).into()),
        Err(_) if text.contains('%') => format!("[{text}]:0").parse().ok(),
        Err(_) => None,
    }
}

impl fmt::Display for Nameserver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = if self.tcp_only { "tcp" } else { "udp" };
        write!(f, "{scheme}://{}", self.address)
    }
}

/// A text that is no [`Nameserver`]: which, and what to write instead.
///
/// As an [`io::Error`] it is of kind [`InvalidInput`](io::ErrorKind::InvalidInput).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InvalidNameserver {
    text: String,
    reason: &'static str,
}

impl fmt::Display for InvalidNameserver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "invalid nameserver {:?}: {}", self.text, self.reason)
    }
}

impl Error for InvalidNameserver {}

impl From<InvalidNameserver> for io::Error {
    fn from(error: InvalidNameserver) -> Self {
        Self::new(io::ErrorKind::InvalidInput, error)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scheme_and_port_may_be_left_out_and_brackets_without_a_port() {
        for (text, expected) in [
            ("8.8.8.8", "udp://8.8.8.8:53"),
            ("8.8.8.8:5353", "udp://8.8.8.8:5353"),
            ("::1", "udp://[::1]:53"),
            ("[::1]", "udp://[::1]:53"),
            ("[::1]:5353", "udp://[::1]:5353"),
            ("udp://8.8.8.8", "udp://8.8.8.8:53"),
            ("TCP://[2001:db8::1]", "tcp://[2001:db8::1]:53"),
            ("fe80::1%3", "udp://[fe80::1%3]:53"),
        ] {
            assert_eq!(text.parse::<Nameserver>().unwrap().to_string(), expected, "{text}");
        }
    }

    #[test]
    fn what_is_no_nameserver_is_refused_with_what_to_write() {
        for (text, rule) in [
            ("", "write an IP address"),
            ("localhost", "write an IP address"),
            ("8.8.8.8:", "write an IP address"),
            ("8.8.8.8:65536", "write an IP address"),
            ("tls://8.8.8.8", "only udp:// and tcp://"),
            ("8.8.8.8:0", "port 0"),
        ] {
            let error = io::Error::from(text.parse::<Nameserver>().unwrap_err());
            assert_eq!(error.kind(), io::ErrorKind::InvalidInput);
            assert!(error.to_string().contains(rule), "{error}");
        }
    }
}
