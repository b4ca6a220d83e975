//! How many handshakes there may be, in all and from one origin.

use std::collections::HashMap;

use crate::origin::Origin;

/// The places of handshakes that are under way, or have ended and were not taken out.
#[derive(Debug)]
pub(crate) struct Places {
    pub(crate) most: usize,
    pub(crate) most_per_origin: usize,
    taken: usize,
    by_origin: HashMap<Origin, usize>,
}

impl Places {
    pub(crate) fn new(most: usize, most_per_origin: usize) -> Self {
        Self { most, most_per_origin, taken: 0, by_origin: HashMap::new() }
    }

    pub(crate) fn taken(&self) -> usize {
        self.taken
    }

    pub(crate) fn are_all_taken(&self) -> bool {
        self.taken >= self.most
    }

    /// Takes a place, even if all are taken; `false` if `origin` has as many as it may have.
    pub(crate) fn take(&mut self, origin: Option<Origin>) -> bool {
        if let Some(origin) = origin {
            let taken = self.by_origin.entry(origin).or_default();
            if *taken >= self.most_per_origin {
                return false;
            }
            *taken += 1;
        }
        self.taken += 1;
        true
    }

    /// Gives a place back.
    pub(crate) fn give_back(&mut self, origin: Option<Origin>) {
        self.taken -= 1;
        let Some(origin) = origin else {
            return;
        };
        if let Some(taken) = self.by_origin.get_mut(&origin) {
            *taken -= 1;
            if *taken == 0 {
                self.by_origin.remove(&origin);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use super::*;

    const ONE: Option<Origin> = Some(Origin::V4(Ipv4Addr::new(192, 0, 2, 1)));
    const OTHER: Option<Origin> = Some(Origin::V4(Ipv4Addr::new(192, 0, 2, 2)));

    #[test]
    fn an_origin_that_has_all_of_its_places_leaves_those_of_others() {
        let mut places = Places::new(4, 2);
        assert!(places.take(ONE) && places.take(ONE));
        assert!(!places.take(ONE));
        assert!(places.take(OTHER));
        assert!(!places.are_all_taken());
    }

    #[test]
    fn a_place_that_is_given_back_can_be_taken_again() {
        let mut places = Places::new(1, 1);
        assert!(places.take(ONE));
        assert!(places.are_all_taken());
        places.give_back(ONE);
        assert!(places.take(ONE));
    }

    #[test]
    fn who_has_no_origin_counts_for_the_sum_only() {
        let mut places = Places::new(3, 1);
        assert!(places.take(None) && places.take(None) && places.take(None));
        assert!(places.are_all_taken());
    }

    #[test]
    fn an_origin_that_has_left_is_forgotten() {
        let mut places = Places::new(4, 2);
        places.take(ONE);
        places.give_back(ONE);
        assert!(places.by_origin.is_empty());
    }
}
