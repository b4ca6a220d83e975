//! What TCP and Unix sockets of the standard library have in common.

#[cfg(unix)]
pub(crate) use std::os::fd::AsFd as AsSystemSocket;
#[cfg(unix)]
use std::os::unix::net::{UnixListener, UnixStream};
#[cfg(windows)]
pub(crate) use std::os::windows::io::AsSocket as AsSystemSocket;
use std::{
    fmt,
    io::{self, IoSlice, IoSliceMut, Read, Write},
    net::{Shutdown, TcpListener, TcpStream},
};

use socketry_connection::Address;

/// A stream socket of the standard library: [`TcpStream`] or [`UnixStream`].
///
/// Sealed: it exists so that one [`SocketConnection`](crate::SocketConnection) serves both.
pub trait PlainSocket:
    AsSystemSocket + fmt::Debug + Send + Sync + Unpin + Sized + sealed::Sealed + 'static
{
    #[doc(hidden)]
    fn read(&self, buffer: &mut [u8]) -> io::Result<usize>;
    #[doc(hidden)]
    fn read_vectored(&self, buffers: &mut [IoSliceMut<'_>]) -> io::Result<usize>;
    #[doc(hidden)]
    fn write(&self, buffer: &[u8]) -> io::Result<usize>;
    #[doc(hidden)]
    fn write_vectored(&self, buffers: &[IoSlice<'_>]) -> io::Result<usize>;
    #[doc(hidden)]
    fn shutdown(&self, how: Shutdown) -> io::Result<()>;
    #[doc(hidden)]
    fn set_nonblocking(&self) -> io::Result<()>;
    #[doc(hidden)]
    fn duplicate(&self) -> io::Result<Self>;
    #[doc(hidden)]
    fn local_address(&self) -> Option<Address>;
    #[doc(hidden)]
    fn remote_address(&self) -> Option<Address>;
}

/// A listening socket of the standard library: [`TcpListener`] or [`UnixListener`].
///
/// Sealed: it exists so that one [`Listener`](crate::Listener) serves both.
pub trait ListeningSocket:
    AsSystemSocket + fmt::Debug + Send + Sync + Unpin + Sized + sealed::Sealed + 'static
{
    /// What it accepts.
    type Stream: PlainSocket;

    /// A non-blocking, close-on-exec socket and where it comes from, in one system call where the
    /// system has one.
    #[doc(hidden)]
    fn accept(&self) -> io::Result<(Self::Stream, Option<Address>)>;
    #[doc(hidden)]
    fn set_nonblocking(&self) -> io::Result<()>;
    #[doc(hidden)]
    fn duplicate(&self) -> io::Result<Self>;
    #[doc(hidden)]
    fn local_address(&self) -> Option<Address>;
}

pub(crate) mod sealed {
    pub trait Sealed {}
}

/// The methods that both streams have under the same names.
macro_rules! plain_socket_methods {
    ($stream:ty) => {
        fn read(&self, buffer: &mut [u8]) -> io::Result<usize> {
            let mut this: &$stream = self;
            Read::read(&mut this, buffer)
        }

        fn read_vectored(&self, buffers: &mut [IoSliceMut<'_>]) -> io::Result<usize> {
            let mut this: &$stream = self;
            Read::read_vectored(&mut this, buffers)
        }

        fn write(&self, buffer: &[u8]) -> io::Result<usize> {
            let mut this: &$stream = self;
            Write::write(&mut this, buffer)
        }

        fn write_vectored(&self, buffers: &[IoSlice<'_>]) -> io::Result<usize> {
            let mut this: &$stream = self;
            Write::write_vectored(&mut this, buffers)
        }

        fn shutdown(&self, how: Shutdown) -> io::Result<()> {
            <$stream>::shutdown(self, how)
        }

        fn set_nonblocking(&self) -> io::Result<()> {
            <$stream>::set_nonblocking(self, true)
        }

        fn duplicate(&self) -> io::Result<Self> {
            self.try_clone()
        }
    };
}

impl sealed::Sealed for TcpStream {}

impl PlainSocket for TcpStream {
    plain_socket_methods!(TcpStream);

    fn local_address(&self) -> Option<Address> {
        self.local_addr().ok().map(Address::Tcp)
    }

    fn remote_address(&self) -> Option<Address> {
        self.peer_addr().ok().map(Address::Tcp)
    }
}

impl sealed::Sealed for TcpListener {}

impl ListeningSocket for TcpListener {
    type Stream = TcpStream;

    #[cfg(any(target_os = "linux", target_os = "android"))]
    fn accept(&self) -> io::Result<(TcpStream, Option<Address>)> {
        let (socket, address) = accept4(self)?;
        let address = address.and_then(|address| std::net::SocketAddr::try_from(address).ok());
        Ok((socket.into(), address.map(Address::Tcp)))
    }

    #[cfg(not(any(target_os = "linux", target_os = "android")))]
    fn accept(&self) -> io::Result<(TcpStream, Option<Address>)> {
        let (stream, address) = TcpListener::accept(self)?;
        stream.set_nonblocking(true)?;
        Ok((stream, Some(Address::Tcp(address))))
    }

    fn set_nonblocking(&self) -> io::Result<()> {
        TcpListener::set_nonblocking(self, true)
    }

    fn duplicate(&self) -> io::Result<Self> {
        self.try_clone()
    }

    fn local_address(&self) -> Option<Address> {
        self.local_addr().ok().map(Address::Tcp)
    }
}

#[cfg(unix)]
mod unix {
    use std::os::unix::net::SocketAddr;

    use socketry_connection::UnixAddress;

    use super::*;

    impl sealed::Sealed for UnixStream {}

    impl PlainSocket for UnixStream {
        plain_socket_methods!(UnixStream);

        fn local_address(&self) -> Option<Address> {
            unix_address(&self.local_addr().ok()?)
        }

        fn remote_address(&self) -> Option<Address> {
            unix_address(&self.peer_addr().ok()?)
        }
    }

    impl sealed::Sealed for UnixListener {}

    impl ListeningSocket for UnixListener {
        type Stream = UnixStream;

        #[cfg(any(target_os = "linux", target_os = "android"))]
        fn accept(&self) -> io::Result<(UnixStream, Option<Address>)> {
            let (socket, address) = accept4(self)?;
            let address = address.and_then(|address| rustix_unix_address(address.try_into().ok()?));
            Ok((socket.into(), address))
        }

        #[cfg(not(any(target_os = "linux", target_os = "android")))]
        fn accept(&self) -> io::Result<(UnixStream, Option<Address>)> {
            let (stream, address) = UnixListener::accept(self)?;
            stream.set_nonblocking(true)?;
            Ok((stream, unix_address(&address)))
        }

        fn set_nonblocking(&self) -> io::Result<()> {
            UnixListener::set_nonblocking(self, true)
        }

        fn duplicate(&self) -> io::Result<Self> {
            self.try_clone()
        }

        fn local_address(&self) -> Option<Address> {
            unix_address(&self.local_addr().ok()?)
        }
    }

    /// The name of a Unix socket; `None` if it has none.
    fn unix_address(address: &SocketAddr) -> Option<Address> {
        if let Some(path) = address.as_pathname() {
            return UnixAddress::from_path(path).ok().map(Address::Unix);
        }
        abstract_name(address)
    }

    #[cfg(any(target_os = "linux", target_os = "android"))]
    fn abstract_name(address: &SocketAddr) -> Option<Address> {
        #[cfg(target_os = "android")]
        use std::os::android::net::SocketAddrExt;
        #[cfg(target_os = "linux")]
        use std::os::linux::net::SocketAddrExt;

        UnixAddress::from_abstract(address.as_abstract_name()?).ok().map(Address::Unix)
    }

    #[cfg(not(any(target_os = "linux", target_os = "android")))]
    fn abstract_name(_address: &SocketAddr) -> Option<Address> {
        None
    }

    #[cfg(any(target_os = "linux", target_os = "android"))]
    fn rustix_unix_address(address: rustix::net::SocketAddrUnix) -> Option<Address> {
        use std::{ffi::OsStr, os::unix::ffi::OsStrExt};

        let address = match (address.path_bytes(), address.abstract_name()) {
            (Some(path), _) => UnixAddress::from_path(OsStr::from_bytes(path)),
            (None, Some(name)) => UnixAddress::from_abstract(name),
            (None, None) => return None,
        };
        address.ok().map(Address::Unix)
    }
}

#[cfg(any(target_os = "linux", target_os = "android"))]
fn accept4(
    listener: impl AsSystemSocket,
) -> io::Result<(std::os::fd::OwnedFd, Option<rustix::net::SocketAddrAny>)> {
    use rustix::net::SocketFlags;

    let flags = SocketFlags::NONBLOCK | SocketFlags::CLOEXEC;
    Ok(rustix::net::acceptfrom_with(listener, flags)?)
}
