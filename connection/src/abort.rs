//! Ending a connection that somebody else owns.

use std::{
    fmt,
    sync::{Arc, Weak},
};

/// What an [`AbortHandle`] ends: the part of a connection that it shares with its handles.
///
/// Implemented by transports. `abort` MUST return at once, MUST be callable from any thread and
/// more than once, and MUST wake whoever waits on the connection. After it the owner's reads and
/// writes MUST fail, so that an abort is never mistaken for the peer's orderly end; the kind
/// SHOULD be [`ConnectionAborted`](std::io::ErrorKind::ConnectionAborted).
pub trait Abort: Send + Sync + 'static {
    /// Ends the connection both ways.
    fn abort(&self);
}

/// Ends a connection both ways, from any task, whether its owner polls it or not.
///
/// A clone ends the same connection. It holds the connection weakly: once the connection is
/// dropped, [`abort`](Self::abort) does nothing, and the handle keeps no file descriptor open.
///
/// # Examples
///
/// ```
/// use std::sync::{Arc, atomic::{AtomicBool, Ordering}};
///
/// use socketry_connection::{Abort, AbortHandle};
///
/// struct Shared(AtomicBool);
///
/// impl Abort for Shared {
///     fn abort(&self) {
///         self.0.store(true, Ordering::SeqCst);
///     }
/// }
///
/// let shared = Arc::new(Shared(AtomicBool::new(false)));
/// let handle = AbortHandle::new(&shared);
/// assert!(handle.abort());
/// assert!(shared.0.load(Ordering::SeqCst));
///
/// drop(shared);
/// assert!(!handle.abort()); // nothing is left to end
/// ```
#[derive(Clone)]
pub struct AbortHandle {
    target: Weak<dyn Abort>,
}

impl AbortHandle {
    /// A handle to `target`, which it does not keep alive.
    pub fn new(target: &Arc<impl Abort>) -> Self {
        let target: Weak<dyn Abort> = Arc::downgrade(target) as _;
        Self { target }
    }

    /// Ends the connection; `false` if it was gone already.
    pub fn abort(&self) -> bool {
        match self.target.upgrade() {
            Some(target) => {
                target.abort();
                true
            }
            None => false,
        }
    }
}

impl fmt::Debug for AbortHandle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let alive = self.target.strong_count() > 0;
        f.debug_struct("AbortHandle").field("alive", &alive).finish()
    }
}
