//! A table of names that is bounded.

use std::{collections::HashMap, mem, sync::Arc};

/// A table of names, of which the one that was not used for the longest makes room for a new one.
///
/// The entries stand in a ring, from the newest to ever older ones and round to the newest. So
/// using one and dropping the oldest take as long whatever the size, and allocate nothing.
#[derive(Debug)]
pub(crate) struct Names<V> {
    places: HashMap<Arc<str>, usize>,
    entries: Vec<Entry<V>>,
    /// Places in `entries` whose names were removed. They do not stand in the ring.
    vacant: Vec<usize>,
    /// Has no meaning while there are no names.
    newest: usize,
}

#[derive(Debug)]
struct Entry<V> {
    name: Arc<str>,
    value: V,
    newer: usize,
    older: usize,
}

impl<V: Default> Names<V> {
    pub(crate) fn len(&self) -> usize {
        self.places.len()
    }

    /// The value of `name`, which is the newest from now on.
    pub(crate) fn get(&mut self, name: &str) -> Option<&V> {
        let place = *self.places.get(name)?;
        self.renew(place);
        Some(&self.entries[place].value)
    }

    /// The value of `name`, which is the newest from now on, and is added if it is not there. It is
    /// one of at most `most` then, itself always among them; what had to make room is pushed to
    /// `dropped`.
    pub(crate) fn get_or_add(
        &mut self,
        name: &Arc<str>,
        most: usize,
        dropped: &mut Vec<V>,
    ) -> &mut V {
        let place = match self.places.get(name) {
            Some(place) => {
                let place = *place;
                self.renew(place);
                place
            }
            None => {
                while self.len() >= most.max(1) {
                    let oldest = self.entries[self.newest].newer;
                    dropped.push(self.remove_at(oldest));
                }
                self.add(name.clone())
            }
        };
        &mut self.entries[place].value
    }

    pub(crate) fn remove(&mut self, name: &str) -> Option<V> {
        let place = *self.places.get(name)?;
        Some(self.remove_at(place))
    }

    fn add(&mut self, name: Arc<str>) -> usize {
        let entry = Entry { name: name.clone(), value: V::default(), newer: 0, older: 0 };
        let place = match self.vacant.pop() {
            Some(place) => {
                self.entries[place] = entry;
                place
            }
            None => {
                self.entries.push(entry);
                self.entries.len() - 1
            }
        };
        self.link(place);
        self.places.insert(name, place);
        place
    }

    fn remove_at(&mut self, place: usize) -> V {
        self.unlink(place);
        self.vacant.push(place);
        let entry = &mut self.entries[place];
        self.places.remove(&*mem::take(&mut entry.name));
        mem::take(&mut entry.value)
    }

    fn renew(&mut self, place: usize) {
        if place != self.newest {
            self.unlink(place);
            self.link(place);
        }
    }

    /// Puts an entry between the newest, whose place it takes, and the oldest.
    fn link(&mut self, place: usize) {
        let (newest, oldest) = match self.places.is_empty() {
            true => (place, place),
            false => (self.newest, self.entries[self.newest].newer),
        };
        self.entries[place].older = newest;
        self.entries[place].newer = oldest;
        self.entries[newest].newer = place;
        self.entries[oldest].older = place;
        self.newest = place;
    }

    fn unlink(&mut self, place: usize) {
        let Entry { newer, older, .. } = self.entries[place];
        self.entries[newer].older = older;
        self.entries[older].newer = newer;
        if self.newest == place {
            self.newest = older;
        }
    }
}

impl<V> Default for Names<V> {
    fn default() -> Self {
        Self { places: HashMap::new(), entries: Vec::new(), vacant: Vec::new(), newest: 0 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn add(names: &mut Names<u32>, name: &str, most: usize) -> Vec<u32> {
        let mut dropped = Vec::new();
        *names.get_or_add(&name.into(), most, &mut dropped) = name.parse().unwrap();
        dropped
    }

    #[test]
    fn the_one_that_was_not_used_for_the_longest_makes_room() {
        let mut names = Names::default();
        for name in ["1", "2", "3"] {
            add(&mut names, name, 3);
        }
        names.get("1");
        assert_eq!(add(&mut names, "4", 3), [2]);
        assert_eq!(add(&mut names, "5", 3), [3]);
        assert_eq!(add(&mut names, "6", 3), [1]);
    }

    #[test]
    fn a_smaller_bound_drops_as_many_as_it_takes() {
        let mut names = Names::default();
        for name in ["1", "2", "3"] {
            add(&mut names, name, 3);
        }
        assert_eq!(add(&mut names, "4", 2), [1, 2]);
        assert_eq!(names.len(), 2);
    }

    #[test]
    fn it_does_what_a_plain_list_does() {
        const MOST: usize = 5;
        let (mut names, mut newest_first) = (Names::default(), Vec::<u32>::new());
        let mut random = 1_u64;
        for _ in 0..20_000 {
            random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            let (number, action) = ((random >> 33) as u32 % 9, (random >> 60) % 4);
            let known = newest_first.contains(&number);
            if action < 3 {
                newest_first.retain(|other| *other != number);
            }
            match action {
                0 => assert_eq!(names.remove(&number.to_string()), known.then_some(number)),
                1 | 2 => {
                    newest_first.insert(0, number);
                    let dropped = newest_first.get(MOST).copied();
                    newest_first.truncate(MOST);
                    let expected = Vec::from_iter(dropped);
                    assert_eq!(add(&mut names, &number.to_string(), MOST), expected);
                }
                _ => {
                    let found = names.get(&number.to_string()).copied();
                    assert_eq!(found, known.then_some(number));
                    if known {
                        newest_first.retain(|other| *other != number);
                        newest_first.insert(0, number);
                    }
                }
            }
            assert_eq!(names.len(), newest_first.len());
            assert!(names.entries.len() <= MOST);
        }
    }
}
