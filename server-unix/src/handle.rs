//! Duplicating the socket of a server and the lock of its files.

use std::{fmt, io};

use socketry_server::SlotHandle;

use crate::{UnixDuplicate, bound::Bound};

/// Duplicates the listening socket of a [`UnixServer`](crate::UnixServer) and its lock, from any
/// task: for another process that is to take clients as well, or from now on.
///
/// A clone belongs to the same server. It keeps nothing open.
///
/// # Examples
///
/// ```
/// use socketry_server::Accept;
/// use socketry_server_unix::{UnixAddress, UnixServer};
///
/// # let directory = std::env::temp_dir().join(format!("socketry-server-handle-{}", std::process::id()));
/// # std::fs::create_dir_all(&directory)?;
/// let path = directory.join("demo.sock");
/// let first = UnixServer::bind(&UnixAddress::from_path(&path)?)?;
///
/// let duplicate = first.handle().duplicate()?.unwrap();
/// let second = match duplicate.lock {
///     Some(lock) => UnixServer::from_fd_with_lock(duplicate.listener.into(), lock)?,
///     None => UnixServer::from_fd(duplicate.listener.into())?, // it owned no files
/// };
///
/// drop(first);
/// assert!(path.exists()); // the second one listens
/// drop(second);
/// assert!(!path.exists());
/// # std::fs::remove_dir_all(&directory)?;
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Clone)]
pub struct UnixServerHandle(SlotHandle<Bound>);

impl UnixServerHandle {
    pub(crate) fn new(bound: SlotHandle<Bound>) -> Self {
        Self(bound)
    }

    /// The listening socket and its lock once more; `None` if the server is closed.
    ///
    /// Both take clients out of one backlog, each client once. The server goes on as before; after
    /// it is closed the duplicate goes on listening, and no client who waits is lost.
    ///
    /// # Whose the files are
    ///
    /// Everybody's who has the lock, until he closes: the last one removes the socket file and the
    /// lock file. So nobody need be told who stays and who leaves, and one that crashes takes
    /// nothing away from the others. (If somebody binds in the very moment in which the last one
    /// closes, or a program is just being started, the files may stay; the next server replaces
    /// them.)
    ///
    /// # Errors
    ///
    /// That descriptors have run out.
    pub fn duplicate(&self) -> io::Result<Option<UnixDuplicate>> {
        self.0.with(Bound::duplicate).transpose()
    }
}

impl fmt::Debug for UnixServerHandle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("UnixServerHandle").finish_non_exhaustive()
    }
}
