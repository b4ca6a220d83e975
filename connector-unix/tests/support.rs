//! Sockets to connect to, in a directory that goes away with the test.

use std::{
    env, fs,
    path::{Path, PathBuf},
    process,
    sync::atomic::{AtomicUsize, Ordering},
};

use socketry_connection::UnixAddress;

/// A directory of its own for one test.
pub(crate) struct TempDir(PathBuf);

impl TempDir {
    pub(crate) fn new() -> Self {
        static COUNT: AtomicUsize = AtomicUsize::new(0);
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        let path = env::temp_dir().join(format!("connector-unix-{}-{count}", process::id()));
        fs::create_dir(&path).unwrap();
        Self(path)
    }

    pub(crate) fn join(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }
}

impl Drop for TempDir {
    fn drop(&mut self) {
        fs::remove_dir_all(&self.0).unwrap();
    }
}

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
