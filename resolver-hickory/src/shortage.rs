//! What this machine has run out of, which says nothing about a nameserver.

use std::{
    io,
    sync::Arc,
    time::{Duration, Instant},
};

use hickory_resolver::net::NetError;
use socketry_connection::{Clock, Sleep, now};

/// How long it takes until it is looked again whether something has become free.
const PAUSE: Duration = Duration::from_millis(50);

/// Whether it was descriptors, memory, buffers or ports that there were none of.
///
/// `EADDRNOTAVAIL` is none of these: a machine without IPv6 says that of a nameserver there.
pub(crate) fn is_shortage(error: &NetError) -> bool {
    let NetError::Io(error) = error else {
        return false;
    };
    matches!(error.kind(), io::ErrorKind::AddrInUse | io::ErrorKind::OutOfMemory)
        || error.raw_os_error().is_some_and(is_number_of_shortage)
}

#[cfg(unix)]
fn is_number_of_shortage(number: i32) -> bool {
    use rustix::io::Errno;

    [Errno::MFILE, Errno::NFILE, Errno::NOBUFS, Errno::NOMEM]
        .iter()
        .any(|errno| errno.raw_os_error() == number)
}

#[cfg(windows)]
fn is_number_of_shortage(number: i32) -> bool {
    const WSAEMFILE: i32 = 10024;
    const WSAENOBUFS: i32 = 10055;

    matches!(number, WSAEMFILE | WSAENOBUFS)
}

#[cfg(not(any(unix, windows)))]
fn is_number_of_shortage(_: i32) -> bool {
    false
}

/// The time for which a shortage is waited out.
pub(crate) struct Shortage<'a> {
    clock: Option<&'a Arc<dyn Clock>>,
    ends: Instant,
}

impl<'a> Shortage<'a> {
    /// Is waited out for as long as `patience`, from now on.
    pub(crate) fn new(patience: Duration, clock: Option<&'a Arc<dyn Clock>>) -> Self {
        Self { clock, ends: now(clock) + patience }
    }

    /// Waits until it makes sense to try again. The error comes back if it does not: it is another
    /// one, or the time is over.
    pub(crate) async fn wait_out(&self, error: NetError) -> Result<(), NetError> {
        if !is_shortage(&error) || now(self.clock) >= self.ends {
            return Err(error);
        }
        Sleep::after(self.clock, PAUSE).await;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(unix)]
    #[test]
    fn what_this_machine_lacks_is_told_from_what_the_network_says() {
        use rustix::io::Errno;

        let of =
            |errno: Errno| is_shortage(&io::Error::from_raw_os_error(errno.raw_os_error()).into());
        for errno in [Errno::MFILE, Errno::NFILE, Errno::NOBUFS, Errno::NOMEM, Errno::ADDRINUSE] {
            assert!(of(errno), "{errno:?}");
        }
        for errno in
            [Errno::CONNREFUSED, Errno::HOSTUNREACH, Errno::NETUNREACH, Errno::ADDRNOTAVAIL]
        {
            assert!(!of(errno), "{errno:?}");
        }
        assert!(!is_shortage(&NetError::Timeout));
    }
}
