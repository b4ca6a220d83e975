//! The hosts file.

use std::{collections::HashMap, net::SocketAddr};

use socketry_resolver::{Answer, Family};

use crate::zone::parse_zoned_ip;

/// The names of a hosts file, each with its addresses in the order of the file.
#[derive(Debug, Default)]
pub(crate) struct Hosts {
    /// Names are in small letters and have no dot at their end.
    by_name: HashMap<String, Vec<SocketAddr>>,
}

impl Hosts {
    /// Reads the text of a hosts file. What is no entry is passed over, as the system does.
    pub(crate) fn parse(text: &[u8]) -> Self {
        let text = String::from_utf8_lossy(text);
        let mut hosts = Self::default();
        for line in text.trim_start_matches('\u{feff}').lines() {
            let entry = line.split('#').next().unwrap_or_default();
            let mut words = entry.split_whitespace();
            let Some(address) = words.next().and_then(parse_zoned_ip) else {
                continue;
            };
            for name in words {
                let name = name.strip_suffix('.').unwrap_or(name).to_ascii_lowercase();
                let addresses = hosts.by_name.entry(name).or_default();
                if !addresses.contains(&address) {
                    addresses.push(address);
                }
            }
        }
        hosts
    }

    /// The addresses of a name that is in the file, of which there may be none in this family: the
    /// file then says all there is to know about the name.
    pub(crate) fn answer(&self, key: &str, family: Family) -> Option<Answer> {
        let addresses = self.by_name.get(key)?.iter().copied();
        Some(addresses.filter(|address| Family::of(&address.ip()) == family).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: &[u8] = b"\xef\xbb\xbf127.0.0.1\tlocalhost db  DB.Example. # the database\n\
        # 192.0.2.9 comment\n\
        not-an-address name\n\
        \xff\xfe broken\n\
        192.0.2.7 db\r\n\
        192.0.2.7 db\n\
        2001:db8::7 six\n\
        fe80::1%7 link\n\
        192.0.2.8\n";

    fn found(name: &str, family: Family) -> Option<Vec<String>> {
        let answer = Hosts::parse(FILE).answer(name, family)?;
        Some(answer.addresses().iter().map(ToString::to_string).collect())
    }

    #[test]
    fn a_name_has_all_its_addresses_in_the_order_of_the_file() {
        assert_eq!(found("db", Family::V4).unwrap(), ["127.0.0.1:0", "192.0.2.7:0"]);
        assert_eq!(found("db.example", Family::V4).unwrap(), ["127.0.0.1:0"]);
        assert_eq!(found("link", Family::V6).unwrap(), ["[fe80::1%7]:0"]);
    }

    #[test]
    fn a_name_that_is_there_has_an_empty_answer_for_the_other_family() {
        assert_eq!(found("six", Family::V4).unwrap(), [""; 0]);
    }

    #[test]
    fn comments_and_what_is_no_entry_are_passed_over() {
        for name in ["comment", "name", "broken", "the", "database"] {
            assert_eq!(found(name, Family::V4), None, "{name}");
        }
    }
}
