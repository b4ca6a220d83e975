//! A socket, bare or shared, and its registration with the reactor.

#[cfg(unix)]
use std::os::fd::{AsFd, BorrowedFd};
#[cfg(windows)]
use std::os::windows::io::{AsSocket, BorrowedSocket};
use std::{
    io, mem,
    net::Shutdown,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use async_io::Async;
use socketry_connection::Abort;

use crate::{PlainSocket, reactor::register};

/// What the reactor and abort handles share with the connection.
#[derive(Debug)]
pub(crate) struct Shared<S> {
    pub(crate) socket: S,
    aborted: AtomicBool,
}

impl<S: PlainSocket> Shared<S> {
    pub(crate) fn new(socket: S) -> Arc<Self> {
        Arc::new(Self { socket, aborted: AtomicBool::new(false) })
    }

    /// Fails once the connection was aborted.
    pub(crate) fn unless_aborted(&self) -> io::Result<()> {
        match self.aborted.load(Ordering::Acquire) {
            true => Err(aborted()),
            false => Ok(()),
        }
    }

    /// An error of the socket, or the abort that caused it.
    pub(crate) fn explain(&self, error: io::Error) -> io::Error {
        match self.aborted.load(Ordering::Acquire) {
            true => aborted(),
            false => error,
        }
    }
}

impl<S: PlainSocket> Abort for Shared<S> {
    fn abort(&self) {
        self.aborted.store(true, Ordering::Release);
        // Fails only if the connection is gone already, which is what is wanted. It also makes the
        // socket readable and writable, and so wakes whoever waits in the reactor.
        let _ = self.socket.shutdown(Shutdown::Both);
    }
}

#[cfg(unix)]
impl<S: AsFd> AsFd for Shared<S> {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.socket.as_fd()
    }
}

#[cfg(windows)]
impl<S: AsSocket> AsSocket for Shared<S> {
    fn as_socket(&self) -> BorrowedSocket<'_> {
        self.socket.as_socket()
    }
}

fn aborted() -> io::Error {
    io::Error::new(io::ErrorKind::ConnectionAborted, "connection aborted through its abort handle")
}

/// A socket that can be tried, and waited for in the reactor.
pub(crate) trait Ground<S> {
    fn socket(&self) -> &S;
    /// The place in the reactor, taken when first asked for.
    fn registered(&mut self) -> io::Result<&Registration<S>>;
    /// Fails once the connection was aborted.
    fn unless_aborted(&self) -> io::Result<()>;
    /// What an error means.
    fn explain(&self, error: io::Error) -> io::Error;
}

/// A socket's place in the reactor. It deregisters before the socket can be closed.
pub(crate) type Registration<S> = Async<Arc<Shared<S>>>;

/// A socket that becomes shared, or registered, when that is first needed.
#[derive(Debug)]
pub(crate) enum LazySocket<S: PlainSocket> {
    Bare(S),
    Shared(Arc<Shared<S>>),
    /// Shared, too. Deregisters before it can be closed.
    Registered(Registration<S>),
    /// While `share` moves the socket. Never seen outside of it.
    Moving,
}

impl<S: PlainSocket> LazySocket<S> {
    /// A non-blocking socket, bare.
    pub(crate) fn new(socket: S) -> Self {
        Self::Bare(socket)
    }

    /// Puts the socket where others can reach it: one small allocation, once.
    pub(crate) fn share(&mut self) -> &Arc<Shared<S>> {
        if let Self::Bare(_) = self {
            if let Self::Bare(socket) = mem::replace(self, Self::Moving) {
                *self = Self::Shared(Shared::new(socket));
            }
        }
        match self {
            Self::Shared(shared) => shared,
            Self::Registered(registration) => registration.get_ref(),
            Self::Bare(_) | Self::Moving => unreachable!("shared just above"),
        }
    }

    /// Shares the socket and takes it apart.
    pub(crate) fn into_parts(mut self) -> (Arc<Shared<S>>, Option<Registration<S>>) {
        let shared = self.share().clone();
        match self {
            Self::Registered(registration) => (shared, Some(registration)),
            Self::Bare(_) | Self::Shared(_) | Self::Moving => (shared, None),
        }
    }

    pub(crate) fn from_parts(
        shared: Arc<Shared<S>>,
        registration: Option<Registration<S>>,
    ) -> Self {
        registration.map_or(Self::Shared(shared), Self::Registered)
    }

    /// Takes the socket out of the reactor and out of its sharing.
    pub(crate) fn into_inner(self) -> io::Result<S> {
        let shared = match self {
            Self::Bare(socket) => return Ok(socket),
            Self::Shared(shared) => shared,
            Self::Registered(registration) => registration.into_inner()?,
            Self::Moving => unreachable!("`share` always ends with a shared socket"),
        };
        // Others hold it weakly, except while an abort is just being carried out.
        match Arc::try_unwrap(shared) {
            Ok(shared) => Ok(shared.socket),
            Err(shared) => shared.socket.duplicate(),
        }
    }

    /// What is shared, if something is.
    fn shared(&self) -> Option<&Arc<Shared<S>>> {
        match self {
            Self::Shared(shared) => Some(shared),
            Self::Registered(registration) => Some(registration.get_ref()),
            Self::Bare(_) | Self::Moving => None,
        }
    }
}

impl<S: PlainSocket> Ground<S> for LazySocket<S> {
    fn socket(&self) -> &S {
        match self {
            Self::Bare(socket) => socket,
            Self::Shared(shared) => &shared.socket,
            Self::Registered(registration) => &registration.get_ref().socket,
            Self::Moving => unreachable!("`share` always ends with a shared socket"),
        }
    }

    /// Costs two system calls and two allocations, once.
    fn registered(&mut self) -> io::Result<&Registration<S>> {
        if !matches!(self, Self::Registered(_)) {
            let shared = self.share().clone();
            let registration = register(shared.clone(), || shared.socket.duplicate())?;
            *self = Self::Registered(registration);
        }
        match self {
            Self::Registered(registration) => Ok(registration),
            _ => unreachable!("registered just above"),
        }
    }

    fn unless_aborted(&self) -> io::Result<()> {
        self.shared().map_or(Ok(()), |shared| shared.unless_aborted())
    }

    fn explain(&self, error: io::Error) -> io::Error {
        match self.shared() {
            Some(shared) => shared.explain(error),
            None => error,
        }
    }
}
