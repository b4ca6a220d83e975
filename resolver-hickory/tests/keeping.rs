//! Which answers are kept, and what that costs.

use std::time::{Duration, Instant};

use futures_lite::future::block_on;
use hickory_resolver::proto::op::ResponseCode;
use socketry_resolver::{Family, LookupFailed, LookupFailure, Resolve};
use socketry_resolver_hickory::{HickoryBuilder, HickoryResolver};

use crate::support::{Server, failure, lookup, resolver, v4};

fn builder(server: &Server) -> HickoryBuilder {
    HickoryResolver::builder().nameservers([server.over_udp()]).use_hosts(false)
}

#[test]
fn an_answer_is_kept_and_one_for_no_time_is_not() {
    let server = Server::new(|question| match question.name().as_str() {
        "kept.example." => question.addresses_for(&["192.0.2.1"], 60),
        _ => question.addresses_for(&["192.0.2.1"], 0),
    });
    let resolver = resolver([server.over_udp()]);
    for name in ["kept.example", "KEPT.example.", "fleeting.example", "fleeting.example"] {
        v4(&resolver, name);
    }
    assert_eq!(server.names(), ["kept.example.", "fleeting.example.", "fleeting.example."]);
}

#[test]
fn a_no_is_kept_for_as_long_as_its_zone_says() {
    let server = Server::new(|question| match question.name().as_str() {
        "empty.example." => question.no(ResponseCode::NoError, 60),
        _ => question.no(ResponseCode::NXDomain, 60),
    });
    let resolver = resolver([server.over_udp()]);
    for _ in 0..2 {
        assert!(lookup(&resolver, "empty.example", Family::V4).unwrap().is_empty());
        assert_eq!(failure(&resolver, "nowhere.example"), LookupFailure::NoSuchName);
    }
    assert_eq!(server.asked().len(), 2);
}

/// In how many seconds it is worth to ask again for a name that does not exist, if that is said.
fn expires(resolver: &HickoryResolver, name: &str) -> Option<u64> {
    let before = Instant::now();
    let error = lookup(resolver, name, Family::V4).unwrap_err();
    let failed = error.get_ref().unwrap().downcast_ref::<LookupFailed>().unwrap();
    assert_eq!(failed.failure(), LookupFailure::NoSuchName);
    failed.expires().map(|at| (at - before).as_secs())
}

#[test]
fn a_no_says_how_long_it_is_good_within_the_bounds() {
    let server = Server::new(|question| match question.name().as_str() {
        "short.example." => question.no(ResponseCode::NXDomain, 0),
        "long.example." => question.no(ResponseCode::NXDomain, u32::MAX),
        "untold.example." => question.code(ResponseCode::NXDomain),
        _ => question.no(ResponseCode::NXDomain, 150),
    });
    let (least, most) = (Duration::from_secs(100), Duration::from_secs(200));
    let resolver = builder(&server).ttl_bounds(least, most).build().unwrap();
    for (name, expected) in [
        ("short.example", Some(100)),
        ("a.example", Some(150)),
        ("long.example", Some(200)),
        ("untold.example", None),
    ] {
        assert_eq!(expires(&resolver, name), expected, "{name}");
    }
}

#[test]
fn a_no_after_a_search_is_good_for_the_shortest_time_of_all_names() {
    let server = Server::new(|question| match question.name().as_str() {
        "host.b.example." => question.no(ResponseCode::NXDomain, 30),
        "untold.b.example." => question.code(ResponseCode::NXDomain),
        _ => question.no(ResponseCode::NXDomain, 60),
    });
    let resolver = builder(&server).search(["a.example", "b.example"]).build().unwrap();
    assert_eq!(expires(&resolver, "host"), Some(30));
    assert_eq!(expires(&resolver, "untold"), None);
}

#[test]
fn a_failure_is_not_kept() {
    let server = Server::new(|question| question.code(ResponseCode::ServFail));
    let resolver = resolver([server.over_udp()]);
    failure(&resolver, "a.example");
    failure(&resolver, "a.example");
    assert_eq!(server.asked().len(), 2);
}

#[test]
fn a_cache_of_no_names_keeps_nothing() {
    let server = Server::new(|question| question.addresses(&["192.0.2.1"]));
    let resolver = builder(&server).cache_size(0).build().unwrap();
    v4(&resolver, "a.example");
    v4(&resolver, "a.example");
    assert_eq!(server.asked().len(), 2);
}

#[test]
fn the_bounds_count_whatever_the_zone_says() {
    let server = Server::new(|question| match question.name().as_str() {
        "short.example." => question.addresses_for(&["192.0.2.1"], 0),
        "empty.example." => question.no(ResponseCode::NoError, 86_400),
        _ => question.addresses_for(&["192.0.2.1"], u32::MAX),
    });
    let (least, most) = (Duration::from_secs(100), Duration::from_secs(200));
    let resolver = builder(&server).ttl_bounds(least, most).build().unwrap();
    for (name, expected) in [("short.example", 100), ("long.example", 200), ("empty.example", 200)]
    {
        let before = Instant::now();
        let answer = lookup(&resolver, name, Family::V4).unwrap();
        let ttl = answer.expires().unwrap() - before;
        assert_eq!(ttl.as_secs(), expected, "{name}");
    }
}

#[test]
fn a_deadline_of_zero_waits_for_nobody() {
    let server = Server::silent();
    let resolver = builder(&server).deadline(Duration::ZERO).build().unwrap();
    assert_eq!(failure(&resolver, "a.example"), LookupFailure::TimedOut);
}

#[test]
fn a_kept_answer_costs_a_bounded_number_of_allocations() {
    let server = Server::new(|question| question.addresses(&["192.0.2.1"]));
    let resolver = resolver([server.over_udp()]);
    v4(&resolver, "a.example");
    let cost = allocation_counter::measure(|| {
        block_on(resolver.resolve("a.example", Family::V4)).unwrap();
    });
    println!("a kept answer: {} allocations", cost.count_total);
    assert!(cost.count_total <= 12, "{cost:?}");
}
