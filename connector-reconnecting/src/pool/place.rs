//! A place in a pool, free again when it is dropped.

use std::{fmt, sync::Weak};

/// Whoever gives places away.
pub(super) trait Places: Send + Sync {
    /// Nobody has this place any more.
    fn is_free(&self, id: u64);

    /// The connection of this place was disconnected by a handle, or has given up.
    fn has_ended(&self, id: u64);
}

/// The place of a member, or of one that is being made. Whatever becomes of who has it, a panic too, it is
/// free when this is dropped; so it is never dropped under the lock of the pool.
pub(super) struct Place {
    id: u64,
    epoch: u64,
    places: Weak<dyn Places>,
}

impl Place {
    pub(super) fn new(id: u64, epoch: u64, places: Weak<dyn Places>) -> Self {
        Self { id, epoch, places }
    }

    pub(super) fn id(&self) -> u64 {
        self.id
    }

    /// How often the pool had been closed when it was given away.
    pub(super) fn epoch(&self) -> u64 {
        self.epoch
    }

    /// Tells that its connection has ended.
    pub(super) fn end(&self) -> impl Fn() + Send + Sync + use<> {
        let (id, places) = (self.id, self.places.clone());
        move || {
            if let Some(places) = places.upgrade() {
                places.has_ended(id);
            }
        }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        if let Some(places) = self.places.upgrade() {
            places.is_free(self.id);
        }
    }
}

impl fmt::Debug for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Place").field(&self.id).finish()
    }
}
