//! Carrying what others have written, in the task of the connection's owner.

use std::{
    io,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, Waker, ready},
};

use socketry_connection::Connection;

use crate::{carried::Carried, entry::Entry, settings::Settings};

/// Which of the owner's tasks carries.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Side {
    Reader,
    Writer,
}

/// Carries what there is, whole, and flushes it. Ready also if it cannot be carried, since the
/// connection is broken: whoever writes next learns why.
///
/// What comes meanwhile is left for the next time, so that it holds up nobody; the reader, who might
/// wait for long, is woken for that. Pending means that the task of `cx`, as that of `side`, is woken.
pub(crate) fn poll_carry(
    connection: &mut impl Connection,
    entry: &Arc<Entry>,
    settings: &Settings,
    cx: &mut Context<'_>,
    side: Side,
) -> Poll<()> {
    // Both of the owner's tasks wait with one waker, which wakes both.
    match side {
        Side::Reader => drop(entry.reader_waits(cx)),
        Side::Writer => entry.writer_waits(cx),
    }
    let waker = Waker::from(entry.clone());
    let mut carried = entry.take_mail();
    let common = &mut Context::from_waker(&waker);
    let sent = poll_send(connection, &mut carried, entry, settings, common);
    entry.put_back(carried, sent.is_pending(), settings);
    let sent = ready!(sent);
    if side == Side::Writer {
        entry.writer_goes_on();
    }
    match sent {
        Ok(()) if entry.is_done() || side == Side::Writer => Poll::Ready(()),
        Ok(()) => {
            cx.waker().wake_by_ref();
            Poll::Pending
        }
        Err(_) => {
            entry.lose_mail();
            Poll::Ready(())
        }
    }
}

fn poll_send(
    connection: &mut impl Connection,
    carried: &mut Carried,
    entry: &Entry,
    settings: &Settings,
    cx: &mut Context<'_>,
) -> Poll<io::Result<()>> {
    while !carried.messages.is_empty() {
        let (bytes, count) = ready!(carried.poll_write(connection, cx))?;
        entry.has_carried(bytes, count, settings);
    }
    Pin::new(connection).poll_flush(cx)
}
