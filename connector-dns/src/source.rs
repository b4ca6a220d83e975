//! Where a packet to an address would come from.

use std::{
    io,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket},
};

/// Finds the source address of a destination: `None` if it cannot be reached from here. An error
/// means that nobody can tell.
pub(crate) type SourceOf = fn(SocketAddr) -> io::Result<Option<IpAddr>>;

/// Asks the system, by connecting a UDP socket: that looks at the routes and sends nothing.
pub(crate) fn ask_system(destination: SocketAddr) -> io::Result<Option<IpAddr>> {
    let anywhere: SocketAddr = match destination {
        SocketAddr::V4(_) => (Ipv4Addr::UNSPECIFIED, 0).into(),
        SocketAddr::V6(_) => (Ipv6Addr::UNSPECIFIED, 0).into(),
    };
    let socket = UdpSocket::bind(anywhere)?; // fails if descriptors have run out, say
    match socket.connect(destination) {
        Ok(()) => Ok(Some(socket.local_addr()?.ip())),
        Err(_) => Ok(None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_machine_reaches_itself_from_itself() {
        let source = ask_system((Ipv4Addr::LOCALHOST, 80).into()).unwrap();
        assert_eq!(source, Some(Ipv4Addr::LOCALHOST.into()));
    }

    #[test]
    fn an_address_that_cannot_be_connected_to_has_no_source() {
        // A datagram to everybody needs a permission that this socket does not have.
        assert_eq!(ask_system((Ipv4Addr::BROADCAST, 80).into()).unwrap(), None);
    }
}
