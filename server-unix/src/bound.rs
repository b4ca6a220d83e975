//! What a Unix server has: its listening socket and its files.

use std::{
    io,
    os::{fd::OwnedFd, unix::net::UnixListener},
    task::{Context, Poll, ready},
};

use socket2::SockRef;
use socketry_connection::Address;
use socketry_connection_socket::{Listener, OptionRefused, SocketOptions, UnixConnection, advice};
use socketry_server::AcceptFailed;

use crate::socket_file::SocketFile;

/// What closing takes away together.
#[derive(Debug)]
pub(crate) struct Bound {
    // Before the listener: removed while the socket is open, so that the file cannot look dead to
    // others first, and no other file can have its number.
    file: Option<SocketFile>,
    listener: Listener<UnixListener>,
    accepted: SocketOptions,
}

impl Bound {
    pub(crate) fn new(
        listener: Listener<UnixListener>,
        file: Option<SocketFile>,
        accepted: SocketOptions,
    ) -> Self {
        Self { file, listener, accepted }
    }

    pub(crate) fn local_address(&self) -> Option<Address> {
        self.listener.local_address()
    }

    /// The listener alone. The file is left to whoever gets it.
    pub(crate) fn into_listener(self) -> UnixListener {
        if let Some(file) = self.file {
            file.hand_over();
        }
        self.listener.into_inner()
    }

    /// The socket and the lock once more.
    pub(crate) fn duplicate(&self) -> io::Result<UnixDuplicate> {
        let listener = self.listener.get_ref().try_clone()?;
        let lock = self.file.as_ref().map(SocketFile::share_lock).transpose()?;
        Ok(UnixDuplicate { listener, lock })
    }

    pub(crate) fn poll_accept(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<UnixConnection>> {
        let accepted = ready!(self.listener.poll_accept(cx));
        let prepared = accepted.and_then(|connection| self.prepare(connection));
        Poll::Ready(prepared.map_err(|error| {
            let advice = advice(&error);
            AcceptFailed::new(self.listener.local_address(), error).with_advice(advice).into()
        }))
    }

    /// Linux hands no option of the listener down to what it accepts.
    fn prepare(&self, connection: UnixConnection) -> io::Result<UnixConnection> {
        if cfg!(any(target_os = "linux", target_os = "android")) {
            self.accepted
                .apply_buffers(&SockRef::from(&connection))
                .map_err(OptionRefused::into_error)?;
        }
        Ok(connection)
    }
}

/// What another process needs to serve in place of a [`UnixServer`](crate::UnixServer), or beside
/// it. Both are closed on exec.
#[derive(Debug)]
#[non_exhaustive]
pub struct UnixDuplicate {
    /// The listening socket, non-blocking.
    pub listener: UnixListener,
    /// The lock, for [`from_fd_with_lock`](crate::UnixServerOptions::from_fd_with_lock); `None` if
    /// the server owns no files.
    pub lock: Option<OwnedFd>,
}
