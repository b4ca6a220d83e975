//! Sockets that are made here for all libraries, or treated alike.

use std::{
    io,
    net::{IpAddr, SocketAddr, TcpListener},
    ops::Range,
    os::fd::AsFd,
    time::Duration,
};

use rustix::net::sockopt::set_socket_linger;
use socket2::{Domain, Socket, Type};

/// The most clients that may wait to be accepted. What listens with less loses some of a thousand
/// that come at once, and those come again after a second.
const BACKLOG: i32 = 4096;

/// The ports that are tried, one after the other.
const PORTS: Range<u16> = 20_000..32_000;

/// Every library accepts from a socket that was made here, with the options that ours would set.
///
/// The port is one of those that services have: to one that the system may choose for a client, a
/// connect of ours asks whether it has reached itself.
pub(crate) fn listen(host: IpAddr) -> io::Result<TcpListener> {
    let listeners = PORTS.map(|port| listen_on(SocketAddr::new(host, port)));
    let mut last = io::Error::other("there are no ports");
    for listener in listeners {
        match listener {
            Ok(listener) => return Ok(listener),
            Err(error) => last = error,
        }
    }
    Err(last)
}

pub(crate) fn listen_on(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, None)?;
    socket.set_tcp_nodelay(true)?;
    socket.set_nonblocking(true)?;
    socket.bind(&address.into())?;
    socket.listen(BACKLOG)?;
    Ok(socket.into())
}

/// Makes the drop of a socket reset its connection.
pub(crate) fn reset_when_dropped(socket: &impl AsFd) -> io::Result<()> {
    Ok(set_socket_linger(socket, Some(Duration::ZERO))?)
}
