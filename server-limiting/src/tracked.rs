//! One connection in the list, for others than its owner.

use std::{
    fmt,
    future::{Future, poll_fn},
    io,
    pin::{Pin, pin},
    sync::Arc,
    task::Poll,
    time::{Duration, Instant},
};

use event_listener::EventListener;
use socketry_connection::{Address, Sleep};

use crate::{
    Draining, EndReason, NotWritten, NotWrittenReason, WhenBehind,
    carried::Message,
    entry::{Entry, Posted},
    settings::Settings,
    shared::Shared,
    time::Time,
};

/// How long an owner may take to come and carry messages before its peer counts as one that does not
/// read.
const PATIENCE: Duration = Duration::from_secs(1);

/// A connection in the list of a [`LimitingServer`](crate::LimitingServer): what is known of it, and
/// what others than its owner can do with it.
///
/// A clone is the same connection. It keeps nothing open, and stays readable when the connection has
/// left.
///
/// # Examples
///
/// ```
/// use socketry_server_limiting::Connections;
///
/// fn print(connections: &Connections) {
///     for connection in connections.iter() {
///         let (read, written) = (connection.bytes_read(), connection.bytes_written());
///         println!("{}: {:?}, {read} in, {written} out", connection.id(), connection.remote_address());
///     }
/// }
/// ```
#[derive(Clone)]
pub struct Tracked {
    pub(crate) shared: Arc<Shared>,
    pub(crate) entry: Arc<Entry>,
}

/// The number of a connection: no two connections of a server have the same.
///
/// It prints as a number, from 1 on, in the order in which they came.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ConnectionId {
    pub(crate) serial: u64,
    pub(crate) index: u32,
}

impl fmt::Display for ConnectionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.serial.fmt(f)
    }
}

impl Tracked {
    /// Its number.
    pub fn id(&self) -> ConnectionId {
        ConnectionId { serial: self.entry.serial, index: self.entry.index }
    }

    /// Where its peer is.
    pub fn remote_address(&self) -> Option<&Address> {
        self.entry.remote.as_ref()
    }

    /// Where its own end is: only if the server
    /// [asks for that](crate::LimitingServer::local_addresses), which costs a system call for each
    /// connection.
    pub fn local_address(&self) -> Option<Address> {
        self.entry.local().as_deref().cloned()
    }

    /// When it came, within some milliseconds.
    pub fn opened(&self) -> Instant {
        self.time().instant(self.entry.opened)
    }

    /// When something was last read from it or written to it, within some milliseconds; when it came,
    /// if nothing was.
    pub fn last_activity(&self) -> Instant {
        self.time().instant(self.entry.traffic.active())
    }

    /// How many bytes its owner has read.
    pub fn bytes_read(&self) -> u64 {
        self.entry.traffic.bytes_read()
    }

    /// How many bytes were written to it, by its owner and by others.
    pub fn bytes_written(&self) -> u64 {
        self.entry.traffic.bytes_written()
    }

    /// How many bytes of what others have written to it have not left yet.
    pub fn bytes_behind(&self) -> usize {
        self.entry.bytes_behind()
    }

    /// Whether messages are taken for it: its owner has it, has not closed it, and nobody has ended
    /// it.
    pub fn is_open(&self) -> bool {
        !self.entry.flags.now().is_refusing()
    }

    /// Ends it both ways at once, whether its owner polls it or not. Its owner finds a
    /// [`ConnectionEnded`](crate::ConnectionEnded), and its place is free when the owner drops it.
    ///
    /// `false` if it was ended before, or has left.
    pub fn close(&self) -> bool {
        self.entry.end(EndReason::Closed)
    }

    /// Writes a message to the peer, from outside: the owner's task carries it.
    ///
    /// Ready when the message is in the queue of the connection. It leaves when the owner reads,
    /// writes, flushes or closes the next time: at once if the owner waits for something to read. It
    /// goes out whole, after those before it, and never inside what the owner writes. (If the owner
    /// has written half of something, it waits until the owner has written the rest.)
    ///
    /// If the queue is full, the server's [`WhenBehind`] says what happens. **An owner that writes to
    /// others waits for them, and does not carry what others write to itself meanwhile**, unless it
    /// waits through [`carry_while`](crate::TrackedConnection::carry_while): two that wait for each other
    /// without it would wait for ever.
    ///
    /// # Errors
    ///
    /// A [`NotWritten`], of kind
    /// [`BrokenPipe`](io::ErrorKind::BrokenPipe) if the connection takes nothing any more,
    /// [`WouldBlock`](io::ErrorKind::WouldBlock) if the queue is full and messages are then dropped,
    /// [`ConnectionAborted`](io::ErrorKind::ConnectionAborted) if it is full and the connection was
    /// closed for that.
    ///
    /// # Cancel safety
    ///
    /// A future that is dropped before it is ready has written nothing.
    ///
    /// # Examples
    ///
    /// ```
    /// use socketry_server_limiting::Connections;
    ///
    /// async fn greet_all(connections: &Connections) {
    ///     for connection in connections.iter() {
    ///         let _ = connection.write("Hi!").await; // whoever has just gone need not hear it
    ///     }
    /// }
    /// ```
    pub fn write<M: AsRef<[u8]>>(
        &self,
        message: M,
    ) -> impl Future<Output = io::Result<()>> + Send + use<M> {
        let message: Message = message.as_ref().into();
        let Self { shared, entry } = self.clone();
        async move { write(&shared.settings, &entry, &message).await.map_err(io::Error::from) }
    }

    /// Waits until the server is drained: from then on this connection should come to its end.
    pub fn draining(&self) -> Draining {
        Draining::of(self.shared.clone())
    }

    fn time(&self) -> &Time {
        self.shared.settings.time()
    }
}

/// Leaves a message, or says why not.
pub(crate) async fn write(
    settings: &Settings,
    entry: &Entry,
    message: &Message,
) -> Result<(), NotWritten> {
    let mut place: Option<InLine<'_>> = None;
    let mut is_turn = false;
    loop {
        let is_stuck = match entry.post(message, settings, is_turn) {
            Posted::Queued => return Ok(()),
            Posted::Gone => return Err(not_written(entry, NotWrittenReason::Gone)),
            Posted::Full { is_stuck } => is_stuck,
        };
        match settings.when_behind() {
            WhenBehind::Drop if is_stuck => {
                return Err(not_written(entry, NotWrittenReason::Dropped));
            }
            WhenBehind::Close if is_stuck => {
                entry.end(EndReason::Behind);
                return Err(not_written(entry, NotWrittenReason::Closed));
            }
            _ => {}
        }
        if is_turn || place.is_none() {
            drop(place.take()); // whoever was told for nothing stands in line once more
            place = InLine::behind_others(settings, entry);
        }
        is_turn = match &mut place {
            Some(place) => place.wait().await,
            None => false, // there is room by now
        };
    }
}

/// A place among those who wait for room. Dropped, the next one has its turn.
struct InLine<'a> {
    settings: &'a Settings,
    entry: &'a Entry,
    told: EventListener,
}

impl<'a> InLine<'a> {
    /// `None` if there is room by now.
    fn behind_others(settings: &'a Settings, entry: &'a Entry) -> Option<Self> {
        let told = entry.wait_for_room(settings)?;
        Some(Self { settings, entry, told })
    }

    /// Waits for its turn; `false` if it is not, and the peer is known to be slow instead: the owner has
    /// not come for a while.
    async fn wait(&mut self) -> bool {
        if self.settings.when_behind() == WhenBehind::Wait {
            (&mut self.told).await;
            return true;
        }
        loop {
            let carries = self.entry.carries();
            let mut patience = pin!(Sleep::after(self.settings.time().clock(), PATIENCE));
            let told = &mut self.told;
            let is_turn = poll_fn(|cx| match Pin::new(&mut *told).poll(cx) {
                Poll::Ready(()) => Poll::Ready(true),
                Poll::Pending => patience.as_mut().poll(cx).map(|()| false),
            });
            if is_turn.await {
                return true;
            }
            if self.entry.set_stuck(carries, self.settings) {
                return false;
            }
        }
    }
}

impl Drop for InLine<'_> {
    fn drop(&mut self) {
        self.entry.waits_no_more(self.settings);
    }
}

fn not_written(entry: &Entry, reason: NotWrittenReason) -> NotWritten {
    NotWritten::new(entry.remote.clone(), reason)
}

/// Equal if they are the same connection.
impl PartialEq for Tracked {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.entry, &other.entry)
    }
}

impl Eq for Tracked {}

impl fmt::Debug for Tracked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tracked")
            .field("id", &self.entry.serial)
            .field("remote", &self.entry.remote)
            .field("is_open", &self.is_open())
            .finish()
    }
}
