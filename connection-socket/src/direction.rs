//! Reading and writing a socket: try first, wait second, remember what was learnt.

use std::{
    io,
    net::Shutdown,
    task::{Context, Poll, ready},
};

use crate::{PlainSocket, readiness::Readiness, socket::Ground};

/// What is known of one direction of a socket.
#[derive(Debug, Default)]
pub(crate) struct Direction {
    readiness: Readiness,
    /// The writing side was closed.
    closed: bool,
}

impl Direction {
    /// Reads up to `capacity` bytes with `read`.
    pub(crate) fn poll_read<S: PlainSocket>(
        &mut self,
        ground: &mut impl Ground<S>,
        cx: &mut Context<'_>,
        capacity: usize,
        mut read: impl FnMut(&S) -> io::Result<usize>,
    ) -> Poll<io::Result<usize>> {
        if capacity == 0 {
            return Poll::Ready(ground.unless_aborted().map(|()| 0));
        }
        loop {
            ready!(self.readiness.poll(|| ground.registered()?.poll_readable(cx)))?;
            // The system would still hand out what had come before an abort.
            ground.unless_aborted()?;
            match self.learn(read(ground.socket()), capacity) {
                Some(Ok(0)) => {
                    // The peer's orderly end, or an abort that has come meanwhile.
                    return Poll::Ready(ground.unless_aborted().map(|()| 0));
                }
                Some(result) => return Poll::Ready(result.map_err(|e| ground.explain(e))),
                None => {}
            }
        }
    }

    /// Writes up to `length` bytes with `write`.
    pub(crate) fn poll_write<S: PlainSocket>(
        &mut self,
        ground: &mut impl Ground<S>,
        cx: &mut Context<'_>,
        length: usize,
        mut write: impl FnMut(&S) -> io::Result<usize>,
    ) -> Poll<io::Result<usize>> {
        if self.closed {
            return Poll::Ready(Err(write_after_close()));
        }
        if length == 0 {
            return Poll::Ready(ground.unless_aborted().map(|()| 0));
        }
        loop {
            ready!(self.readiness.poll(|| ground.registered()?.poll_writable(cx)))?;
            if let Some(result) = self.learn(write(ground.socket()), length) {
                return Poll::Ready(result.map_err(|error| ground.explain(error)));
            }
        }
    }

    /// Ends the writing side, once.
    pub(crate) fn close(&mut self, socket: &impl PlainSocket) -> io::Result<()> {
        if self.closed {
            return Ok(());
        }
        self.closed = true;
        match socket.shutdown(Shutdown::Write) {
            // The peer has reset the connection: there is nobody left to tell.
            Err(error) if error.kind() == io::ErrorKind::NotConnected => Ok(()),
            result => result,
        }
    }

    /// What is known, leaving behind a direction that has nothing to close.
    pub(crate) fn take(&mut self) -> Self {
        std::mem::replace(self, Self { readiness: Readiness::default(), closed: true })
    }

    /// Learns from one try; `None` means try again.
    fn learn(&mut self, tried: io::Result<usize>, wanted: usize) -> Option<io::Result<usize>> {
        match &tried {
            Ok(count) => self.readiness.done(0 < *count && *count < wanted),
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                self.readiness.would_block();
                return None;
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => return None,
            Err(_) => self.readiness.done(false),
        }
        Some(tried)
    }
}

fn write_after_close() -> io::Error {
    io::Error::new(
        io::ErrorKind::BrokenPipe,
        "write after the connection's writing side was closed",
    )
}
