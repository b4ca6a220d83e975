//! The wire between two connections in memory.

use std::{
    collections::VecDeque,
    io::{self, IoSlice, IoSliceMut},
    task::{Context, Poll, Waker},
};

use crate::sync::remember;

/// Both directions of a link. An end writes into the pipe of its own number and reads the other.
#[derive(Debug)]
pub(crate) struct Link {
    pipes: [Pipe; 2],
    aborted: [bool; 2],
}

impl Link {
    /// A link that holds at most `capacity` bytes on the way in each direction.
    pub(crate) fn new(capacity: usize) -> Self {
        let pipe = || Pipe { capacity: capacity.max(1), ..Pipe::default() };
        Self { pipes: [pipe(), pipe()], aborted: [false; 2] }
    }

    pub(crate) fn poll_read(
        &mut self,
        end: usize,
        cx: &Context<'_>,
        bufs: &mut [IoSliceMut<'_>],
    ) -> Poll<io::Result<(usize, Option<Waker>)>> {
        self.check_not_aborted(end)?;
        self.pipes[1 - end].poll_read(cx, bufs).map(Ok)
    }

    pub(crate) fn poll_write(
        &mut self,
        end: usize,
        cx: &Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<(usize, Option<Waker>)>> {
        self.check_not_aborted(end)?;
        self.pipes[end].poll_write(cx, bufs)
    }

    /// Whether `end` may still be used.
    pub(crate) fn check_not_aborted(&self, end: usize) -> io::Result<()> {
        match self.aborted[end] {
            true => Err(io::ErrorKind::ConnectionAborted.into()),
            false => Ok(()),
        }
    }

    /// `end` has nothing more to say.
    pub(crate) fn finish(&mut self, end: usize) -> impl Iterator<Item = Waker> + use<> {
        self.pipes[end].finish().into_iter().flatten()
    }

    /// `end` is gone both ways.
    pub(crate) fn leave(&mut self, end: usize) -> impl Iterator<Item = Waker> + use<> {
        let mut waiting = [None, None, None, None];
        let [out_reader, out_writer, in_reader, in_writer] = &mut waiting;
        [*out_reader, *out_writer] = self.pipes[end].finish();
        [*in_reader, *in_writer] = self.pipes[1 - end].abandon();
        waiting.into_iter().flatten()
    }

    /// `end` is gone both ways, and whoever holds it is told so.
    pub(crate) fn abort(&mut self, end: usize) -> impl Iterator<Item = Waker> + use<> {
        self.aborted[end] = true;
        self.leave(end)
    }
}

/// One direction.
#[derive(Debug, Default)]
struct Pipe {
    bytes: VecDeque<u8>,
    capacity: usize,
    /// The writer has closed, has been dropped, or was aborted.
    finished: bool,
    /// The reader has been dropped or was aborted.
    abandoned: bool,
    reader: Option<Waker>,
    writer: Option<Waker>,
}

impl Pipe {
    /// How much was read, and the writer that has room now.
    fn poll_read(
        &mut self,
        cx: &Context<'_>,
        bufs: &mut [IoSliceMut<'_>],
    ) -> Poll<(usize, Option<Waker>)> {
        if bufs.iter().all(|buf| buf.is_empty()) {
            return Poll::Ready((0, None));
        }
        if self.bytes.is_empty() && !self.finished {
            remember(&mut self.reader, cx);
            return Poll::Pending;
        }
        let mut read = 0;
        for buf in bufs {
            let length = buf.len().min(self.bytes.len());
            for (place, byte) in buf.iter_mut().zip(self.bytes.drain(..length)) {
                *place = byte;
            }
            read += length;
        }
        Poll::Ready((read, self.writer.take()))
    }

    /// How much was written, and the reader that has something now.
    fn poll_write(
        &mut self,
        cx: &Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<(usize, Option<Waker>)>> {
        if self.finished || self.abandoned {
            return Poll::Ready(Err(io::ErrorKind::BrokenPipe.into()));
        }
        let room = self.capacity - self.bytes.len();
        let wanted: usize = bufs.iter().map(|buf| buf.len()).sum();
        if room == 0 && wanted > 0 {
            remember(&mut self.writer, cx);
            return Poll::Pending;
        }
        let bytes = bufs.iter().flat_map(|buf| buf.iter());
        self.bytes.extend(bytes.take(room));
        Poll::Ready(Ok((wanted.min(room), self.reader.take())))
    }

    fn finish(&mut self) -> [Option<Waker>; 2] {
        self.finished = true;
        [self.reader.take(), self.writer.take()]
    }

    fn abandon(&mut self) -> [Option<Waker>; 2] {
        self.abandoned = true;
        self.bytes = VecDeque::new();
        [self.reader.take(), self.writer.take()]
    }
}
