//! Lists of networks.

use std::net::IpAddr;

use socketry_server::Network;

/// A list of networks that is searched in halves, however long it is.
///
/// Two networks are apart, or one is in the other: so those in another one are left out, and of the
/// others, in order, only the last one that begins before an address can contain it.
#[derive(Debug, Default)]
pub(crate) struct Networks {
    sorted: Vec<Network>,
}

impl Networks {
    pub(crate) fn new(list: &[Network]) -> Self {
        let mut sorted = list.to_vec();
        sorted.sort_unstable(); // of those that begin alike, the widest first
        sorted.dedup_by(|next, kept| kept.contains(next.address()));
        Self { sorted }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.sorted.is_empty()
    }

    /// The widest network that contains `ip`, which is not an IPv4 address mapped into IPv6.
    pub(crate) fn find(&self, ip: IpAddr) -> Option<Network> {
        let next = self.sorted.partition_point(|network| network.address() <= ip);
        let last = self.sorted[..next].last()?;
        last.contains(ip).then_some(*last)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn networks(list: &[&str]) -> Networks {
        Networks::new(&list.iter().map(|text| text.parse().unwrap()).collect::<Vec<_>>())
    }

    #[test]
    fn the_one_that_contains_an_address_is_found_among_many() {
        let list: Vec<Network> =
            (0..=255).map(|n| Network::around([10, n, 0, 0].into(), 24)).collect();
        let networks = Networks::new(&list);
        for n in 0..=255 {
            assert_eq!(networks.find([10, n, 0, 255].into()), Some(list[usize::from(n)]));
            assert_eq!(networks.find([10, n, 1, 0].into()), None);
        }
    }

    #[test]
    fn of_one_within_another_the_wider_is_found() {
        let networks = networks(&["10.1.2.0/24", "10.0.0.0/16", "10.0.0.0/8", "10.1.0.0/16"]);
        assert_eq!(networks.find([10, 1, 2, 3].into()), Some("10.0.0.0/8".parse().unwrap()));
        assert_eq!(networks.sorted.len(), 1);
    }

    #[test]
    fn both_families_are_in_one_list_and_do_not_meet() {
        let networks = networks(&["::/0", "192.0.2.0/24"]);
        assert!(networks.find([192, 0, 2, 1].into()).is_some());
        assert!(networks.find([192, 0, 3, 1].into()).is_none());
        assert!(networks.find("2001:db8::1".parse().unwrap()).is_some());
    }

    #[test]
    fn every_address_is_found_as_by_looking_at_all_of_them() {
        let list: Vec<Network> = (0_u8..=255)
            .map(|n| Network::around([n & 0x13, n >> 3, 0, 0].into(), 4 + n % 13))
            .collect();
        let networks = Networks::new(&list);
        for ip in (0..=u16::MAX).map(|n| IpAddr::from([(n >> 8) as u8, n as u8, 0, 0])) {
            let is_in_one = list.iter().any(|network| network.contains(ip));
            assert_eq!(networks.find(ip).is_some(), is_in_one, "{ip}");
        }
    }

    #[test]
    fn an_empty_list_contains_nobody() {
        assert!(networks(&[]).find([192, 0, 2, 1].into()).is_none());
    }
}
