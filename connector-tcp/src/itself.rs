//! A connection that would reach nobody but itself.

use std::{fs, io, net::SocketAddr, ops::RangeInclusive, sync::OnceLock, time::Duration};

use socket2::Socket;

/// Refuses a connection that has reached itself.
///
/// It may, at a port that nobody listens on, if the system happens to choose that very port as its
/// source: it takes the two handshakes for one (RFC 9293, section 3.5). It would look like a
/// server, and keep the real one from its port.
#[inline]
pub(crate) fn check_other_end(socket: &Socket, remote: SocketAddr) -> io::Result<()> {
    match is_chosen_by_the_system(remote.port()) {
        true => check_not_itself(socket, remote),
        false => Ok(()),
    }
}

#[cold]
#[inline(never)]
fn check_not_itself(socket: &Socket, remote: SocketAddr) -> io::Result<()> {
    let local = socket.local_addr().ok().and_then(|address| address.as_socket());
    if local != Some(remote) {
        return Ok(());
    }
    // Reset, so that nothing of it lingers at the port.
    let _ = socket.set_linger(Some(Duration::ZERO));
    Err(refused())
}

#[cfg(unix)]
fn refused() -> io::Error {
    rustix::io::Errno::CONNREFUSED.into()
}

#[cfg(not(unix))]
fn refused() -> io::Error {
    io::ErrorKind::ConnectionRefused.into()
}

/// Whether the system may choose this port as the source of a connection.
fn is_chosen_by_the_system(port: u16) -> bool {
    static RANGE: OnceLock<RangeInclusive<u16>> = OnceLock::new();

    RANGE.get_or_init(system_ports).contains(&port)
}

/// The range that Linux is configured with; elsewhere, or if it can't be read, all that any system
/// chooses from.
#[cold]
fn system_ports() -> RangeInclusive<u16> {
    let range = || {
        let text = fs::read_to_string("/proc/sys/net/ipv4/ip_local_port_range").ok()?;
        let mut ports = text.split_whitespace().map(|port| port.parse().ok());
        Some(ports.next()??..=ports.next()??)
    };
    range().unwrap_or(1024..=u16::MAX)
}
