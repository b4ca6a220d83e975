//! What is asked for.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use hickory_resolver::proto::rr::Name;
use socketry_resolver::Family;

use crate::nameserver::parse_ip;

/// A text that was given as a name, read.
pub(crate) enum Asked {
    /// An address: it needs no lookup.
    Literal(SocketAddr),
    /// `localhost`, or a name in it, which never leaves the process (RFC 6761).
    Localhost,
    Host(Host),
}

/// A host name, encoded as nameservers know it.
pub(crate) struct Host {
    /// Relative, unless it was written with a dot at its end.
    name: Name,
}

impl Asked {
    /// Reads `text`, or says why it can be no host name.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let bare = text.strip_prefix('[').and_then(|text| text.strip_suffix(']')).unwrap_or(text);
        if let Some(literal) = parse_ip(bare) {
            return Ok(Self::Literal(literal));
        }
        if matches!(text, "" | ".") {
            return Err("a name has at least one letter".to_string());
        }
        // Relaxed: underscores are in use wherever people may choose names. Unicode is encoded.
        let name = Name::from_str_relaxed(text).map_err(|error| error.to_string())?;
        if !name.iter().all(is_host_label) {
            return Err(
                "a name consists of letters, digits, hyphens and underscores, with dots between"
                    .to_string(),
            );
        }
        match Reserved::of(&name) {
            Some(Reserved::Loopback) => Ok(Self::Localhost),
            _ => Ok(Self::Host(Host { name })),
        }
    }
}

fn is_host_label(label: &[u8]) -> bool {
    label.iter().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
}

impl Host {
    /// The name as a hosts file has it: in small letters, without a dot at its end.
    pub(crate) fn key(&self) -> String {
        let mut key = self.name.to_ascii();
        if key.ends_with('.') {
            key.pop();
        }
        key.make_ascii_lowercase();
        key
    }

    /// The absolute names that it may stand for, in the order in which they are to be asked for:
    /// itself first if it has `ndots` dots (or one at its end), and last otherwise; between, or
    /// before, itself in each domain of `search`.
    pub(crate) fn expand(self, search: &[Name], ndots: usize) -> Vec<Name> {
        let mut absolute = self.name.clone();
        absolute.set_fqdn(true);
        if self.name.is_fqdn() {
            return vec![absolute];
        }
        let dots = self.name.iter().count() - 1;
        // A domain that would make the name too long is passed over.
        let mut names: Vec<Name> = search
            .iter()
            .filter_map(|domain| self.name.clone().append_domain(domain).ok())
            .collect();
        names.iter_mut().for_each(|name| name.set_fqdn(true));
        names.retain(|name| *name != absolute);
        let place = if dots >= ndots { 0 } else { names.len() };
        names.insert(place, absolute);
        names
    }
}

/// Names about which nobody is asked (RFC 6761, RFC 7686).
pub(crate) enum Reserved {
    /// This machine.
    Loopback,
    /// There is no such name.
    Nowhere,
}

impl Reserved {
    /// By the last label of a name.
    pub(crate) fn of(name: &Name) -> Option<Self> {
        let top = name.iter().next_back()?;
        let is = |other: &[u8]| top.eq_ignore_ascii_case(other);
        if is(b"localhost") {
            Some(Self::Loopback)
        } else if is(b"invalid") || is(b"onion") {
            Some(Self::Nowhere)
        } else {
            None
        }
    }
}

/// The address of this machine for itself.
pub(crate) fn loopback(family: Family) -> IpAddr {
    match family {
        Family::V4 => Ipv4Addr::LOCALHOST.into(),
        Family::V6 => Ipv6Addr::LOCALHOST.into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn host(text: &str) -> Host {
        match Asked::parse(text) {
            Ok(Asked::Host(host)) => host,
            Ok(_) => panic!("{text} is no host"),
            Err(reason) => panic!("{text}: {reason}"),
        }
    }

    fn expanded(text: &str, search: &[&str], ndots: usize) -> Vec<String> {
        let search: Vec<Name> = search.iter().map(|name| name.parse().unwrap()).collect();
        host(text).expand(&search, ndots).iter().map(Name::to_ascii).collect()
    }

    #[test]
    fn a_name_with_enough_dots_is_asked_for_itself_first_and_others_last() {
        let search = ["a.example", "b.example"];
        assert_eq!(
            expanded("www.host", &search, 1),
            ["www.host.", "www.host.a.example.", "www.host.b.example."]
        );
        assert_eq!(expanded("host", &search, 1), ["host.a.example.", "host.b.example.", "host."]);
        assert_eq!(expanded("www.host", &search, 2).last().unwrap(), "www.host.");
    }

    #[test]
    fn a_dot_at_the_end_makes_a_name_absolute() {
        assert_eq!(expanded("host.", &["a.example"], 1), ["host."]);
    }

    #[test]
    fn a_search_domain_that_would_make_the_name_too_long_is_passed_over() {
        let long = ["x".repeat(60), "y".repeat(60), "z".repeat(60)].join(".");
        let search = ["s".repeat(60), "example.org".into()].join(".");
        assert_eq!(expanded(&long, &[&search, "a"], 1).len(), 2);
    }

    #[test]
    fn unicode_is_encoded_and_underscores_are_kept() {
        assert_eq!(host("Bücher.example").key(), "xn--bcher-kva.example");
        assert_eq!(host("My_host_.example.").key(), "my_host_.example");
    }

    #[test]
    fn literals_are_told_from_names_with_and_without_brackets() {
        for text in ["192.0.2.1", "::1", "[::1]", "fe80::1%3", "[fe80::1%3]"] {
            assert!(matches!(Asked::parse(text), Ok(Asked::Literal(_))), "{text}");
        }
    }

    #[test]
    fn localhost_is_known_by_its_last_label_alone() {
        for text in ["localhost", "LOCALHOST.", "db.localhost"] {
            assert!(matches!(Asked::parse(text), Ok(Asked::Localhost)), "{text}");
        }
        assert_eq!(host("localhost.example").key(), "localhost.example");
    }

    #[test]
    fn what_can_be_no_host_name_is_refused() {
        let long_label = "x".repeat(64);
        let long = vec!["x".repeat(60); 5].join(".");
        for text in [
            "",
            ".",
            "..",
            "a..b",
            ".a",
            "a b",
            "a\0b",
            "a/b",
            "*.a",
            "a\\.b",
            "a:1",
            "[a]",
            "a。b",
            "\u{fffd}",
            &long_label,
            &long,
        ] {
            assert!(Asked::parse(text).is_err(), "{text:?}");
        }
    }
}
