//! The file of a socket: who may replace it, whose it is, who removes it.

use std::{
    fs::{self, FileType, Metadata, Permissions},
    io,
    os::{
        fd::OwnedFd,
        unix::fs::{FileTypeExt, PermissionsExt, lchown},
    },
    path::{Path, PathBuf},
};

use rustix::io::Errno;
use socket2::{Domain, SockAddr, Socket};
use socketry_connection_socket::open;

use crate::{
    error::{Failure, PathInUse},
    identity::Identity,
    lock_file::LockFile,
};

/// The file that this server's socket is bound to.
///
/// Drop removes it if it is still this one and nobody else has its lock, and the lock after it.
/// That has to happen while the socket is open: it keeps the file's number from being given to
/// another file.
#[derive(Debug)]
pub(crate) struct SocketFile {
    path: PathBuf,
    identity: Identity,
    is_ours: bool,
    // After the file is removed, which the drop of this struct does.
    lock: LockFile,
}

impl SocketFile {
    /// The file at `path`, to which a socket of this process was bound just now.
    pub(crate) fn just_bound(path: PathBuf, lock: LockFile) -> io::Result<Self> {
        let metadata = fs::symlink_metadata(&path)?;
        if !metadata.file_type().is_socket() {
            return Err(not_a_socket(metadata.file_type()).into());
        }
        Ok(Self { path, identity: Identity::of(&metadata), is_ours: true, lock })
    }

    /// The file at `path` of a socket that was inherited with its lock; `None` if the lock is not
    /// that of the path, or the file is gone.
    pub(crate) fn inherited(path: PathBuf, lock: OwnedFd) -> Result<Option<Self>, Failure> {
        let Some(lock) = LockFile::inherited(lock.into(), &path)? else { return Ok(None) };
        // Whoever has the lock of a path has the socket that is there.
        let Ok(Some(found)) = socket_at(&path) else { return Ok(None) };
        Ok(Some(Self { path, identity: Identity::of(&found), is_ours: true, lock }))
    }

    /// The lock once more: from now on the file belongs to whoever is the last to have it.
    pub(crate) fn share_lock(&self) -> io::Result<OwnedFd> {
        self.lock.share()
    }

    /// Gives it exactly these permissions.
    pub(crate) fn set_mode(&self, mode: u32) -> io::Result<()> {
        let present = fs::symlink_metadata(&self.path)?.permissions();
        if present.mode() & 0o7777 == mode {
            return Ok(());
        }
        fs::set_permissions(&self.path, Permissions::from_mode(mode))
    }

    /// Gives it to this user and group; `None` leaves what is.
    pub(crate) fn set_owner(&self, user: Option<u32>, group: Option<u32>) -> io::Result<()> {
        lchown(&self.path, user, group)
    }

    /// Leaves the file to whoever has the socket now.
    pub(crate) fn hand_over(mut self) {
        self.is_ours = false;
    }
}

impl Drop for SocketFile {
    fn drop(&mut self) {
        if self.is_ours && self.lock.is_last() {
            // If the system refuses, a dead socket stays, which the next server replaces.
            let _ = self.identity.remove_from(&self.path);
        }
    }
}

/// Lets the file be born with no more than these permissions.
#[cfg(any(target_os = "linux", target_os = "android"))]
pub(crate) fn narrow(socket: &Socket, mode: u32) -> io::Result<()> {
    use rustix::fs::{Mode, fchmod};

    Ok(fchmod(socket, Mode::from_raw_mode(mode))?)
}

/// A socket has no mode here before it is bound.
#[cfg(not(any(target_os = "linux", target_os = "android")))]
pub(crate) fn narrow(_socket: &Socket, _mode: u32) -> io::Result<()> {
    Ok(())
}

/// Refuses a path where something is that can never be replaced.
pub(crate) fn check_replaceable(path: &Path) -> Result<(), Failure> {
    socket_at(path).map(drop)
}

/// Removes the socket at `path` if its server is dead, and refuses if it is not.
///
/// For the holder of the lock: then no server of this crate is between its bind and its listen,
/// where it would look dead.
pub(crate) fn remove_dead(path: &Path, address: &SockAddr) -> Result<(), Failure> {
    let Some(found) = socket_at(path)? else { return Ok(()) };
    if probe(address)? == Found::Nobody {
        let removing = |error| Failure::during("removing a dead server's socket", error);
        Identity::of(&found).remove_from(path).map_err(removing)?;
    }
    Ok(())
}

/// The socket at `path`; `None` if nothing is there, an error if something else is.
fn socket_at(path: &Path) -> Result<Option<Metadata>, Failure> {
    match fs::symlink_metadata(path) {
        Ok(metadata) if metadata.file_type().is_socket() => Ok(Some(metadata)),
        Ok(metadata) => Err(not_a_socket(metadata.file_type()).into()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error.into()),
    }
}

/// What asking at an address has found, unless it is a server.
#[derive(PartialEq, Eq)]
enum Found {
    /// A socket whose server is dead.
    Nobody,
    /// No socket: it went by itself.
    Nothing,
}

/// Asks who listens at `address`: only "connection refused" proves that nobody does.
fn probe(address: &SockAddr) -> Result<Found, Failure> {
    let socket = open(Domain::UNIX)?;
    let Err(error) = socket.connect(address) else {
        return Err(alive().into());
    };
    match error.raw_os_error().map(Errno::from_raw_os_error) {
        Some(Errno::CONNREFUSED) => Ok(Found::Nobody),
        Some(Errno::NOENT) => Ok(Found::Nothing),
        // A full backlog, or a socket of another type: somebody is there.
        Some(Errno::AGAIN | Errno::PROTOTYPE) => Err(alive().into()),
        _ => Err(PathInUse::new(format!(
            "there is a socket at this path, and asking it failed ({error}): remove it if no server listens on it"
        ))
        .into()),
    }
}

fn alive() -> PathInUse {
    PathInUse::new("a server listens at this path".to_string())
}

fn not_a_socket(file_type: FileType) -> PathInUse {
    let what = if file_type.is_file() {
        "a regular file"
    } else if file_type.is_dir() {
        "a directory"
    } else if file_type.is_symlink() {
        "a symbolic link"
    } else {
        "a device or a pipe"
    };
    PathInUse::new(format!("there is {what} at this path: remove it or choose another path"))
}

#[cfg(target_os = "linux")]
#[cfg(test)]
mod tests {
    use std::{env, process};

    use super::*;

    #[test]
    fn the_file_is_born_with_no_more_permissions_than_were_asked_for() {
        let path = env::temp_dir().join(format!("server-unix-born-{}", process::id()));
        let socket = open(Domain::UNIX).unwrap();
        narrow(&socket, 0o600).unwrap();
        socket.bind(&SockAddr::unix(&path).unwrap()).unwrap();
        let mode = fs::symlink_metadata(&path).unwrap().permissions().mode();
        fs::remove_file(&path).unwrap();
        assert_eq!(mode & 0o7777, 0o600);
    }
}
