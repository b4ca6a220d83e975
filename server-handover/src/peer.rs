//! Who is at the other end.

use std::{io, os::fd::AsFd};

use rustix::{io::Errno, process::geteuid};
use socketry_connection::UnixAddress;

use crate::error::Advised;

/// That the process at the other end of `connection` runs as the same user as this one, or as root.
///
/// # Errors
///
/// `EPERM` if it does not.
pub(crate) fn check_user(connection: impl AsFd, address: &UnixAddress) -> io::Result<()> {
    let (theirs, ours) = (user(connection, address)?, geteuid().as_raw());
    match may_take_part(theirs, ours) {
        true => Ok(()),
        false => Err(Advised::error(
            Errno::PERM,
            format!(
                "the other process runs as user {theirs} and this one as user {ours}: run both as one user"
            ),
        )),
    }
}

fn may_take_part(theirs: u32, ours: u32) -> bool {
    theirs == ours || theirs == 0
}

/// The user of the process that has connected, or of the one that listens.
#[cfg(any(target_os = "linux", target_os = "android"))]
fn user(connection: impl AsFd, _address: &UnixAddress) -> io::Result<u32> {
    Ok(rustix::net::sockopt::socket_peercred(connection)?.uid.as_raw())
}

/// The owner of the socket file, whose permissions let only this user, and root, connect.
#[cfg(not(any(target_os = "linux", target_os = "android")))]
fn user(_connection: impl AsFd, address: &UnixAddress) -> io::Result<u32> {
    use std::os::unix::fs::MetadataExt;

    match address.path() {
        Some(path) => Ok(std::fs::symlink_metadata(path)?.uid()),
        None => Err(io::ErrorKind::Unsupported.into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_same_user_and_root_may_take_part() {
        for (theirs, ours, may) in [(7, 7, true), (0, 7, true), (0, 0, true), (8, 7, false)] {
            assert_eq!(may_take_part(theirs, ours), may, "{theirs} with {ours}");
        }
    }

    #[test]
    fn root_takes_nothing_from_others() {
        assert!(!may_take_part(7, 0));
    }
}
