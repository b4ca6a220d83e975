//! The socket at which the two processes meet: listening on it, connecting to it.

use std::{
    ffi::OsStr,
    fs::{self, Metadata, Permissions},
    io,
    os::unix::{
        ffi::OsStrExt,
        fs::{FileTypeExt, MetadataExt, PermissionsExt},
    },
    path::{Path, PathBuf, absolute},
};

use async_io::Async;
use rustix::io::Errno;
use socket2::{Domain, SockAddr, Socket, Type};
use socketry_connection::UnixAddress;

use crate::{
    channel::{Channel, register},
    error::Advised,
};

/// How many successors may wait. Each of them wants to be the only one.
const BACKLOG: i32 = 16;

/// A socket that listens for a successor, and its file.
#[derive(Debug)]
pub(crate) struct MeetingPoint {
    // Before the socket: removed while it is open, so that no other file can have its number.
    _file: Option<SocketFile>,
    socket: Async<Socket>,
}

impl MeetingPoint {
    /// Listens on `address`, for this user only.
    pub(crate) fn open(address: &UnixAddress) -> io::Result<Self> {
        let system_address = system_address(address)?;
        let socket = new_socket()?;
        let file = match address.path() {
            Some(path) => Some(bind_path(&socket, &absolute(path)?, &system_address)?),
            None => bind_name(&socket, &system_address).map(|()| None)?,
        };
        socket.listen(BACKLOG)?;
        Ok(Self { _file: file, socket: register(socket)? })
    }

    /// The next process that connects.
    ///
    /// # Cancel safety
    ///
    /// A dropped future has taken nobody.
    pub(crate) async fn accept(&self) -> io::Result<Channel> {
        loop {
            match self.socket.read_with(Socket::accept).await {
                Ok((socket, _)) => return Channel::new(socket),
                Err(error) => match error.kind() {
                    io::ErrorKind::ConnectionAborted | io::ErrorKind::Interrupted => {}
                    _ => return Err(error),
                },
            }
        }
    }
}

/// Connects to whoever listens on `address`: `None` if nobody does. It does not wait; `WouldBlock`
/// means that somebody does, and is busy.
pub(crate) fn connect(address: &UnixAddress) -> io::Result<Option<Channel>> {
    let socket = new_socket()?;
    match socket.connect(&system_address(address)?) {
        Ok(()) => Ok(Some(Channel::new(socket)?)),
        Err(error) => match error.kind() {
            io::ErrorKind::NotFound | io::ErrorKind::ConnectionRefused => Ok(None),
            _ => Err(error),
        },
    }
}

fn new_socket() -> io::Result<Socket> {
    let socket = Socket::new(Domain::UNIX, Type::STREAM, None)?;
    socket.set_nonblocking(true)?;
    Ok(socket)
}

fn system_address(address: &UnixAddress) -> io::Result<SockAddr> {
    match (address.path(), address.abstract_name()) {
        (Some(path), _) => SockAddr::unix(path),
        (None, Some(name)) if cfg!(any(target_os = "linux", target_os = "android")) => {
            SockAddr::unix(OsStr::from_bytes(&[b"\0", name].concat()))
        }
        _ => {
            let text =
                format!("there are no abstract names on {}: use a path", std::env::consts::OS);
            Err(io::Error::new(io::ErrorKind::Unsupported, text))
        }
    }
}

/// Binds, in place of the socket of a process that is dead; nobody can connect before `listen`.
fn bind_path(socket: &Socket, path: &Path, address: &SockAddr) -> io::Result<SocketFile> {
    if let Err(error) = socket.bind(address) {
        if error.kind() != io::ErrorKind::AddrInUse {
            return Err(error);
        }
        remove_dead(path, address)?;
        socket.bind(address)?;
    }
    let file =
        SocketFile { path: path.to_owned(), identity: identity(&fs::symlink_metadata(path)?) };
    fs::set_permissions(path, Permissions::from_mode(0o600))?;
    Ok(file)
}

fn bind_name(socket: &Socket, address: &SockAddr) -> io::Result<()> {
    socket.bind(address).map_err(|error| match error.kind() {
        io::ErrorKind::AddrInUse => alive(),
        _ => error,
    })
}

/// Removes the socket at `path` if its process is dead, and refuses if it is not.
fn remove_dead(path: &Path, address: &SockAddr) -> io::Result<()> {
    let found = match fs::symlink_metadata(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        found => found?,
    };
    if !found.file_type().is_socket() {
        return Err(in_use(
            "there is something else at this path: remove it or choose another one",
        ));
    }
    match new_socket()?.connect(address) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(error) if error.kind() == io::ErrorKind::ConnectionRefused => {
            drop(SocketFile { path: path.to_owned(), identity: identity(&found) });
            Ok(())
        }
        Err(error) if error.kind() != io::ErrorKind::WouldBlock => Err(error),
        _ => Err(alive()),
    }
}

fn alive() -> io::Error {
    in_use(
        "another process offers its sockets there: take them over from it, or choose another address",
    )
}

fn in_use(advice: &str) -> io::Error {
    Advised::error(Errno::ADDRINUSE, advice)
}

/// The file of a socket. Drop removes it, unless another one has taken its place.
#[derive(Debug)]
struct SocketFile {
    path: PathBuf,
    identity: (u64, u64),
}

impl Drop for SocketFile {
    fn drop(&mut self) {
        let is_this =
            fs::symlink_metadata(&self.path).is_ok_and(|it| identity(&it) == self.identity);
        if is_this {
            // If the system refuses, a dead socket stays, which the next offer replaces.
            let _ = fs::remove_file(&self.path);
        }
    }
}

/// Which file it is, independent of its name.
fn identity(metadata: &Metadata) -> (u64, u64) {
    (metadata.dev(), metadata.ino())
}
