//! Newcomers who wait until another of their origin has left.

use std::collections::VecDeque;

use crate::origin::Origin;

/// Newcomers who have come in but whose handshake has not begun, in the order in which they came.
///
/// They cannot wait in the backlog, where they would stand before those of other origins.
#[derive(Debug)]
pub(crate) struct Waiting<C> {
    newcomers: VecDeque<(Origin, C)>,
}

impl<C> Waiting<C> {
    pub(crate) fn new() -> Self {
        Self { newcomers: VecDeque::new() }
    }

    pub(crate) fn len(&self) -> usize {
        self.newcomers.len()
    }

    /// How many of `origin` wait.
    pub(crate) fn count(&self, origin: Origin) -> usize {
        self.newcomers.iter().filter(|(other, _)| *other == origin).count()
    }

    pub(crate) fn push(&mut self, origin: Origin, newcomer: C) {
        self.newcomers.push_back((origin, newcomer));
    }

    /// The one of `origin` that has waited longest.
    pub(crate) fn pop(&mut self, origin: Origin) -> Option<C> {
        let index = self.newcomers.iter().position(|(other, _)| *other == origin)?;
        self.newcomers.remove(index).map(|(_, newcomer)| newcomer)
    }

    /// Turns all of them away.
    pub(crate) fn clear(&mut self) {
        self.newcomers.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_origin_has_an_order_of_its_own() {
        let mut waiting = Waiting::new();
        waiting.push(Origin::V6(1), "first of one");
        waiting.push(Origin::V6(2), "first of two");
        waiting.push(Origin::V6(1), "second of one");
        assert_eq!(waiting.pop(Origin::V6(2)), Some("first of two"));
        assert_eq!(waiting.pop(Origin::V6(1)), Some("first of one"));
        assert_eq!(waiting.pop(Origin::V6(1)), Some("second of one"));
        assert_eq!(waiting.pop(Origin::V6(1)), None);
    }
}
