//! A name to connect by, and who knows it.

use std::net::{IpAddr, Ipv4Addr};

use socketry::Host;
use socketry_testing::DnsServer;

pub(crate) const NAME: &str = "counted.example";

/// A name with two addresses of each family, of which [`LOCALHOST`] is the first in order.
pub(crate) const NAME_OF_MANY: &str = "many.counted.example";

pub(crate) const LOCALHOST: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);

/// The name as a host.
pub(crate) fn host() -> Host {
    NAME.parse().unwrap()
}

/// A nameserver in which the names are this machine.
pub(crate) fn nameserver() -> DnsServer {
    let server = DnsServer::start().unwrap();
    server.answer(NAME, [LOCALHOST]);
    // Unique local addresses go behind those of IPv4, whatever IPv6 there is on the machine.
    let unique_local = |last| IpAddr::from([0xfd00, 0, 0, 0, 0, 0, 0, last]);
    let ips = [unique_local(1), unique_local(2), LOCALHOST, [127, 0, 0, 2].into()];
    server.answer(NAME_OF_MANY, ips);
    server
}
