//! What is known of prefixes with which nobody is open.

use std::{
    collections::HashMap,
    mem,
    time::{Duration, Instant},
};

use socketry_server::Network;

use crate::{Rate, bucket::Bucket};

/// How many prefixes one generation holds; there are two.
const GENERATION: usize = 25_000;

/// The buckets of prefixes with which nobody is open, of a bounded number of them.
///
/// There are two generations. What is put in or looked up is in the recent one; when that is full,
/// or has had the time to fill every bucket, it becomes the older one, and what was in there is
/// forgotten. So forgetting costs next to nothing, and needs neither a list in the order of use nor
/// a look at the clock by those who leave.
#[derive(Debug, Default)]
pub(crate) struct Remembered {
    recent: HashMap<Network, Bucket>,
    older: HashMap<Network, Bucket>,
    /// When the older generation began to be, if that is known.
    turned_at: Option<Instant>,
}

impl Remembered {
    /// The bucket of `prefix`, which is in use from now on.
    pub(crate) fn get(&mut self, prefix: &Network, refill: Duration, now: Instant) -> Bucket {
        self.forget_full(refill, now);
        match self.recent.get(prefix) {
            Some(bucket) => *bucket,
            None => {
                let older = self.older.remove(prefix);
                if let Some(bucket) = older {
                    self.insert(*prefix, bucket);
                }
                older.unwrap_or_default()
            }
        }
    }

    pub(crate) fn insert(&mut self, prefix: Network, bucket: Bucket) {
        if self.recent.len() >= GENERATION {
            self.turn();
            self.turned_at = None;
        }
        self.recent.insert(prefix, bucket);
    }

    /// Forgets `prefix`, because somebody is open with it now.
    pub(crate) fn remove(&mut self, prefix: &Network) -> Option<Bucket> {
        if self.recent.is_empty() && self.older.is_empty() {
            return None; // as always without a rate
        }
        self.recent.remove(prefix).or_else(|| self.older.remove(prefix))
    }

    pub(crate) fn clear(&mut self) {
        *self = Self::default();
    }

    /// Goes over from one rate to another.
    pub(crate) fn change(&mut self, from: Option<Rate>, to: Option<Rate>, now: Instant) {
        for generation in [&mut self.recent, &mut self.older] {
            generation.retain(|_, bucket| {
                bucket.change(from, to, now);
                !bucket.is_untouched()
            });
        }
        self.turned_at = None;
    }

    /// Forgets the older generation if its buckets have had the time to fill since it began.
    fn forget_full(&mut self, refill: Duration, now: Instant) {
        match self.turned_at {
            None => self.turned_at = Some(now),
            Some(turned_at) if now.saturating_duration_since(turned_at) >= refill => {
                self.turn();
                self.turned_at = Some(now);
            }
            Some(_) => {}
        }
    }

    fn turn(&mut self) {
        mem::swap(&mut self.recent, &mut self.older);
        if !self.recent.is_empty() {
            self.recent.clear(); // and keep its room
        }
    }

    #[cfg(test)]
    pub(crate) fn len(&self) -> usize {
        self.recent.len() + self.older.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RATE: Rate = Rate::per_second(1);
    const SECOND: Duration = Duration::from_secs(1);

    fn prefix(number: usize) -> Network {
        Network::around((number as u32).to_be_bytes().into(), 32)
    }

    fn taken(now: Instant) -> Bucket {
        let mut bucket = Bucket::default();
        bucket.take(RATE, now);
        bucket
    }

    #[test]
    fn any_number_of_prefixes_are_no_more_than_two_generations() {
        let (mut remembered, now) = (Remembered::default(), Instant::now());
        for number in 0..5 * GENERATION {
            remembered.insert(prefix(number), taken(now));
        }
        assert!(remembered.len() <= 2 * GENERATION, "{}", remembered.len());
        assert!(remembered.len() >= GENERATION);
    }

    #[test]
    fn a_prefix_that_comes_again_and_again_outlives_a_flood_of_others() {
        let (mut remembered, now) = (Remembered::default(), Instant::now());
        remembered.insert(prefix(0), taken(now));
        for number in 1..5 * GENERATION {
            remembered.insert(prefix(number), taken(now));
            if number % 1000 == 0 {
                assert_eq!(remembered.get(&prefix(0), SECOND, now), taken(now));
            }
        }
    }

    #[test]
    fn full_buckets_are_forgotten_after_two_times_that_they_take_to_fill() {
        let (mut remembered, now) = (Remembered::default(), Instant::now());
        remembered.get(&prefix(1), SECOND, now);
        remembered.insert(prefix(0), taken(now));
        for seconds in 1..=2 {
            remembered.get(&prefix(1), SECOND, now + seconds * SECOND);
        }
        assert_eq!(remembered.len(), 0);
    }

    #[test]
    fn no_bucket_is_forgotten_before_it_is_full() {
        let start = Instant::now();
        for turned_before in [0, 300, 999] {
            let mut remembered = Remembered::default();
            remembered.get(&prefix(1), SECOND, start);
            let now = start + Duration::from_millis(turned_before);
            remembered.insert(prefix(0), taken(now));
            for millis in (0..1000).step_by(37) {
                remembered.get(&prefix(1), SECOND, now + Duration::from_millis(millis));
                assert_eq!(remembered.len(), 1, "{turned_before} {millis}");
            }
        }
    }
}
