//! A connect that is under way: starting it, and finding out how it stands.

use std::io;

use socket2::{SockAddr, Socket};

/// How a connect stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(clippy::exhaustive_enums, reason = "there is no third: a failed one is an error")]
pub enum Connecting {
    /// It is through.
    Done,
    /// It goes on in the background.
    UnderWay,
}

impl Connecting {
    /// Starts to connect a non-blocking `socket` to `address`.
    ///
    /// # Errors
    ///
    /// Why the system could not connect it, if it knows that at once.
    pub fn start(socket: &Socket, address: &SockAddr) -> io::Result<Self> {
        match socket.connect(address) {
            Ok(()) => Ok(Self::Done),
            Err(error) if is_under_way(&error) => Ok(Self::UnderWay),
            Err(error) => Err(error),
        }
    }

    /// Asks how the connect that was started on `socket` stands.
    ///
    /// On Linux that is another `connect(2)`: one call that tells everything, done, not yet, or
    /// why not. After an error it must not be asked again: that would start anew.
    ///
    /// # Errors
    ///
    /// Why the system could not connect it.
    #[cfg(any(target_os = "linux", target_os = "android"))]
    pub fn ask(socket: &Socket, address: &SockAddr) -> io::Result<Self> {
        match Self::start(socket, address) {
            Err(error)
                if error.raw_os_error() == Some(rustix::io::Errno::ISCONN.raw_os_error()) =>
            {
                Ok(Self::Done)
            }
            answer => answer,
        }
    }

    /// Asks how the connect that was started on `socket` stands.
    ///
    /// # Errors
    ///
    /// Why the system could not connect it.
    #[cfg(not(any(target_os = "linux", target_os = "android")))]
    pub fn ask(socket: &Socket, _address: &SockAddr) -> io::Result<Self> {
        if let Some(error) = socket.take_error()? {
            return Err(error);
        }
        match socket.peer_addr() {
            Ok(_) => Ok(Self::Done),
            Err(error) if error.kind() == io::ErrorKind::NotConnected => Ok(Self::UnderWay),
            Err(error) => Err(error),
        }
    }
}

/// An interrupted connect goes on in the background, too.
#[cfg(unix)]
fn is_under_way(error: &io::Error) -> bool {
    use rustix::io::Errno;

    let under_way = [Errno::INPROGRESS, Errno::ALREADY, Errno::INTR];
    under_way.iter().any(|errno| error.raw_os_error() == Some(errno.raw_os_error()))
}

#[cfg(not(unix))]
fn is_under_way(error: &io::Error) -> bool {
    error.kind() == io::ErrorKind::WouldBlock
}
