//! Which source addresses were found lately.

use std::{
    collections::{HashMap, VecDeque},
    net::{IpAddr, SocketAddr},
    time::{Duration, Instant},
};

/// The address that packets to a destination come from: `None` if it cannot be reached from here.
pub(crate) type Source = Option<IpAddr>;

/// How long a source is believed in. Routes change: an interface comes up, a tunnel goes down. Until
/// that is noticed an address may be tried too early, which costs one attempt delay at most.
const LIFETIME: Duration = Duration::from_secs(10);

/// How many destinations are remembered.
const MOST: usize = 256;

/// The sources of the destinations that were asked for lately. One that is new makes the one go that
/// has been there for the longest.
#[derive(Debug, Default)]
pub(crate) struct Memory {
    known: HashMap<Destination, Known>,
    /// The keys of `known`, in the order in which they came.
    order: VecDeque<Destination>,
}

/// What the source of a packet depends on: the port is not part of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Destination {
    ip: IpAddr,
    scope: u32,
}

#[derive(Debug)]
struct Known {
    source: Source,
    since: Instant,
}

impl Memory {
    /// The source of `destination`, if it was found lately.
    pub(crate) fn recall(&self, destination: SocketAddr, now: Instant) -> Option<Source> {
        let known = self.known.get(&Destination::of(destination))?;
        let is_fresh = now.saturating_duration_since(known.since) < LIFETIME;
        is_fresh.then_some(known.source)
    }

    /// Remembers what was found.
    pub(crate) fn note(&mut self, destination: SocketAddr, source: Source, now: Instant) {
        let destination = Destination::of(destination);
        if self.known.insert(destination, Known { source, since: now }).is_some() {
            return; // it is in the order already
        }
        if self.order.len() == MOST {
            let oldest = self.order.pop_front();
            oldest.map(|oldest| self.known.remove(&oldest));
        }
        self.order.push_back(destination);
    }
}

impl Destination {
    fn of(address: SocketAddr) -> Self {
        let scope = match address {
            SocketAddr::V4(_) => 0,
            SocketAddr::V6(address) => address.scope_id(),
        };
        Self { ip: address.ip(), scope }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(number: u16) -> SocketAddr {
        let [high, low] = number.to_be_bytes();
        ([10, 0, high, low], 80).into()
    }

    fn source() -> Source {
        Some([192, 0, 2, 1].into())
    }

    #[test]
    fn a_source_is_recalled_for_its_lifetime_and_then_found_again() {
        let (mut memory, then) = (Memory::default(), Instant::now());
        assert_eq!(memory.recall(address(1), then), None);
        memory.note(address(1), source(), then);
        let instant = Duration::from_nanos(1);
        assert_eq!(memory.recall(address(1), then + LIFETIME - instant), Some(source()));
        assert_eq!(memory.recall(address(1), then + LIFETIME), None);
        memory.note(address(1), None, then + LIFETIME);
        assert_eq!(memory.recall(address(1), then + LIFETIME), Some(None));
    }

    #[test]
    fn the_port_does_not_matter_and_the_scope_does() {
        let (mut memory, now) = (Memory::default(), Instant::now());
        let link_local = |text: &str| text.parse::<SocketAddr>().unwrap();
        memory.note(link_local("[fe80::1%1]:80"), source(), now);
        assert_eq!(memory.recall(link_local("[fe80::1%1]:81"), now), Some(source()));
        assert_eq!(memory.recall(link_local("[fe80::1%2]:80"), now), None);
    }

    #[test]
    fn it_is_bounded_and_the_oldest_makes_room() {
        let (mut memory, now) = (Memory::default(), Instant::now());
        for number in 0..1000 {
            memory.note(address(number), source(), now);
            memory.note(address(number), source(), now);
        }
        assert_eq!((memory.known.len(), memory.order.len()), (MOST, MOST));
        let is_known = |number| memory.recall(address(number), now).is_some();
        assert!((0..744).all(|number| !is_known(number)) && (744..1000).all(is_known));
    }
}
