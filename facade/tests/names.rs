//! Connecting by name, through the parts that the facade puts together.
//!
//! What each part does is tested where it lives. Here it is whether they are wired so that all of it
//! comes out at the top.

use std::{
    io::{self, ErrorKind},
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    sync::Arc,
    time::Duration,
};

use futures_lite::future::{block_on, poll_once, zip};
use socketry::{
    BoxResolver, Connector, HostPort,
    connection::Family,
    connector::{Attempts, Timings},
    resolver::{LookupFailed, LookupFailure, StaticResolver},
};
use socketry_testing::{ManualClock, pair, scripted_resolver};

use crate::{
    port::Port,
    slots::slot,
    support::{accept, bind, tcp_server},
};

const V4: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);
const V6: IpAddr = IpAddr::V6(Ipv6Addr::LOCALHOST);

fn pinned(name: &str, ips: impl IntoIterator<Item = IpAddr>) -> StaticResolver {
    StaticResolver::new().with(name, ips)
}

#[test]
fn a_name_leads_to_its_address() {
    let mut server = tcp_server();
    let port = server.local_address().unwrap().port().unwrap();
    let connector = Connector::builder().resolver(pinned("wiki.example", [V4])).build().unwrap();
    let socket = block_on(connector.connect(("wiki.example", port))).unwrap();
    assert_eq!(socket.remote_address(), server.local_address());
    assert_eq!(accept(&mut server).remote_address(), socket.local_address());
}

#[test]
fn a_name_with_both_families_leads_to_ipv6_and_one_with_either_to_that() {
    let port = Port::new();
    port.v4.listen(8).unwrap();
    port.v6.listen(8).unwrap();
    for (ips, expected) in [(&[V4, V6][..], V6), (&[V4], V4), (&[V6], V6)] {
        let resolver = pinned("wiki.example", ips.iter().copied());
        let connector = Connector::builder().resolver(resolver).build().unwrap();
        let socket = block_on(connector.connect(("wiki.example", port.number))).unwrap();
        assert_eq!(socket.remote_address().unwrap().ip(), Some(expected));
    }
}

#[test]
fn what_was_tried_in_vain_and_how_long_all_took_are_facts_of_the_connection() {
    let port = Port::new();
    port.v4.listen(8).unwrap();
    let connector =
        Connector::builder().resolver(pinned("wiki.example", [V4, V6])).build().unwrap();
    let socket = block_on(connector.connect(("wiki.example", port.number))).unwrap();
    let attempts: &Attempts = socket.attributes().get().unwrap();
    let refused: Vec<_> = attempts.iter().map(|attempt| attempt.remote().ip()).collect();
    assert_eq!(refused, [Some(V6)]);
    let timings: &Timings = socket.attributes().get().unwrap();
    assert!(timings.connect() <= timings.total() && timings.connect().is_some(), "{timings}");
}

#[test]
fn a_lookup_that_is_waited_for_has_its_time() {
    let server = tcp_server();
    let port = server.local_address().unwrap().port().unwrap();
    let (resolver, handle) = scripted_resolver();
    let connector = Connector::builder().resolver(resolver).build().unwrap();
    let answering = async {
        for _ in 0..2 {
            let lookup = handle.next_lookup().await;
            let ips = if lookup.family() == Family::V4 { vec![V4] } else { vec![] };
            lookup.answer(ips.into());
        }
    };
    let (socket, ()) = block_on(zip(connector.connect(("wiki.example", port)), answering));
    let socket = socket.unwrap();
    let timings: &Timings = socket.attributes().get().unwrap();
    assert!(timings.lookup().is_some() && timings.lookup() <= timings.total(), "{timings}");
}

#[test]
fn literals_and_localhost_are_not_asked_for() {
    let port = Port::new();
    port.v4.listen(8).unwrap();
    port.v6.listen(8).unwrap();
    let (resolver, handle) = scripted_resolver();
    let connector = Connector::builder().resolver(resolver).build().unwrap();
    for host in ["127.0.0.1", "::1", "localhost", "LOCALHOST.", "app.localhost"] {
        block_on(connector.connect((host, port.number))).unwrap();
    }
    assert_eq!(handle.begun(), 0);
}

#[test]
fn without_dns_literals_and_localhost_still_work() {
    let port = Port::new();
    port.v4.listen(8).unwrap();
    let connector = Connector::builder().dns(false).build().unwrap();
    for host in ["127.0.0.1", "localhost"] {
        block_on(connector.connect((host, port.number))).unwrap();
    }
}

#[test]
fn without_dns_a_connector_of_hosts_gets_names_as_they_are_written() {
    let (hosts, handle) = slot::<HostPort>();
    let connector = Connector::builder().tcp(hosts).dns(false).build().unwrap();
    handle.answer_next(|host, _| {
        assert_eq!(host.to_string(), "wiki.example:80");
        Ok(Box::new(pair().0))
    });
    assert!(block_on(connector.connect("wiki.example:80")).is_ok());
}

#[test]
fn a_connector_of_addresses_is_given_those_of_a_name_one_after_the_other_when_they_fail() {
    let (addresses, handle) = slot::<SocketAddr>();
    let resolver = pinned("wiki.example", ["192.0.2.7".parse().unwrap(), V6]);
    let connector = Connector::builder().tcp(addresses).resolver(resolver).build().unwrap();
    handle.fail_next(io::Error::new(ErrorKind::ConnectionRefused, "not here"));
    handle.answer_next(|address, _| {
        assert_eq!(address.to_string(), "192.0.2.7:80");
        Ok(Box::new(pair().0))
    });
    assert!(block_on(connector.connect("wiki.example:80")).is_ok());
}

#[test]
fn a_name_that_does_not_exist_says_so_with_the_whole_target() {
    let connector = Connector::builder().resolver(StaticResolver::new()).build().unwrap();
    let error = block_on(connector.connect("nosuch.example:80")).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound);
    assert_eq!(
        error.to_string(),
        "connection to tcp://nosuch.example:80 failed during DNS lookup: there is no such name (NXDOMAIN)"
    );
}

#[test]
fn the_timeout_is_around_the_lookup_too_and_says_so() {
    let (resolver, handle) = scripted_resolver();
    let clock = ManualClock::new();
    let connector = Connector::builder()
        .resolver(resolver)
        .timeout(Duration::from_millis(1))
        .clock(Arc::new(clock.clone()))
        .build()
        .unwrap();
    let mut connecting = Box::pin(connector.connect("wiki.example:80"));
    assert!(block_on(poll_once(&mut connecting)).is_none());
    clock.advance(Duration::from_millis(1));
    let error = block_on(poll_once(&mut connecting)).unwrap().unwrap_err();
    assert_eq!(
        error.to_string(),
        "connection to tcp://wiki.example:80 timed out after 1ms during DNS lookup"
    );
    assert_eq!((handle.pending(), clock.sleeping()), (0, 0));
}

#[test]
fn a_boxed_resolver_serves_several_connectors() {
    let server = bind("127.0.0.1:0");
    let port = server.local_address().unwrap().port().unwrap();
    let shared = BoxResolver::new(pinned("wiki.example", [V4]));
    for _ in 0..2 {
        let connector = Connector::builder().dns(shared.clone()).build().unwrap();
        assert!(block_on(connector.connect(("wiki.example", port))).is_ok());
    }
}

#[test]
fn a_resolver_of_ones_own_may_say_why_it_does_not_know() {
    let resolver = socketry::resolver::from_fn(|name: String, family| async move {
        Err(LookupFailed::new(name, family, LookupFailure::Refused).into())
    });
    let connector = Connector::builder().resolver(resolver).build().unwrap();
    let error = block_on(connector.connect("wiki.example:80")).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::PermissionDenied);
    assert!(error.to_string().ends_with("the nameserver refuses to answer (REFUSED)"), "{error}");
}

#[cfg(feature = "hickory")]
#[test]
fn what_is_no_nameserver_is_refused_when_the_connector_is_put_together() {
    let mut config = socketry::DnsConfig::default();
    config.nameservers = vec!["not a nameserver".to_string()];
    for builder in [Connector::builder(), Connector::builder().tcp(false)] {
        let error = builder.dns(config.clone()).build().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidInput);
        assert!(error.to_string().contains("not a nameserver"), "{error}");
    }
}

#[cfg(not(feature = "hickory"))]
#[test]
fn without_the_dns_client_names_and_nameservers_are_unsupported_and_the_errors_say_what_to_do() {
    let by_name = block_on(Connector::new().connect("wiki.example:80")).unwrap_err();
    let nameserver: SocketAddr = "127.0.0.1:53".parse().unwrap();
    let by_nameserver = Connector::builder().dns(nameserver).build().unwrap_err();
    for error in [by_name, by_nameserver] {
        assert_eq!(error.kind(), ErrorKind::Unsupported);
        assert!(error.to_string().contains("switch on the feature `hickory`"), "{error}");
    }
    let localhost = Port::new();
    localhost.v4.listen(8).unwrap();
    assert!(block_on(socketry::connect(("localhost", localhost.number))).is_ok());
}
