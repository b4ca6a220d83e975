//! A host and a port.

use std::{
    fmt, io,
    net::{IpAddr, SocketAddr, SocketAddrV6, ToSocketAddrs},
    str::FromStr,
};

use crate::{Host, InvalidHost};

/// A host and a port: what people call an address.
///
/// # Text
///
/// `host:port`, with an IPv6 address in brackets. A port has 1 to 5 digits and nothing else: no
/// sign, space, leading zero or suffix, and is at most 65535. Port 0 reads (a server may be bound
/// to it); connectors refuse it.
///
/// # Examples
///
/// ```
/// use socketry_connector::HostPort;
///
/// let target: HostPort = "example.org:80".parse()?;
/// assert_eq!((target.host().name(), target.port()), (Some("example.org"), 80));
///
/// let target: HostPort = "[::1]:80".parse()?;
/// assert_eq!(target.to_string(), "[::1]:80");
///
/// assert!("127.0.0.1:080".parse::<HostPort>().is_err());
/// # Ok::<(), socketry_connector::InvalidHost>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct HostPort {
    host: Host,
    port: u16,
}

impl HostPort {
    /// A host and a port.
    pub fn new(host: impl Into<Host>, port: u16) -> Self {
        Self { host: host.into(), port }
    }

    /// The host.
    pub fn host(&self) -> &Host {
        &self.host
    }

    /// The port.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// The one address that this is, if the host is a literal; `None` if it is a name to look up.
    ///
    /// A zone that is a number is taken as the index of an interface; a name is asked of the
    /// system, in place: no packet is sent.
    ///
    /// # Errors
    ///
    /// If no network interface has the name of the zone.
    pub fn literal(&self) -> Option<io::Result<SocketAddr>> {
        let ip = match self.host.ip()? {
            IpAddr::V4(ip) => return Some(Ok((ip, self.port).into())),
            IpAddr::V6(ip) => ip,
        };
        let Some(zone) = self.host.zone() else {
            return Some(Ok((ip, self.port).into()));
        };
        if let Ok(index) = zone.parse() {
            return Some(Ok(SocketAddrV6::new(ip, self.port, 0, index).into()));
        }
        // The resolver of the standard library knows interface names, and reads a numeric address
        // without asking anybody.
        let scoped = (format!("{ip}%{zone}"), self.port).to_socket_addrs();
        Some(match scoped.ok().and_then(|mut addresses| addresses.next()) {
            Some(address) => Ok(address),
            None => Err(InvalidHost::new(
                &self.to_string(),
                "no network interface has the name of this zone",
            )
            .into()),
        })
    }

    /// Reads a port as this type's text has it.
    ///
    /// # Errors
    ///
    /// If `text` is not 1 to 5 digits, has a leading zero, or is more than 65535.
    pub fn parse_port(text: &str) -> Result<u16, InvalidHost> {
        let digits = (1..=5).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit());
        let canonical = text == "0" || !text.starts_with('0');
        match text.parse() {
            Ok(port) if digits && canonical => Ok(port),
            _ => Err(InvalidHost::new(
                text,
                "a port is a number from 0 to 65535, without sign, space or leading zero, as in example.org:80",
            )),
        }
    }
}

impl FromStr for HostPort {
    type Err = InvalidHost;

    fn from_str(text: &str) -> Result<Self, InvalidHost> {
        let missing = || {
            InvalidHost::new(
                text,
                "the port is missing: write host:port, as in example.org:80 or [::1]:80",
            )
        };
        let (host, port) = match text.starts_with('[') {
            true => text
                .split_once(']')
                .and_then(|(_, rest)| rest.strip_prefix(':'))
                .map(|port| (&text[..text.len() - port.len() - 1], port)),
            false => text.rsplit_once(':'),
        }
        .ok_or_else(missing)?;
        if host.contains(':') && !host.starts_with('[') {
            let reason = "an IPv6 address stands in brackets, as in [::1]:80";
            return Err(InvalidHost::new(text, reason));
        }
        let with_whole_input = |error: InvalidHost| InvalidHost::new(text, error.reason());
        Ok(Self {
            port: Self::parse_port(port).map_err(with_whole_input)?,
            host: host.parse().map_err(with_whole_input)?,
        })
    }
}

impl From<SocketAddr> for HostPort {
    fn from(address: SocketAddr) -> Self {
        let host = match address {
            SocketAddr::V4(address) => IpAddr::from(*address.ip()).into(),
            SocketAddr::V6(address) => Host::with_scope(*address.ip(), address.scope_id()),
        };
        Self { host, port: address.port() }
    }
}

impl fmt::Display for HostPort {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.host.ip() {
            Some(IpAddr::V6(_)) => write!(f, "[{}]:{}", self.host, self.port),
            Some(IpAddr::V4(_)) | None => write!(f, "{}:{}", self.host, self.port),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn host_and_port_read_back_what_they_print() {
        for text in [
            "example.org:80",
            "127.0.0.1:65535",
            "[::1]:0",
            "[fe80::1%eth0]:443",
            "[fe80::1%2525x]:1",
        ] {
            let target: HostPort = text.parse().unwrap();
            assert_eq!(target.to_string(), text);
        }
    }

    #[test]
    fn a_port_is_one_to_five_digits_and_nothing_else() {
        for port in
            ["", "-1", "+1", " 80", "80 ", "80a", "080", "00", "65536", "12345678", "８０", "0x50"]
        {
            let text = format!("127.0.0.1:{port}");
            assert!(text.parse::<HostPort>().is_err(), "{text:?} was accepted");
        }
    }

    #[test]
    fn an_ipv6_address_needs_brackets_and_the_error_says_so() {
        let error = "::1:80".parse::<HostPort>().unwrap_err();
        assert!(error.reason().contains("brackets"), "{error}");
        for text in ["[::1]", "[::1", "::1]:80", "[::1]80", "[]:80", "[::1]:80:90"] {
            assert!(text.parse::<HostPort>().is_err(), "{text:?} was accepted");
        }
    }

    #[test]
    fn a_literal_is_an_address_at_once_and_a_name_is_not() {
        let literal = |text: &str| text.parse::<HostPort>().unwrap().literal();
        assert_eq!(literal("[::1]:80").unwrap().unwrap(), "[::1]:80".parse().unwrap());
        assert_eq!(literal("[fe80::1%7]:80").unwrap().unwrap().to_string(), "[fe80::1%7]:80");
        assert!(literal("example.org:80").is_none());
    }

    #[test]
    fn the_scope_of_a_socket_address_survives_both_ways() {
        let address: SocketAddr = "[fe80::1%7]:80".parse().unwrap();
        assert_eq!(HostPort::from(address).literal().unwrap().unwrap(), address);
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_zone_by_name_becomes_the_index_of_the_interface() {
        let target: HostPort = "[fe80::1%lo]:80".parse().unwrap();
        assert_eq!(target.literal().unwrap().unwrap().to_string(), "[fe80::1%1]:80");
        let target: HostPort = "[fe80::1%nosuch0]:80".parse().unwrap();
        let error = target.literal().unwrap().unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::InvalidInput);
        assert!(error.to_string().contains("[fe80::1%nosuch0]:80"), "{error}");
    }
}
