//! In which order addresses are tried: destination address selection (RFC 6724, section 6).

use std::{
    cmp::Reverse,
    net::{IpAddr, SocketAddr},
};

use socketry_connection::now;

use crate::{
    families::Families,
    memory::Source,
    options::Options,
    policy::{Policy, common_prefix, scope},
};

/// How many addresses of a name are put in order: each may cost a few system calls, and how many
/// there are is up to whoever answers. Those behind stay where they are.
pub(crate) const MOST_SORTED: usize = 64;

/// Sorts addresses, the best first, of one family or of both.
///
/// These are the rules that Go's `net` has, too: unusable destinations last (rule 1), matching
/// scope (2), matching label (5), precedence (6), smaller scope (8), longest matching prefix, for
/// IPv6 and its first 64 bits (9); otherwise the order of the answer is kept (10). Not there are
/// those that ask what no portable program can find out: deprecated and home addresses (3, 4) and
/// tunnels (7). With IPv4 rule 9 would send all clients of a network to the same one of many
/// servers, whatever turns the nameserver takes.
///
/// Preferring IPv4 gives it the highest precedence, as section 10.3 has it. So it changes what rule
/// 6 says, and nothing of what can be reached and what goes well together.
///
/// One address asks nobody and reads no clock. If nobody can tell a source, the order of the answer
/// is kept.
pub(crate) fn sort(addresses: &mut [SocketAddr], options: &Options) {
    let count = addresses.len().min(MOST_SORTED);
    let addresses = &mut addresses[..count];
    if count < 2 {
        return;
    }
    // Everything on the stack: a connect by a name that is known allocates nothing for the order.
    let mut sources = [None; MOST_SORTED];
    let now = now(options.clock.as_ref());
    if options.sources.find(addresses, &mut sources[..count], now).is_err() {
        return;
    }
    let mut ranked = [(Rank::default(), addresses[0]); MOST_SORTED];
    let ranked = &mut ranked[..count];
    for ((place, address), source) in ranked.iter_mut().zip(&*addresses).zip(sources) {
        *place = (Rank::new(address.ip(), source.flatten(), options.families), *address);
    }
    ranked.sort_by_key(|(rank, _)| *rank);
    for (place, (_, address)) in addresses.iter_mut().zip(ranked) {
        *place = *address;
    }
}

/// How good a destination is: the least is the best. The fields are the rules, in their order.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
struct Rank {
    is_unusable: bool,
    is_of_other_scope: bool,
    is_of_other_label: bool,
    precedence: Reverse<u8>,
    scope: u8,
    common_prefix: Reverse<u32>,
}

impl Rank {
    /// That of a destination which is reached from `source`. Those that cannot be reached are all
    /// alike.
    fn new(destination: IpAddr, source: Source, families: Families) -> Self {
        let Some(source) = source else {
            return Self { is_unusable: true, ..Self::default() };
        };
        let policy = match destination {
            IpAddr::V4(_) if families == Families::PreferV4 => Policy::PREFERRED_V4,
            destination => Policy::of(destination),
        };
        let scope_of_destination = scope(destination);
        Self {
            is_unusable: false,
            is_of_other_scope: scope_of_destination != scope(source),
            is_of_other_label: policy.label != Policy::of(source).label,
            precedence: Reverse(policy.precedence),
            scope: scope_of_destination,
            common_prefix: Reverse(common_network(destination, source)),
        }
    }
}

/// How many bits of the network two IPv6 addresses have in common, at most 64; none for IPv4.
fn common_network(destination: IpAddr, source: IpAddr) -> u32 {
    match (destination, source) {
        (IpAddr::V6(destination), IpAddr::V6(source)) => common_prefix(destination, source).min(64),
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use std::{
        io,
        sync::{
            Arc,
            atomic::{AtomicUsize, Ordering},
        },
    };

    use super::*;
    use crate::source::Sources;

    /// Sources of the tests: a destination, and where it is reached from.
    const SOURCES: [(&str, Option<&str>); 20] = [
        ("2001:db8:a::1", Some("fd00::99")),
        ("2001:db8:f::1", Some("fe80::99")),
        ("2001:db8:1::1", Some("2001:db8:1::99")),
        ("2001:db8:2::1", Some("2001:db8:1::99")),
        ("2001:db8:1:0:8000::1", Some("2001:db8:1::99")),
        ("2001:db8:1:0:8000::2", Some("2001:db8:1::99")),
        ("2001:db8:dead::1", None),
        ("2001:db8:dead::2", None),
        ("2002:c000:203::1", None),
        ("2002:c000:201::1", Some("2002:c000:263::99")),
        ("2002:c000:202::1", Some("2001:db8:1::99")),
        ("fd00::1", Some("fd00::99")),
        ("fd11::1", Some("2001:db8:1::99")),
        ("fe80::1", Some("fe80::99")),
        ("fe80::2", Some("2001:db8:1::99")),
        ("192.0.2.1", Some("192.0.2.99")),
        ("203.0.113.1", Some("192.0.2.99")),
        ("169.254.0.1", Some("192.0.2.99")),
        ("127.0.0.1", Some("127.0.0.1")),
        ("198.51.100.1", None),
    ];

    fn of_the_table(destination: SocketAddr) -> io::Result<Option<IpAddr>> {
        let ip = destination.ip().to_string();
        let (_, source) = SOURCES.iter().find(|(text, _)| *text == ip).unwrap();
        Ok(source.map(|source| source.parse().unwrap()))
    }

    fn options(
        source_of: impl Fn(SocketAddr) -> io::Result<Source> + Send + Sync + 'static,
    ) -> Options {
        Options { sources: Sources::new(source_of), ..Options::default() }
    }

    fn addresses(ips: &[&str]) -> Vec<SocketAddr> {
        ips.iter().map(|ip| SocketAddr::new(ip.parse().unwrap(), 80)).collect()
    }

    /// Checks that these are put into this order, in whatever order they come.
    fn assert_order(expected: &[&str]) {
        assert_order_in(Families::Both, expected);
    }

    fn assert_order_in(families: Families, expected: &[&str]) {
        let options = Options { families, ..options(of_the_table) };
        for shift in 0..expected.len() {
            let mut given = addresses(expected);
            given.rotate_left(shift);
            sort(&mut given, &options);
            assert_eq!(given, addresses(expected), "turned by {shift}");
        }
    }

    #[test]
    fn what_cannot_be_reached_comes_last() {
        assert_order(&["2002:c000:202::1", "2001:db8:dead::1"]);
        assert_order(&["169.254.0.1", "198.51.100.1"]);
    }

    #[test]
    fn a_source_of_the_same_scope_comes_before_any_precedence() {
        assert_order(&["fe80::1", "fe80::2"]);
        assert_order(&["2002:c000:202::1", "fe80::2"]);
        assert_order(&["203.0.113.1", "169.254.0.1"]);
    }

    #[test]
    fn a_source_of_the_same_label_comes_before_precedence() {
        assert_order(&["fd00::1", "2002:c000:202::1"]);
        assert_order(&["2002:c000:201::1", "2002:c000:202::1"]);
        assert_order(&["fd00::1", "fd11::1"]);
    }

    #[test]
    fn a_higher_precedence_comes_first() {
        assert_order(&["2001:db8:2::1", "2002:c000:201::1", "fd00::1"]);
        assert_order(&["2002:c000:202::1", "fd11::1"]);
    }

    #[test]
    fn a_smaller_scope_comes_first() {
        assert_order(&["fe80::1", "2001:db8:1::1"]);
        assert_order(&["127.0.0.1", "192.0.2.1"]);
    }

    #[test]
    fn the_longest_common_prefix_comes_first_with_ipv6() {
        assert_order(&["2001:db8:1::1", "2001:db8:2::1"]);
    }

    #[test]
    fn bits_behind_the_network_do_not_count() {
        for ips in [
            ["2001:db8:1::1", "2001:db8:1:0:8000::1"],
            ["2001:db8:1:0:8000::1", "2001:db8:1::1"],
            ["2001:db8:1:0:8000::2", "2001:db8:1:0:8000::1"],
        ] {
            let mut given = addresses(&ips);
            sort(&mut given, &options(of_the_table));
            assert_eq!(given, addresses(&ips));
        }
    }

    #[test]
    fn the_order_of_the_answer_is_kept_with_ipv4_and_with_what_cannot_be_reached() {
        for ips in [
            ["192.0.2.1", "203.0.113.1"],
            ["203.0.113.1", "192.0.2.1"],
            ["2001:db8:dead::2", "2001:db8:dead::1"],
            ["2002:c000:203::1", "2001:db8:dead::1"],
            ["198.51.100.1", "2001:db8:dead::1"],
            ["2001:db8:dead::1", "198.51.100.1"],
        ] {
            let mut given = addresses(&ips);
            sort(&mut given, &options(of_the_table));
            assert_eq!(given, addresses(&ips));
        }
    }

    #[test]
    fn all_rules_together() {
        assert_order(&[
            "fe80::1",
            "2001:db8:1::1",
            "2001:db8:2::1",
            "2002:c000:201::1",
            "fd00::1",
            "2002:c000:202::1",
            "fd11::1",
            "fe80::2",
            "2001:db8:dead::1",
        ]);
    }

    #[test]
    fn every_rule_down_to_precedence_decides_between_families() {
        for expected in [
            ["192.0.2.1", "2001:db8:dead::1"],    // 1: no IPv6 here
            ["2002:c000:202::1", "198.51.100.1"], // 1: no IPv4 here
            ["127.0.0.1", "2001:db8:dead::1"],    // 1
            ["192.0.2.1", "2001:db8:f::1"],       // 2: IPv6 on the link only
            ["2001:db8:1::1", "169.254.0.1"],     // 2
            ["fd00::1", "169.254.0.1"],           // 2: before precedence
            ["192.0.2.1", "2001:db8:a::1"],       // 5: unique local addresses, and no others
            ["192.0.2.1", "2002:c000:202::1"],    // 5
            ["2001:db8:1::1", "192.0.2.1"],       // 6
            ["2001:db8:1::1", "127.0.0.1"],       // 6: before scope
            ["192.0.2.1", "2002:c000:201::1"],    // 6: 6to4
            ["192.0.2.1", "fd00::1"],             // 6: unique local
            ["fe80::1", "127.0.0.1"],             // 6
        ] {
            assert_order(&expected);
        }
    }

    #[test]
    fn preferring_ipv4_gives_it_the_highest_precedence_and_changes_no_rule_before() {
        for expected in [
            ["192.0.2.1", "2001:db8:1::1"],
            ["127.0.0.1", "fe80::1"],
            ["192.0.2.1", "fd00::1"],
            ["2002:c000:202::1", "198.51.100.1"], // which cannot be reached
            ["2001:db8:1::1", "169.254.0.1"],     // to which only a wider address goes
        ] {
            assert_order_in(Families::PreferV4, &expected);
        }
    }

    #[test]
    fn the_examples_of_the_standard() {
        // RFC 6724, section 10.2: destinations with their sources.
        for (first, second) in [
            (("2001:db8:1::1", "2001:db8:1::2"), ("198.51.100.121", "169.254.13.78")),
            (("198.51.100.121", "198.51.100.117"), ("2001:db8:1::1", "fe80::1")),
            (("2001:db8:1::1", "2001:db8:1::2"), ("10.1.2.3", "10.1.2.4")),
            (("fe80::1", "fe80::2"), ("2001:db8:1::1", "2001:db8:1::2")),
            (("2002:c633:6401::1", "2002:c633:6401::2"), ("2001:db8:1::1", "2002:c633:6401::2")),
            (("2001:db8:1::1", "2001:db8:1::2"), ("2002:c633:6401::1", "2002:c633:6401::2")),
        ] {
            let pairs = [first, second].map(|(to, from)| (to.to_string(), from.to_string()));
            let options = options(move |destination| {
                let ip = destination.ip().to_string();
                Ok(pairs.iter().find(|(to, _)| *to == ip).map(|(_, from)| from.parse().unwrap()))
            });
            let expected = addresses(&[first.0, second.0]);
            let mut given = Vec::from_iter(expected.iter().rev().copied());
            sort(&mut given, &options);
            assert_eq!(given, expected);
        }
    }

    #[test]
    fn the_order_is_kept_if_the_system_cannot_tell_a_source() {
        let mut given = addresses(&["2001:db8:dead::1", "2001:db8:1::1"]);
        sort(&mut given, &options(|_| Err(io::Error::from_raw_os_error(24))));
        assert_eq!(given, addresses(&["2001:db8:dead::1", "2001:db8:1::1"]));
    }

    #[test]
    fn one_address_asks_for_no_source_and_many_ask_for_so_many_only() {
        for (count, expected) in [(0, 0), (1, 0), (2, 2), (255, MOST_SORTED)] {
            let asked = Arc::new(AtomicUsize::new(0));
            let counter = asked.clone();
            let counting = move |_| {
                counter.fetch_add(1, Ordering::Relaxed);
                Ok(None)
            };
            let mut given: Vec<_> = (0..count).map(|last| ([10, 0, 0, last], 80).into()).collect();
            sort(&mut given, &options(counting));
            assert_eq!(asked.load(Ordering::Relaxed), expected, "{count} addresses");
        }
    }
}
