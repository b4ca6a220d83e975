//! Accepting without a library.

use std::{io, os::fd::OwnedFd};

use rustix::{
    fd::AsFd,
    io::Errno,
    net::{SocketFlags, accept_with},
};

/// The next client that waits; `None` if there is none.
pub(super) fn accept_next(listener: impl AsFd) -> io::Result<Option<OwnedFd>> {
    let flags = SocketFlags::NONBLOCK | SocketFlags::CLOEXEC;
    loop {
        match accept_with(&listener, flags) {
            Ok(socket) => return Ok(Some(socket)),
            Err(Errno::AGAIN) => return Ok(None),
            Err(Errno::INTR | Errno::CONNABORTED) => {}
            Err(error) => return Err(error.into()),
        }
    }
}
