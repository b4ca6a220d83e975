//! What the session has to send, on its way to the connection below.

use std::{
    io::{self, IoSlice, Write},
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, Waker},
};

use rustls::Connection as Rustls;
use socketry_connection::Connection;

use crate::both_sides::BothSides;

/// Who sends.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Sender {
    /// The task that reads, because what it has read has to be answered.
    Reader,
    /// The task that writes, flushes or closes.
    Writer,
}

/// Sends what the session has queued, for whichever task.
#[derive(Debug, Default)]
pub(crate) struct Outgoing {
    /// The task that waits to write.
    writer: Option<Waker>,
    /// There once the reader has had to wait, until all is sent.
    both: Option<Arc<BothSides>>,
}

impl Outgoing {
    /// Sends until the queue is empty.
    pub(crate) fn poll_send<C: Connection>(
        &mut self,
        rustls: &mut Rustls,
        inner: &mut C,
        cx: &mut Context<'_>,
        sender: Sender,
    ) -> Poll<io::Result<()>> {
        if !rustls.wants_write() && self.both.is_none() {
            return Poll::Ready(Ok(()));
        }
        if sender == Sender::Reader || self.both.is_some() {
            return self.poll_send_for_both(rustls, inner, cx, sender);
        }
        let poll = poll_send(rustls, inner, cx);
        if poll.is_pending() && self.writer.as_ref().is_none_or(|old| !old.will_wake(cx.waker())) {
            self.writer = Some(cx.waker().clone());
        }
        poll
    }

    #[cold]
    fn poll_send_for_both<C: Connection>(
        &mut self,
        rustls: &mut Rustls,
        inner: &mut C,
        cx: &mut Context<'_>,
        sender: Sender,
    ) -> Poll<io::Result<()>> {
        let both = self.both.get_or_insert_with(|| {
            let both = Arc::new(BothSides::default());
            if let Some(writer) = self.writer.take() {
                both.set_writer(&writer);
            }
            both
        });
        match sender {
            Sender::Reader => both.set_reader(cx),
            Sender::Writer => both.set_writer(cx.waker()),
        }
        let waker = Waker::from(both.clone());
        let mut cx = Context::from_waker(&waker);
        let mut poll = poll_send(rustls, inner, &mut cx);
        if let (Sender::Reader, Poll::Ready(Ok(()))) = (sender, &poll) {
            poll = Pin::new(inner).poll_flush(&mut cx); // the writer may be long in coming
        }
        if poll.is_ready() {
            self.both = None;
            // Whoever of the two is not here may wait for just this.
            waker.wake();
        }
        poll
    }
}

fn poll_send<C: Connection>(
    rustls: &mut Rustls,
    inner: &mut C,
    cx: &mut Context<'_>,
) -> Poll<io::Result<()>> {
    while rustls.wants_write() {
        match rustls.write_tls(&mut Sink { inner, cx }) {
            Ok(0) => return Poll::Ready(Err(io::ErrorKind::WriteZero.into())),
            Ok(_) => {}
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Poll::Pending,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Poll::Ready(Err(error)),
        }
    }
    Poll::Ready(Ok(()))
}

/// The connection below as the session writes to it: all that is queued in one call.
struct Sink<'a, 'b, C> {
    inner: &'a mut C,
    cx: &'a mut Context<'b>,
}

impl<C: Connection> Write for Sink<'_, '_, C> {
    fn write(&mut self, buffer: &[u8]) -> io::Result<usize> {
        now(Pin::new(&mut *self.inner).poll_write(self.cx, buffer))
    }

    fn write_vectored(&mut self, buffers: &[IoSlice<'_>]) -> io::Result<usize> {
        now(Pin::new(&mut *self.inner).poll_write_vectored(self.cx, buffers))
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn now<T>(poll: Poll<io::Result<T>>) -> io::Result<T> {
    match poll {
        Poll::Ready(result) => result,
        Poll::Pending => Err(io::ErrorKind::WouldBlock.into()),
    }
}
