//! Who is open.

use std::{collections::HashMap, mem, time::Instant};

use slab::Slab;
use socketry_server::Network;

use crate::{
    Rate,
    bucket::Bucket,
    remembered::Remembered,
    rules::{Origin, Rules},
};

/// Each open connection, and how many there are with each prefix.
///
/// That every single one is known makes it possible to count anew when it is changed what a prefix
/// is or who is exempt.
#[derive(Debug, Default)]
pub(crate) struct Census {
    open: Slab<Open>,
    exempt: usize,
    prefixes: HashMap<Network, Prefix>,
    remembered: Remembered,
}

/// An open connection.
#[derive(Clone, Copy, Debug)]
struct Open {
    /// `None` for who has no IP address.
    origin: Option<Origin>,
    is_exempt: bool,
}

/// A prefix with which somebody is open.
#[derive(Debug)]
struct Prefix {
    open: usize,
    exempt: usize,
    bucket: Bucket,
}

impl Census {
    pub(crate) fn open(&self) -> usize {
        self.open.len()
    }

    pub(crate) fn exempt(&self) -> usize {
        self.exempt
    }

    /// How many count for the limit of all.
    pub(crate) fn limited(&self) -> usize {
        self.open.len() - self.exempt
    }

    pub(crate) fn open_with(&self, prefix: &Network) -> usize {
        self.prefixes.get(prefix).map_or(0, |prefix| prefix.open)
    }

    /// How many count for the limit of `prefix`, and which tokens it has, if a rate is given.
    pub(crate) fn standing(
        &mut self,
        prefix: &Network,
        rate: Option<(Rate, Instant)>,
    ) -> (usize, Bucket) {
        match (self.prefixes.get(prefix), rate) {
            (Some(prefix), _) => (prefix.open - prefix.exempt, prefix.bucket),
            (None, Some((rate, now))) => (0, self.remembered.get(prefix, rate.refill(), now)),
            (None, None) => (0, Bucket::default()),
        }
    }

    /// Counts one more, who is known by the number that is returned.
    pub(crate) fn enter(
        &mut self,
        origin: Option<Origin>,
        is_exempt: bool,
        bucket: Option<Bucket>,
        rules: &Rules,
    ) -> usize {
        let open = Open { origin, is_exempt };
        let prefix = self.count(open, rules);
        if let (Some(prefix), Some(bucket)) = (prefix, bucket) {
            prefix.bucket = bucket;
        }
        self.open.insert(open)
    }

    /// Counts one less.
    pub(crate) fn leave(&mut self, number: usize, rules: &Rules) {
        let Some(Open { origin, is_exempt }) = self.open.try_remove(number) else {
            return;
        };
        self.exempt -= usize::from(is_exempt);
        let Some(key) = origin.map(|origin| rules.prefix_of(origin)) else {
            return;
        };
        let Some(prefix) = self.prefixes.get_mut(&key) else {
            return;
        };
        prefix.open -= 1;
        prefix.exempt -= usize::from(is_exempt);
        if prefix.open == 0 {
            let bucket = prefix.bucket;
            self.prefixes.remove(&key);
            if !bucket.is_untouched() {
                self.remembered.insert(key, bucket);
            }
        }
    }

    /// Goes over from some rules to others.
    pub(crate) fn change(&mut self, from: &Rules, to: &Rules, now: Instant) {
        let rates = (from.settings.rate_per_prefix, to.settings.rate_per_prefix);
        if !from.has_prefixes_of(to) {
            self.prefixes.clear(); // and what was taken with each, for they are no more
            self.remembered.clear();
        } else if rates.0 != rates.1 {
            self.change_rate(rates.0, rates.1, now);
        }
        if !from.counts_as(to) {
            self.count_anew(to);
        }
    }

    fn change_rate(&mut self, from: Option<Rate>, to: Option<Rate>, now: Instant) {
        for prefix in self.prefixes.values_mut() {
            prefix.bucket.change(from, to, now);
        }
        self.remembered.change(from, to, now);
    }

    fn count_anew(&mut self, rules: &Rules) {
        self.exempt = 0;
        for prefix in self.prefixes.values_mut() {
            (prefix.open, prefix.exempt) = (0, 0);
        }
        let mut all = mem::take(&mut self.open);
        for (_, open) in &mut all {
            open.is_exempt = open.origin.is_some_and(|origin| rules.is_exempt(origin));
            self.count(*open, rules);
        }
        self.open = all;
    }

    fn count(&mut self, open: Open, rules: &Rules) -> Option<&mut Prefix> {
        self.exempt += usize::from(open.is_exempt);
        let key = rules.prefix_of(open.origin?);
        let remembered = &mut self.remembered;
        let prefix = self.prefixes.entry(key).or_insert_with(|| {
            let bucket = remembered.remove(&key).unwrap_or_default();
            Prefix { open: 0, exempt: 0, bucket }
        });
        prefix.open += 1;
        prefix.exempt += usize::from(open.is_exempt);
        Some(prefix)
    }
}
