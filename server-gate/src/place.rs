//! The place of a connection that has come in.

use std::{fmt, sync::Arc};

use crate::shared::Shared;

/// A place, which is free again when this is dropped.
pub(crate) struct Place {
    shared: Arc<Shared>,
    number: usize,
}

impl Place {
    /// The place of whoever has come in under `number`.
    pub(crate) fn new(shared: Arc<Shared>, number: usize) -> Self {
        Self { shared, number }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.shared.leave(self.number);
    }
}

impl fmt::Debug for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Place").field(&self.number).finish()
    }
}
