//! A name to connect by, and who knows it.

use std::net::{IpAddr, Ipv4Addr};

use socketry::Host;
use socketry_testing::DnsServer;

pub(crate) const NAME: &str = "counted.example";

pub(crate) const LOCALHOST: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);

/// The name as a host.
pub(crate) fn host() -> Host {
    NAME.parse().unwrap()
}

/// A nameserver in which the name is this machine.
pub(crate) fn nameserver() -> DnsServer {
    let server = DnsServer::start().unwrap();
    server.answer(NAME, [LOCALHOST]);
    server
}
