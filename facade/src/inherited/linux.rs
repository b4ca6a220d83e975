//! Duplicating a descriptor by its number, on Linux.
//!
//! The way that needs no `unsafe`: ask the kernel for a descriptor of the process that we are.
//! Opening `/dev/fd/N` is none, because Linux refuses it for sockets.

use std::{error::Error, fmt, io, os::fd::OwnedFd};

use rustix::{
    io::Errno,
    process::{PidfdFlags, PidfdGetfdFlags, getpid, pidfd_getfd, pidfd_open},
};

/// `number` is not negative.
pub(super) fn duplicate(number: i32) -> io::Result<OwnedFd> {
    let this_process = pidfd_open(getpid(), PidfdFlags::empty()).map_err(explain)?;
    pidfd_getfd(this_process, number, PidfdGetfdFlags::empty()).map_err(explain)
}

fn explain(error: Errno) -> io::Error {
    let is_refusal = matches!(error, Errno::PERM | Errno::NOSYS);
    let error = io::Error::from(error);
    if is_refusal { io::Error::new(error.kind(), DuplicateRefused(error)) } else { error }
}

/// The error of a system that refuses to duplicate a descriptor by its number.
#[derive(Debug)]
struct DuplicateRefused(io::Error);

impl fmt::Display for DuplicateRefused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{}; taking over a descriptor by its number calls pidfd_getfd, which needs Linux 5.6 and a sandbox that allows it (Docker does with --cap-add=SYS_PTRACE)",
            self.0
        )
    }
}

impl Error for DuplicateRefused {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use socketry_connection::os_error;

    use super::*;

    #[test]
    fn a_sandbox_that_forbids_it_is_named_with_the_mend_and_the_number_of_the_error() {
        let error = explain(Errno::PERM);
        assert_eq!((error.kind(), os_error(&error)), (io::ErrorKind::PermissionDenied, Some(1)));
        assert!(error.to_string().contains("--cap-add=SYS_PTRACE"), "{error}");
    }
}
