//! A list that is nearly always short.

/// More than this many things of a kind are not kept: a layer that tries again and again for hours
/// must not fill the memory, nor its story the screen.
const MOST: usize = 64;

/// Things in order: the first without the heap, at most [`MOST`].
#[derive(Debug)]
pub(crate) struct Few<T> {
    first: Option<T>,
    rest: Vec<T>,
}

impl<T> Few<T> {
    /// None.
    pub(crate) const fn new() -> Self {
        Self { first: None, rest: Vec::new() }
    }

    /// Whether there are none.
    pub(crate) fn is_empty(&self) -> bool {
        self.first.is_none()
    }

    /// Adds one behind the others.
    pub(crate) fn push(&mut self, item: T) {
        if self.first.is_none() {
            self.first = Some(item);
        } else if self.rest.len() < MOST - 1 {
            self.rest.push(item);
        }
    }

    /// Takes the first out that `is_it`.
    pub(crate) fn remove(&mut self, is_it: impl Fn(&T) -> bool) {
        if self.first.as_ref().is_some_and(&is_it) {
            self.first = (!self.rest.is_empty()).then(|| self.rest.remove(0));
        } else if let Some(index) = self.rest.iter().position(is_it) {
            self.rest.remove(index);
        }
    }

    /// Takes all out.
    pub(crate) fn clear(&mut self) {
        self.first = None;
        self.rest.clear();
    }
}

impl<T> IntoIterator for Few<T> {
    type Item = T;
    type IntoIter = std::iter::Chain<std::option::IntoIter<T>, std::vec::IntoIter<T>>;

    fn into_iter(self) -> Self::IntoIter {
        self.first.into_iter().chain(self.rest)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn few(items: impl IntoIterator<Item = u32>) -> Few<u32> {
        let mut few = Few::new();
        items.into_iter().for_each(|item| few.push(item));
        few
    }

    fn without(number: u32) -> Vec<u32> {
        let mut few = few([1, 2, 3, 2]);
        few.remove(|item| *item == number);
        few.into_iter().collect()
    }

    #[test]
    fn the_order_stays_whichever_one_is_taken_out() {
        assert_eq!(without(1), [2, 3, 2]);
        assert_eq!(without(2), [1, 3, 2]);
        assert_eq!(without(3), [1, 2, 2]);
        assert_eq!(without(4), [1, 2, 3, 2]);
    }

    #[test]
    fn it_is_empty_when_the_last_one_was_taken_out() {
        let mut few = few([1]);
        few.remove(|_| true);
        assert!(few.is_empty());
    }

    #[test]
    fn the_first_one_needs_no_heap() {
        assert_eq!(few([1]).rest.capacity(), 0);
    }

    #[test]
    fn what_is_too_much_is_not_kept() {
        assert_eq!(few(0..1000).into_iter().count(), MOST);
    }
}
