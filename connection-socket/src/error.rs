//! What the system's errors mean for somebody who accepts.

use std::io;

/// Whether `error` says that the process or the system has run out of something that others may
/// give back: descriptors, buffers, memory.
fn is_exhaustion(error: &io::Error) -> bool {
    error.raw_os_error().is_some_and(|number| EXHAUSTION.contains(&number))
}

/// What a person can do about an error of `accept`, if it is one of exhaustion.
pub fn advice(error: &io::Error) -> Option<&'static str> {
    is_exhaustion(error).then_some(
        "clients that wait are turned away until descriptors are free: raise the limit (ulimit -n) or limit the connections",
    )
}

/// Whether `error` concerns the one client that was to be accepted, who is gone with it: the next
/// `accept` asks for another one. See `accept(2)`, "Error handling".
pub(crate) fn concerns_one_client(error: &io::Error) -> bool {
    error.kind() == io::ErrorKind::ConnectionAborted
        || error.raw_os_error().is_some_and(|number| ONE_CLIENT.contains(&number))
}

#[cfg(unix)]
const EXHAUSTION: &[i32] = {
    use rustix::io::Errno;
    &[
        Errno::MFILE.raw_os_error(),
        Errno::NFILE.raw_os_error(),
        Errno::NOBUFS.raw_os_error(),
        Errno::NOMEM.raw_os_error(),
    ]
};

#[cfg(unix)]
const ONE_CLIENT: &[i32] = {
    use rustix::io::Errno;
    &[
        Errno::PROTO.raw_os_error(),
        Errno::PERM.raw_os_error(),
        Errno::CONNRESET.raw_os_error(),
        Errno::TIMEDOUT.raw_os_error(),
        Errno::NETDOWN.raw_os_error(),
        Errno::NETUNREACH.raw_os_error(),
        Errno::HOSTDOWN.raw_os_error(),
        Errno::HOSTUNREACH.raw_os_error(),
        Errno::NOPROTOOPT.raw_os_error(),
        #[cfg(any(target_os = "linux", target_os = "android"))]
        Errno::NONET.raw_os_error(),
    ]
};

/// WSAEMFILE and WSAENOBUFS.
#[cfg(windows)]
const EXHAUSTION: &[i32] = &[10024, 10055];

/// WSAECONNRESET, WSAENETDOWN and WSAETIMEDOUT.
#[cfg(windows)]
const ONE_CLIENT: &[i32] = &[10054, 10050, 10060];
