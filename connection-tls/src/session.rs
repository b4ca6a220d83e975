//! The record path: what is between the session of rustls and the connection below.
//!
//! Reading is here, [`intake`], [`writing`] and [`closing`] are beside it.

use std::{
    fmt,
    io::{self, IoSliceMut, Read},
    mem,
    sync::Arc,
    task::{Context, Poll, ready},
};

use rustls::{Connection as Rustls, Error, IoState};
use socketry_connection::Connection;

use self::{closing::Closing, wakers::Wakers, writing::Writing};
use crate::{SessionFailed, TlsOptions, Truncation};

pub(crate) use self::records::Records;

mod closing;
mod intake;
mod records;
mod wakers;
mod writing;

/// After so many reads that have brought nothing for the caller, others get a turn.
const FRUITLESS_READS: usize = 32;

pub(crate) struct Session {
    rustls: Rustls,
    records: Records,
    reading: Reading,
    writing: Writing,
    /// The reading side has written something, and the connection below has not yet flushed it.
    must_flush: bool,
    wakers: Wakers,
    truncation: Truncation,
    closing: Closing,
}

/// How the reading side stands.
enum Reading {
    Open,
    /// The peer has said that it has ended.
    Ended,
    /// The stream below has ended, and the peer has not said that it was going to.
    Cut,
    /// What the peer has sent is no TLS, or it has said that it gives up.
    Broken(Arc<Error>),
    /// The connection below has failed while a writer looked for what the peer had to say.
    Failed(io::Error),
}

impl Session {
    /// The session after its handshake, in which `records` were read; `is_cut` says whether the
    /// stream below has ended already.
    pub(crate) fn new(
        rustls: Rustls,
        records: Records,
        is_cut: bool,
        options: &TlsOptions,
    ) -> Self {
        let mut session = Self {
            rustls,
            records,
            reading: if is_cut { Reading::Cut } else { Reading::Open },
            writing: Writing::Open,
            must_flush: false,
            wakers: Wakers::default(),
            truncation: options.truncation,
            closing: Closing::new(options),
        };
        // What came with the last message of the handshake is in rustls already: also a goodbye, or
        // something to be answered.
        let processed = session.rustls.process_new_packets();
        session.look_at(processed);
        session
    }

    pub(crate) fn rustls(&self) -> &Rustls {
        &self.rustls
    }

    /// Reads what the peer has written into `buffers`.
    ///
    /// What rustls has goes out before anything else is done, and nothing that was read from
    /// `inner` is left undone when this is `Pending`: nobody would be woken for it.
    pub(crate) fn poll_read<C: Connection>(
        &mut self,
        inner: &mut C,
        cx: &mut Context<'_>,
        buffers: &mut [IoSliceMut<'_>],
    ) -> Poll<io::Result<usize>> {
        if buffers.iter().all(|buffer| buffer.is_empty()) {
            return Poll::Ready(Ok(0));
        }
        for _ in 0..FRUITLESS_READS {
            let count = self.take_plaintext(buffers);
            self.answer(inner, cx);
            if count > 0 {
                return Poll::Ready(Ok(count));
            }
            if let Some(end) = self.end(inner) {
                return Poll::Ready(end);
            }
            ready!(self.poll_more(inner, cx))?;
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    }

    /// Moves plaintext out of rustls.
    fn take_plaintext(&mut self, buffers: &mut [IoSliceMut<'_>]) -> usize {
        let mut reader = self.rustls.reader();
        let mut total = 0;
        for buffer in buffers {
            // An error says that there is no more; why is decided elsewhere.
            let count = reader.read(buffer).unwrap_or(0);
            total += count;
            if count < buffer.len() {
                break;
            }
        }
        total
    }

    fn is_open(&self) -> bool {
        matches!(self.reading, Reading::Open)
    }

    /// What there is to say when all was read, if nothing more will come.
    fn end<C: Connection>(&mut self, inner: &C) -> Option<io::Result<usize>> {
        match &self.reading {
            Reading::Open => None,
            Reading::Ended => Some(Ok(0)),
            Reading::Cut => Some(self.cut(inner)),
            Reading::Broken(error) => Some(Err(SessionFailed::new(inner, error.clone()).into())),
            Reading::Failed(_) => match mem::replace(&mut self.reading, Reading::Open) {
                Reading::Failed(error) => Some(Err(error)),
                _ => None,
            },
        }
    }

    /// The end of a stream whose peer has not said that it was going to end.
    fn cut<C: Connection>(&self, inner: &C) -> io::Result<usize> {
        let how = match (self.truncation, self.records.is_between()) {
            (Truncation::Allow, true) => return Ok(0),
            (_, true) => "without a TLS goodbye (close_notify): what came last may be missing",
            (_, false) => "in the middle of a TLS record",
        };
        let text = format!("{} has ended {how}", With(inner));
        Err(io::Error::new(io::ErrorKind::UnexpectedEof, text))
    }

    /// Takes in what the peer has sent; all plaintext must have been taken out.
    fn poll_more<C: Connection>(
        &mut self,
        inner: &mut C,
        cx: &mut Context<'_>,
    ) -> Poll<io::Result<()>> {
        match self.poll_take_in(inner, cx)? {
            Poll::Ready(true) => {}
            Poll::Ready(false) => self.reading = Reading::Cut,
            Poll::Pending => {
                self.wakers.reader_waits(cx);
                self.shrink();
                return Poll::Pending;
            }
        }
        Poll::Ready(Ok(()))
    }

    /// What has come of the last records.
    fn look_at(&mut self, processed: Result<IoState, Error>) {
        match processed {
            Ok(state) if state.peer_has_closed() => self.reading = Reading::Ended,
            // While something is queued rustls keeps its answer, of which it needs one only.
            Ok(_) if self.rustls.wants_write() => {}
            Ok(_) => self.writing.queue_answer(&mut self.rustls),
            Err(error) => self.reading = Reading::Broken(Arc::new(error)),
        }
    }

    /// Lets rustls give back what it has grown by: it does so at the beginning of a read.
    fn shrink(&mut self) {
        struct Nothing;
        impl Read for Nothing {
            fn read(&mut self, _buffer: &mut [u8]) -> io::Result<usize> {
                Err(io::ErrorKind::WouldBlock.into())
            }
        }
        let _ = self.rustls.read_tls(&mut Nothing);
    }
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
