//! Whom the limit for one address is about.

use std::net::{IpAddr, Ipv4Addr};

use socketry_connection::Address;

/// Where a newcomer comes from: one host, as far as that can be told.
///
/// That is an IPv4 address, however it is written, or a /64 of IPv6, of which one host has as many
/// addresses as it likes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Origin {
    V4(Ipv4Addr),
    V6(u64),
}

impl Origin {
    /// `None` for who has no IP address: those of a Unix socket, for example.
    pub(crate) fn of(remote: Option<&Address>) -> Option<Self> {
        Some(match remote?.ip()?.to_canonical() {
            IpAddr::V4(ip) => Self::V4(ip),
            IpAddr::V6(ip) => Self::V6((ip.to_bits() >> 64) as u64),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(address: &str) -> Option<Origin> {
        Origin::of(Some(&address.parse().unwrap()))
    }

    #[test]
    fn two_addresses_of_ipv4_are_two_origins() {
        assert_ne!(of("tcp://192.0.2.1:1"), of("tcp://192.0.2.2:1"));
    }

    #[test]
    fn two_ports_of_one_address_are_one_origin() {
        assert_eq!(of("tcp://192.0.2.1:1"), of("tcp://192.0.2.1:2"));
    }

    #[test]
    fn an_ipv4_address_is_the_same_when_it_is_written_as_ipv6() {
        assert_eq!(of("tcp://192.0.2.1:1"), of("tcp://[::ffff:192.0.2.1]:1"));
    }

    #[test]
    fn a_64_of_ipv6_is_one_origin() {
        assert_eq!(of("tcp://[2001:db8::1]:1"), of("tcp://[2001:db8::ffff:1:2:3]:1"));
        assert_ne!(of("tcp://[2001:db8::1]:1"), of("tcp://[2001:db8:0:1::1]:1"));
    }

    #[test]
    fn who_has_no_ip_address_has_no_origin() {
        assert_eq!(of("unix:///run/socket"), None);
        assert_eq!(Origin::of(None), None);
    }
}
