//! A server that yields what the test pushes.

use std::{
    collections::VecDeque,
    convert::Infallible,
    fmt, io,
    sync::{Arc, Mutex},
    task::{Context, Poll, Waker},
};

use socketry_connection::{Address, BoxConnection, Connection};
use socketry_server::{Accept, Control, Slot, State};

use crate::sync::{lock, remember, wake};

/// A server that yields what the test pushes into its handle.
///
/// # Examples
///
/// ```
/// use futures_lite::future::block_on;
/// use socketry_server::{AcceptExt, State};
/// use socketry_testing::{pair, scripted_server};
///
/// let (mut server, handle) = scripted_server();
/// let (_client, accepted) = pair();
/// handle.push(accepted);
/// assert!(block_on(server.accept()).unwrap().is_ok());
///
/// drop(server);
/// assert!(handle.is_dropped() && handle.state() == State::Closed);
/// ```
pub fn scripted_server() -> (ScriptedServer, ServerHandle) {
    let shared = Arc::new(Mutex::new(Shared::default()));
    let slot = Slot::new(Listener { shared: shared.clone() });
    let handle = ServerHandle { shared: shared.clone(), control: slot.control() };
    (ScriptedServer { slot, shared, address: None }, handle)
}

/// A server that follows a script; see [`scripted_server`].
pub struct ScriptedServer {
    slot: Slot<Listener>,
    shared: Arc<Mutex<Shared>>,
    address: Option<Address>,
}

impl ScriptedServer {
    /// Says where it listens; otherwise it has no address.
    pub fn with_local_address(mut self, address: Address) -> Self {
        self.address = Some(address);
        self
    }
}

impl Accept for ScriptedServer {
    type Connection = BoxConnection;

    fn poll_accept(&mut self, cx: &mut Context<'_>) -> Poll<Option<io::Result<BoxConnection>>> {
        lock(&self.shared).accept_polls += 1;
        let next = self.slot.poll_with(cx, |listener, cx| listener.poll_next(cx));
        if let Poll::Ready(Some(None)) = next {
            self.slot.control().close(); // the end has to stay the end
        }
        next.map(Option::flatten)
    }

    fn poll_progress(&mut self, cx: &mut Context<'_>) -> Poll<Infallible> {
        let mut shared = lock(&self.shared);
        shared.progress_polls += 1;
        remember(&mut shared.progressing, cx);
        Poll::Pending
    }

    fn local_address(&self) -> Option<Address> {
        let address = self.slot.with(|_| self.address.clone());
        address.flatten()
    }

    fn control(&self) -> Control {
        self.slot.control()
    }
}

impl Drop for ScriptedServer {
    fn drop(&mut self) {
        lock(&self.shared).dropped = true;
    }
}

impl fmt::Debug for ScriptedServer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ScriptedServer").field("slot", &self.slot).finish()
    }
}

/// The test's side of a [`ScriptedServer`]. A clone plays the same side.
#[derive(Clone)]
pub struct ServerHandle {
    shared: Arc<Mutex<Shared>>,
    control: Control,
}

impl ServerHandle {
    /// A client comes: `connection` is the server's end of it. Nobody takes it, and it is dropped,
    /// if the server is closed by now or is closed before it was accepted.
    pub fn push(&self, connection: impl Connection) {
        self.change(|shared| shared.queue.push_back(Ok(Box::new(connection))));
    }

    /// Something goes wrong.
    pub fn push_error(&self, error: io::Error) {
        self.change(|shared| shared.queue.push_back(Err(error)));
    }

    /// Nothing more will come: after what was pushed before, the server ends of its own accord.
    pub fn finish(&self) {
        self.change(|shared| shared.finished = true);
    }

    /// How many results wait to be accepted.
    pub fn waiting(&self) -> usize {
        lock(&self.shared).queue.len()
    }

    /// Whether the server is open, paused or closed.
    pub fn state(&self) -> State {
        self.control.state()
    }

    /// Whether the server was dropped.
    pub fn is_dropped(&self) -> bool {
        lock(&self.shared).dropped
    }

    /// How often the server was polled for a connection.
    pub fn accept_polls(&self) -> usize {
        lock(&self.shared).accept_polls
    }

    /// How often the server was asked to let work under way go on.
    pub fn progress_polls(&self) -> usize {
        lock(&self.shared).progress_polls
    }

    /// Wakes the task that last let work under way go on, as such work would; `false` if there is
    /// none to wake.
    pub fn wake_progress(&self) -> bool {
        let waiting = lock(&self.shared).progressing.take();
        let is_waiting = waiting.is_some();
        wake(waiting);
        is_waiting
    }

    /// Changes something that the server waits for, unless it is closed.
    fn change(&self, change: impl FnOnce(&mut Shared)) {
        let mut shared = lock(&self.shared);
        if shared.closed {
            return;
        }
        change(&mut shared);
        let waiting = shared.accepting.take();
        drop(shared);
        wake(waiting);
    }
}

impl fmt::Debug for ServerHandle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ServerHandle").field("state", &self.state()).finish()
    }
}

#[derive(Default)]
struct Shared {
    queue: VecDeque<io::Result<BoxConnection>>,
    finished: bool,
    closed: bool,
    dropped: bool,
    accept_polls: usize,
    progress_polls: usize,
    accepting: Option<Waker>,
    progressing: Option<Waker>,
}

/// What closing drops.
struct Listener {
    shared: Arc<Mutex<Shared>>,
}

impl Listener {
    fn poll_next(&mut self, cx: &mut Context<'_>) -> Poll<Option<io::Result<BoxConnection>>> {
        let mut shared = lock(&self.shared);
        match shared.queue.pop_front() {
            Some(result) => Poll::Ready(Some(result)),
            None if shared.finished => Poll::Ready(None),
            None => {
                remember(&mut shared.accepting, cx);
                Poll::Pending
            }
        }
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        let mut shared = lock(&self.shared);
        shared.closed = true;
        let backlog = std::mem::take(&mut shared.queue);
        drop(shared);
        drop(backlog); // after the lock: it wakes the peers
    }
}
