//! Sockets to connect to, in a directory that goes away with the test.

use std::path::Path;

use socketry_connection::UnixAddress;
pub(crate) use socketry_testing::TestDir;

pub(crate) fn address(path: impl AsRef<Path>) -> UnixAddress {
    UnixAddress::from_path(path).unwrap()
}

#[cfg(target_os = "linux")]
pub(crate) mod full {
    //! A server that has no room for another client.

    use std::{io, os::unix::net::UnixListener, path::Path};

    use socket2::{Domain, SockAddr, Socket, Type};

    /// More than a backlog of zero lets wait.
    const AT_MOST: usize = 8;

    /// A listener at `path` whose backlog is full.
    pub(crate) fn listener(path: &Path) -> (UnixListener, Vec<Socket>) {
        let socket = Socket::new(Domain::UNIX, Type::STREAM, None).unwrap();
        let address = SockAddr::unix(path).unwrap();
        socket.bind(&address).unwrap();
        socket.listen(0).unwrap();
        let mut waiting = Vec::new();
        loop {
            let client = Socket::new(Domain::UNIX, Type::STREAM, None).unwrap();
            client.set_nonblocking(true).unwrap();
            match client.connect(&address) {
                Ok(()) => waiting.push(client),
                Err(error) => {
                    assert_eq!(error.kind(), io::ErrorKind::WouldBlock);
                    return (socket.into(), waiting);
                }
            }
            assert!(waiting.len() < AT_MOST, "the backlog does not become full");
        }
    }
}
