//! A limited number of places, given to those who wait in the order in which they came.

use std::{
    collections::BTreeMap,
    fmt,
    future::Future,
    mem,
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::{Context, Poll, Waker},
};

/// The places, and the line in front of them.
pub(crate) struct Places {
    state: Mutex<State>,
}

struct State {
    free: usize,
    /// Those who wait, the first one first.
    line: BTreeMap<u64, Waiting>,
    next: u64,
}

enum Waiting {
    /// With the task to be woken.
    InLine(Waker),
    /// A place is kept for it.
    Called,
}

/// A place that is taken; dropping it frees it, or rather gives it to the first in line.
pub(crate) struct Place {
    places: Arc<Places>,
}

impl Places {
    pub(crate) fn new(count: usize) -> Self {
        Self { state: Mutex::new(State { free: count, line: BTreeMap::new(), next: 0 }) }
    }

    /// Waits for a place. Dropped, it leaves the line, or frees the place that was kept for it.
    pub(crate) fn take(places: &Arc<Self>) -> Take {
        Take { places: places.clone(), number: None }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Keeps the place for the first who has not been called yet; woken outside the lock.
    fn free(&self) {
        let mut state = self.lock();
        let first = state.line.values_mut().find_map(|waiting| {
            match mem::replace(waiting, Waiting::Called) {
                Waiting::InLine(waker) => Some(waker),
                Waiting::Called => None,
            }
        });
        if first.is_none() {
            state.free += 1;
        }
        drop(state);
        if let Some(waker) = first {
            waker.wake();
        }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.places.free();
    }
}

/// The future of a place.
pub(crate) struct Take {
    places: Arc<Places>,
    /// Where this stands in line, once it does.
    number: Option<u64>,
}

impl Future for Take {
    type Output = Place;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Place> {
        let this = &mut *self;
        let waker = cx.waker().clone();
        let mut state = this.places.lock();
        let Some(number) = this.number else {
            // Who comes later than others does not go first.
            if state.free > 0 && state.line.is_empty() {
                state.free -= 1;
                return Poll::Ready(Place { places: this.places.clone() });
            }
            let number = state.next;
            state.next += 1;
            state.line.insert(number, Waiting::InLine(waker));
            this.number = Some(number);
            return Poll::Pending;
        };
        match state.line.get_mut(&number) {
            Some(waiting @ Waiting::InLine(_)) => {
                let replaced = mem::replace(waiting, Waiting::InLine(waker));
                drop(state);
                drop(replaced);
                Poll::Pending
            }
            Some(Waiting::Called) | None => {
                state.line.remove(&number);
                this.number = None;
                drop(state);
                Poll::Ready(Place { places: this.places.clone() })
            }
        }
    }
}

impl Drop for Take {
    fn drop(&mut self) {
        let Some(number) = self.number else { return };
        let left = self.places.lock().line.remove(&number);
        if let Some(Waiting::Called) = left {
            self.places.free();
        }
    }
}

impl fmt::Debug for Places {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = self.lock();
        let (free, waiting) = (state.free, state.line.len());
        drop(state);
        f.debug_struct("Places").field("free", &free).field("waiting", &waiting).finish()
    }
}

#[cfg(test)]
mod tests {
    use socketry_testing::CountingWaker;

    use super::*;

    fn poll(take: &mut Take, waker: &CountingWaker) -> Poll<Place> {
        Pin::new(take).poll(&mut waker.context())
    }

    /// The place that is to be had.
    fn taken(take: &mut Take) -> Place {
        match poll(take, &CountingWaker::new()) {
            Poll::Ready(place) => place,
            Poll::Pending => panic!("there is no place"),
        }
    }

    /// So many places, and as many who wait in line, each with its waker.
    fn line(count: usize) -> (Arc<Places>, Vec<Place>, Vec<(Take, CountingWaker)>) {
        let places = Arc::new(Places::new(count));
        let all = (0..count).map(|_| taken(&mut Places::take(&places))).collect();
        let mut line = Vec::new();
        for _ in 0..count {
            let (mut take, waker) = (Places::take(&places), CountingWaker::new());
            assert!(poll(&mut take, &waker).is_pending());
            line.push((take, waker));
        }
        (places, all, line)
    }

    #[test]
    fn a_place_goes_to_the_first_in_line() {
        let (_, mut all, mut line) = line(3);
        all.pop();
        assert_eq!(line.iter().map(|(_, waker)| waker.count()).collect::<Vec<_>>(), [1, 0, 0]);
        assert!(poll(&mut line[1].0, &CountingWaker::new()).is_pending());
        drop(taken(&mut line[0].0));
        assert_eq!(line[1].1.count(), 0, "its waker was replaced");
        drop(taken(&mut line[1].0));
    }

    #[test]
    fn who_comes_later_does_not_overtake_one_who_was_called() {
        let (places, all, mut line) = line(1);
        drop(all);
        assert!(poll(&mut Places::take(&places), &CountingWaker::new()).is_pending());
        drop(taken(&mut line[0].0));
        taken(&mut Places::take(&places));
    }

    #[test]
    fn who_leaves_the_line_is_not_called() {
        let (_, mut all, mut line) = line(2);
        let (first, waker) = line.remove(0);
        drop(first);
        all.pop();
        assert_eq!((waker.count(), line[0].1.count()), (0, 1));
    }

    #[test]
    fn who_was_called_and_leaves_gives_the_place_on() {
        let (_, mut all, mut line) = line(2);
        all.pop();
        drop(line.remove(0));
        assert_eq!(line[0].1.count(), 1);
        taken(&mut line[0].0);
    }

    #[test]
    fn every_place_comes_back() {
        let (places, all, line) = line(2);
        drop(line);
        drop(all);
        assert_eq!(format!("{places:?}"), "Places { free: 2, waiting: 0 }");
    }
}
