//! Ending a TLS connection from outside, so that nothing is read after that.

use std::{
    io,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use socketry_connection::{Abort, AbortHandle};

/// What a TLS connection shares with its abort handles, if it was ever asked for one.
///
/// The connection below fails after an abort; what was decrypted before, or a close_notify that
/// was read ahead, would still be handed out as if nothing had happened.
#[derive(Default)]
pub(crate) struct Aborts(Option<Arc<Shared>>);

struct Shared {
    is_aborted: AtomicBool,
    inner: AbortHandle,
}

impl Aborts {
    /// A handle that ends the connection below by `inner`, and this one with it.
    pub(crate) fn handle(&mut self, inner: AbortHandle) -> AbortHandle {
        let shared = || Arc::new(Shared { is_aborted: AtomicBool::new(false), inner });
        AbortHandle::new(self.0.get_or_insert_with(shared))
    }

    /// An error, once the connection was aborted.
    pub(crate) fn check(&self) -> io::Result<()> {
        match &self.0 {
            Some(shared) if shared.is_aborted.load(Ordering::Acquire) => {
                Err(io::ErrorKind::ConnectionAborted.into())
            }
            _ => Ok(()),
        }
    }
}

impl Abort for Shared {
    fn abort(&self) {
        self.is_aborted.store(true, Ordering::Release);
        self.inner.abort();
    }
}
