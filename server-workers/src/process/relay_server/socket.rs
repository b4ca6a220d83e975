//! The listening socket of a relay, and its file.

use std::{
    fs::{self, Permissions},
    io,
    os::unix::fs::{FileTypeExt, MetadataExt, PermissionsExt},
    path::{Path, PathBuf, absolute},
    task::{Context, Poll, ready},
};

use async_io::Async;
use rustix::fd::OwnedFd;
use socket2::{Domain, SockAddr, Socket, Type};

use crate::Relay;

/// How many workers may wait to be accepted.
const BACKLOG: i32 = 1024;

/// A socket that listens for workers.
pub(crate) struct Listening {
    address: String,
    // Before the socket: removed while it is open, so that no other file can have its number.
    _file: Option<SocketFile>,
    socket: Async<Socket>,
    is_tcp: bool,
}

impl Listening {
    pub(crate) fn on(relay: &Relay) -> io::Result<Self> {
        let (socket, file) = match relay {
            Relay::Pipes => return Err(io::ErrorKind::Unsupported.into()),
            Relay::Tcp(address) => {
                let socket = Socket::new(Domain::for_address(*address), Type::STREAM, None)?;
                socket.set_reuse_address(true)?;
                socket.bind(&(*address).into())?;
                (socket, None)
            }
            Relay::Unix(path) => {
                let (socket, file) = bind_file(absolute(path)?)?;
                (socket, Some(file))
            }
        };
        socket.listen(BACKLOG)?;
        let address = match (&file, socket.local_addr()?.as_socket()) {
            (None, Some(address)) => Relay::Tcp(address).to_string(),
            (Some(file), _) => Relay::Unix(file.path.clone()).to_string(),
            (None, None) => relay.to_string(),
        };
        let is_tcp = file.is_none();
        Ok(Self { address, _file: file, socket: Async::new(socket)?, is_tcp })
    }

    /// Where workers connect to.
    pub(crate) fn address(&self) -> &str {
        &self.address
    }

    /// Whether it is a TCP socket.
    pub(crate) fn is_tcp(&self) -> bool {
        self.is_tcp
    }

    pub(crate) fn poll_accept(&self, cx: &mut Context<'_>) -> Poll<io::Result<Async<OwnedFd>>> {
        loop {
            match self.socket.get_ref().accept() {
                Ok((socket, _)) => return Poll::Ready(self.prepare(socket)),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    ready!(self.socket.poll_readable(cx))?;
                }
                // The next one may be there all the same.
                Err(error) if is_of_the_client(&error) => {}
                Err(error) => return Poll::Ready(Err(error)),
            }
        }
    }

    fn prepare(&self, socket: Socket) -> io::Result<Async<OwnedFd>> {
        if self.is_tcp {
            // One that has gone meanwhile may refuse; that shows as soon as it is greeted.
            let _ = socket.set_tcp_nodelay(true);
        }
        Async::new(socket.into())
    }
}

/// Whether somebody has gone before he was accepted, or the call was interrupted.
fn is_of_the_client(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::ConnectionAborted | io::ErrorKind::Interrupted)
}

/// The file of the socket. Drop removes it, unless another one has taken its place.
struct SocketFile {
    path: PathBuf,
    device: u64,
    inode: u64,
}

impl SocketFile {
    fn at(path: PathBuf) -> io::Result<Self> {
        let metadata = fs::symlink_metadata(&path)?;
        Ok(Self { path, device: metadata.dev(), inode: metadata.ino() })
    }
}

impl Drop for SocketFile {
    fn drop(&mut self) {
        let is_ours = fs::symlink_metadata(&self.path)
            .is_ok_and(|found| (found.dev(), found.ino()) == (self.device, self.inode));
        if is_ours {
            // Whoever listens here next replaces a file that cannot be removed now.
            let _ = fs::remove_file(&self.path);
        }
    }
}

/// A socket that is bound to a path, and does not listen yet: its permissions are set before anybody can
/// connect.
fn bind_file(path: PathBuf) -> io::Result<(Socket, SocketFile)> {
    let address = SockAddr::unix(&path)?;
    let socket = Socket::new(Domain::UNIX, Type::STREAM, None)?;
    if let Err(error) = socket.bind(&address) {
        if error.kind() != io::ErrorKind::AddrInUse || !is_dead(&path, &address) {
            return Err(error);
        }
        fs::remove_file(&path)?;
        socket.bind(&address)?;
    }
    let file = SocketFile::at(path)?;
    fs::set_permissions(&file.path, Permissions::from_mode(0o600))?;
    Ok((socket, file))
}

/// Whether there is the file of a socket on which nobody listens any more.
fn is_dead(path: &Path, address: &SockAddr) -> bool {
    let is_socket = fs::symlink_metadata(path).is_ok_and(|found| found.file_type().is_socket());
    let connect = || {
        let socket = Socket::new(Domain::UNIX, Type::STREAM, None)?;
        // One that listens and has many waiting must not make us wait as well.
        socket.set_nonblocking(true)?;
        socket.connect(address)
    };
    is_socket && connect().is_err_and(|error| error.kind() == io::ErrorKind::ConnectionRefused)
}
