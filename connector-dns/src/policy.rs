//! What RFC 6724 knows of an address by its bits alone: precedence, label and scope.

use std::net::{IpAddr, Ipv6Addr};

/// The row of the policy table that an address falls under (RFC 6724, section 2.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Policy {
    /// The higher, the better a destination.
    pub(crate) precedence: u8,
    /// A destination goes well with a source of the same label.
    pub(crate) label: u8,
}

impl Policy {
    /// That of every IPv4 address.
    pub(crate) const V4: Self = Self { precedence: 35, label: 4 };

    /// That of every IPv4 address where these are preferred to all others (section 10.3).
    pub(crate) const PREFERRED_V4: Self = Self { precedence: 100, ..Self::V4 };

    /// That of `ip`.
    pub(crate) fn of(ip: IpAddr) -> Self {
        let IpAddr::V6(ip) = ip else { return Self::V4 };
        let row = TABLE.iter().find(|row| common_prefix(ip, row.prefix) >= row.length);
        row.map_or(Self::NATIVE, |row| row.policy)
    }

    /// That of an IPv6 address without a row of its own (`::/0`).
    const NATIVE: Self = Self { precedence: 40, label: 1 };
}

/// How far an address reaches (RFC 6724, section 3.1), as the number that IPv6 multicast has for it.
///
/// Private IPv4 addresses and unique local IPv6 addresses are global: they may be routed anywhere
/// inside an organisation.
pub(crate) fn scope(ip: IpAddr) -> u8 {
    match ip {
        IpAddr::V4(ip) if ip.is_loopback() || ip.is_link_local() => LINK_LOCAL,
        IpAddr::V6(ip) if ip.is_loopback() || ip.is_unicast_link_local() => LINK_LOCAL,
        IpAddr::V6(ip) if ip.is_multicast() => ip.octets()[1] & 0xf,
        IpAddr::V6(ip) if ip.segments()[0] & 0xffc0 == 0xfec0 => SITE_LOCAL,
        IpAddr::V4(_) | IpAddr::V6(_) => GLOBAL,
    }
}

/// How many bits two addresses have in common, from the left.
pub(crate) fn common_prefix(a: Ipv6Addr, b: Ipv6Addr) -> u32 {
    (a.to_bits() ^ b.to_bits()).leading_zeros()
}

const LINK_LOCAL: u8 = 0x2;
const SITE_LOCAL: u8 = 0x5;
const GLOBAL: u8 = 0xe;

struct Row {
    prefix: Ipv6Addr,
    length: u32,
    policy: Policy,
}

/// The default policy table of RFC 6724, longest prefixes first.
const TABLE: [Row; 8] = [
    row([0, 0, 0, 0, 0, 0, 0, 1], 128, 50, 0),     // loopback
    row([0, 0, 0, 0, 0, 0xffff, 0, 0], 96, 35, 4), // IPv4-mapped
    row([0; 8], 96, 1, 3),                         // IPv4-compatible, deprecated
    row([0x2001, 0, 0, 0, 0, 0, 0, 0], 32, 5, 5),  // Teredo
    row([0x2002, 0, 0, 0, 0, 0, 0, 0], 16, 30, 2), // 6to4
    row([0x3ffe, 0, 0, 0, 0, 0, 0, 0], 16, 1, 12), // 6bone, given back
    row([0xfec0, 0, 0, 0, 0, 0, 0, 0], 10, 1, 11), // site-local, deprecated
    row([0xfc00, 0, 0, 0, 0, 0, 0, 0], 7, 3, 13),  // unique local
];

const fn row(prefix: [u16; 8], length: u32, precedence: u8, label: u8) -> Row {
    let [a, b, c, d, e, f, g, h] = prefix;
    let prefix = Ipv6Addr::new(a, b, c, d, e, f, g, h);
    Row { prefix, length, policy: Policy { precedence, label } }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ip(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn every_kind_of_address_has_the_precedence_and_label_of_the_table() {
        for (text, precedence, label) in [
            ("::1", 50, 0),
            ("2001:db8::1", 40, 1),
            ("2606:2800::1", 40, 1),
            ("fe80::1", 40, 1),
            ("192.0.2.1", 35, 4),
            ("127.0.0.1", 35, 4),
            ("::ffff:192.0.2.1", 35, 4),
            ("2002:c000:201::1", 30, 2),
            ("2001::1", 5, 5),
            ("2001:0:ffff::1", 5, 5),
            ("2001:1::1", 40, 1),
            ("fc00::1", 3, 13),
            ("fdff::1", 3, 13),
            ("::192.0.2.1", 1, 3),
            ("::", 1, 3),
            ("fec0::1", 1, 11),
            ("feff::1", 1, 11),
            ("3ffe::1", 1, 12),
        ] {
            assert_eq!(Policy::of(ip(text)), Policy { precedence, label }, "{text}");
        }
    }

    #[test]
    fn every_kind_of_address_has_its_scope() {
        for (text, expected) in [
            ("127.1.2.3", LINK_LOCAL),
            ("169.254.1.1", LINK_LOCAL),
            ("10.0.0.1", GLOBAL),
            ("192.168.0.1", GLOBAL),
            ("192.0.2.1", GLOBAL),
            ("::1", LINK_LOCAL),
            ("fe80::1", LINK_LOCAL),
            ("febf::1", LINK_LOCAL),
            ("fec0::1", SITE_LOCAL),
            ("fc00::1", GLOBAL),
            ("2001:db8::1", GLOBAL),
            ("ff01::1", 0x1),
            ("ff02::1", 0x2),
            ("ff05::1", 0x5),
            ("ff0e::1", 0xe),
        ] {
            assert_eq!(scope(ip(text)), expected, "{text}");
        }
    }

    #[test]
    fn longer_prefixes_stand_before_shorter_ones_that_hold_them() {
        assert!(TABLE.windows(2).all(|rows| rows[0].length >= rows[1].length));
    }
}
