//! Background tasks, driven by whoever waits for something.

use std::{
    collections::{BTreeMap, VecDeque},
    fmt,
    future::{Future, poll_fn},
    mem,
    pin::pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError, Weak},
    task::{Context, Poll, Waker},
};

use async_task::{Runnable, Task};

use crate::runtime::task_cell::TaskCell;

/// So many background tasks are polled in a row before others get a turn.
const IN_A_ROW: usize = 64;

/// Drives background tasks for as long as somebody waits for something that they do.
///
/// - **No thread and no spawner**: the tasks are polled by the futures of [`run`](Self::run), on
///   whatever thread those are polled.
/// - **Any of several runners drives all tasks.** A task that becomes ready wakes every future that
///   is being run, unless one of them is being polled at that moment and will see to it. So a
///   runner that is dropped, or kept and not polled, holds up nobody else.
/// - **Dropping the driver drops its tasks**, with their sockets, at once. Its
///   [`runtime`](Self::runtime) holds it weakly; what is spawned afterwards is dropped.
///
/// The [module](crate::runtime) has an example.
#[derive(Default)]
pub struct Driver {
    shared: Arc<Shared>,
}

impl Driver {
    /// A driver without tasks.
    pub fn new() -> Self {
        Self::default()
    }

    /// Spawns tasks here, while the driver exists.
    pub(super) fn spawner(&self) -> Spawner {
        Spawner(Arc::downgrade(&self.shared))
    }

    /// Waits for `future`, and drives the background tasks meanwhile. While one poll of `future`
    /// lasts, no task moves: it should not block, as no future should.
    ///
    /// # Cancel safety
    ///
    /// Dropping it drops `future`. The background tasks stay, and wait for another runner.
    pub async fn run<F: Future>(&self, future: F) -> F::Output {
        let mut future = pin!(future);
        let mut runner = Runner { shared: &self.shared, place: None };
        poll_fn(|cx| {
            let turn = Turn::begin(&self.shared);
            turn.run_tasks(); // a connection that has ended meanwhile is not to be used again
            match future.as_mut().poll(cx) {
                Poll::Ready(output) => Poll::Ready(output),
                Poll::Pending => {
                    turn.wait(&mut runner.place, cx);
                    Poll::Pending
                }
            }
        })
        .await
    }
}

impl Drop for Driver {
    /// Empties the cells of all tasks. Dropping the tasks would do it, too, but not at once: one
    /// that is woken at this moment belongs to the thread that wakes it.
    fn drop(&mut self) {
        let mut state = self.shared.lock();
        let (tasks, ready) = (mem::take(&mut state.tasks), mem::take(&mut state.ready));
        drop(state);
        for (cell, _) in &tasks {
            cell.take();
        }
        drop((tasks, ready));
    }
}

impl fmt::Debug for Driver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = self.shared.lock();
        f.debug_struct("Driver")
            .field("ready", &state.ready.len())
            .field("waiting", &state.waiting.len())
            .finish_non_exhaustive()
    }
}

/// Spawns tasks on a driver while that exists.
#[derive(Clone)]
pub(super) struct Spawner(Weak<Shared>);

impl Spawner {
    pub(super) fn spawn(&self, future: impl Future<Output = ()> + Send + 'static) {
        let Some(shared) = self.0.upgrade() else {
            return;
        };
        let driver = self.0.clone();
        let schedule = move |runnable| {
            if let Some(shared) = driver.upgrade() {
                shared.push(runnable);
            } // otherwise the task is dropped with the driver
        };
        let cell = TaskCell::new(future);
        let polled = cell.clone();
        let (runnable, task) = async_task::spawn(poll_fn(move |cx| polled.poll(cx)), schedule);
        let ended = shared.keep(cell, task);
        drop(ended);
        runnable.schedule();
    }
}

#[derive(Default)]
struct Shared {
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    /// Tasks to be polled.
    ready: VecDeque<Runnable>,
    /// Every task, so that dropping the driver drops them. Those that have ended are removed when
    /// the next one comes.
    tasks: Vec<(TaskCell, Task<()>)>,
    /// Runners that wait, each with a number of its own.
    waiting: BTreeMap<u64, Waker>,
    /// The last number that was given to a runner.
    last_place: u64,
    /// How many runners are being polled. Each looks at `ready` when its turn ends.
    running: usize,
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        // Nothing in here can panic half way through a change.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Keeps a task, and takes out those that have ended.
    fn keep(&self, cell: TaskCell, task: Task<()>) -> Vec<(TaskCell, Task<()>)> {
        let mut state = self.lock();
        let all = mem::take(&mut state.tasks);
        let (ended, going) = all.into_iter().partition(|(_, task)| task.is_finished());
        state.tasks = going;
        state.tasks.push((cell, task));
        ended
    }

    fn push(&self, runnable: Runnable) {
        let mut state = self.lock();
        let was_empty = state.ready.is_empty();
        state.ready.push_back(runnable);
        let wakers = if was_empty { state.wakers_if_idle() } else { Vec::new() };
        drop(state);
        wakers.into_iter().for_each(Waker::wake);
    }
}

impl State {
    /// Those to wake for a task that is ready: everybody, for any of them may be one that nobody
    /// polls any more; or nobody, if a runner will look before it waits.
    fn wakers_if_idle(&self) -> Vec<Waker> {
        match self.running {
            0 => self.waiting.values().cloned().collect(),
            _ => Vec::new(),
        }
    }
}

/// A future that is being run.
struct Runner<'a> {
    shared: &'a Shared,
    place: Option<u64>,
}

impl Drop for Runner<'_> {
    fn drop(&mut self) {
        let Some(place) = self.place else {
            return;
        };
        let mut state = self.shared.lock();
        let waker = state.waiting.remove(&place);
        drop(state);
        drop(waker);
    }
}

/// One poll of a runner.
struct Turn<'a> {
    shared: &'a Shared,
}

impl<'a> Turn<'a> {
    fn begin(shared: &'a Shared) -> Self {
        shared.lock().running += 1;
        Self { shared }
    }

    /// Polls the tasks that are ready, up to a limit.
    fn run_tasks(&self) {
        for _ in 0..IN_A_ROW {
            let Some(runnable) = self.shared.lock().ready.pop_front() else {
                return;
            };
            runnable.run();
        }
    }

    /// Ends a turn after which the runner waits.
    fn wait(self, place: &mut Option<u64>, cx: &mut Context<'_>) {
        self.run_tasks();
        let replaced = self.shared.lock().remember(place, cx);
        drop(replaced);
    } // what is ready still, or again, is seen to as the turn is dropped
}

impl State {
    /// Notes whom to wake, and returns the waker that is not needed any more.
    fn remember(&mut self, place: &mut Option<u64>, cx: &mut Context<'_>) -> Option<Waker> {
        let number = *place.get_or_insert_with(|| {
            self.last_place += 1;
            self.last_place
        });
        match self.waiting.get_mut(&number) {
            Some(waker) if waker.will_wake(cx.waker()) => None,
            _ => self.waiting.insert(number, cx.waker().clone()),
        }
    }
}

impl Drop for Turn<'_> {
    /// Leaves what is ready to the others, and to this runner if it goes on.
    fn drop(&mut self) {
        let mut state = self.shared.lock();
        state.running -= 1;
        let wakers = if state.ready.is_empty() { Vec::new() } else { state.wakers_if_idle() };
        drop(state);
        wakers.into_iter().for_each(Waker::wake);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

    use futures_lite::future::{block_on, pending, poll_once, yield_now};

    use super::*;

    impl Driver {
        fn spawn(&self, future: impl Future<Output = ()> + Send + 'static) {
            self.spawner().spawn(future);
        }
    }

    /// Whether it still exists.
    struct Guard(Arc<AtomicBool>);

    impl Drop for Guard {
        fn drop(&mut self) {
            self.0.store(true, Ordering::SeqCst);
        }
    }

    /// A task that does not end, which says when it is dropped.
    fn endless() -> (impl Future<Output = ()> + Send, Arc<AtomicBool>) {
        let is_dropped = Arc::new(AtomicBool::new(false));
        let guard = Guard(is_dropped.clone());
        let task = async move {
            let _guard = guard;
            pending::<()>().await;
        };
        (task, is_dropped)
    }

    /// A waker that counts.
    #[derive(Default)]
    struct Count(AtomicUsize);

    impl std::task::Wake for Count {
        fn wake(self: Arc<Self>) {
            self.0.fetch_add(1, Ordering::SeqCst);
        }
    }

    /// Polls `future` once, and returns how often it is woken from then on.
    fn poll_counted(future: &mut (impl Future + Unpin)) -> Arc<Count> {
        let count = Arc::new(Count::default());
        let waker = Waker::from(count.clone());
        assert!(pin!(future).poll(&mut Context::from_waker(&waker)).is_pending());
        count
    }

    /// A task that waits for a message, and how to send it.
    fn listening() -> (impl Future<Output = ()> + Send, Task<()>, Runnable) {
        let (runnable, message) = async_task::spawn(async {}, |_| {});
        let (heard, told) = async_task::spawn(async {}, |_| {});
        let task = async move {
            message.await;
            heard.run();
        };
        (task, told, runnable)
    }

    #[test]
    fn tasks_move_while_a_future_is_run() {
        let driver = Driver::new();
        let (task, told, message) = listening();
        driver.spawn(task);
        block_on(driver.run(async {
            yield_now().await;
            message.run();
            told.await;
        }));
    }

    #[test]
    fn a_task_that_becomes_ready_wakes_everybody_who_waits() {
        let driver = Driver::new();
        let (task, _told, message) = listening();
        driver.spawn(task);
        let (mut one, mut two) =
            (Box::pin(driver.run(pending::<()>())), Box::pin(driver.run(pending::<()>())));
        let (one, two) = (poll_counted(&mut one), poll_counted(&mut two));
        message.run();
        assert_eq!([one, two].map(|count| count.0.load(Ordering::SeqCst)), [1, 1]);
    }

    #[test]
    fn a_task_that_a_poll_makes_ready_is_run_in_it_and_wakes_nobody() {
        let driver = Driver::new();
        let (task, told, message) = listening();
        driver.spawn(task);
        let mut idle = Box::pin(driver.run(pending::<()>()));
        let idle = poll_counted(&mut idle);
        let mut busy = Box::pin(driver.run(async {
            message.run();
            pending::<()>().await;
        }));
        poll_counted(&mut busy);
        assert!(told.is_finished());
        assert_eq!(idle.0.load(Ordering::SeqCst), 0);
    }

    #[test]
    fn what_a_runner_leaves_ready_at_its_end_wakes_the_others() {
        let driver = Driver::new();
        let (task, told, message) = listening();
        driver.spawn(task);
        let mut other = Box::pin(driver.run(pending::<()>()));
        let count = poll_counted(&mut other);
        block_on(driver.run(async { message.run() }));
        assert_eq!(count.0.load(Ordering::SeqCst), 1);
        assert!(!told.is_finished());
    }

    #[test]
    fn a_runner_that_is_dropped_is_not_woken() {
        let driver = Driver::new();
        let mut runner = Box::pin(driver.run(pending::<()>()));
        block_on(async { assert!(poll_once(&mut runner).await.is_none()) });
        drop(runner);
        assert!(driver.shared.lock().waiting.is_empty());
    }

    #[test]
    fn tasks_that_are_always_ready_let_the_runner_go() {
        let driver = Driver::new();
        driver.spawn(async {
            loop {
                yield_now().await;
            }
        });
        let mut runner = Box::pin(driver.run(pending::<()>()));
        assert_eq!(poll_counted(&mut runner).0.load(Ordering::SeqCst), 1);
    }

    #[test]
    fn dropping_the_driver_drops_its_tasks_and_what_is_spawned_later() {
        let driver = Driver::new();
        let (polled, polled_is_dropped) = endless();
        driver.spawn(polled);
        block_on(driver.run(yield_now()));
        let (fresh, fresh_is_dropped) = endless();
        driver.spawn(fresh);
        let spawner = driver.spawner();
        drop(driver);
        assert!(polled_is_dropped.load(Ordering::SeqCst));
        assert!(fresh_is_dropped.load(Ordering::SeqCst));
        let (late, late_is_dropped) = endless();
        spawner.spawn(late);
        assert!(late_is_dropped.load(Ordering::SeqCst));
    }

    #[test]
    fn a_task_that_is_being_woken_when_the_driver_is_dropped_is_dropped_with_it() {
        let driver = Driver::new();
        let (task, is_dropped) = endless();
        driver.spawn(task);
        // As a thread does that wakes it: the task is in its hands, not among those that are ready.
        let woken = driver.shared.lock().ready.pop_front();
        drop(driver);
        assert!(is_dropped.load(Ordering::SeqCst));
        drop(woken);
    }

    #[test]
    fn tasks_that_have_ended_are_not_kept_for_ever() {
        let driver = Driver::new();
        for _ in 0..100 {
            driver.spawn(async {});
            block_on(driver.run(async {}));
        }
        assert_eq!(driver.shared.lock().tasks.len(), 1);
    }
}
