//! The two ways between a worker process and its server, and the frames on them.

use std::{
    io,
    sync::Arc,
    task::{Context, Poll, ready},
    time::Duration,
};

use async_io::Async;
use futures_lite::future::{or, poll_fn};
use rustix::{
    fd::OwnedFd,
    io::{Errno, read, write},
};
use socketry_connection::{Clock, Sleep};

use crate::{
    goridge::{Decoder, Frame, FrameError},
    process::text::MOST_TEXT,
};

/// What a pipe takes whole or not at all, on Linux. Elsewhere it may be less; but a pipe takes so much
/// whole if it is empty, as it is when the worker waits for an event.
const ATOMIC: usize = 4096;

/// What is kept once a longer frame has passed.
const KEPT_SPACE: usize = 64 * 1024;

/// How long text may take to arrive that comes instead of a frame.
const MOMENT: Duration = Duration::from_millis(200);

/// A way from a worker and one to it; the same descriptor twice, if it is a socket.
#[derive(Clone, Debug)]
pub(crate) struct Channel {
    pub(crate) from: Arc<Async<OwnedFd>>,
    pub(crate) to: Arc<Async<OwnedFd>>,
}

/// Frames over a channel. The memory that they take is used again.
#[derive(Debug)]
pub(crate) struct Link {
    channel: Channel,
    outgoing: Vec<u8>,
    written: usize,
    /// Up to where the first write may reach: what comes behind is written on its own.
    first: usize,
    decoder: Decoder,
    /// Whether it is acknowledged at once what the worker says.
    acknowledges: bool,
    /// The reactor was asked to tell when there is something to be read.
    is_awaited: bool,
    has_ended: bool,
}

/// Why there is no frame.
#[derive(Debug)]
pub(crate) enum LinkFailed {
    /// The worker has closed its end.
    Ended,
    /// The system says no.
    Io(io::Error),
    /// Something else than a frame has come.
    Frame(FrameError),
}

impl From<FrameError> for LinkFailed {
    fn from(error: FrameError) -> Self {
        Self::Frame(error)
    }
}

impl Link {
    /// Answers have at most `limit` bytes.
    pub(crate) fn new(channel: Channel, limit: usize) -> Self {
        Self {
            channel,
            outgoing: Vec::new(),
            written: 0,
            first: 0,
            decoder: Decoder::new(limit),
            acknowledges: false,
            is_awaited: false,
            has_ended: false,
        }
    }

    /// From now on answers have at most `limit` bytes.
    pub(crate) fn allow(&mut self, limit: usize) {
        self.decoder.allow(limit);
    }

    /// Acknowledges at once what the worker says, if this is TCP. One that has not heard of TCP_NODELAY (as
    /// those in PHP) does not send the next frame before, and the system takes 40 ms for that by itself.
    pub(crate) fn acknowledging(mut self) -> Self {
        self.acknowledges = cfg!(target_os = "linux");
        self
    }

    /// Puts frames up for writing, which is done while answers are awaited. `append` returns whether
    /// there is something to be sent; if there is not, nothing changes.
    ///
    /// What is put up together is written at once, if that is sure to be atomic: workers read a header
    /// at one go. If it is too long for that, the last `tail` bytes are written on their own.
    pub(crate) fn send(&mut self, tail: usize, append: impl FnOnce(&mut Vec<u8>) -> bool) -> bool {
        if self.is_written() {
            self.outgoing.clear();
            (self.written, self.first) = (0, 0);
        }
        let start = self.outgoing.len();
        if !append(&mut self.outgoing) {
            return false;
        }
        let end = self.outgoing.len();
        self.first = if end - start <= ATOMIC { end } else { end - tail };
        true
    }

    /// Whether all that was put up is written.
    pub(crate) fn is_written(&self) -> bool {
        self.written == self.outgoing.len()
    }

    /// Whether nothing of what was put up is.
    pub(crate) fn is_untouched(&self) -> bool {
        self.written == 0
    }

    /// Whether the worker has closed its end, as far as is known.
    pub(crate) fn has_ended(&self) -> bool {
        self.has_ended
    }

    /// Ready when a whole frame has come, for [`take`](Self::take); writes meanwhile.
    pub(crate) async fn frame(&mut self) -> Result<(), LinkFailed> {
        poll_fn(|cx| self.poll_frame(cx)).await
    }

    /// The frame that has come, if one has.
    pub(crate) fn take(&mut self) -> Result<Option<Frame<'_>>, FrameError> {
        self.decoder.take()
    }

    /// Ready when all is written.
    pub(crate) async fn flush(&mut self) -> Result<(), LinkFailed> {
        poll_fn(|cx| self.poll_write(cx)).await.map_err(LinkFailed::Io)
    }

    /// Whether the worker says something that nobody has asked for; does not wait.
    pub(crate) fn is_speaking(&mut self) -> Result<bool, LinkFailed> {
        if self.decoder.rest().is_empty() {
            match self.read() {
                Ok(()) => {}
                Err(Errno::AGAIN) => return Ok(false),
                Err(error) => return Err(LinkFailed::Io(error.into())),
            }
        }
        Ok(!self.decoder.rest().is_empty())
    }

    /// Whether something has come that belongs to no event before it.
    pub(crate) fn has_rest(&self) -> bool {
        !self.decoder.rest().is_empty()
    }

    /// Writes, reads and drops, until the other side has closed.
    pub(crate) async fn drain(&mut self) {
        poll_fn(|cx| {
            let _ = self.poll_write(cx);
            while !self.has_ended {
                self.decoder.clear();
                if ready!(self.poll_read(cx)).is_err() {
                    break;
                }
            }
            Poll::Ready(())
        })
        .await;
    }

    /// What has come instead of a frame, and what more of it comes within a moment.
    pub(crate) async fn text(&mut self, clock: Option<&Arc<dyn Clock>>) -> &[u8] {
        let read = poll_fn(|cx| {
            while !self.has_ended && self.decoder.rest().len() < MOST_TEXT {
                if ready!(self.poll_read(cx)).is_err() {
                    break;
                }
            }
            Poll::Ready(())
        });
        or(read, Sleep::after(clock, MOMENT)).await;
        self.decoder.rest()
    }

    /// Gives memory back that long frames have taken.
    pub(crate) fn shrink(&mut self) {
        self.decoder.shrink();
        if self.is_written() && self.outgoing.capacity() > KEPT_SPACE {
            self.outgoing.clear();
            self.written = 0;
            self.outgoing.shrink_to(KEPT_SPACE);
        }
    }

    /// Both ways are polled: a worker may answer before it has read all.
    fn poll_frame(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), LinkFailed>> {
        let write = self.poll_write(cx);
        loop {
            if self.decoder.has_frame()? {
                return Poll::Ready(Ok(()));
            }
            if self.has_ended {
                return Poll::Ready(Err(LinkFailed::Ended));
            }
            match self.poll_read(cx) {
                Poll::Ready(Ok(())) => {}
                Poll::Ready(Err(error)) => return Poll::Ready(Err(LinkFailed::Io(error))),
                // Whatever it said before it closed has been read by now.
                Poll::Pending => match write {
                    Poll::Ready(Err(error)) => return Poll::Ready(Err(LinkFailed::Io(error))),
                    _ => return Poll::Pending,
                },
            }
        }
    }

    fn poll_write(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        while !self.is_written() {
            let end = if self.written < self.first { self.first } else { self.outgoing.len() };
            match write(&*self.channel.to, &self.outgoing[self.written..end]) {
                Ok(count) => self.written += count,
                Err(Errno::INTR) => {}
                Err(Errno::AGAIN) => ready!(self.channel.to.poll_writable(cx))?,
                Err(error) => return Poll::Ready(Err(error.into())),
            }
        }
        Poll::Ready(Ok(()))
    }

    /// Reads once, when there is something. An answer is never there at once, so this does not try before
    /// it was woken. After that it does: the reactor may not yet say so of what it has woken us for.
    fn poll_read(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if !self.is_awaited {
            self.is_awaited = true;
            ready!(self.channel.from.poll_readable(cx))?;
        }
        loop {
            match self.read() {
                Err(Errno::AGAIN) => ready!(self.channel.from.poll_readable(cx))?,
                read => {
                    self.is_awaited = false;
                    return Poll::Ready(read.map_err(Into::into));
                }
            }
        }
    }

    fn read(&mut self) -> Result<(), Errno> {
        loop {
            match read(&*self.channel.from, self.decoder.space()) {
                Ok(0) => self.has_ended = true,
                Ok(count) => {
                    self.decoder.filled(count);
                    self.acknowledge();
                }
                Err(Errno::INTR) => continue,
                // What a socket says of a process that has ended with unread bytes.
                Err(Errno::CONNRESET) => self.has_ended = true,
                Err(error) => return Err(error),
            }
            return Ok(());
        }
    }
}

impl Link {
    #[cfg(target_os = "linux")]
    fn acknowledge(&self) {
        if self.acknowledges {
            // It is slow without, and no worse. The system forgets it with the next frame that is sent.
            let _ = socket2::SockRef::from(&*self.channel.from).set_tcp_quickack(true);
        }
    }

    #[cfg(not(target_os = "linux"))]
    fn acknowledge(&self) {}
}

#[cfg(test)]
mod tests {
    use std::os::unix::net::UnixDatagram;

    use futures_lite::future::block_on;

    use super::*;

    /// How long the writes are by which a message of so many bytes goes, and its tail of 25.
    fn writes(length: usize) -> Vec<usize> {
        // Each write is a datagram.
        let (ours, theirs) = UnixDatagram::pair().unwrap();
        let ours = Arc::new(Async::new(OwnedFd::from(ours)).unwrap());
        let mut link = Link::new(Channel { from: ours.clone(), to: ours }, 100);
        link.send(25, |to| {
            to.resize(length + 25, b'x');
            true
        });
        block_on(link.flush()).unwrap();
        drop(link);
        theirs.set_nonblocking(true).unwrap();
        let mut datagram = vec![0; length + 25];
        std::iter::from_fn(|| theirs.recv(&mut datagram).ok().filter(|count| *count > 0)).collect()
    }

    #[test]
    fn what_fits_into_a_page_is_written_at_once() {
        assert_eq!([writes(100), writes(ATOMIC - 25)], [vec![125], vec![ATOMIC]]);
    }

    #[test]
    fn what_does_not_is_written_before_what_follows() {
        assert_eq!([writes(ATOMIC - 24), writes(50_000)], [[ATOMIC - 24, 25], [50_000, 25]]);
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn each_frame_that_comes_over_tcp_is_acknowledged_at_once() {
        use std::{
            io::Write,
            net::{TcpListener, TcpStream},
        };

        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let mut theirs = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        let ours = Arc::new(Async::new(OwnedFd::from(listener.accept().unwrap().0)).unwrap());
        let channel = Channel { from: ours.clone(), to: ours.clone() };
        let mut link = Link::new(channel, 100).acknowledging();
        for _ in 0..10 {
            link.send(0, |to| {
                to.push(b'x');
                true
            });
            block_on(link.flush()).unwrap();
            let mut answer = Vec::new();
            crate::goridge::control(&mut answer, b"{}");
            theirs.write_all(&answer).unwrap();
            block_on(link.frame()).unwrap();
            link.take().unwrap();
            assert!(socket2::SockRef::from(&*ours).tcp_quickack().unwrap());
        }
    }
}
