//! Clients that never speak.

use std::{
    io::{self, ErrorKind, Read},
    net::TcpStream,
    os::unix::net::UnixStream,
    thread,
};

use socketry::Address;

use crate::running::PATIENCE;

/// A client that knows nothing of this library.
#[derive(Debug)]
pub(crate) enum Client {
    Tcp(TcpStream),
    Unix(UnixStream),
}

/// What a client has heard.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Heard {
    /// The byte that only somebody sends who was handed the connection.
    Greeting,
    /// The end, in whatever way.
    End,
    /// It is left hanging.
    Nothing,
}

pub(crate) const GREETING: u8 = b'!';

impl Client {
    /// Comes up to a server and waits in its backlog.
    pub(crate) fn connect(address: &Address) -> io::Result<Self> {
        match address.path() {
            Some(path) => {
                let stream = UnixStream::connect(path)?;
                stream.set_nonblocking(true)?;
                Ok(Self::Unix(stream))
            }
            None => {
                let stream = TcpStream::connect(address.socket_address().unwrap())?;
                stream.set_nonblocking(true)?;
                Ok(Self::Tcp(stream))
            }
        }
    }

    /// Waits for something to be heard.
    pub(crate) fn hear(&mut self) -> Heard {
        let mut byte = [0];
        for _ in 0..PATIENCE {
            match self.read(&mut byte) {
                Ok(0) => return Heard::End,
                Ok(_) if byte == [GREETING] => return Heard::Greeting,
                Ok(_) => {} // a farewell of TLS
                Err(error) if error.kind() == ErrorKind::WouldBlock => thread::yield_now(),
                Err(_) => return Heard::End,
            }
        }
        Heard::Nothing
    }

    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Tcp(stream) => stream.read(buffer),
            Self::Unix(stream) => stream.read(buffer),
        }
    }
}

/// How many of `clients` have heard it.
pub(crate) fn count(clients: &mut [Client], heard: Heard) -> usize {
    clients.iter_mut().filter_map(|client| (client.hear() == heard).then_some(())).count()
}

pub(crate) fn assert_all_see_the_end(clients: &mut [Client]) {
    for client in clients {
        assert_eq!(client.hear(), Heard::End, "{client:?}");
    }
}
