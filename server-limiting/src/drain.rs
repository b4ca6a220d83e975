//! Stopping a server without cutting anybody off who ends in time.

use std::{
    fmt,
    future::{Future, poll_fn},
    pin::{Pin, pin},
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};

use event_listener::EventListener;
use socketry_connection::Sleep;

use crate::{EndReason, shared::Shared};

/// How a drain went: [`Connections::drain`](crate::Connections::drain).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct Drained {
    /// How many connections have ended by themselves, since the drain began.
    pub finished: u64,
    /// How many were ended: at the deadline, or before that through the list or because their time was
    /// up.
    pub closed: u64,
    /// How long it took.
    pub took: Duration,
}

impl fmt::Display for Drained {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { finished, closed, took } = self;
        write!(f, "drained in {took:.1?}: {finished} finished, {closed} closed by force")
    }
}

/// See [`Connections::drain`](crate::Connections::drain).
pub(crate) async fn drain(shared: Arc<Shared>, deadline: Duration) -> Drained {
    let began = shared.settings.time().now();
    let before = shared.left();
    shared.begin_drain();
    let sleep = Sleep::after(shared.settings.time().clock(), deadline);
    until_empty(&shared, sleep).await;
    let (left, there) = shared.end_drain();
    let mut drained = Drained {
        finished: left.finished - before.finished,
        closed: left.ended - before.ended,
        took: Duration::from_nanos(shared.settings.time().now().saturating_sub(began)),
    };
    for entry in there {
        // One that is gone by now has ended by itself, in the last moment.
        match entry.end(EndReason::Drained) || entry.flags.now().ended().is_some() {
            true => drained.closed += 1,
            false => drained.finished += 1,
        }
    }
    drained
}

/// Waits until the last connection has left, or the time is up.
async fn until_empty(shared: &Shared, sleep: Sleep) {
    let mut sleep = pin!(sleep);
    while shared.taken() > 0 {
        let mut emptied = pin!(shared.emptied.listen());
        if shared.taken() == 0 {
            return;
        }
        let is_up = poll_fn(|cx| match emptied.as_mut().poll(cx) {
            Poll::Ready(()) => Poll::Ready(false),
            Poll::Pending => sleep.as_mut().poll(cx).map(|()| true),
        });
        if is_up.await {
            return;
        }
    }
}

/// Waits until a drain begins, and is ready at once if it has begun.
///
/// Made by [`TrackedConnection::draining`](crate::TrackedConnection::draining),
/// [`Tracked::draining`](crate::Tracked::draining) and
/// [`Connections::draining`](crate::Connections::draining).
///
/// # Cancel safety
///
/// It may be dropped and made again.
///
/// # Examples
///
/// A handler that serves requests until its client has no more or the server stops:
///
/// ```
/// use futures_lite::{AsyncReadExt, AsyncWriteExt, future};
/// use socketry_connection::Connection;
/// use socketry_server_limiting::TrackedConnection;
///
/// async fn serve<C: Connection>(mut connection: TrackedConnection<C>) -> std::io::Result<()> {
///     let mut draining = connection.draining();
///     let mut request = [0; 1024];
///     loop {
///         let next = async { connection.read(&mut request).await };
///         let stop = async {
///             (&mut draining).await;
///             Ok(0)
///         };
///         match future::or(next, stop).await? {
///             0 => return connection.close().await,
///             count => connection.write_all(&request[..count]).await?,
///         }
///     }
/// }
/// ```
#[must_use = "futures do nothing unless polled"]
pub struct Draining {
    shared: Arc<Shared>,
    begun: Option<EventListener>,
}

impl Draining {
    pub(crate) fn of(shared: Arc<Shared>) -> Self {
        Self { shared, begun: None }
    }
}

impl Clone for Draining {
    fn clone(&self) -> Self {
        Self::of(self.shared.clone())
    }
}

impl Future for Draining {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        loop {
            if self.shared.is_draining() {
                self.begun = None;
                return Poll::Ready(());
            }
            match &mut self.begun {
                // And look again: it may have begun before this listened.
                None => self.begun = Some(self.shared.drain_begins.listen()),
                Some(begun) => match Pin::new(begun).poll(cx) {
                    Poll::Ready(()) => self.begun = None,
                    Poll::Pending => return Poll::Pending,
                },
            }
        }
    }
}

impl fmt::Debug for Draining {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Draining").field("has_begun", &self.shared.is_draining()).finish()
    }
}
