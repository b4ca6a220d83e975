//! Listening sockets that somebody else has opened.

use std::{
    io,
    net::TcpListener,
    os::{fd::OwnedFd, unix::net::UnixListener},
};

use rustix::io::Errno;
use socket2::{SockRef, Type};

/// A listening stream socket that was inherited, by its kind.
#[derive(Debug)]
#[allow(clippy::exhaustive_enums, reason = "these are the kinds of sockets that this crate knows")]
pub enum Adopted {
    /// It listens on TCP, IPv4 or IPv6.
    Tcp(TcpListener),
    /// It listens on a Unix socket.
    Unix(UnixListener),
}

/// Finds out what an inherited descriptor is, and takes it if it is a listening stream socket.
///
/// It becomes close-on-exec, so that it does not live on in the child processes of this one.
///
/// # Errors
///
/// By their error numbers: `ENOTSOCK` if it is no socket, `EISCONN` if it is a connected one,
/// `EINVAL` if it is a socket that neither listens nor is connected, `EPROTOTYPE` if it is no
/// stream socket, `EAFNOSUPPORT` if it is neither TCP nor Unix. The descriptor is closed then.
pub fn adopt(descriptor: OwnedFd) -> io::Result<Adopted> {
    let socket = SockRef::from(&descriptor);
    if socket.r#type()? != Type::STREAM {
        return Err(Errno::PROTOTYPE.into());
    }
    if socket.peer_addr().is_ok() {
        return Err(Errno::ISCONN.into());
    }
    if !listens(&descriptor)? {
        return Err(Errno::INVAL.into());
    }
    // Whoever hands a descriptor down has to leave it open in its child; that child is us.
    socket.set_cloexec(true)?;
    let address = socket.local_addr()?;
    if address.is_unix() {
        Ok(Adopted::Unix(descriptor.into()))
    } else if address.is_ipv4() || address.is_ipv6() {
        Ok(Adopted::Tcp(descriptor.into()))
    } else {
        Err(Errno::AFNOSUPPORT.into())
    }
}

#[cfg(not(target_vendor = "apple"))]
fn listens(descriptor: &OwnedFd) -> io::Result<bool> {
    Ok(rustix::net::sockopt::socket_acceptconn(descriptor)?)
}

/// Apple's systems do not tell; `accept` will say `EINVAL` if it does not listen.
#[cfg(target_vendor = "apple")]
fn listens(_descriptor: &OwnedFd) -> io::Result<bool> {
    Ok(true)
}
