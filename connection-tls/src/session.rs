//! The record path: what is between the session of rustls and the connection below.

use std::{
    fmt,
    future::Future,
    io::{self, IoSlice, IoSliceMut, Read, Write},
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
    time::Duration,
};

use rustls::{CommonState, Connection as Rustls};
use socketry_connection::{Clock, Connection, Sleep};

use crate::{
    SessionFailed, TlsOptions, Truncation,
    outgoing::{Outgoing, Sender},
    read_ahead::ReadAhead,
};

/// Everything that is kept of a connection besides the one below.
pub(crate) struct Session {
    rustls: Rustls,
    ahead: ReadAhead,
    outgoing: Outgoing,
    /// Whoever reads has to send: the answer to what was read, or the rest of a write. Who has
    /// written a request waits for the answer to it, and may never flush.
    reader_sends: bool,
    broken: Option<Arc<rustls::Error>>,
    writing: Writing,
    truncation: Truncation,
    close_within: Duration,
    clock: Option<Arc<dyn Clock>>,
    /// Runs while closing has to wait.
    closing: Option<Box<Sleep>>,
}

/// How far the writing side is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Writing {
    Open,
    /// The goodbye is queued.
    Closing,
    Closed,
    /// The connection below takes nothing more, and that was told.
    Failed,
}

impl Session {
    pub(crate) fn new(rustls: Rustls, options: &TlsOptions) -> Self {
        Self {
            rustls,
            ahead: ReadAhead::default(),
            outgoing: Outgoing::default(),
            reader_sends: false,
            broken: None,
            writing: Writing::Open,
            truncation: options.truncation,
            close_within: options.close_within,
            clock: options.clock.clone(),
            closing: None,
        }
    }

    pub(crate) fn common(&self) -> &CommonState {
        &self.rustls
    }

    pub(crate) fn rustls(&mut self) -> &mut Rustls {
        &mut self.rustls
    }

    pub(crate) fn export(
        &self,
        output: &mut [u8],
        label: &[u8],
        context: Option<&[u8]>,
    ) -> Result<(), rustls::Error> {
        match &self.rustls {
            Rustls::Client(client) => client.export_keying_material(output, label, context),
            Rustls::Server(server) => server.export_keying_material(output, label, context),
        }
        .map(drop)
    }

    pub(crate) fn not_closed(&self, inner: &impl Connection) -> io::Error {
        not_closed(inner, self.close_within)
    }

    /// A time that begins now, and in which the connection has to be closed.
    pub(crate) fn time_to_close(&self) -> Sleep {
        Sleep::after(self.clock.as_ref(), self.close_within)
    }

    pub(crate) fn poll_read<C: Connection>(
        &mut self,
        inner: &mut C,
        cx: &mut Context<'_>,
        buffer: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        if self.reader_sends {
            self.poll_send_as_reader(inner, cx);
        }
        if buffer.is_empty() {
            return Poll::Ready(Ok(0));
        }
        loop {
            let taken = self.take(buffer);
            self.ahead.settle();
            if self.reader_sends {
                self.poll_send_as_reader(inner, cx);
            }
            match taken {
                Taken::Some(count) => return Poll::Ready(Ok(count)),
                Taken::Nothing => {}
                Taken::End => return Poll::Ready(Ok(0)),
                Taken::CutOff => return Poll::Ready(Err(cut_off(inner))),
                Taken::Broken(error) => {
                    return Poll::Ready(Err(SessionFailed::new(inner, error).into()));
                }
            }
            match self.ahead.poll_fill(inner, cx)? {
                Poll::Ready(0) => drop(self.rustls.read_tls(&mut io::empty())?), // the end
                Poll::Ready(_) => {}
                Poll::Pending => {
                    // It gives up the room of the last record when it is about to read the next.
                    let _ = self.rustls.read_tls(&mut Nothing);
                    return Poll::Pending;
                }
            }
        }
    }

    pub(crate) fn poll_read_vectored<C: Connection>(
        &mut self,
        inner: &mut C,
        cx: &mut Context<'_>,
        buffers: &mut [IoSliceMut<'_>],
    ) -> Poll<io::Result<usize>> {
        let mut buffers = buffers.iter_mut().filter(|buffer| !buffer.is_empty());
        let Some(first) = buffers.next() else {
            return self.poll_read(inner, cx, &mut []);
        };
        let mut count = ready!(self.poll_read(inner, cx, first))?;
        let mut is_full = count == first.len();
        while let (true, Some(next)) = (is_full, buffers.next()) {
            let Taken::Some(more) = self.take(next) else { break };
            is_full = more == next.len();
            count += more;
        }
        self.ahead.settle();
        if self.reader_sends {
            self.poll_send_as_reader(inner, cx);
        }
        Poll::Ready(Ok(count))
    }

    /// Takes plaintext out of what has been read, as much as there is room for.
    fn take(&mut self, buffer: &mut [u8]) -> Taken {
        let mut filled = 0;
        let end = loop {
            match self.rustls.reader().read(&mut buffer[filled..]) {
                Ok(0) if filled < buffer.len() => break Taken::End,
                Ok(count) => {
                    filled += count;
                    if filled == buffer.len() {
                        return Taken::Some(filled);
                    }
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                Err(_) if self.broken.is_some() => {}
                Err(_) => match self.truncation {
                    Truncation::Strict => break Taken::CutOff,
                    Truncation::Allow => break Taken::End,
                },
            }
            if let Some(error) = &self.broken {
                break Taken::Broken(error.clone());
            }
            if self.ahead.is_empty() {
                break Taken::Nothing;
            }
            self.feed();
        };
        if filled > 0 { Taken::Some(filled) } else { end }
    }

    /// Hands the session some of what was read.
    fn feed(&mut self) {
        match self.try_feed() {
            Ok(is_answered) => self.reader_sends |= is_answered,
            Err(error) => {
                self.broken = Some(Arc::new(error));
                self.reader_sends = true; // the alert that says so
            }
        }
    }

    /// Whether there is an answer to send.
    fn try_feed(&mut self) -> Result<bool, rustls::Error> {
        // The queue may hold something already, of a writer who waits. An answer is what is new.
        let queued = match self.rustls.wants_write() {
            false => 0,
            true => self.rustls.process_new_packets()?.tls_bytes_to_write(),
        };
        // It refuses only while it holds plaintext that nobody has taken, and there is none.
        let _ = self.rustls.read_tls(&mut self.ahead);
        self.rustls.process_new_packets()?;
        // Its answer to new keys it keeps for the next write; one of nothing makes it come out.
        let _ = self.rustls.writer().write(&[]);
        Ok(match queued {
            0 => self.rustls.wants_write(),
            _ => self.rustls.process_new_packets()?.tls_bytes_to_write() > queued,
        })
    }

    /// Sends what is queued. If it cannot be sent that is for the writer to know: reading goes on.
    #[cold]
    fn poll_send_as_reader<C: Connection>(&mut self, inner: &mut C, cx: &mut Context<'_>) {
        if matches!(self.writing, Writing::Closed | Writing::Failed) {
            self.reader_sends = false;
            return;
        }
        match self.outgoing.poll_send(&mut self.rustls, inner, cx, Sender::Reader) {
            Poll::Ready(Ok(())) => self.reader_sends = false,
            // The writer will find the same error.
            Poll::Ready(Err(_)) => self.reader_sends = false,
            Poll::Pending => {}
        }
    }

    pub(crate) fn poll_write<C: Connection>(
        &mut self,
        inner: &mut C,
        cx: &mut Context<'_>,
        buffers: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.check_open(inner)?;
        ready!(self.poll_send(inner, cx))?;
        let count = self.rustls.writer().write_vectored(buffers)?;
        // What cannot go now goes with the next write, flush, close or read.
        self.reader_sends |= self.poll_send(inner, cx)?.is_pending();
        Poll::Ready(Ok(count))
    }

    pub(crate) fn poll_flush<C: Connection>(
        &mut self,
        inner: &mut C,
        cx: &mut Context<'_>,
    ) -> Poll<io::Result<()>> {
        if self.writing == Writing::Failed {
            return Poll::Ready(Err(broken_pipe(inner)));
        }
        ready!(self.poll_send(inner, cx))?;
        Pin::new(inner).poll_flush(cx)
    }

    pub(crate) fn poll_close<C: Connection>(
        &mut self,
        inner: &mut C,
        cx: &mut Context<'_>,
    ) -> Poll<io::Result<()>> {
        match self.writing {
            Writing::Open => {
                self.rustls.send_close_notify();
                self.writing = Writing::Closing;
            }
            Writing::Closing => {}
            Writing::Closed => return Poll::Ready(Ok(())),
            Writing::Failed => return Pin::new(inner).poll_close(cx),
        }
        let result = match self.poll_finish(inner, cx) {
            Poll::Ready(result) => result,
            Poll::Pending => {
                let (clock, within) = (self.clock.as_ref(), self.close_within);
                let closing =
                    self.closing.get_or_insert_with(|| Box::new(Sleep::after(clock, within)));
                ready!(Pin::new(closing).poll(cx));
                Err(not_closed(inner, within))
            }
        };
        self.closing = None;
        self.writing = if result.is_ok() { Writing::Closed } else { Writing::Failed };
        Poll::Ready(result)
    }

    /// Everything that is queued, then the end.
    fn poll_finish<C: Connection>(
        &mut self,
        inner: &mut C,
        cx: &mut Context<'_>,
    ) -> Poll<io::Result<()>> {
        ready!(self.poll_send(inner, cx))?;
        ready!(Pin::new(&mut *inner).poll_flush(cx))?;
        Pin::new(inner).poll_close(cx)
    }

    fn poll_send<C: Connection>(
        &mut self,
        inner: &mut C,
        cx: &mut Context<'_>,
    ) -> Poll<io::Result<()>> {
        let poll = self.outgoing.poll_send(&mut self.rustls, inner, cx, Sender::Writer);
        if let Poll::Ready(Err(_)) = &poll {
            self.writing = Writing::Failed;
        }
        poll
    }

    fn check_open(&self, inner: &impl Connection) -> io::Result<()> {
        match self.writing {
            Writing::Open => Ok(()),
            Writing::Closing | Writing::Closed | Writing::Failed => Err(broken_pipe(inner)),
        }
    }
}

/// A stream that has nothing yet.
struct Nothing;

impl Read for Nothing {
    fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
        Err(io::ErrorKind::WouldBlock.into())
    }
}

/// What comes of taking plaintext.
enum Taken {
    Some(usize),
    /// More has to be read.
    Nothing,
    End,
    /// The connection below has ended, and the peer has not said goodbye.
    CutOff,
    Broken(Arc<rustls::Error>),
}

fn cut_off(inner: &impl Connection) -> io::Error {
    let words = "has ended without a TLS goodbye (close_notify): what came last may be missing";
    io::Error::new(io::ErrorKind::UnexpectedEof, format!("{} {words}", With(inner)))
}

fn broken_pipe(inner: &impl Connection) -> io::Error {
    let words = "is closed for writing";
    io::Error::new(io::ErrorKind::BrokenPipe, format!("{} {words}", With(inner)))
}

fn not_closed(inner: &impl Connection, within: Duration) -> io::Error {
    let words = "could not be closed in an orderly way within";
    io::Error::new(io::ErrorKind::TimedOut, format!("{} {words} {within:?}", With(inner)))
}

/// The connection, as the sentence about it begins.
struct With<'a, C>(&'a C);

impl<C: Connection> fmt::Display for With<'_, C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("connection")?;
        match self.0.remote_address() {
            Some(remote) => write!(f, " with {}", remote.with_tls()),
            None => Ok(()),
        }
    }
}
