//! Servers that have no room for another client.

use std::{
    net::{SocketAddr, TcpListener},
    os::unix::net::UnixListener,
    path::Path,
};

use socket2::{Domain, SockAddr, Socket, Type};

/// More than a backlog of zero lets wait.
const CLIENTS: usize = 4;

/// A listener on TCP with so many clients that the next one is not answered.
pub(crate) fn tcp() -> (TcpListener, Vec<Socket>) {
    let listener = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
    listener.bind(&SocketAddr::from(([127, 0, 0, 1], 0)).into()).unwrap();
    let waiting = fill(&listener, Domain::IPV4);
    (listener.into(), waiting)
}

/// A listener at `path` with so many clients that the next one is told to come again.
pub(crate) fn unix(path: &Path) -> (UnixListener, Vec<Socket>) {
    let listener = Socket::new(Domain::UNIX, Type::STREAM, None).unwrap();
    listener.bind(&SockAddr::unix(path).unwrap()).unwrap();
    let waiting = fill(&listener, Domain::UNIX);
    (listener.into(), waiting)
}

/// Lets `listener` listen, to so many clients that the next one has to wait.
pub(crate) fn fill(listener: &Socket, domain: Domain) -> Vec<Socket> {
    listener.listen(0).unwrap();
    let address = listener.local_addr().unwrap();
    let clients = (0..CLIENTS).map(|_| {
        let client = Socket::new(domain, Type::STREAM, None).unwrap();
        client.set_nonblocking(true).unwrap();
        // The first ones connect, the others do not; which ones is the system's business.
        let _ = client.connect(&address);
        client
    });
    clients.collect()
}
