//! hickory itself on the runtime.

use std::net::IpAddr;

use futures_lite::future::block_on;
use hickory_resolver::{
    Resolver,
    config::{NameServerConfig, ResolveHosts, ResolverConfig},
    proto::rr::RecordType,
};
use socketry_resolver_hickory::runtime::{Driver, SmolRuntime};

use crate::support::Server;

/// hickory's resolver, asking `server` from the address `local`.
fn hickory(driver: &Driver, server: &Server, tcp: bool, local: IpAddr) -> Resolver<SmolRuntime> {
    let ip = server.address().ip();
    let mut nameserver =
        if tcp { NameServerConfig::tcp(ip) } else { NameServerConfig::udp_and_tcp(ip) };
    for connection in &mut nameserver.connections {
        connection.port = server.address().port();
        connection.bind_addr = Some((local, 0).into());
    }
    let config = ResolverConfig::from_parts(None, vec![], vec![nameserver]);
    let mut builder = Resolver::builder_with_config(config, driver.runtime());
    builder.options_mut().use_hosts_file = ResolveHosts::Never;
    builder.build().unwrap()
}

#[test]
fn hickory_runs_on_it_over_udp_and_tcp_from_the_address_it_asks_for() {
    let server = Server::new(|question| question.addresses(&["192.0.2.1"]));
    let local = "127.0.0.5".parse().unwrap(); // all of 127/8 is this machine, on Linux
    let local = if cfg!(target_os = "linux") { local } else { server.address().ip() };
    for over_tcp in [false, true] {
        let driver = Driver::new();
        let resolver = hickory(&driver, &server, over_tcp, local);
        let lookup = block_on(driver.run(resolver.lookup("a.example.", RecordType::A))).unwrap();
        assert_eq!(lookup.answers().len(), 1);
        let question = server.asked().pop().unwrap();
        assert_eq!((question.over_tcp, question.client.ip()), (over_tcp, local));
    }
}

#[test]
fn hickory_is_told_when_its_driver_is_gone() {
    let server = Server::new(|question| question.addresses(&["192.0.2.1"]));
    let driver = Driver::new();
    let resolver = hickory(&driver, &server, true, server.address().ip());
    drop(driver);
    assert!(block_on(resolver.lookup("a.example.", RecordType::A)).is_err());
}
