//! Where a packet to an address would come from.

use std::{
    fmt, io,
    net::{Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Instant,
};

use crate::memory::{Memory, Source};

/// Finds the source of a destination. An error means that nobody can tell.
type SourceOf = dyn Fn(SocketAddr) -> io::Result<Source> + Send + Sync;

/// Who knows the sources, and what was heard from them lately. Clones share both.
#[derive(Clone)]
pub(crate) struct Sources {
    source_of: Arc<SourceOf>,
    memory: Arc<Mutex<Memory>>,
}

impl Sources {
    /// What `source_of` says.
    pub(crate) fn new(
        source_of: impl Fn(SocketAddr) -> io::Result<Source> + Send + Sync + 'static,
    ) -> Self {
        Self { source_of: Arc::new(source_of), memory: Arc::default() }
    }

    /// The same with nothing heard yet: what others heard at their time has no meaning at another.
    pub(crate) fn afresh(&self) -> Self {
        Self { source_of: self.source_of.clone(), memory: Arc::default() }
    }

    /// Puts the source of each address in its place in `found`, where nothing is yet. Asked for are
    /// only those that were not heard lately.
    ///
    /// The lock is not held while somebody is asked, so two calls at the same time may both ask.
    pub(crate) fn find(
        &self,
        addresses: &[SocketAddr],
        found: &mut [Option<Source>],
        now: Instant,
    ) -> io::Result<()> {
        let memory = self.memory();
        for (address, found) in addresses.iter().zip(&mut *found) {
            *found = memory.recall(*address, now);
        }
        drop(memory);
        for (address, found) in addresses.iter().zip(found) {
            if found.is_none() {
                let source = (self.source_of)(*address)?;
                self.memory().note(*address, source, now);
                *found = Some(source);
            }
        }
        Ok(())
    }

    fn memory(&self) -> MutexGuard<'_, Memory> {
        self.memory.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The system's.
impl Default for Sources {
    fn default() -> Self {
        Self::new(ask_system)
    }
}

impl fmt::Debug for Sources {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sources").finish_non_exhaustive()
    }
}

/// Asks the system, by connecting a UDP socket: that looks at the routes and sends nothing.
fn ask_system(destination: SocketAddr) -> io::Result<Source> {
    let anywhere: SocketAddr = match destination {
        SocketAddr::V4(_) => (Ipv4Addr::UNSPECIFIED, 0).into(),
        SocketAddr::V6(_) => (Ipv6Addr::UNSPECIFIED, 0).into(),
    };
    let socket = match UdpSocket::bind(anywhere) {
        Err(error) if is_of_no_family_here(&error) => return Ok(None),
        bound => bound?, // fails if descriptors have run out, say
    };
    match socket.connect(destination) {
        Ok(()) => Ok(Some(socket.local_addr()?.ip())),
        Err(_) => Ok(None),
    }
}

/// Whether the system has no sockets of this family at all, such as Linux without IPv6.
fn is_of_no_family_here(error: &io::Error) -> bool {
    #[cfg(unix)]
    const NUMBER: i32 = rustix::io::Errno::AFNOSUPPORT.raw_os_error();
    #[cfg(not(unix))]
    const NUMBER: i32 = 10047; // WSAEAFNOSUPPORT
    error.raw_os_error() == Some(NUMBER)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_machine_reaches_itself_from_itself() {
        let source = ask_system((Ipv4Addr::LOCALHOST, 80).into()).unwrap();
        assert_eq!(source, Some(Ipv4Addr::LOCALHOST.into()));
    }

    #[test]
    fn an_address_that_cannot_be_connected_to_has_no_source() {
        // A datagram to everybody needs a permission that this socket does not have.
        assert_eq!(ask_system((Ipv4Addr::BROADCAST, 80).into()).unwrap(), None);
    }
}
