//! Cases about how names are written.

use std::{
    io::ErrorKind,
    net::{IpAddr, Ipv4Addr, Ipv6Addr},
};

use socketry_connection::Family;
use socketry_resolver::{LookupFailure, Resolve};

use super::{ResolverCheck, failure, ip, lookup};

pub(super) async fn case_and_a_dot_at_the_end_do_not_matter(check: &ResolverCheck) {
    let (server, resolver) = check.start();
    server.answer("a.example", [ip(Family::V4, 1)]);
    for name in ["A.eXample", "a.example.", "A.EXAMPLE."] {
        assert_eq!(lookup(&resolver, name, Family::V4).await, [ip(Family::V4, 1)], "{name}");
    }
}

pub(super) async fn an_underscore_is_part_of_a_name(check: &ResolverCheck) {
    let (server, resolver) = check.start();
    for name in ["my_host.example", "_service.example"] {
        server.answer(name, [ip(Family::V4, 1)]);
        assert_eq!(lookup(&resolver, name, Family::V4).await, [ip(Family::V4, 1)], "{name}");
    }
}

pub(super) async fn a_name_that_is_not_ascii_is_encoded(check: &ResolverCheck) {
    let (server, resolver) = check.start();
    server.answer("xn--bcher-kva.example", [ip(Family::V4, 1)]);
    for name in ["bücher.example", "BÜCHER.example", "bu\u{308}cher.example"] {
        assert_eq!(lookup(&resolver, name, Family::V4).await, [ip(Family::V4, 1)], "{name}");
    }
}

pub(super) async fn what_can_be_no_host_name_is_refused_without_a_query(check: &ResolverCheck) {
    let (server, resolver) = check.start();
    let long_label = format!("{}.example", "a".repeat(64));
    let long_name = vec!["a".repeat(60); 5].join(".");
    for name in ["", ".", "a..example", ".example", "a\0b.example", &long_label, &long_name] {
        let result = resolver.resolve(name, Family::V4).await;
        let kind = result.as_ref().map_err(|error| error.kind()).err();
        assert_eq!(kind, Some(ErrorKind::InvalidInput), "{name:?}");
        assert_eq!(failure(result), LookupFailure::InvalidName, "{name:?}");
    }
    assert_eq!(server.queries(), []);
}

/// RFC 6761, 6.3.
pub(super) async fn localhost_asks_nobody(check: &ResolverCheck) {
    let (server, resolver) = check.start();
    let v4 = lookup(&resolver, "localhost", Family::V4).await;
    assert_eq!(v4, [IpAddr::from(Ipv4Addr::LOCALHOST)]);
    let v6 = lookup(&resolver, "localhost", Family::V6).await;
    assert_eq!(v6, [IpAddr::from(Ipv6Addr::LOCALHOST)]);
    assert_eq!(server.queries(), []);
}

pub(super) async fn a_short_name_of_the_hosts_file_asks_nobody(check: &ResolverCheck) {
    let (server, resolver) = check.start();
    if let Some((name, known)) = &check.known_host {
        assert_eq!(lookup(&resolver, name, Family::of(known)).await, [*known]);
        assert_eq!(server.queries(), []);
    }
}
