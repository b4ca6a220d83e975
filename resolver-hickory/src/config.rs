//! What the lookups go by, once the system and the program have both had their say.

use std::time::Duration;

use hickory_resolver::proto::rr::Name;

use crate::{Nameserver, zone::parse_zoned_ip};

/// Whom to ask for which names, how often and how long.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Config {
    pub(crate) nameservers: Vec<Nameserver>,
    pub(crate) search: Vec<Name>,
    pub(crate) ndots: usize,
    /// How often each nameserver is tried.
    pub(crate) attempts: usize,
    /// How long one try may take.
    pub(crate) patience: Duration,
}

/// As resolv.conf(5) says, without a file.
impl Default for Config {
    fn default() -> Self {
        Self {
            nameservers: Vec::new(),
            search: Vec::new(),
            ndots: 1,
            attempts: 2,
            patience: Duration::from_secs(5),
        }
    }
}

impl Config {
    /// Reads the text of a resolv.conf. What is not understood is passed over, as the system does,
    /// and so is what has no meaning here (`rotate`, `single-request`, `edns0`).
    pub(crate) fn parse(text: &[u8]) -> Self {
        let (file, _) = resolv_conf::Config::parse_with_errors(text);
        let transport = if file.use_vc { Nameserver::tcp } else { Nameserver::udp };
        let address = |ip: &resolv_conf::ScopedIp| {
            let mut address = parse_zoned_ip(&ip.to_string())?;
            address.set_port(53);
            Some(transport(address))
        };
        let search = file.get_last_search_or_domain();
        Self {
            nameservers: file.nameservers.iter().filter_map(address).collect(),
            search: search.filter_map(|domain| Name::from_str_relaxed(domain).ok()).collect(),
            ndots: file.ndots.min(15) as usize,
            attempts: file.attempts.clamp(1, 5) as usize,
            patience: Duration::from_secs(file.timeout.clamp(1, 30).into()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_that_matters_is_read() {
        let config = Config::parse(
            b"# comment\nnameserver 192.0.2.53\nnameserver ::1\nsearch a.example b.example.\n\
              options ndots:2 timeout:3 attempts:4\n",
        );
        assert_eq!(
            config,
            Config {
                nameservers: vec!["192.0.2.53".parse().unwrap(), "::1".parse().unwrap()],
                search: vec!["a.example".parse().unwrap(), "b.example.".parse().unwrap()],
                ndots: 2,
                attempts: 4,
                patience: Duration::from_secs(3),
            }
        );
    }

    #[test]
    fn what_the_file_does_not_say_is_as_the_manual_says() {
        assert_eq!(
            Config::parse(b"\xff\xfe nonsense\nnameserver\nnameserver nowhere\n"),
            Config::default()
        );
    }

    #[test]
    fn absurd_values_are_bounded_as_the_system_bounds_them() {
        let config = Config::parse(b"options ndots:99 timeout:0 attempts:0");
        assert_eq!((config.ndots, config.attempts), (15, 1));
        assert_eq!(config.patience, Duration::from_secs(1));
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_link_local_nameserver_keeps_its_zone() {
        let config = Config::parse(b"nameserver fe80::1%lo\nnameserver fe80::2%no-such\n");
        assert_eq!(config.nameservers, ["[fe80::1%1]:53".parse().unwrap()]);
    }

    #[test]
    fn the_last_of_search_and_domain_counts() {
        let config = Config::parse(b"search a.example\ndomain b.example\n");
        assert_eq!(config.search, ["b.example".parse::<Name>().unwrap()]);
    }

    #[test]
    fn use_vc_asks_over_tcp() {
        let config = Config::parse(b"nameserver 192.0.2.53\noptions use-vc\n");
        assert!(config.nameservers[0].is_tcp_only());
    }
}
