//! The list of connections, as a handle.

use std::{fmt, future::Future, sync::Arc, time::Duration};

use futures_util::stream::{FuturesUnordered, StreamExt};

use crate::{
    ConnectionId, Drained, Draining, NotWritten, NotWrittenReason, Tracked,
    carried::Message,
    drain::drain,
    entry::{Entry, Posted},
    shared::{Shared, UNLIMITED},
    tracked::write,
};

/// The connections of a [`LimitingServer`](crate::LimitingServer): counting, listing, writing to them
/// and ending them, from any task.
///
/// A clone is the same list. It outlives its server, and keeps nothing open.
///
/// # Examples
///
/// ```
/// use std::{io, time::Duration};
///
/// use socketry_server::Accept;
/// use socketry_server_limiting::{Connections, LimitingServer, WhenBehind};
///
/// fn limit<A: Accept>(inner: A) -> (LimitingServer<A>, Connections) {
///     // Who does not read is closed, and so cannot hold up a goodbye.
///     let server = LimitingServer::new(inner, 100).when_behind(64 * 1024, WhenBehind::Close);
///     let connections = server.connections();
///     (server, connections)
/// }
///
/// async fn stop(connections: Connections) {
///     connections.broadcast("We close in a minute.\n").await;
///     let drained = connections.drain(Duration::from_secs(60)).await;
///     println!("{drained}");
/// }
/// ```
#[derive(Clone)]
pub struct Connections {
    pub(crate) shared: Arc<Shared>,
}

/// What has become of a message to all connections.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct Broadcast {
    /// How many connections have it in their queue.
    pub queued: usize,
    /// How many did not take it, because their peers were too far behind.
    pub dropped: usize,
    /// How many were closed, because their peers were too far behind.
    pub closed: usize,
}

impl Connections {
    /// How many connections are open: those that were handed out and not dropped.
    pub fn len(&self) -> usize {
        self.shared.taken()
    }

    /// Whether none is open.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// How many may be open; `None` if there is no limit.
    pub fn limit(&self) -> Option<usize> {
        Some(self.shared.limit()).filter(|limit| *limit != UNLIMITED)
    }

    /// Changes how many may be open. A server that waits for a place looks again at once; if more are
    /// open than there may be, they stay.
    pub fn set_limit(&self, limit: impl Into<Option<usize>>) {
        self.shared.set_limit(limit.into().unwrap_or(UNLIMITED));
    }

    /// How many connections were handed out so far.
    pub fn accepted(&self) -> u64 {
        self.shared.accepted()
    }

    /// How many newcomers were closed so far, because there was no place for them.
    pub fn rejected(&self) -> u64 {
        self.shared.rejected()
    }

    /// The connections that are open now, in no order. Whoever comes or leaves meanwhile changes
    /// nothing.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = Tracked> + Send + use<> {
        let shared = self.shared.clone();
        shared.all().into_iter().map(move |entry| Tracked { shared: shared.clone(), entry })
    }

    /// The open connection with this number.
    pub fn get(&self, id: ConnectionId) -> Option<Tracked> {
        let entry = self.shared.get(id.serial, id.index)?;
        Some(Tracked { shared: self.shared.clone(), entry })
    }

    /// [Closes](Tracked::close) all that are open now; returns how many.
    pub fn close_all(&self) -> usize {
        self.iter().filter(Tracked::close).count()
    }

    /// Writes a message to all that are open now, as [`Tracked::write`] does. They share it: its bytes
    /// are copied once.
    ///
    /// Everybody who has room gets it at once. If [`WhenBehind`](crate::WhenBehind) is
    /// [`Wait`](crate::WhenBehind::Wait), this then waits for those who have not; whoever calls it in
    /// a loop is as slow as the slowest reader, which the other two avoid.
    ///
    /// An owner that calls this is among those who hear it, and does not carry what it waits for; it waits
    /// through [`carry_while`](crate::TrackedConnection::carry_while).
    ///
    /// # Cancel safety
    ///
    /// If it is dropped before it is ready, those that had room have the message, and others do not.
    pub fn broadcast<M: AsRef<[u8]>>(
        &self,
        message: M,
    ) -> impl Future<Output = Broadcast> + Send + use<M> {
        let message: Message = message.as_ref().into();
        let shared = self.shared.clone();
        async move {
            let mut sum = Broadcast::default();
            let mut behind = FuturesUnordered::new();
            for entry in shared.all() {
                match entry.post(&message, &shared.settings, false) {
                    Posted::Queued => sum.queued += 1,
                    Posted::Full { .. } => behind.push(write_to(&shared, entry, &message)),
                    Posted::Gone => {}
                }
            }
            // Side by side, so that none of them waits for another.
            while let Some(written) = behind.next().await {
                match written.map_err(|error| error.reason()) {
                    Ok(()) => sum.queued += 1,
                    Err(NotWrittenReason::Dropped) => sum.dropped += 1,
                    Err(NotWrittenReason::Closed) => sum.closed += 1,
                    Err(NotWrittenReason::Gone) => {}
                }
            }
            drop(behind);
            sum
        }
    }

    /// Stops: closes the server, tells every connection (see
    /// [`draining`](crate::TrackedConnection::draining)), waits until all have ended, and ends those that are
    /// left at the `deadline`. Zero ends all at once.
    ///
    /// It needs nobody to poll the server or the connections, and never takes longer than the
    /// deadline, on the clock of the server.
    ///
    /// Whoever is still in a handshake is not open yet. If the server is polled meanwhile, and the
    /// handshake ends before the drain does, it is told as well, and waited for. After the drain the
    /// server hands nobody out any more: **drop it when the drain is ready**, and what is still under
    /// way in it ends, too. (Whoever goes on accepting until `None` waits for the last handshake's
    /// deadline.)
    ///
    /// A second drain beside the first is one more that waits, with a deadline of its own.
    ///
    /// # Cancel safety
    ///
    /// If it is dropped before it is ready, the server is closed and everybody was told, but nobody
    /// is ended.
    pub fn drain(&self, deadline: Duration) -> impl Future<Output = Drained> + Send + use<> {
        drain(self.shared.clone(), deadline)
    }

    /// Waits until a drain begins.
    pub fn draining(&self) -> Draining {
        Draining::of(self.shared.clone())
    }
}

async fn write_to(shared: &Shared, entry: Arc<Entry>, message: &Message) -> Result<(), NotWritten> {
    write(&shared.settings, &entry, message).await
}

impl fmt::Debug for Connections {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Connections")
            .field("open", &self.len())
            .field("limit", &self.limit())
            .finish()
    }
}
