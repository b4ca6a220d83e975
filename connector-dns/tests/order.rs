//! In which order addresses are handed on, and what is asked to find it.

use std::{
    io,
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use socketry_connector::Connect;

use super::{Connecting, Connector, Stage, answer, arrived, assert_pending, host};

/// How often a source was asked for.
#[derive(Clone, Default)]
struct Asked(Arc<AtomicUsize>);

impl Asked {
    /// Those that end in 2 can be reached, and nothing else.
    fn count(&self, connector: Connector) -> Connector {
        let Self(asked) = self.clone();
        connector.with_source_of(move |destination| {
            asked.fetch_add(1, Ordering::Relaxed);
            let ip = destination.ip();
            Ok(ip.to_string().ends_with('2').then_some(ip))
        })
    }

    fn take(&self) -> usize {
        self.0.swap(0, Ordering::Relaxed)
    }
}

fn stage() -> (Stage, Asked) {
    let asked = Asked::default();
    (Stage::with(|connector| asked.count(connector)), asked)
}

/// The addresses that are dialled for a name with these, all known before.
fn dialled(stage: &Stage, v6: &[&str], v4: &[&str]) -> Vec<String> {
    let (mut connecting, v6_lookup, v4_lookup) = stage.look_up();
    v4_lookup.answer(answer(v4));
    v6_lookup.answer(answer(v6));
    assert_pending(&mut connecting);
    arrived(&mut stage.call())
}

#[test]
fn addresses_of_both_families_are_put_in_one_order() {
    let (stage, _) = stage();
    assert_eq!(
        dialled(&stage, &["2001:db8::1", "2001:db8::2"], &["192.0.2.1", "192.0.2.2"]),
        ["[2001:db8::2]:80", "192.0.2.2:80", "[2001:db8::1]:80", "192.0.2.1:80"]
    );
}

#[test]
fn the_family_of_the_best_address_leads() {
    let (stage, _) = stage();
    for (v6, v4, first) in [
        ("2001:db8::1", "192.0.2.2", "192.0.2.2:80"), // no route
        ("fd00::2", "192.0.2.2", "192.0.2.2:80"),     // of low precedence
        ("fd00::2", "192.0.2.1", "[fd00::2]:80"),
        ("2001:db8::2", "192.0.2.2", "[2001:db8::2]:80"),
        ("2001:db8::1", "192.0.2.1", "[2001:db8::1]:80"), // nothing can be reached
    ] {
        assert_eq!(dialled(&stage, &[v6], &[v4])[0], first, "{v6} and {v4}");
    }
}

#[test]
fn ipv4_leads_where_unique_local_addresses_are_all_there_is_of_ipv6() {
    let stage = Stage::with(|connector| {
        connector.with_source_of(|destination| {
            Ok(Some(match destination {
                SocketAddr::V4(_) => [192, 0, 2, 9].into(),
                SocketAddr::V6(_) => [0xfd00, 0, 0, 0, 0, 0, 0, 2].into(),
            }))
        })
    });
    assert_eq!(
        dialled(&stage, &["2001:db8::1"], &["192.0.2.1"]),
        ["192.0.2.1:80", "[2001:db8::1]:80"]
    );
}

#[test]
fn many_addresses_of_one_family_do_not_keep_the_best_of_the_other_behind() {
    let (stage, asked) = stage();
    let v6 = Vec::from_iter((10..1000).map(|last| format!("2001:db8::{last}1")));
    let v6 = Vec::from_iter(v6.iter().map(String::as_str));
    let dialled = dialled(&stage, &v6, &["192.0.2.1", "192.0.2.2"]);
    assert_eq!((&*dialled[0], dialled.len(), asked.take()), ("192.0.2.2:80", 992, 64));
}

#[test]
fn what_is_fed_while_a_lookup_is_under_way_is_put_in_order_as_well() {
    let (stage, _) = stage();
    let (mut connecting, v6, v4) = stage.look_up();
    v6.answer(answer(&["2001:db8::1", "2001:db8::2"]));
    assert_pending(&mut connecting);
    let mut call = stage.call();
    assert_eq!(arrived(&mut call), ["[2001:db8::2]:80", "[2001:db8::1]:80"]);
    v4.answer(answer(&["192.0.2.1", "192.0.2.2"]));
    assert_pending(&mut connecting);
    assert_eq!(arrived(&mut call), ["192.0.2.2:80", "192.0.2.1:80"]);
}

#[test]
fn one_address_asks_for_no_source() {
    let (stage, asked) = stage();
    dialled(&stage, &["2001:db8::1"], &[]);
    dialled(&stage, &[], &["192.0.2.1"]);
    assert_eq!(asked.take(), 0);
}

#[test]
fn a_source_is_asked_for_once_in_ten_seconds() {
    let (stage, asked) = stage();
    let (v6, v4) = (["2001:db8::1", "2001:db8::2"], ["192.0.2.1", "192.0.2.2"]);
    let first = dialled(&stage, &v6, &v4);
    assert_eq!(asked.take(), 4);
    stage.clock.advance(Duration::from_millis(9_999));
    assert_eq!((dialled(&stage, &v6, &v4), asked.take()), (first, 0));
    stage.clock.advance(Duration::from_millis(1));
    dialled(&stage, &v6, &v4);
    assert_eq!(asked.take(), 4);
}

#[test]
fn clones_share_what_is_known_of_sources() {
    let (stage, asked) = stage();
    let v4 = ["192.0.2.1", "192.0.2.2"];
    dialled(&stage, &[], &v4);
    let clone = stage.connector.clone();
    let mut connecting: Connecting<'_> = Box::pin(clone.connect(host("other.example:443")));
    assert_pending(&mut connecting);
    stage.resolver.try_next_lookup().unwrap().answer(answer(&[]));
    stage.resolver.try_next_lookup().unwrap().answer(answer(&v4));
    assert_pending(&mut connecting);
    assert_eq!(arrived(&mut stage.call()), ["192.0.2.2:443", "192.0.2.1:443"]);
    assert_eq!(asked.take(), 2);
}

#[test]
fn an_error_keeps_the_order_of_the_answer_and_is_not_remembered() {
    let asked = Asked::default();
    let Asked(counter) = asked.clone();
    let stage = Stage::with(|connector| {
        connector.with_source_of(move |_| {
            counter.fetch_add(1, Ordering::Relaxed);
            Err(io::Error::from_raw_os_error(24))
        })
    });
    let v4 = ["127.0.0.1", "192.0.2.1", "127.0.0.2"];
    for _ in 0..2 {
        assert_eq!(dialled(&stage, &[], &v4), v4.map(|ip| format!("{ip}:80")));
        assert_eq!(asked.take(), 1);
    }
}
