//! From the connection below to whoever reads.

use std::{
    io::{self, IoSliceMut, Read, Write},
    sync::Arc,
    task::{Context, Poll, ready},
};

use socketry_connection::Connection;

use super::{Session, With, Writing};
use crate::{SessionFailed, Truncation, outgoing::Sender};

impl Session {
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
