//! The driver, polled by hand and on a clock that is moved by hand.

use std::{
    cell::{Cell, RefCell},
    pin::Pin,
    rc::Rc,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    task::Wake,
    thread,
    time::{Duration, Instant},
};

use async_executor::LocalExecutor;
use futures_lite::future::yield_now;

use super::*;
use crate::drive::sealed::Tick;

mod watching;

const fn us(micros: u64) -> Duration {
    Duration::from_micros(micros)
}

/// A driver whose polls the test makes, in place of async-io.
struct Rig {
    executor: LocalExecutor<'static>,
    now: Rc<Cell<Instant>>,
    wakes: Arc<Wakes>,
    /// How often async-io's own thread was watched, and whether it uses the reactor.
    traps: Cell<u32>,
    helper_has_reactor: Cell<bool>,
}

impl Surroundings for &Rig {
    fn now(&self) -> Instant {
        self.now.get()
    }

    fn set_trap(&mut self) {
        self.traps.set(self.traps.get() + 1);
    }

    fn take_trap(&mut self) -> bool {
        self.helper_has_reactor.get()
    }
}

#[derive(Default)]
struct Wakes(AtomicUsize);

impl Wake for Wakes {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }
}

/// What a poll has come to.
#[derive(Debug, PartialEq)]
enum Said<T> {
    Ready(T),
    /// async-io has a look at the reactor and polls again.
    Look,
    /// async-io waits.
    Wait,
}

impl Rig {
    fn new() -> Self {
        let now = Rc::new(Cell::new(Instant::now()));
        let (traps, helper_has_reactor) = (Cell::default(), Cell::default());
        let executor = LocalExecutor::new();
        Self { executor, now, wakes: Arc::default(), traps, helper_has_reactor }
    }

    fn drive<'a, F: Future + 'a>(
        &'a self,
        main: F,
    ) -> Pin<Box<dyn Future<Output = F::Output> + 'a>> {
        Box::pin(drive(&self.executor, main, self))
    }

    fn poll<T>(&self, driver: &mut Pin<Box<dyn Future<Output = T> + '_>>) -> Said<T> {
        let before = self.wakes.0.load(Ordering::SeqCst);
        let waker = self.wakes.clone().into();
        match driver.as_mut().poll(&mut Context::from_waker(&waker)) {
            Poll::Ready(output) => Said::Ready(output),
            Poll::Pending if self.wakes.0.load(Ordering::SeqCst) > before => Said::Look,
            Poll::Pending => Said::Wait,
        }
    }

    /// A task that is always ready, and takes so long at each poll. Counts its polls.
    fn busy(&self, length: Duration) -> Rc<Cell<u32>> {
        let (now, polls) = (self.now.clone(), Rc::new(Cell::new(0)));
        let counted = polls.clone();
        let task = async move {
            loop {
                now.set(now.get() + length);
                counted.set(counted.get() + 1);
                yield_now().await;
            }
        };
        self.executor.spawn(task).detach();
        polls
    }

    /// Past the time in which slices are short.
    fn settle(&self) {
        self.now.set(self.now.get() + us(2500));
    }
}

/// Pending for ever; keeps its waker, and counts its polls.
#[derive(Clone, Default)]
struct Waiting {
    polls: Rc<Cell<u32>>,
    waker: Rc<RefCell<Option<Waker>>>,
}

impl Waiting {
    async fn wait(self) {
        poll_fn(|cx| {
            self.polls.set(self.polls.get() + 1);
            *self.waker.borrow_mut() = Some(cx.waker().clone());
            Poll::<()>::Pending
        })
        .await;
    }

    fn wake(&self) {
        self.waker.borrow().as_ref().unwrap().wake_by_ref();
    }
}

#[test]
fn a_busy_task_leaves_room_for_a_look_at_the_reactor_after_each_slice() {
    let rig = Rig::new();
    let polls = rig.busy(us(100));
    let mut driver = rig.drive(std::future::pending::<()>());
    assert_eq!(rig.poll(&mut driver), Said::Look);
    rig.settle();
    for looks in 1..10 {
        let before = polls.get();
        assert_eq!(rig.poll(&mut driver), Said::Look);
        assert_eq!(polls.get() - before, 3, "tasks of 100 us before look {looks}");
    }
}

#[test]
fn a_busy_main_future_leaves_room_for_a_look_and_for_tasks() {
    let rig = Rig::new();
    let tasks = rig.busy(us(0));
    let (polls, now) = (Cell::new(0), rig.now.clone());
    let mut driver = rig.drive(poll_fn(|cx| {
        now.set(now.get() + us(100));
        polls.set(polls.get() + 1);
        cx.waker().wake_by_ref();
        Poll::<()>::Pending
    }));
    for _ in 0..10 {
        assert_eq!(rig.poll(&mut driver), Said::Look);
    }
    assert_eq!(tasks.get(), polls.get());
}

#[test]
fn with_nothing_to_run_it_waits_without_a_look() {
    let rig = Rig::new();
    let mut driver = rig.drive(std::future::pending::<()>());
    assert_eq!(rig.poll(&mut driver), Said::Wait);
    let task = Waiting::default();
    rig.executor.spawn(task.clone().wait()).detach();
    assert_eq!(rig.wakes.0.load(Ordering::SeqCst), 1, "the new task has woken it");
    assert_eq!(rig.poll(&mut driver), Said::Wait);
    task.wake();
    assert_eq!(rig.poll(&mut driver), Said::Wait);
    assert_eq!((task.polls.get(), rig.wakes.0.load(Ordering::SeqCst)), (2, 2));
}

#[test]
fn tasks_that_wake_each_other_and_the_main_future_cause_no_look() {
    let rig = Rig::new();
    let (send, receive) = smol::channel::bounded(1);
    let (answer, answers) = smol::channel::bounded(1);
    let task = async move {
        while receive.recv().await.is_ok() {
            answer.send(()).await.unwrap();
        }
    };
    rig.executor.spawn(task).detach();
    let mut driver = rig.drive(async move {
        for _ in 0..100 {
            send.send(()).await.unwrap();
            answers.recv().await.unwrap();
        }
    });
    assert_eq!(rig.poll(&mut driver), Said::Ready(()));
    assert_eq!(rig.wakes.0.load(Ordering::SeqCst), 0);
}

#[test]
fn the_main_future_is_polled_only_when_it_was_woken() {
    let rig = Rig::new();
    let (main, task) = (Waiting::default(), Waiting::default());
    rig.executor.spawn(task.clone().wait()).detach();
    let mut driver = rig.drive(main.clone().wait());
    for _ in 0..10 {
        assert_eq!(rig.poll(&mut driver), Said::Wait);
        task.wake();
    }
    assert_eq!((main.polls.get(), task.polls.get()), (1, 10));
    main.wake();
    assert_eq!(rig.poll(&mut driver), Said::Wait);
    assert_eq!(main.polls.get(), 2);
}

#[test]
fn the_main_future_is_polled_right_after_the_task_that_has_woken_it() {
    let rig = Rig::new();
    let main = Waiting::default();
    let (seen, polls) = (main.polls.clone(), main.clone());
    let task = async move {
        for round in 2..100 {
            main.wake();
            yield_now().await;
            assert_eq!(seen.get(), round, "polls of the main future");
        }
    };
    let checked = rig.executor.spawn(task);
    let mut driver = rig.drive(polls.wait());
    assert_eq!(rig.poll(&mut driver), Said::Wait);
    assert!(checked.is_finished());
    drop(driver);
    assert_eq!(futures_lite::future::block_on(futures_lite::future::poll_once(checked)), Some(()));
}

#[test]
fn after_a_wake_by_the_thread_of_async_io_it_looks_first_and_works_in_short_slices() {
    let rig = Rig::new();
    let (woken, task_woken) = smol::channel::bounded::<()>(1);
    let mut driver = rig.drive(std::future::pending::<()>());
    rig.settle();
    rig.executor.spawn(async move { task_woken.recv().await }).detach();
    assert_eq!(rig.poll(&mut driver), Said::Wait);

    let thread = thread::Builder::new().name("async-io".into());
    thread.spawn(move || woken.try_send(()).unwrap()).unwrap().join().unwrap();
    let polls = rig.busy(us(20));
    assert_eq!(rig.poll(&mut driver), Said::Look);
    assert_eq!(polls.get(), 0, "first the look, then the work");
    assert_eq!(rig.poll(&mut driver), Said::Look);
    let before = polls.get();
    assert_eq!(rig.poll(&mut driver), Said::Look);
    assert_eq!(polls.get() - before, 2, "tasks of 20 us in a slice of 35 us");
}

/// How often the executor allocates for itself at most when it runs so many tasks: its queue is made
/// of blocks.
fn blocks(tasks: u32) -> u64 {
    u64::from(tasks / 31 + 1)
}

#[test]
fn neither_a_slice_nor_a_wake_up_in_it_allocates() {
    let rig = Rig::new();
    let (task, main) = (Waiting::default(), Waiting::default());
    rig.executor.spawn(task.clone().wait()).detach();
    let busy = rig.busy(us(10));
    let mut driver = rig.drive(main.clone().wait());
    assert_eq!(rig.poll(&mut driver), Said::Look);
    let before = busy.get();
    let info = allocation_counter::measure(|| {
        for _ in 0..100 {
            task.wake();
            main.wake();
            assert_eq!(rig.poll(&mut driver), Said::Look);
        }
    });
    assert_eq!(main.polls.get(), 101);
    assert!(info.count_total <= blocks(100 + busy.get() - before), "{}", info.count_total);
}

#[test]
fn neither_a_wait_nor_its_end_allocates() {
    let rig = Rig::new();
    let (task, main) = (Waiting::default(), Waiting::default());
    rig.executor.spawn(task.clone().wait()).detach();
    let mut driver = rig.drive(main.clone().wait());
    assert_eq!(rig.poll(&mut driver), Said::Wait);
    let info = allocation_counter::measure(|| {
        for _ in 0..100 {
            task.wake();
            assert_eq!(rig.poll(&mut driver), Said::Wait);
            main.wake();
            assert_eq!(rig.poll(&mut driver), Said::Wait);
        }
    });
    assert_eq!((task.polls.get(), main.polls.get()), (101, 101));
    assert!(info.count_total <= blocks(100), "{}", info.count_total);
}

/// An executor for which a task is woken, so often, just when it has said that there is none.
struct Raced<'a> {
    executor: &'a LocalExecutor<'static>,
    task: Waiting,
    races: Cell<u32>,
}

impl Tick for Raced<'_> {
    fn try_tick(&self) -> bool {
        let found = self.executor.try_tick();
        if !found && self.races.get() > 0 {
            self.races.set(self.races.get() - 1);
            self.task.wake();
        }
        found
    }

    fn tick(&self) -> impl Future<Output = ()> {
        self.executor.tick()
    }
}

#[test]
fn work_that_comes_just_when_there_seemed_to_be_none_does_not_prolong_a_slice() {
    let rig = Rig::new();
    let task = Waiting::default();
    let (now, working) = (rig.now.clone(), task.clone());
    let work = poll_fn(move |cx| {
        now.set(now.get() + us(100));
        *working.waker.borrow_mut() = Some(cx.waker().clone());
        Poll::<()>::Pending
    });
    rig.executor.spawn(work).detach();
    let raced = Raced { executor: &rig.executor, task, races: Cell::new(1000) };
    let main = std::future::pending::<()>();
    let mut driver: Pin<Box<dyn Future<Output = ()> + '_>> = Box::pin(drive(&raced, main, &rig));
    assert_eq!(rig.poll(&mut driver), Said::Look, "the first slice is short");
    let start = rig.now.get();
    assert_eq!(rig.poll(&mut driver), Said::Look);
    assert!(rig.now.get() - start <= us(800), "{:?}", rig.now.get() - start);
}
