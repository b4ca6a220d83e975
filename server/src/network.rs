//! A range of IP addresses.

use std::{error::Error, fmt, io, net::IpAddr, str::FromStr};

/// A range of IP addresses: those that share their first bits (CIDR, RFC 4632 and RFC 4291).
///
/// # Text
///
/// `10.0.0.0/8`, `2001:db8::/32`, or one address alone. Bits behind the prefix must be zero, so
/// that a typing error does not allow more than was meant.
///
/// # Examples
///
/// ```
/// use socketry_server::Network;
///
/// let network: Network = "10.0.0.0/8".parse()?;
/// assert!(network.contains("10.1.2.3".parse().unwrap()));
/// assert!(network.contains("::ffff:10.1.2.3".parse().unwrap())); // as a dual-stack server sees it
/// assert!(!network.contains("11.0.0.1".parse().unwrap()));
/// # Ok::<(), socketry_server::InvalidNetwork>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Network {
    address: IpAddr,
    prefix: u8,
}

impl Network {
    /// The range of addresses that share the first `prefix` bits with `address`; what is behind
    /// them is cleared. A prefix longer than the address means the address alone.
    ///
    /// An IPv4 address mapped into IPv6 (`::ffff:10.0.0.0/104`) counts as IPv4 (`10.0.0.0/8`).
    pub fn around(address: IpAddr, prefix: u8) -> Self {
        let (address, prefix) = match (address, address.to_canonical()) {
            (IpAddr::V6(_), IpAddr::V4(mapped)) if prefix >= 96 => (mapped.into(), prefix - 96),
            _ => (address, prefix),
        };
        let prefix = prefix.min(width(address));
        Self { address: mask(address, prefix), prefix }
    }

    /// The first address.
    pub fn address(&self) -> IpAddr {
        self.address
    }

    /// How many bits its addresses share.
    pub fn prefix(&self) -> u8 {
        self.prefix
    }

    /// Whether `address` is in it.
    pub fn contains(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        address.is_ipv4() == self.address.is_ipv4() && mask(address, self.prefix) == self.address
    }
}

impl FromStr for Network {
    type Err = InvalidNetwork;

    fn from_str(text: &str) -> Result<Self, InvalidNetwork> {
        let invalid = |reason: String| InvalidNetwork { input: text.to_string(), reason };
        let (address, prefix) = match text.split_once('/') {
            Some((address, prefix)) => (address, Some(prefix)),
            None => (text, None),
        };
        let Ok(address) = address.parse::<IpAddr>() else {
            return Err(invalid("a network begins with an IP address, as in 10.0.0.0/8".into()));
        };
        let width = width(address);
        let prefix = match prefix {
            None => width,
            Some(prefix) => match prefix.parse() {
                Ok(number) if number <= width && !prefix.starts_with('+') => number,
                _ => {
                    return Err(invalid(format!(
                        "after the slash comes a number from 0 to {width}"
                    )));
                }
            },
        };
        let first = mask(address, prefix);
        if first != address {
            return Err(invalid(format!("it has bits behind the prefix: write {first}/{prefix}")));
        }
        Ok(Self::around(address, prefix))
    }
}

impl fmt::Display for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.address, self.prefix)
    }
}

/// A text that is no network: what was given, and the rule it breaks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InvalidNetwork {
    input: String,
    reason: String,
}

impl fmt::Display for InvalidNetwork {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "invalid network {:?}: {}", self.input, self.reason)
    }
}

impl Error for InvalidNetwork {}

/// Always of kind [`InvalidInput`](io::ErrorKind::InvalidInput).
impl From<InvalidNetwork> for io::Error {
    fn from(error: InvalidNetwork) -> Self {
        Self::new(io::ErrorKind::InvalidInput, error)
    }
}

fn width(address: IpAddr) -> u8 {
    match address {
        IpAddr::V4(_) => 32,
        IpAddr::V6(_) => 128,
    }
}

/// Clears the bits of `address` behind the first `prefix`.
fn mask(address: IpAddr, prefix: u8) -> IpAddr {
    match address {
        IpAddr::V4(ip) => {
            let mask = u32::MAX.checked_shl(32 - u32::from(prefix)).unwrap_or(0);
            IpAddr::V4((ip.to_bits() & mask).into())
        }
        IpAddr::V6(ip) => {
            let mask = u128::MAX.checked_shl(128 - u32::from(prefix)).unwrap_or(0);
            IpAddr::V6((ip.to_bits() & mask).into())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn network(text: &str) -> Network {
        text.parse().unwrap()
    }

    #[test]
    fn the_edges_of_a_range_are_inside_and_their_neighbours_outside() {
        let network = network("192.168.4.0/22");
        for (ip, inside) in [
            ("192.168.4.0", true),
            ("192.168.7.255", true),
            ("192.168.3.255", false),
            ("192.168.8.0", false),
            ("::1", false),
        ] {
            assert_eq!(network.contains(ip.parse().unwrap()), inside, "{ip}");
        }
    }

    #[test]
    fn prefixes_of_zero_and_of_the_whole_width_work() {
        assert!(network("0.0.0.0/0").contains("255.1.2.3".parse().unwrap()));
        assert!(!network("0.0.0.0/0").contains("2001:db8::1".parse().unwrap()));
        assert!(network("::/0").contains("2001:db8::1".parse().unwrap()));
        assert!(network("::1").contains("::1".parse().unwrap()));
        assert!(!network("::1/128").contains("::2".parse().unwrap()));
    }

    #[test]
    fn text_that_is_no_network_or_means_something_else_is_refused() {
        for text in [
            "",
            "10.0.0.0/",
            "10.0.0.0/33",
            "10.0.0.0/+8",
            "10.0.0.1/8",
            "10.0.0/8",
            "::/129",
            "host/8",
        ] {
            assert!(text.parse::<Network>().is_err(), "{text:?} was accepted");
        }
        let error = "10.0.0.1/8".parse::<Network>().unwrap_err().to_string();
        assert!(error.contains("write 10.0.0.0/8"), "{error}");
    }

    #[test]
    fn an_ipv4_range_mapped_into_ipv6_is_that_range() {
        assert_eq!(network("::ffff:10.0.0.0/104"), network("10.0.0.0/8"));
        assert!(network("::/0").contains("::1".parse().unwrap()));
    }

    #[test]
    fn it_reads_back_what_it_prints() {
        for text in ["10.0.0.0/8", "2001:db8::/32", "127.0.0.1/32"] {
            assert_eq!(network(text).to_string(), text);
        }
    }
}
