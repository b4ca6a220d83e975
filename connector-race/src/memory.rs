//! What worked last.

use std::{
    collections::HashMap,
    net::SocketAddr,
    sync::{Mutex, MutexGuard, PoisonError},
};

use socketry_connector::HostPort;

/// The address of each host that was connected to last, for a limited number of hosts.
///
/// When there are more, the host that was not connected to for the longest time is forgotten.
/// Finding that one walks the whole list, once for each new host.
#[derive(Debug)]
pub(crate) struct Memory {
    most: usize,
    hosts: Mutex<Hosts>,
}

#[derive(Debug, Default)]
struct Hosts {
    last_good: HashMap<HostPort, LastGood>,
    /// Counts what is noted, to tell which is older.
    noted: u64,
}

#[derive(Debug)]
struct LastGood {
    remote: SocketAddr,
    noted: u64,
}

impl Memory {
    /// Remembers nothing yet, and never more than `most` hosts.
    pub(crate) fn new(most: usize) -> Self {
        Self { most, hosts: Mutex::default() }
    }

    /// Where a host was reached last.
    pub(crate) fn recall(&self, host: &HostPort) -> Option<SocketAddr> {
        self.lock().last_good.get(host).map(|last| last.remote)
    }

    /// A host was reached.
    pub(crate) fn note(&self, host: &HostPort, remote: SocketAddr) {
        let mut hosts = self.lock();
        hosts.noted += 1;
        let noted = hosts.noted;
        if let Some(last) = hosts.last_good.get_mut(host) {
            *last = LastGood { remote, noted };
            return;
        }
        if hosts.last_good.len() >= self.most {
            hosts.forget_oldest();
        }
        hosts.last_good.insert(host.clone(), LastGood { remote, noted });
    }

    /// A host could not be reached there.
    pub(crate) fn forget(&self, host: &HostPort, remote: SocketAddr) {
        let mut hosts = self.lock();
        if hosts.last_good.get(host).is_some_and(|last| last.remote == remote) {
            hosts.last_good.remove(host);
        }
    }

    fn lock(&self) -> MutexGuard<'_, Hosts> {
        // Nothing in here can panic half way through a change.
        self.hosts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Hosts {
    fn forget_oldest(&mut self) {
        let oldest = self.last_good.iter().min_by_key(|(_, last)| last.noted);
        if let Some(host) = oldest.map(|(host, _)| host.clone()) {
            self.last_good.remove(&host);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn host(number: u16) -> HostPort {
        format!("host-{number}.example:80").parse().unwrap()
    }

    fn address(number: u8) -> SocketAddr {
        ([10, 0, 0, number], 80).into()
    }

    #[test]
    fn the_last_address_of_a_host_is_remembered_until_it_fails() {
        let memory = Memory::new(1);
        memory.note(&host(1), address(1));
        memory.note(&host(1), address(2));
        memory.forget(&host(1), address(1));
        assert_eq!(memory.recall(&host(1)), Some(address(2)));
        memory.forget(&host(1), address(2));
        assert_eq!(memory.recall(&host(1)), None);
    }

    #[test]
    fn when_there_are_too_many_hosts_the_one_that_was_noted_longest_ago_is_forgotten() {
        let memory = Memory::new(2);
        for number in [1, 2, 1, 3] {
            memory.note(&host(number), address(1));
        }
        let known = [1, 2, 3].map(|number| memory.recall(&host(number)).is_some());
        assert_eq!(known, [true, false, true]);
    }
}
