//! The lock that decides whose a path is.

use std::{
    cell::Cell,
    ffi::OsString,
    fs::File,
    io,
    os::fd::OwnedFd,
    path::{Path, PathBuf},
};

use rustix::{
    fs::{FlockOperation, Mode, OFlags, flock, open},
    io::Errno,
};

use crate::{
    error::{Failure, PathInUse},
    identity::Identity,
};

/// How often a lock file may vanish between being opened and being locked. Each time another
/// server has just ended; this many in a row end only by chance.
const TRIES: usize = 100;

/// An empty file beside a socket, locked by this process, and by those to whom it was handed on.
///
/// Drop removes it, while it is still locked: whoever opened it before that finds, once it has
/// the lock, that the file is no longer at its path, and tries again with the new one. So there
/// are never two holders of one path. Of those who share a lock the last one removes it.
#[derive(Debug)]
pub(crate) struct LockFile {
    path: PathBuf,
    identity: Identity,
    // Closing it, and all duplicates, is what unlocks it. `None` once another one was found to have
    // it as well.
    file: Option<File>,
    /// Somebody else may have a duplicate.
    is_shared: Cell<bool>,
}

impl LockFile {
    /// Locks the path of a socket against all other servers, or says who has it.
    pub(crate) fn take(socket: &Path) -> Result<Self, Failure> {
        Self::take_at(beside(socket))
    }

    fn take_at(path: PathBuf) -> Result<Self, Failure> {
        for _ in 0..TRIES {
            let Some(file) = open_or_create(&path)? else { continue };
            if let Some(lock) = Self::lock(file, &path)? {
                return Ok(lock);
            }
        }
        Err(taken(&path).into())
    }

    /// The lock of the path of a socket, as somebody who shares it has sent it; `None` if it is not
    /// that of the path, or no longer.
    pub(crate) fn inherited(file: File, socket: &Path) -> Result<Option<Self>, Failure> {
        // To lock again what is locked by a duplicate changes nothing.
        let lock = Self::lock(file, &beside(socket))?;
        Ok(lock.inspect(|lock| lock.is_shared.set(true)))
    }

    /// A duplicate, which holds the lock as this one does.
    pub(crate) fn share(&self) -> io::Result<OwnedFd> {
        let Some(file) = &self.file else { return Err(Errno::BADF.into()) };
        let duplicate = file.try_clone()?;
        self.is_shared.set(true);
        Ok(duplicate.into())
    }

    /// Whether nobody else has this lock. Who is not the last to have it lets go of it here.
    ///
    /// The system does not tell who has duplicates. But all of them are one holder of the lock: when
    /// this one is closed, to lock the file anew succeeds only if there was no other.
    pub(crate) fn is_last(&mut self) -> bool {
        if self.is_shared.replace(false) {
            let anew = open_at(&self.path);
            self.file = None;
            self.file = anew.ok().filter(|file| self.is_locked_by(file));
        }
        self.file.is_some()
    }

    fn is_locked_by(&self, file: &File) -> bool {
        let is_this = file.metadata().is_ok_and(|it| Identity::of(&it) == self.identity);
        is_this && flock(file, FlockOperation::NonBlockingLockExclusive).is_ok()
    }

    /// Locks this file; `None` if it is not at its path any more.
    fn lock(file: File, path: &Path) -> Result<Option<Self>, Failure> {
        let locking = |error| Failure::during(format!("locking {}", path.display()), error);
        let metadata = file.metadata().map_err(locking)?;
        let identity = Identity::of(&metadata);
        let locked = flock(&file, FlockOperation::NonBlockingLockExclusive);
        // Asked after locking, whether that went well or not: from here on only the holder of the
        // lock removes the file.
        if !identity.is_at(path) {
            return Ok(None);
        }
        match locked {
            Ok(()) => {}
            Err(Errno::WOULDBLOCK) => return Err(taken(path).into()),
            Err(error) => return Err(locking(error.into())),
        }
        // Ours are always empty; one with something in it belongs to a program with another custom
        // (a process id in it, for example).
        if !metadata.is_file() || metadata.len() > 0 {
            return Err(foreign(path).into());
        }
        let is_shared = Cell::new(false);
        Ok(Some(Self { path: path.to_owned(), identity, file: Some(file), is_shared }))
    }
}

impl Drop for LockFile {
    fn drop(&mut self) {
        if self.is_last() {
            // If the system refuses, an empty file stays, which the next server uses.
            let _ = self.identity.remove_from(&self.path);
        }
    }
}

/// The path of the lock file. A socket's path is short, so this one fits into the system's limits.
fn beside(socket: &Path) -> PathBuf {
    let mut path = OsString::from(socket);
    path.push(".lock");
    path.into()
}

const FLAGS: OFlags =
    OFlags::RDWR.union(OFlags::CLOEXEC).union(OFlags::NOFOLLOW).union(OFlags::NONBLOCK);

fn open_at(path: &Path) -> Result<File, Errno> {
    Ok(open(path, FLAGS, Mode::empty())?.into())
}

/// Opens the lock file, whoever has made it; `None` if it came or went at this moment.
fn open_or_create(path: &Path) -> Result<Option<File>, Failure> {
    // Not in one call: with CREATE, Linux may refuse to open what another user has left in a
    // directory that all may write to (fs.protected_regular).
    match open_at(path) {
        Ok(file) => return Ok(Some(file)),
        Err(Errno::INTR) => return Ok(None),
        Err(Errno::NOENT) => {}
        Err(error) => {
            return Err(Failure::during(format!("opening {}", path.display()), error.into()));
        }
    }
    let create = FLAGS | OFlags::CREATE | OFlags::EXCL;
    match open(path, create, Mode::RUSR | Mode::WUSR) {
        Ok(file) => Ok(Some(file.into())),
        Err(Errno::EXIST | Errno::INTR) => Ok(None),
        // Where it cannot be made the socket could not be made either: no need to speak of a lock.
        Err(error) => Err(io::Error::from(error).into()),
    }
}

fn taken(path: &Path) -> PathInUse {
    PathInUse::new(format!(
        "another server holds the lock {}; stop it or choose another path",
        path.display()
    ))
}

fn foreign(path: &Path) -> PathInUse {
    PathInUse::new(format!(
        "{} belongs to another program: remove it if that program is gone",
        path.display()
    ))
}

#[cfg(test)]
mod tests {
    use std::{env, fs, process};

    use super::*;

    /// Otherwise two servers could hold the lock of one path: one on this file, one on its heir.
    /// And whoever still has it locked does not hold the path.
    #[test]
    fn a_file_that_is_no_longer_at_its_path_does_not_count_locked_or_not() {
        let path = env::temp_dir().join(format!("server-unix-lock-{}", process::id()));
        let former_holder = LockFile::take_at(path.clone()).unwrap();
        let opened_before = [(); 2].map(|()| File::open(&path).unwrap());
        fs::remove_file(&path).unwrap();
        let heir = LockFile::take_at(path.clone()).unwrap();
        let [first, second] = opened_before;
        assert!(LockFile::lock(first, &path).unwrap().is_none());
        drop(former_holder);
        assert!(LockFile::lock(second, &path).unwrap().is_none());
        assert!(heir.identity.is_at(&path));
    }
}
