//! How a Unix server is opened.

use std::{
    io,
    os::fd::{AsRawFd, OwnedFd},
    path::{Path, absolute},
    sync::Arc,
};

use rustix::io::Errno;
use socket2::{Domain, SockAddr, Socket};
use socketry_connection::{Address, Clock, UnixAddress};
use socketry_connection_socket::{Adopted, Listener, SocketOptions, adopt, open, socket_address};

use crate::{
    UnixServer,
    error::Failure,
    lock_file::LockFile,
    socket_file::{SocketFile, check_replaceable, narrow, remove_dead},
};

/// How a [`UnixServer`] is opened.
///
/// # Examples
///
/// A socket for this user and a group:
///
/// ```no_run
/// use socketry_server_unix::{UnixAddress, UnixServerOptions};
///
/// let server = UnixServerOptions::new()
///     .mode(0o660)
///     .owner(None, Some(33))
///     .bind(&UnixAddress::from_path("/run/demo.sock")?)?;
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct UnixServerOptions {
    backlog: u32,
    mode: Option<u32>,
    user: Option<u32>,
    group: Option<u32>,
    accepted: SocketOptions,
    clock: Option<Arc<dyn Clock>>,
}

impl UnixServerOptions {
    /// Backlog 4096, all else as the system has it.
    pub fn new() -> Self {
        Self {
            backlog: 4096,
            mode: None,
            user: None,
            group: None,
            accepted: SocketOptions::new(),
            clock: None,
        }
    }

    /// How many clients may wait to be accepted. By default 4096; the system may allow fewer
    /// (`net.core.somaxconn`) and silently does with that. Zero still lets one client wait.
    ///
    /// Where it is too small, clients that come in a burst have to ask again and again.
    pub fn backlog(mut self, backlog: u32) -> Self {
        self.backlog = backlog;
        self
    }

    /// The permissions of the socket file, exactly: `0o600` for this user only, `0o666` for
    /// everybody. To connect one needs permission to write.
    ///
    /// By default what the process's umask leaves of `0o777`. They hold before the first client
    /// can connect. A path only: an abstract name knows no permissions.
    pub fn mode(mut self, mode: u32) -> Self {
        self.mode = Some(mode);
        self
    }

    /// The owner of the socket file, user and group by their numbers; `None` leaves what is.
    ///
    /// By default the process's own. It holds before the first client can connect. Giving a file
    /// to another user, or to a group that one is not in, takes privileges. A path only.
    pub fn owner(mut self, user: Option<u32>, group: Option<u32>) -> Self {
        (self.user, self.group) = (user, group);
        self
    }

    /// Options of every accepted connection: those that a Unix socket has, which are the sizes of
    /// the buffers. All others have no effect. By default none.
    ///
    /// They cost a system call a connection on Linux, which does not hand them down.
    pub fn accepted(mut self, options: SocketOptions) -> Self {
        self.accepted = options;
        self
    }

    /// Waits on this clock while descriptors have run out. By default the system's.
    pub fn clock(mut self, clock: Arc<dyn Clock>) -> Self {
        self.clock = Some(clock);
        self
    }

    /// Listens on `address`.
    ///
    /// It listens when this returns: clients that come before the first poll wait in the backlog.
    ///
    /// # What is at the path already
    ///
    /// The socket of a server that has crashed is replaced; nothing else ever is. With the lock
    /// file beside the path held, so that nobody else is doing the same:
    ///
    /// | at the path | what happens |
    /// |---|---|
    /// | nothing | the socket is bound |
    /// | a socket that refuses connections | its server is dead: it is replaced |
    /// | a socket that does not refuse them | its server lives: `AddrInUse` |
    /// | a file, a directory, a symbolic link (wherever it leads) | `AddrInUse` |
    ///
    /// Asking whether a server lives takes a connection to it, which it sees come and go. A server
    /// of another program, which takes no lock, looks dead between its bind and its listen, and on
    /// systems other than Linux also while its backlog is full.
    ///
    /// A lock file that is empty, and that nobody has locked, was left by a server that crashed.
    /// One with something in it belongs to another program, and the path with it: `AddrInUse`.
    ///
    /// The directory should be one in which only those can make files who are trusted with the
    /// socket, as with every file that is opened by its path.
    ///
    /// # Errors
    ///
    /// [`ListenFailed`](socketry_server::ListenFailed), with the kind and number of the system's
    /// error; in the cases above over a [`PathInUse`](crate::PathInUse), which says what is there.
    /// [`InvalidInput`](io::ErrorKind::InvalidInput), before anything is opened, for a mode with
    /// other bits than `0o777` and for a mode or an owner of an abstract name;
    /// [`Unsupported`](io::ErrorKind::Unsupported) for an abstract name on a system other than
    /// Linux. Nothing is left behind.
    pub fn bind(&self, address: &UnixAddress) -> io::Result<UnixServer> {
        self.listen(address).map_err(|failure| {
            let on = Address::Unix(address.clone());
            failure.listening_on(on)
        })
    }

    /// Takes over a listening Unix socket that somebody else has opened: a service manager, a
    /// parent process, an earlier process of the same program.
    ///
    /// Closing the server closes this descriptor only: duplicates of it go on listening, and its
    /// file stays. The socket becomes non-blocking, for everybody who shares it. The options of
    /// binding have no effect.
    ///
    /// # Errors
    ///
    /// By their numbers: `ENOTSOCK` if it is no socket, `EISCONN` if it is a connected one, `EINVAL`
    /// if it does not listen, `EPROTOTYPE` if it is no stream socket, `EAFNOSUPPORT` if it is no
    /// Unix socket.
    pub fn from_fd(&self, descriptor: OwnedFd) -> io::Result<UnixServer> {
        let on = format!("inherited descriptor {}", descriptor.as_raw_fd());
        self.take_over(descriptor, None).map_err(|failure| failure.listening_on(on))
    }

    /// Takes over a listening Unix socket with its lock, and so with its files: what
    /// [`UnixServerHandle::duplicate`](crate::UnixServerHandle::duplicate) has given, here or in
    /// another process.
    ///
    /// As [`from_fd`](Self::from_fd), but closing the last one of all who have the lock removes the
    /// files. There is no moment in which nobody holds it. The options of binding have no effect.
    ///
    /// A lock that is not, or is no longer, that of the socket's path is let go, and the files are
    /// left alone: also if the path is relative and this process has another working directory.
    ///
    /// # Errors
    ///
    /// Those of [`from_fd`](Self::from_fd), and a [`PathInUse`](crate::PathInUse) if the lock is
    /// that of the path but somebody else holds it, or is another program's.
    pub fn from_fd_with_lock(&self, descriptor: OwnedFd, lock: OwnedFd) -> io::Result<UnixServer> {
        let on = format!("inherited descriptor {}", descriptor.as_raw_fd());
        self.take_over(descriptor, Some(lock)).map_err(|failure| failure.listening_on(on))
    }

    /// That a server on `address` can have these options, without opening anything: for whoever takes
    /// over what is bound already and wants to know whether it could be bound anew.
    ///
    /// # Errors
    ///
    /// The [`InvalidInput`](io::ErrorKind::InvalidInput) of [`bind`](Self::bind).
    ///
    /// # Examples
    ///
    /// ```
    /// use socketry_server_unix::{UnixAddress, UnixServerOptions};
    ///
    /// let decimal = UnixServerOptions::new().mode(660);
    /// assert!(decimal.check(&UnixAddress::from_path("/run/demo.sock")?).is_err());
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn check(&self, address: &UnixAddress) -> io::Result<()> {
        self.find_fault(address).map_err(|failure| {
            let on = Address::Unix(address.clone());
            failure.listening_on(on)
        })
    }

    fn listen(&self, address: &UnixAddress) -> Result<UnixServer, Failure> {
        self.find_fault(address)?;
        let system_address = socket_address(&Address::Unix(address.clone()))?;
        let socket = open(Domain::UNIX)?;
        let file = match address.path() {
            Some(path) => Some(self.bind_path(&socket, path, &system_address)?),
            None => {
                socket.bind(&system_address)?;
                None
            }
        };
        let backlog = i32::try_from(self.backlog).unwrap_or(i32::MAX);
        socket.listen(backlog)?;
        self.serve(socket, file)
    }

    /// What no system call could mend.
    fn find_fault(&self, address: &UnixAddress) -> Result<(), Failure> {
        let has_owner = self.user.is_some() || self.group.is_some();
        let (option, reason) = match self.mode {
            Some(mode) if mode > 0o777 => {
                let reason =
                    format!("{mode:#o} has other bits than 0o777: write it in octal, as in 0o660");
                ("mode", reason)
            }
            Some(_) if address.path().is_none() => ("mode", NO_FILE.to_string()),
            _ if has_owner && address.path().is_none() => ("owner", NO_FILE.to_string()),
            _ => return Ok(()),
        };
        let error = io::Error::new(io::ErrorKind::InvalidInput, reason);
        Err(during_option(option, error))
    }

    /// Binds, so that nobody can connect before all is as it was asked for: that takes `listen`.
    fn bind_path(
        &self,
        socket: &Socket,
        path: &Path,
        address: &SockAddr,
    ) -> Result<SocketFile, Failure> {
        // So that the file is found again from another working directory.
        let path = absolute(path)?;
        check_replaceable(&path)?;
        let lock = LockFile::take(&path)?;
        remove_dead(&path, address)?;
        if let Some(mode) = self.mode {
            narrow(socket, mode).map_err(|error| during_option("mode", error))?;
        }
        socket.bind(address)?;
        let file = SocketFile::just_bound(path, lock)?;
        // The mode first: once the file is given away, its new owner may put a link in its place.
        if let Some(mode) = self.mode {
            file.set_mode(mode).map_err(|error| during_option("mode", error))?;
        }
        if self.user.is_some() || self.group.is_some() {
            file.set_owner(self.user, self.group).map_err(|error| during_option("owner", error))?;
        }
        Ok(file)
    }

    fn take_over(&self, descriptor: OwnedFd, lock: Option<OwnedFd>) -> Result<UnixServer, Failure> {
        let listener = match adopt(descriptor)? {
            Adopted::Unix(listener) => listener,
            Adopted::Tcp(_) => return Err(io::Error::from(Errno::AFNOSUPPORT).into()),
        };
        let address = listener.local_addr()?;
        let file = match (lock, address.as_pathname()) {
            (Some(lock), Some(path)) => SocketFile::inherited(absolute(path)?, lock)?,
            _ => None,
        };
        self.serve(listener.into(), file)
    }

    /// A server over a socket that listens.
    fn serve(&self, socket: Socket, file: Option<SocketFile>) -> Result<UnixServer, Failure> {
        self.accepted
            .apply_buffers(&socket)
            .map_err(|refused| during_option(refused.option(), refused.into_error()))?;
        let listener = Listener::new(socket.into())?.with_clock(self.clock.clone());
        Ok(UnixServer::new(listener, file, self.accepted.clone()))
    }
}

impl Default for UnixServerOptions {
    fn default() -> Self {
        Self::new()
    }
}

const NO_FILE: &str = "an abstract name is no file and anybody may connect to it: use a path";

fn during_option(option: &str, error: io::Error) -> Failure {
    Failure::during(format!("option {option}"), error)
}
