//! Sockets that this process was started with.

use std::{error::Error, fmt, io, os::fd::OwnedFd};

use rustix::io::Errno;
use socketry_connection_socket::{Adopted, adopt};

pub(crate) use self::activation::listeners;
#[cfg(target_os = "linux")]
use self::linux::duplicate as duplicate_descriptor;

mod activation;
#[cfg(target_os = "linux")]
mod linux;

/// The listening socket with this number, as a [`duplicate`]: the original stays as it is.
///
/// # Errors
///
/// Those of `duplicate` and of [`adopt`]. Of those that a wrong number leads to, the text names the
/// number.
pub(crate) fn take_over(number: u32) -> io::Result<Adopted> {
    duplicate(number).and_then(adopt).map_err(|error| explain(number, error))
}

/// A duplicate of the descriptor with this number, closed on exec. The original stays as it is:
/// open, and inherited by what this process starts.
///
/// This is the one place where a number becomes a descriptor. Whoever named the number must know
/// that it is meant for this program.
///
/// # Errors
///
/// - EBADF: no descriptor has this number.
/// - EPERM or ENOSYS under a text with advice (Linux): a sandbox forbids it, or the system is older
///   than 5.6.
fn duplicate(number: u32) -> io::Result<OwnedFd> {
    match i32::try_from(number) {
        Ok(number) => duplicate_descriptor(number),
        Err(_) => Err(Errno::BADF.into()),
    }
}

/// Opening `/dev/fd/N` duplicates N on these systems, sockets included.
#[cfg(not(target_os = "linux"))]
fn duplicate_descriptor(number: i32) -> io::Result<OwnedFd> {
    use rustix::io::{FdFlags, fcntl_setfd};

    let duplicate = OwnedFd::from(std::fs::File::open(format!("/dev/fd/{number}"))?);
    fcntl_setfd(&duplicate, FdFlags::CLOEXEC)?; // the flags of the original come with it on some
    Ok(duplicate)
}

fn explain(number: u32, error: io::Error) -> io::Error {
    let reason = match Errno::from_io_error(&error) {
        Some(Errno::BADF) => format!("no descriptor {number} was passed to this process"),
        Some(Errno::NOTSOCK) => format!("descriptor {number} is no socket"),
        _ => return error,
    };
    io::Error::new(error.kind(), WrongNumber { reason, error })
}

/// The error of a number that somebody has mistaken for that of a listening socket.
#[derive(Debug)]
struct WrongNumber {
    reason: String,
    error: io::Error,
}

impl fmt::Display for WrongNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}; {}", self.error, self.reason)
    }
}

impl Error for WrongNumber {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(&self.error)
    }
}

#[cfg(test)]
mod tests {
    use std::{
        net::{TcpListener, TcpStream},
        os::fd::AsRawFd,
    };

    use rustix::io::{FdFlags, fcntl_getfd};

    use super::*;

    /// A listener on a free port, and a duplicate made by its number.
    fn duplicated() -> (TcpListener, TcpListener) {
        let original = TcpListener::bind("127.0.0.1:0").unwrap();
        let duplicate = duplicate(original.as_raw_fd().try_into().unwrap()).unwrap();
        (original, duplicate.into())
    }

    #[test]
    fn a_duplicate_is_the_same_socket_under_another_number() {
        let (original, duplicate) = duplicated();
        assert_ne!(duplicate.as_raw_fd(), original.as_raw_fd());
        assert_eq!(duplicate.local_addr().unwrap(), original.local_addr().unwrap());
    }

    #[test]
    fn closing_a_duplicate_leaves_the_original_listening() {
        let (original, duplicate) = duplicated();
        drop(duplicate);
        let client = TcpStream::connect(original.local_addr().unwrap()).unwrap();
        assert_eq!(original.accept().unwrap().1, client.local_addr().unwrap());
    }

    #[test]
    fn a_duplicate_is_closed_on_exec() {
        let (_original, duplicate) = duplicated();
        assert!(fcntl_getfd(&duplicate).unwrap().contains(FdFlags::CLOEXEC));
    }

    #[test]
    fn a_number_that_no_descriptor_has_is_ebadf() {
        for number in [i32::MAX as u32, i32::MAX as u32 + 1, u32::MAX] {
            assert_eq!(duplicate(number).unwrap_err().raw_os_error(), Some(9), "{number}");
        }
    }
}
