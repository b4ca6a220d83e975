//! Addresses as the files of the system write them: a zone may be the name of an interface.

use std::net::{SocketAddr, SocketAddrV6};

use crate::nameserver::parse_ip;

/// An IP address with or without a zone, which is a number or the name of an interface; port 0.
pub(crate) fn parse_zoned_ip(text: &str) -> Option<SocketAddr> {
    if let Some(address) = parse_ip(text) {
        return Some(address);
    }
    let (ip, interface) = text.split_once('%')?;
    Some(SocketAddrV6::new(ip.parse().ok()?, 0, 0, interface_number(interface)?).into())
}

/// The number of a network interface of this machine.
#[cfg(target_os = "linux")]
fn interface_number(name: &str) -> Option<u32> {
    if name.is_empty() || name.starts_with('.') || name.contains('/') {
        return None;
    }
    let text = std::fs::read_to_string(format!("/sys/class/net/{name}/ifindex")).ok()?;
    text.trim().parse().ok()
}

#[cfg(not(target_os = "linux"))]
fn interface_number(_: &str) -> Option<u32> {
    None
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[test]
    fn the_zone_of_an_address_may_be_a_number_or_the_name_of_an_interface() {
        assert_eq!(parse_zoned_ip("fe80::1%7"), "[fe80::1%7]:0".parse().ok());
        assert_eq!(parse_zoned_ip("fe80::1%lo"), "[fe80::1%1]:0".parse().ok());
    }

    #[test]
    fn an_interface_that_is_not_there_makes_no_address() {
        for text in ["fe80::1%no-such", "fe80::1%", "fe80::1%../lo", "192.0.2.1%lo"] {
            assert_eq!(parse_zoned_ip(text), None, "{text}");
        }
    }
}
