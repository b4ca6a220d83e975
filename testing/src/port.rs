//! A port for a program that cannot choose one and say which.

use std::{io, net::SocketAddr, os::fd::OwnedFd};

use rustix::net::{
    AddressFamily, SocketFlags, SocketType, bind, getsockname, socket_with, sockopt,
};

/// A TCP port of 127.0.0.1 that the system gives to nobody else as long as the value lives, and on
/// which one program may listen, and another one after it. While none does, who connects is refused.
///
/// A socket is bound to it that does not listen. That keeps the system from choosing the port for
/// anybody, and allows it to those who name it and set `SO_REUSEADDR`, as servers do; so there is no
/// moment in which the port is free for others.
///
/// # Examples
///
/// ```
/// use std::net::TcpListener;
///
/// use socketry_testing::ReservedPort;
///
/// let port = ReservedPort::new();
/// let listener = TcpListener::bind(port.address())?; // sets SO_REUSEADDR
/// assert_eq!(listener.local_addr()?, port.address());
/// # std::io::Result::Ok(())
/// ```
#[derive(Debug)]
pub struct ReservedPort {
    address: SocketAddr,
    _socket: OwnedFd,
}

impl ReservedPort {
    /// Takes a port that is free.
    ///
    /// # Panics
    ///
    /// If there is none.
    pub fn new() -> Self {
        Self::reserve().unwrap_or_else(|error| panic!("no port of 127.0.0.1 is free: {error}"))
    }

    /// The address with the port.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    fn reserve() -> io::Result<Self> {
        let (family, kind) = (AddressFamily::INET, SocketType::STREAM);
        let socket = socket_with(family, kind, SocketFlags::CLOEXEC, None)?;
        sockopt::set_socket_reuseaddr(&socket, true)?;
        // On every address: there are programs that listen on all of them.
        bind(&socket, &SocketAddr::from(([0, 0, 0, 0], 0)))?;
        let port = SocketAddr::try_from(getsockname(&socket)?)?.port();
        Ok(Self { address: ([127, 0, 0, 1], port).into(), _socket: socket })
    }
}

impl Default for ReservedPort {
    fn default() -> Self {
        Self::new()
    }
}
