//! Looking at a connection that comes back, and ending it, from any task.

use std::{
    fmt,
    future::{Future, poll_fn},
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    task::{Context, Poll},
    time::Duration,
};

use event_listener::EventListener;
use futures_core::Stream;
use socketry_connection::Address;

use crate::{
    shared::{Disconnected, Hint, Shared, end_all},
    state::{State, Statistics},
};

/// Looks at a connection that comes back, and ends it, from any task:
/// [`Reconnecting::with_handle`](crate::Reconnecting::with_handle).
///
/// A clone is the same handle. **Dropping the last one disconnects**, at once and with the session that is
/// up, unless it was [detached](Self::detach).
///
/// # Examples
///
/// ```
/// use std::time::Duration;
///
/// use futures_lite::future::block_on;
/// use socketry_connector_reconnecting::{Reconnecting, State};
/// # let (connector, script) = socketry_testing::scripted_connector::<u16>();
/// # let (ours, _theirs) = socketry_testing::pair();
/// # script.succeed_next(ours);
///
/// # block_on(async {
/// let (mut sessions, handle) = Reconnecting::new(connector, 80).with_handle();
/// let session = sessions.next().await.unwrap()?;
/// assert!(handle.state().is_up());
///
/// drop(session);
/// handle.disconnect(Duration::from_secs(5)).await;
/// assert!(handle.state().is_closed());
/// assert!(sessions.next().await.is_none());
/// # std::io::Result::Ok(())
/// # })?;
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Clone)]
pub struct Handle(Arc<Last>);

/// Dropped with the last handle.
struct Last {
    shared: Arc<Shared>,
    is_detached: AtomicBool,
}

impl Handle {
    pub(crate) fn new(shared: Arc<Shared>) -> Self {
        Self(Arc::new(Last { shared, is_detached: AtomicBool::new(false) }))
    }

    /// One whose end ends nothing.
    pub(crate) fn detached(shared: Arc<Shared>) -> Self {
        Self(Arc::new(Last { shared, is_detached: AtomicBool::new(true) }))
    }

    /// How it is doing.
    pub fn state(&self) -> State {
        self.0.shared.state()
    }

    /// How it is doing, and from then on each change of that.
    pub fn watch(&self) -> Watch {
        Watch { shared: self.0.shared.clone(), seen: None, listener: None }
    }

    /// This end of the session that is up.
    pub fn local_address(&self) -> Option<Address> {
        self.0.shared.newest()?.local_address().cloned()
    }

    /// The peer of the session that is up.
    pub fn remote_address(&self) -> Option<Address> {
        self.0.shared.newest()?.remote_address().cloned()
    }

    /// What has come to pass so far.
    pub fn statistics(&self) -> Statistics {
        self.0.shared.statistics()
    }

    /// Ends a wait for the next attempt. Nothing happens if none is waited for; the delays go on growing
    /// from where they are.
    pub fn reconnect_now(&self) {
        self.0.shared.hint(Hint::Now);
    }

    /// Says that what has failed so far says nothing about now: the wait ends, and the delays begin anew.
    pub fn network_is_back(&self) {
        self.0.shared.hint(Hint::Anew);
    }

    /// Makes sessions again after a [`disconnect`](Self::disconnect), or after it has given up. `false` if
    /// nobody is left to make them: the [`Reconnecting`](crate::Reconnecting) was dropped.
    ///
    /// Nothing happens if it is not disconnected.
    pub fn connect(&self) -> bool {
        self.0.shared.start()
    }

    /// Ends it. It always ends, be anything polled or not:
    ///
    /// - no attempt is made, and one under way is dropped; its prologue does not begin, or does not go on;
    /// - a session that is up is asked to end: its reads and writes wake up, writes are refused, the
    ///   peer is told (FIN), and reads go on until the peer has finished too;
    /// - what is not over after `deadline` is ended both ways. Zero ends it at once, and
    ///   [`Duration::MAX`] never.
    ///
    /// Then nothing is connected until [`connect`](Self::connect). While it is disconnected,
    /// [`Reconnecting::next`](crate::Reconnecting::next) yields `None`.
    ///
    /// # Cancel safety
    ///
    /// Once it was polled, all of this is asked for. If it is dropped then, nobody ends what is not over
    /// at the deadline.
    pub async fn disconnect(&self, deadline: Duration) -> Disconnected {
        end_all(vec![self.0.shared.stop()], deadline).await
    }

    /// Lets go of it: dropping this handle and its clones does nothing.
    pub fn detach(self) {
        self.0.is_detached.store(true, Ordering::Relaxed);
    }
}

impl Drop for Last {
    fn drop(&mut self) {
        if !*self.is_detached.get_mut() {
            self.shared.stop().abort();
        }
    }
}

impl fmt::Debug for Handle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Handle").field("state", &self.state()).finish_non_exhaustive()
    }
}

/// The states of a connection that comes back: [`Handle::watch`].
///
/// The first is the present one. Who looks seldom sees the last of several and not those between. It ends
/// when nothing will change any more: with the [`Reconnecting`](crate::Reconnecting), and its last session.
///
/// # Examples
///
/// ```
/// use socketry_connector_reconnecting::Handle;
///
/// async fn log(handle: &Handle) {
///     let mut states = handle.watch();
///     while let Some(state) = states.next().await {
///         println!("{state}");
///     }
/// }
/// ```
#[derive(Debug)]
pub struct Watch {
    shared: Arc<Shared>,
    seen: Option<u64>,
    listener: Option<EventListener>,
}

impl Watch {
    /// The next state; `None` when nothing will change any more.
    ///
    /// # Cancel safety
    ///
    /// It may be dropped and called again.
    pub async fn next(&mut self) -> Option<State> {
        poll_fn(|cx| Pin::new(&mut *self).poll_next(cx)).await
    }
}

impl Stream for Watch {
    type Item = State;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<State>> {
        let this = self.get_mut();
        loop {
            let (version, state, is_finished) = this.shared.versioned_state();
            if this.seen != Some(version) {
                this.seen = Some(version);
                return Poll::Ready(Some(state));
            }
            if is_finished {
                return Poll::Ready(None);
            }
            // Made before the state is looked at again, so that no change is missed.
            let Some(listener) = &mut this.listener else {
                this.listener = Some(this.shared.listen());
                continue;
            };
            match Pin::new(listener).poll(cx) {
                Poll::Ready(()) => this.listener = None,
                Poll::Pending => return Poll::Pending,
            }
        }
    }
}
