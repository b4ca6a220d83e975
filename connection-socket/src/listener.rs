//! The accepting half of a plain server.

#[cfg(unix)]
use std::os::fd::{AsFd, BorrowedFd};
#[cfg(windows)]
use std::os::windows::io::{AsSocket, BorrowedSocket};
use std::{
    future::Future,
    io,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
};

use async_io::Async;
use socketry_connection::{Address, Clock, Sleep};

use crate::{
    ListeningSocket, SocketConnection,
    error::concerns_one_client,
    exhaustion::{Exhaustion, Finding},
    reactor::register,
    readiness::Readiness,
};

/// So many clients in a row may be lost before the listener takes a rest after each.
const LOST_AT_FULL_SPEED: u32 = 32;

/// A listening socket that accepts without spinning, whatever goes wrong.
///
/// What the TCP and the Unix server are made of; by itself it knows neither how to bind nor how to
/// be closed from outside.
///
/// # Errors that are not errors of the listener
///
/// - A client that went away before it was accepted (`ECONNABORTED`, `EPROTO`, `EPERM` and their
///   kin, see `accept(2)`) is one error; the next poll asks for the next client. After 32 of them
///   in a row it waits before each, as below.
/// - When descriptors or memory have run out (`EMFILE`, `ENFILE`, `ENOBUFS`, `ENOMEM`) the first
///   poll says so, once; then the listener tries again after 5 ms, doubling up to 50 ms. Clients
///   that wait meanwhile are accepted into a descriptor held in reserve and closed, so that they
///   see an end and can try elsewhere. The episode ends when somebody is accepted or, a descriptor
///   being to be had, nobody is found waiting.
/// - Whatever else the system says is treated in the same way, so that no error can make a server
///   spin.
#[derive(Debug)]
pub struct Listener<L> {
    // Before the socket: deregistered first, closed second.
    registration: Async<Arc<L>>,
    socket: Arc<L>,
    readiness: Readiness,
    /// Clients in a row that could not be accepted.
    lost_in_a_row: u32,
    sleep: Option<Sleep>,
    exhaustion: Exhaustion<L>,
    clock: Option<Arc<dyn Clock>>,
}

impl<L: ListeningSocket> Listener<L> {
    /// Accepts from `socket`, which listens already; it is made non-blocking here, and given to the
    /// reactor. (A connection can do without until it waits; a listener would have to wait when
    /// descriptors have run out.)
    ///
    /// # Errors
    ///
    /// Those of making it non-blocking, and that descriptors or memory have run out.
    pub fn new(socket: L) -> io::Result<Self> {
        socket.set_nonblocking()?;
        let socket = Arc::new(socket);
        Ok(Self {
            registration: register(socket.clone(), || socket.duplicate())?,
            exhaustion: Exhaustion::new(&socket),
            socket,
            readiness: Readiness::default(),
            lost_in_a_row: 0,
            sleep: None,
            clock: None,
        })
    }

    /// Waits on `clock` instead of the system's.
    pub fn with_clock(mut self, clock: Option<Arc<dyn Clock>>) -> Self {
        self.clock = clock;
        self
    }

    /// The listening socket, for its own options.
    pub fn get_ref(&self) -> &L {
        &self.socket
    }

    /// Where it listens.
    pub fn local_address(&self) -> Option<Address> {
        self.socket.local_address()
    }

    /// Takes the listening socket out, still listening and non-blocking.
    pub fn into_inner(self) -> L {
        drop(self.registration);
        match Arc::try_unwrap(self.socket) {
            Ok(socket) => socket,
            Err(_) => unreachable!("only the registration shared the socket, and it is gone"),
        }
    }

    /// Accepts the next connection: one system call if somebody waits.
    ///
    /// # Errors
    ///
    /// Those described at the type, unwrapped; none of them is fatal.
    ///
    /// # Cancel safety
    ///
    /// `Pending` has taken nobody.
    pub fn poll_accept(
        &mut self,
        cx: &mut Context<'_>,
    ) -> Poll<io::Result<SocketConnection<L::Stream>>> {
        loop {
            ready!(self.poll_wait(cx))?;
            match self.socket.accept() {
                Ok((stream, remote)) => {
                    self.readiness.done(false);
                    self.nothing_is_wrong();
                    return Poll::Ready(Ok(SocketConnection::new(stream, remote)));
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    self.nothing_is_wrong(); // it looks for a descriptor first
                    self.readiness.would_block();
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) if concerns_one_client(&error) => {
                    self.lose_one();
                    return Poll::Ready(Err(error));
                }
                Err(error) => match self.exhaustion.meet(&self.socket, self.clock.as_ref()) {
                    Finding::NobodyThere => self.readiness.would_block(),
                    Finding::GoesOn(sleep) => self.sleep = Some(sleep),
                    Finding::Begins(sleep) => {
                        self.sleep = Some(sleep);
                        return Poll::Ready(Err(error));
                    }
                },
            }
        }
    }

    fn nothing_is_wrong(&mut self) {
        self.lost_in_a_row = 0;
        self.exhaustion.over(&self.socket);
    }

    /// A few clients may go away before they are accepted; if nobody ever comes through, something
    /// else is wrong (a security module, a filter), and asking on at full speed does not help.
    fn lose_one(&mut self) {
        self.lost_in_a_row = self.lost_in_a_row.saturating_add(1);
        if self.lost_in_a_row > LOST_AT_FULL_SPEED {
            self.sleep = Some(self.exhaustion.next_sleep(self.clock.as_ref()));
        }
    }

    /// Waits for what the last try said to wait for.
    fn poll_wait(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if let Some(sleep) = &mut self.sleep {
            ready!(Pin::new(sleep).poll(cx));
            self.sleep = None;
        }
        self.readiness.poll(|| self.registration.poll_readable(cx))
    }
}

#[cfg(unix)]
impl<L: ListeningSocket> AsFd for Listener<L> {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.socket.as_fd()
    }
}

#[cfg(windows)]
impl<L: ListeningSocket> AsSocket for Listener<L> {
    fn as_socket(&self) -> BorrowedSocket<'_> {
        self.socket.as_socket()
    }
}

#[cfg(unix)]
#[cfg(test)]
mod tests {
    use std::{
        net::{TcpListener, TcpStream},
        task::Waker,
    };

    use super::*;
    use crate::plain::sealed::Sealed;

    /// A socket whose every client is refused, as by a filter of the system.
    #[derive(Debug)]
    struct Filtered(TcpListener);

    impl Sealed for Filtered {}

    impl AsFd for Filtered {
        fn as_fd(&self) -> BorrowedFd<'_> {
            self.0.as_fd()
        }
    }

    impl ListeningSocket for Filtered {
        type Stream = TcpStream;

        fn accept(&self) -> io::Result<(TcpStream, Option<Address>)> {
            Err(rustix::io::Errno::PERM.into())
        }

        fn set_nonblocking(&self) -> io::Result<()> {
            self.0.set_nonblocking(true)
        }

        fn duplicate(&self) -> io::Result<Self> {
            self.0.try_clone().map(Self)
        }

        fn local_address(&self) -> Option<Address> {
            None
        }
    }

    #[test]
    fn a_filter_that_refuses_every_client_does_not_make_it_spin() {
        let socket = Filtered(TcpListener::bind("127.0.0.1:0").unwrap());
        let mut listener = Listener::new(socket).unwrap();
        let mut cx = Context::from_waker(Waker::noop());
        let polls = (0..1000).map(|_| listener.poll_accept(&mut cx).is_ready());
        // One error more than at full speed, and then a rest.
        assert_eq!(polls.take_while(|is_ready| *is_ready).count(), 33);
    }
}
