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
///
/// A place that becomes free is kept for the first in line, until that is polled or dropped. One
/// that its owner keeps and does not poll so holds one place, and all others are given on.
///
/// # Examples
///
/// ```
/// use std::sync::Arc;
///
/// use futures_lite::future::{block_on, poll_once};
/// use socketry_resolver::sharing::Places;
///
/// let places = Arc::new(Places::new(1));
/// block_on(async {
///     let place = Places::take(&places).await;
///     let mut next = Places::take(&places);
///     assert!(poll_once(&mut next).await.is_none());
///     drop(place);
///     next.await;
/// });
/// ```
pub struct Places {
    state: Mutex<State>,
}

/// No place is free while somebody is in line.
struct State {
    /// Neither taken nor kept for one who was called.
    free: usize,
    /// The tasks of those who wait and have not been called, the first one first.
    line: BTreeMap<u64, Waker>,
    next: u64,
}

/// A place that is taken; dropping it gives it to the first in line, or frees it.
#[derive(Debug)]
pub struct Place {
    places: Arc<Places>,
}

impl Places {
    /// So many places. With none of them, nobody ever gets one.
    pub fn new(count: usize) -> Self {
        Self { state: Mutex::new(State { free: count, line: BTreeMap::new(), next: 0 }) }
    }

    /// Waits for a place.
    ///
    /// # Cancel safety
    ///
    /// Dropped, it leaves the line, or gives the place on that was kept for it.
    pub fn take(places: &Arc<Self>) -> Take {
        Take { places: places.clone(), number: None }
    }

    /// Whether all places are taken, so that whoever comes now waits.
    pub fn are_taken(&self) -> bool {
        self.lock().free == 0
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // Nothing in here can panic half way through a change.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Keeps the place for the first in line and calls it, outside the lock; else it is free.
    fn give(&self) {
        let mut state = self.lock();
        let first = state.line.pop_first();
        if first.is_none() {
            state.free += 1;
        }
        drop(state);
        if let Some((_, waker)) = first {
            waker.wake();
        }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.places.give();
    }
}

/// The future of a place: see [`Places::take`].
///
/// Once it is called, a place is kept for it until it is polled or dropped.
#[derive(Debug)]
#[must_use = "a future does nothing unless it is polled"]
pub struct Take {
    places: Arc<Places>,
    /// Given when it joins the line. One that is no longer in line has been called.
    number: Option<u64>,
}

impl Future for Take {
    type Output = Place;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Place> {
        let this = &mut *self;
        let waker = cx.waker().clone();
        let mut state = this.places.lock();
        if let Some(number) = this.number {
            if let Some(waiting) = state.line.get_mut(&number) {
                let replaced = mem::replace(waiting, waker);
                drop(state);
                drop(replaced);
                return Poll::Pending;
            }
            this.number = None;
        } else if state.free > 0 {
            state.free -= 1;
        } else {
            let number = state.next;
            state.next += 1;
            state.line.insert(number, waker);
            this.number = Some(number);
            return Poll::Pending;
        }
        drop(state);
        Poll::Ready(Place { places: this.places.clone() })
    }
}

impl Drop for Take {
    fn drop(&mut self) {
        let Some(number) = self.number else { return };
        let left = self.places.lock().line.remove(&number);
        if left.is_none() {
            self.places.give();
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
    use std::{
        sync::atomic::{AtomicUsize, Ordering},
        thread,
    };

    use futures_lite::future::block_on;

    use super::{super::tests::Count, *};

    fn poll(take: &mut Take, waker: &Count) -> Poll<Place> {
        Pin::new(take).poll(&mut waker.context())
    }

    /// The place that is to be had.
    fn taken(take: &mut Take) -> Place {
        match poll(take, &Count::new()) {
            Poll::Ready(place) => place,
            Poll::Pending => panic!("there is no place"),
        }
    }

    /// So many places, all taken, and so many who wait in line, each with its waker.
    fn line(places: usize, waiting: usize) -> (Arc<Places>, Vec<Place>, Vec<(Take, Count)>) {
        let (count, places) = (places, Arc::new(Places::new(places)));
        let all = (0..count).map(|_| taken(&mut Places::take(&places))).collect();
        let mut line = Vec::new();
        for _ in 0..waiting {
            let (mut take, waker) = (Places::take(&places), Count::new());
            assert!(poll(&mut take, &waker).is_pending());
            line.push((take, waker));
        }
        (places, all, line)
    }

    #[test]
    fn a_place_goes_to_the_first_in_line() {
        let (_, mut all, mut line) = line(3, 3);
        all.pop();
        assert_eq!(line.iter().map(|(_, waker)| waker.count()).collect::<Vec<_>>(), [1, 0, 0]);
        assert!(poll(&mut line[1].0, &Count::new()).is_pending());
        drop(taken(&mut line[0].0));
        assert_eq!(line[1].1.count(), 0, "its waker was replaced");
        drop(taken(&mut line[1].0));
    }

    #[test]
    fn who_comes_later_does_not_overtake_those_in_line() {
        let (places, all, mut line) = line(1, 2);
        let mut late = Places::take(&places);
        drop(all);
        assert!(poll(&mut late, &Count::new()).is_pending());
        drop(taken(&mut line[0].0));
        assert!(poll(&mut late, &Count::new()).is_pending());
        drop(taken(&mut line[1].0));
        taken(&mut late);
    }

    #[test]
    fn who_was_called_and_is_not_polled_keeps_one_place_only() {
        let (places, all, _called) = line(2, 1);
        drop(all);
        let _second = taken(&mut Places::take(&places));
        assert!(poll(&mut Places::take(&places), &Count::new()).is_pending());
    }

    #[test]
    fn a_burst_after_a_line_has_every_place() {
        let (places, all, mut line) = line(64, 1);
        drop(all);
        let mut burst: Vec<_> = (0..63).map(|_| Places::take(&places)).collect();
        let running: Vec<_> = burst.iter_mut().map(taken).collect();
        taken(&mut line[0].0);
        drop(running);
        assert_eq!(format!("{places:?}"), "Places { free: 64, waiting: 0 }");
    }

    #[test]
    fn who_leaves_the_line_is_not_called() {
        let (_, mut all, mut line) = line(2, 2);
        let (first, waker) = line.remove(0);
        drop(first);
        all.pop();
        assert_eq!((waker.count(), line[0].1.count()), (0, 1));
    }

    #[test]
    fn who_was_called_and_leaves_gives_the_place_on() {
        let (_, mut all, mut line) = line(2, 2);
        all.pop();
        drop(line.remove(0));
        assert_eq!(line[0].1.count(), 1);
        taken(&mut line[0].0);
    }

    #[test]
    fn every_place_comes_back() {
        let (places, all, line) = line(2, 2);
        drop(line);
        drop(all);
        assert_eq!(format!("{places:?}"), "Places { free: 2, waiting: 0 }");
    }

    /// Two places and those who are there.
    struct Scene {
        places: Arc<Places>,
        running: Vec<Place>,
        /// In the order in which they came; who was called was woken once.
        waiting: Vec<(Take, Count)>,
    }

    impl Scene {
        const STEPS: u32 = 6;

        /// One of the things that can happen, or nothing if it cannot happen now.
        fn step(&mut self, step: u32) {
            match step {
                0 => {
                    self.waiting.push((Places::take(&self.places), Count::new()));
                    self.poll(self.waiting.len() - 1);
                }
                1 => drop(self.running.pop()),
                _ if self.waiting.is_empty() => {}
                2 => self.poll(0),
                3 => self.poll(self.waiting.len() - 1),
                4 => drop(self.waiting.remove(0)),
                _ => drop(self.waiting.pop()),
            }
        }

        fn poll(&mut self, index: usize) {
            let (take, waker) = &mut self.waiting[index];
            if let Poll::Ready(place) = poll(take, waker) {
                self.running.push(place);
                drop(self.waiting.remove(index));
            }
        }

        /// The first ones have been called, and no place is free while somebody is in line.
        fn is_right(&self) -> bool {
            let called = self.waiting.iter().filter(|(_, waker)| waker.count() == 1).count();
            let in_line = self.waiting.iter().skip(called).all(|(_, waker)| waker.count() == 0);
            let kept = self.running.len() + called;
            in_line && (kept == 2 || kept < 2 && called == self.waiting.len())
        }
    }

    #[test]
    fn whatever_happens_no_place_is_free_while_somebody_is_in_line() {
        const LENGTH: u32 = 7;
        for story in 0..Scene::STEPS.pow(LENGTH) {
            let (places, running, waiting) = line(2, 1);
            let mut scene = Scene { places, running, waiting };
            for at in 0..LENGTH {
                scene.step(story / Scene::STEPS.pow(at) % Scene::STEPS);
                assert!(scene.is_right(), "after {at} steps of {story}: {:?}", scene.places);
            }
        }
    }

    #[test]
    fn threads_that_come_and_leave_share_the_places_and_lose_none() {
        const PLACES: usize = 4;
        let (places, running) = (Arc::new(Places::new(PLACES)), AtomicUsize::new(0));
        let come_and_leave = &|thread: usize| {
            for round in thread..thread + 10_000 {
                let mut take = Places::take(&places);
                if round % 3 == 0 {
                    // Stays in line for a while, called or not, and leaves.
                    let _place = poll(&mut take, &Count::new());
                    (0..round % 8).for_each(|_| thread::yield_now());
                    continue;
                }
                let place = block_on(take);
                assert!(running.fetch_add(1, Ordering::SeqCst) < PLACES);
                thread::yield_now();
                running.fetch_sub(1, Ordering::SeqCst);
                drop(place);
                let state = places.lock();
                assert!(state.free == 0 || state.line.is_empty());
            }
        };
        thread::scope(|scope| {
            for thread in 0..6 {
                scope.spawn(move || come_and_leave(thread));
            }
        });
        assert_eq!(format!("{places:?}"), "Places { free: 4, waiting: 0 }");
    }
}
