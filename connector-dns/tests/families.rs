//! Other families than both with IPv6 preferred.

use std::{net::IpAddr, time::Duration};

use socketry_connection::Family;
use socketry_connector_dns::Families;
use socketry_resolver::Answer;
use socketry_testing::{Lookup, pair};

use super::{Connecting, Poll, Stage, answer, arrived, assert_pending, error, has_ended, poll};

/// Begins a call that asks one family only.
fn look_up_one(stage: &Stage) -> (Connecting<'_>, Lookup) {
    let connecting = stage.begin("example.com:80");
    let lookup = stage.resolver.try_next_lookup().unwrap();
    (connecting, lookup)
}

#[test]
fn a_single_family_is_the_only_one_that_is_asked() {
    for (families, family, ip, address) in [
        (Families::OnlyV4, Family::V4, "192.0.2.1", "192.0.2.1:80"),
        (Families::OnlyV6, Family::V6, "2001:db8::1", "[2001:db8::1]:80"),
    ] {
        let stage = Stage::in_families(families);
        let (mut connecting, lookup) = look_up_one(&stage);
        assert_eq!((lookup.family(), stage.resolver.begun()), (family, 1));
        lookup.answer(answer(&[ip]));
        assert_pending(&mut connecting);
        let mut call = stage.call();
        assert_eq!((arrived(&mut call), has_ended(&mut call)), (vec![address.to_string()], true));
        assert_eq!(stage.clock.sleeping(), 0);
        call.succeed(pair().0);
        assert!(matches!(poll(&mut connecting), Poll::Ready(Ok(_))));
    }
}

#[test]
fn a_single_family_without_addresses_is_an_error_that_names_it() {
    let stage = Stage::in_families(Families::OnlyV4);
    let (mut connecting, lookup) = look_up_one(&stage);
    lookup.answer(Answer::default());
    assert_eq!(
        error(&mut connecting).to_string(),
        "connection to tcp://example.com:80 failed during DNS lookup: example.com has no IPv4 \
         addresses, and others are not asked for"
    );
}

#[test]
fn ipv4_in_the_clothes_of_ipv6_does_not_come_in_where_only_ipv6_may() {
    let stage = Stage::in_families(Families::OnlyV6);
    let (mut connecting, lookup) = look_up_one(&stage);
    lookup.answer(answer(&["::ffff:192.0.2.1"]));
    assert!(error(&mut connecting).to_string().contains("has no IPv6 addresses"));
}

/// Begins a call with IPv4 preferred: its lookups of IPv4 and of IPv6.
fn look_up_v4_first(stage: &Stage) -> (Connecting<'_>, Lookup, Lookup) {
    let connecting = stage.begin("example.com:80");
    let v4 = stage.resolver.try_next_lookup().unwrap();
    let v6 = stage.resolver.try_next_lookup().unwrap();
    assert_eq!((v4.family(), v6.family()), (Family::V4, Family::V6));
    (connecting, v4, v6)
}

#[test]
fn with_ipv4_preferred_it_is_dialled_at_once() {
    let stage = Stage::in_families(Families::PreferV4);
    let (mut connecting, v4, _v6) = look_up_v4_first(&stage);
    v4.answer(answer(&["192.0.2.1"]));
    assert_pending(&mut connecting);
    assert_eq!(arrived(&mut stage.call()), ["192.0.2.1:80"]);
    assert_eq!(stage.clock.sleeping(), 0);
}

#[test]
fn with_ipv4_preferred_ipv6_is_held_back() {
    let stage = Stage::in_families(Families::PreferV4);
    let (mut connecting, _v4, v6) = look_up_v4_first(&stage);
    v6.answer(answer(&["2001:db8::1"]));
    assert_pending(&mut connecting);
    assert_eq!((stage.inner.begun(), stage.clock.sleeping()), (0, 1));
    stage.clock.advance(Duration::from_millis(50));
    assert_pending(&mut connecting);
    assert_eq!(arrived(&mut stage.call()), ["[2001:db8::1]:80"]);
}

#[test]
fn with_ipv4_preferred_it_goes_first_in_the_list_though_ipv6_would_have_precedence() {
    let stage = Stage::in_families(Families::PreferV4);
    let (mut connecting, v4, v6) = look_up_v4_first(&stage);
    v6.answer(answer(&["::1"]));
    v4.answer(answer(&["127.0.0.1"]));
    assert_pending(&mut connecting);
    assert_eq!(arrived(&mut stage.call()), ["127.0.0.1:80", "[::1]:80"]);
}

#[test]
fn with_ipv4_preferred_it_does_not_go_first_if_it_cannot_be_reached() {
    let stage = Stage::with(|connector| {
        connector
            .families(Families::PreferV4)
            .with_source_of(|destination| Ok(Some(destination.ip()).filter(IpAddr::is_ipv6)))
    });
    let (mut connecting, v4, v6) = look_up_v4_first(&stage);
    v6.answer(answer(&["2001:db8::1"]));
    v4.answer(answer(&["192.0.2.1"]));
    assert_pending(&mut connecting);
    assert_eq!(arrived(&mut stage.call()), ["[2001:db8::1]:80", "192.0.2.1:80"]);
}
