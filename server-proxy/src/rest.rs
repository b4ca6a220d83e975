//! What was read behind a header.

use std::{
    io::{IoSliceMut, Read},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use socketry_connection::{Abort, AbortHandle};

/// The bytes that were read behind a header, until somebody has taken them out.
#[derive(Debug, Default)]
pub(crate) struct Rest {
    bytes: Box<[u8]>,
    taken: usize,
    /// There once a handle was given out while there were bytes.
    aborted: Option<Arc<Aborted>>,
}

impl Rest {
    pub(crate) fn new(bytes: Box<[u8]>) -> Self {
        Self { bytes, taken: 0, aborted: None }
    }

    pub(crate) fn len(&self) -> usize {
        self.bytes.len() - self.taken
    }

    /// Fills the buffers as far as it goes, and frees the memory with the last byte. `None` if
    /// nothing is left, and after an abort.
    pub(crate) fn read(&mut self, bufs: &mut [IoSliceMut<'_>]) -> Option<usize> {
        if self.bytes.is_empty() {
            return None;
        }
        if self.aborted.as_ref().is_some_and(|aborted| aborted.flag.load(Ordering::SeqCst)) {
            self.bytes = Box::default();
            self.taken = 0;
            return None;
        }
        let mut left = &self.bytes[self.taken..];
        // Reading from a slice does not fail.
        let count = left.read_vectored(bufs).unwrap_or_default();
        self.taken += count;
        if self.taken == self.bytes.len() {
            self.bytes = Box::default();
            self.taken = 0;
        }
        Some(count)
    }

    /// A handle that ends the connection below, and takes away what is left in here: a read fails
    /// after an abort.
    pub(crate) fn abort_handle(&mut self, below: AbortHandle) -> AbortHandle {
        if self.bytes.is_empty() {
            return below;
        }
        let new = || Arc::new(Aborted { flag: AtomicBool::new(false), below });
        AbortHandle::new(self.aborted.get_or_insert_with(new))
    }
}

#[derive(Debug)]
struct Aborted {
    flag: AtomicBool,
    below: AbortHandle,
}

impl Abort for Aborted {
    fn abort(&self) {
        self.flag.store(true, Ordering::SeqCst);
        self.below.abort();
    }
}
