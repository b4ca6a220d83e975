//! The places of a pool that somebody has.

use std::sync::{Arc, Weak};

use crate::{
    pool::place::{Place, Places},
    shared::Shared,
};

/// All members, and those that are being made.
pub(super) struct Seats {
    all: Vec<Seat>,
    places: Weak<dyn Places>,
}

pub(super) struct Seat {
    id: u64,
    epoch: u64,
    /// None as long as it is being made.
    link: Option<Arc<Shared>>,
    is_in_use: bool,
    /// It is about to be free.
    is_leaving: bool,
}

impl Seats {
    pub(super) fn new(places: Weak<dyn Places>) -> Self {
        Self { all: Vec::new(), places }
    }

    /// One more place.
    pub(super) fn add(&mut self, id: u64, epoch: u64) -> Place {
        self.all.push(Seat { id, epoch, link: None, is_in_use: false, is_leaving: false });
        Place::new(id, epoch, self.places.clone())
    }

    /// A place is free. What is left of it is dropped without the lock.
    pub(super) fn remove(&mut self, id: u64) -> Option<Seat> {
        let index = self.all.iter().position(|seat| seat.id == id)?;
        Some(self.all.remove(index))
    }

    /// The member of a place is made.
    pub(super) fn made(&mut self, id: u64, link: Arc<Shared>) {
        self.change(id, |seat| seat.link = Some(link));
    }

    pub(super) fn uses(&mut self, id: u64, is_in_use: bool) {
        self.change(id, |seat| seat.is_in_use = is_in_use);
    }

    pub(super) fn leaves(&mut self, id: u64) {
        self.change(id, |seat| seat.is_leaving = true);
    }

    fn change(&mut self, id: u64, change: impl FnOnce(&mut Seat)) {
        if let Some(seat) = self.all.iter_mut().find(|seat| seat.id == id) {
            change(seat);
        }
    }

    pub(super) fn len(&self) -> usize {
        self.all.len()
    }

    /// How many will not be free in a moment.
    pub(super) fn staying(&self) -> usize {
        self.all.iter().filter(|seat| !seat.is_leaving).count()
    }

    pub(super) fn in_use(&self) -> usize {
        self.all.iter().filter(|seat| seat.is_in_use).count()
    }

    /// How to end every member there is.
    pub(super) fn links(&self) -> Vec<Arc<Shared>> {
        self.all.iter().filter_map(|seat| seat.link.clone()).collect()
    }

    /// How to end those of an earlier time; or only those of them that nobody uses.
    pub(super) fn links_before(&self, epoch: u64, with_used: bool) -> Vec<Arc<Shared>> {
        let old = |seat: &&Seat| seat.epoch < epoch && (with_used || !seat.is_in_use);
        self.all.iter().filter(old).filter_map(|seat| seat.link.clone()).collect()
    }

    /// Whether nothing is left of an earlier time.
    pub(super) fn is_empty_before(&self, epoch: u64) -> bool {
        self.all.iter().all(|seat| seat.epoch >= epoch)
    }
}
