//! A listening socket on its way.

use std::{io, os::fd::OwnedFd};

/// The most bytes of a name: its length takes one byte on the wire.
const LONGEST_NAME: usize = u8::MAX as usize;

/// A listening socket with the name by which the next process asks for it.
///
/// The name is for the two processes to agree on: that of the server in their configuration, for
/// example, or its endpoint. Several sockets may have one name; they arrive in the order in which
/// they were handed on.
///
/// # Examples
///
/// ```
/// use std::net::TcpListener;
///
/// use socketry_server_handover::NamedSocket;
///
/// let listener = TcpListener::bind("127.0.0.1:0")?;
/// let socket = NamedSocket::new("web", listener.try_clone()?);
/// assert_eq!(socket.name, "web");
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Debug)]
#[non_exhaustive]
pub struct NamedSocket {
    /// The name: 1 to 255 bytes.
    pub name: String,
    /// The socket. Whoever adopts it checks that it listens.
    pub socket: OwnedFd,
    /// What goes with it: the lock of a socket file.
    pub lock: Option<OwnedFd>,
}

impl NamedSocket {
    /// A socket without a lock.
    pub fn new(name: impl Into<String>, socket: impl Into<OwnedFd>) -> Self {
        Self { name: name.into(), socket: socket.into(), lock: None }
    }

    /// With the lock of its file, if it has one.
    pub fn with_lock(mut self, lock: impl Into<Option<OwnedFd>>) -> Self {
        self.lock = lock.into();
        self
    }

    /// That this can be a name, for whoever wants to know before a successor comes.
    ///
    /// # Errors
    ///
    /// [`InvalidInput`](io::ErrorKind::InvalidInput) if it is empty or has more than 255 bytes.
    ///
    /// # Examples
    ///
    /// ```
    /// use socketry_server_handover::NamedSocket;
    ///
    /// assert!(NamedSocket::check_name("web").is_ok());
    /// assert!(NamedSocket::check_name("").is_err());
    /// ```
    pub fn check_name(name: &str) -> io::Result<()> {
        let length = name.len();
        if (1..=LONGEST_NAME).contains(&length) {
            return Ok(());
        }
        let text = format!(
            "invalid name {name:?} of a socket: it has 1 to {LONGEST_NAME} bytes, this one has {length}"
        );
        Err(io::Error::new(io::ErrorKind::InvalidInput, text))
    }

    /// How many descriptors it is.
    pub(crate) fn descriptors(&self) -> usize {
        1 + usize::from(self.lock.is_some())
    }
}
