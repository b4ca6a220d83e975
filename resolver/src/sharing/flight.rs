//! One future that many wait for.

use std::{
    collections::BTreeMap,
    fmt,
    future::Future,
    mem,
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::{Context, Poll, Wake, Waker},
};

type BoxFuture<T> = Pin<Box<dyn Future<Output = T> + Send>>;

/// A future without a task of its own: whoever waits for it, as a [`Passenger`], polls it.
///
/// When it can go on, **all** who wait are woken, and the first to be polled polls it. Waking one
/// would be less work, but nobody can know that this one will be polled: its owner may keep it and
/// look elsewhere, and then the others would wait for ever.
///
/// The future is dropped at its end, or with the last who holds the flight. Whoever lets others find
/// it should hold it weakly, therefore, and should take it out of where it is found as soon as the
/// future ends: a result is for those who asked before it was there.
///
/// # Examples
///
/// ```
/// use std::sync::Arc;
///
/// use futures_lite::future::{block_on, ready};
/// use socketry_resolver::sharing::{Flight, Passenger};
///
/// let flight = Arc::new(Flight::new(ready("192.0.2.1")));
/// let [first, second] = [(); 2].map(|()| Passenger::new(flight.clone()));
/// assert_eq!(block_on(first), Some("192.0.2.1"));
/// assert_eq!(block_on(second), Some("192.0.2.1"));
/// ```
pub struct Flight<T> {
    /// Empty while it is polled, and at the end.
    future: Mutex<Option<BoxFuture<T>>>,
    progress: Arc<Progress<T>>,
    /// What the future is polled with. It leads to `progress` and not to the flight, which the
    /// future would otherwise keep alive by its own waker.
    waker: Waker,
}

impl<T: Clone + Send + 'static> Flight<T> {
    /// Begins nothing: the first passenger to be polled does.
    pub fn new(future: impl Future<Output = T> + Send + 'static) -> Self {
        let progress = Arc::new(Progress::default());
        let waker = progress.clone().into();
        Self { future: Mutex::new(Some(Box::pin(future))), progress, waker }
    }

    fn poll(&self, number: &mut Option<u64>, cx: &Context<'_>) -> Poll<Option<T>> {
        match self.progress.ask(number, cx) {
            Asked::Ended(result) => Poll::Ready(result),
            Asked::Wait => Poll::Pending,
            Asked::Go => self.drive(number, cx),
        }
    }

    /// Polls the future. Nobody else does meanwhile.
    fn drive(&self, number: &mut Option<u64>, cx: &Context<'_>) -> Poll<Option<T>> {
        let mut ending = Ending { progress: &self.progress, result: None };
        let mut future = lock(&self.future).take();
        let polled = match &mut future {
            Some(future) => future.as_mut().poll(&mut Context::from_waker(&self.waker)).map(Some),
            None => Poll::Ready(None), // does not happen: it is away only while it is polled
        };
        match polled {
            Poll::Ready(result) => {
                drop(future);
                ending.result.clone_from(&result);
                Poll::Ready(result)
            }
            Poll::Pending => {
                mem::forget(ending);
                *lock(&self.future) = future;
                self.progress.pause(number, cx);
                Poll::Pending
            }
        }
    }
}

impl<T> fmt::Debug for Flight<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let waiting = lock(&self.progress.state).waiting.len();
        f.debug_struct("Flight").field("waiting", &waiting).finish_non_exhaustive()
    }
}

/// One who waits for a [`Flight`]. It gets nothing if the future has panicked while another
/// passenger polled it.
///
/// # Cancel safety
///
/// Dropping it leaves the flight to the others.
#[derive(Debug)]
#[must_use = "a future does nothing unless it is polled"]
pub struct Passenger<T> {
    flight: Arc<Flight<T>>,
    /// Under which its waker is kept, once it has had to wait.
    number: Option<u64>,
}

impl<T> Passenger<T> {
    /// Waits for `flight`.
    pub fn new(flight: Arc<Flight<T>>) -> Self {
        Self { flight, number: None }
    }
}

impl<T: Clone + Send + 'static> Future for Passenger<T> {
    type Output = Option<T>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<T>> {
        let this = self.get_mut();
        this.flight.poll(&mut this.number, cx)
    }
}

impl<T> Drop for Passenger<T> {
    fn drop(&mut self) {
        if let Some(number) = self.number {
            let left = lock(&self.flight.progress.state).waiting.remove(&number);
            drop(left); // after the lock
        }
    }
}

/// How far a flight is, and who waits for it.
struct Progress<T> {
    state: Mutex<State<T>>,
}

struct State<T> {
    stage: Stage<T>,
    waiting: BTreeMap<u64, Waker>,
    next_number: u64,
}

enum Stage<T> {
    /// The future has been woken, or was never polled.
    CanGoOn,
    /// The future waits to be woken.
    Waits,
    /// Somebody polls the future just now.
    IsPolled,
    /// Somebody polls the future just now, and it has been woken since that began.
    IsPolledAndCanGoOn,
    /// Nothing was the result if the future has panicked.
    Ended(Option<T>),
}

/// What a passenger is to do.
enum Asked<T> {
    Go,
    Wait,
    Ended(Option<T>),
}

impl<T: Clone> Progress<T> {
    /// What is to be done, with the task of `cx` remembered if that is to wait.
    fn ask(&self, number: &mut Option<u64>, cx: &Context<'_>) -> Asked<T> {
        let mut state = lock(&self.state);
        match &state.stage {
            Stage::Ended(result) => return Asked::Ended(result.clone()),
            Stage::CanGoOn => {
                state.stage = Stage::IsPolled;
                return Asked::Go;
            }
            Stage::Waits | Stage::IsPolled | Stage::IsPolledAndCanGoOn => {}
        }
        let replaced = state.remember(number, cx);
        drop(state);
        drop(replaced); // after the lock
        Asked::Wait
    }

    /// The future was polled and is not ready. If it was woken meanwhile, so is everybody: who came
    /// while it was polled has been sent to wait.
    fn pause(&self, number: &mut Option<u64>, cx: &Context<'_>) {
        let mut state = lock(&self.state);
        let replaced = state.remember(number, cx);
        let woken = match state.stage {
            Stage::IsPolledAndCanGoOn => {
                state.stage = Stage::CanGoOn;
                mem::take(&mut state.waiting)
            }
            _ => {
                state.stage = Stage::Waits;
                BTreeMap::new()
            }
        };
        drop(state);
        drop(replaced); // after the lock
        woken.into_values().for_each(Waker::wake);
    }
}

impl<T> State<T> {
    /// Remembers the task of `cx`, and returns the one that it stands in for.
    fn remember(&mut self, number: &mut Option<u64>, cx: &Context<'_>) -> Option<Waker> {
        let number = *number.get_or_insert_with(|| {
            self.next_number += 1;
            self.next_number
        });
        self.waiting.insert(number, cx.waker().clone())
    }
}

impl<T: Send> Wake for Progress<T> {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        let mut state = lock(&self.state);
        match state.stage {
            Stage::Waits => state.stage = Stage::CanGoOn,
            Stage::IsPolled => state.stage = Stage::IsPolledAndCanGoOn,
            Stage::CanGoOn | Stage::IsPolledAndCanGoOn | Stage::Ended(_) => {}
        }
        let woken = mem::take(&mut state.waiting);
        drop(state);
        woken.into_values().for_each(Waker::wake);
    }
}

impl<T> Default for Progress<T> {
    fn default() -> Self {
        let state = State { stage: Stage::CanGoOn, waiting: BTreeMap::new(), next_number: 0 };
        Self { state: Mutex::new(state) }
    }
}

/// Ends the flight when it is dropped, also by a panic of the future, and wakes everybody.
struct Ending<'a, T: Clone> {
    progress: &'a Progress<T>,
    result: Option<T>,
}

impl<T: Clone> Drop for Ending<'_, T> {
    fn drop(&mut self) {
        let mut state = lock(&self.progress.state);
        state.stage = Stage::Ended(self.result.clone());
        let woken = mem::take(&mut state.waiting);
        drop(state);
        woken.into_values().for_each(Waker::wake);
    }
}

/// Locks. What is changed under the locks of a flight is whole at every step.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use std::future::poll_fn;

    use super::{super::tests::Count, *};

    #[test]
    fn who_comes_while_the_future_is_polled_and_woken_is_woken_at_the_end_of_that() {
        let (first, late) = (Count::new(), Count::new());
        let latecomer = Arc::new(Mutex::new(None::<Passenger<u8>>));
        let future = poll_fn({
            let (latecomer, late) = (latecomer.clone(), late.clone());
            move |cx| {
                cx.waker().wake_by_ref();
                let mut latecomer = latecomer.lock().unwrap();
                let polled = Pin::new(latecomer.as_mut().unwrap()).poll(&mut late.context());
                assert!(polled.is_pending());
                Poll::Pending
            }
        });
        let flight = Arc::new(Flight::new(future));
        *latecomer.lock().unwrap() = Some(Passenger::new(flight.clone()));
        let mut passenger = Passenger::new(flight);
        assert!(Pin::new(&mut passenger).poll(&mut first.context()).is_pending());
        assert_eq!((first.count(), late.count()), (1, 1));
        latecomer.lock().unwrap().take(); // it kept the flight alive from within
    }
}
