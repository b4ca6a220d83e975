//! What a lookup has found.

use std::{
    net::{IpAddr, SocketAddr},
    sync::Arc,
    time::Instant,
};

/// The addresses of a name in one family, best first, and until when they are good.
///
/// A clone shares the addresses and allocates nothing, so that a cache can hand answers out.
///
/// # Examples
///
/// ```
/// use socketry_resolver::Answer;
///
/// let answer = Answer::from(vec![[192, 0, 2, 1].into(), [192, 0, 2, 2].into()]);
/// let targets: Vec<_> = answer.socket_addresses(443).collect();
/// assert_eq!(targets[0], "192.0.2.1:443".parse().unwrap());
/// assert_eq!(answer.expires(), None);
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Answer {
    /// With port 0: the address and, for a link-local one, its scope.
    addresses: Arc<[SocketAddr]>,
    expires: Option<Instant>,
}

impl Answer {
    /// Says until when the addresses are good. By default nobody knows: they are to be used now,
    /// and not to be kept.
    pub fn expiring(mut self, at: Instant) -> Self {
        self.expires = Some(at);
        self
    }

    /// Until when the addresses are good, if somebody knows.
    pub fn expires(&self) -> Option<Instant> {
        self.expires
    }

    /// How many addresses there are.
    pub fn len(&self) -> usize {
        self.addresses.len()
    }

    /// Whether the name has no address of this family.
    pub fn is_empty(&self) -> bool {
        self.addresses.is_empty()
    }

    /// The addresses, with port 0; link-local ones with their scope.
    pub fn addresses(&self) -> &[SocketAddr] {
        &self.addresses
    }

    /// The addresses, without their scopes.
    pub fn ips(&self) -> impl Iterator<Item = IpAddr> + '_ {
        self.addresses.iter().map(SocketAddr::ip)
    }

    /// The addresses with a port, to connect to; link-local ones keep their scope.
    pub fn socket_addresses(&self, port: u16) -> impl Iterator<Item = SocketAddr> + '_ {
        self.addresses.iter().map(move |address| {
            let mut address = *address;
            address.set_port(port);
            address
        })
    }
}

impl From<Vec<IpAddr>> for Answer {
    fn from(ips: Vec<IpAddr>) -> Self {
        ips.into_iter().collect()
    }
}

impl FromIterator<IpAddr> for Answer {
    fn from_iter<I: IntoIterator<Item = IpAddr>>(ips: I) -> Self {
        ips.into_iter().map(|ip| SocketAddr::new(ip, 0)).collect()
    }
}

/// The ports have no meaning; the scopes are kept.
impl FromIterator<SocketAddr> for Answer {
    fn from_iter<I: IntoIterator<Item = SocketAddr>>(addresses: I) -> Self {
        let without_port = |mut address: SocketAddr| {
            address.set_port(0);
            address
        };
        Self { addresses: addresses.into_iter().map(without_port).collect(), expires: None }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scope_is_kept_and_a_port_is_not() {
        let found: SocketAddr = "[fe80::1%7]:53".parse().unwrap();
        let answer: Answer = [found].into_iter().collect();
        let expected: SocketAddr = "[fe80::1%7]:80".parse().unwrap();
        assert_eq!(answer.socket_addresses(80).collect::<Vec<_>>(), [expected]);
    }

    #[test]
    fn the_order_of_addresses_is_kept() {
        let ips: Vec<IpAddr> = (0..9).map(|last| [192, 0, 2, 9 - last].into()).collect();
        assert_eq!(Answer::from(ips.clone()).ips().collect::<Vec<_>>(), ips);
    }
}
