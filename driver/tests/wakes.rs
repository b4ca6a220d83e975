//! Wake-ups from other threads. One that is lost is a test that never ends.

use std::{
    future::poll_fn,
    hint,
    sync::{
        Arc, Mutex,
        atomic::{AtomicU32, Ordering},
    },
    task::{Poll, Waker},
    thread,
};

use smol::{Executor, LocalExecutor, Timer, channel};
use socketry_driver::block_on;

const ROUNDS: u32 = 10_000;

/// A number that one side raises and the other waits for, with nothing but a waker in between.
#[derive(Default)]
struct Counter {
    value: AtomicU32,
    waker: Mutex<Option<Waker>>,
}

impl Counter {
    fn raise(&self) {
        self.value.fetch_add(1, Ordering::SeqCst);
        let waker = self.waker.lock().unwrap().take();
        if let Some(waker) = waker {
            waker.wake();
        }
    }

    async fn reaches(&self, value: u32) {
        poll_fn(|cx| {
            *self.waker.lock().unwrap() = Some(cx.waker().clone());
            match self.value.load(Ordering::SeqCst) >= value {
                true => Poll::Ready(()),
                false => Poll::Pending,
            }
        })
        .await;
    }
}

/// Answers each raise of the one counter by one of the other, from a thread without a driver: each a
/// little later than the one before, so that every moment of falling asleep is tried.
fn answerer(asked: &Arc<Counter>, answered: &Arc<Counter>) -> thread::JoinHandle<()> {
    let (asked, answered) = (asked.clone(), answered.clone());
    thread::spawn(move || {
        for round in 1..=ROUNDS {
            while asked.value.load(Ordering::SeqCst) < round {
                thread::yield_now();
            }
            (0..round % 256).for_each(|_| hint::spin_loop());
            answered.raise();
        }
    })
}

async fn ask(asked: Arc<Counter>, answered: Arc<Counter>) {
    for round in 1..=ROUNDS {
        asked.raise();
        answered.reaches(round).await;
    }
}

/// Asks, and has been answered each time when this ends.
fn with_answers(run: impl FnOnce(Arc<Counter>, Arc<Counter>)) {
    let (asked, answered) = <(Arc<Counter>, Arc<Counter>)>::default();
    let thread = answerer(&asked, &answered);
    run(asked, answered);
    thread.join().unwrap();
}

#[test]
fn none_to_the_main_future_is_lost() {
    let executor = LocalExecutor::new();
    with_answers(|asked, answered| block_on(&executor, ask(asked, answered)));
}

#[test]
fn none_to_a_task_is_lost() {
    let executor = LocalExecutor::new();
    with_answers(|asked, answered| {
        block_on(&executor, executor.spawn(ask(asked, answered)));
    });
}

#[test]
fn none_to_a_main_future_and_a_task_at_once_is_lost() {
    let executor = LocalExecutor::new();
    with_answers(|asked, answered| {
        let task = executor.spawn(ask(asked, answered));
        with_answers(|asked, answered| block_on(&executor, ask(asked, answered)));
        block_on(&executor, task);
    });
}

#[test]
fn none_to_tasks_on_three_threads_is_lost() {
    let executor = Executor::new();
    let (stop, stopped) = channel::bounded::<()>(1);
    thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| block_on(&executor, stopped.recv()));
        }
        with_answers(|asked, answered| {
            let task = executor.spawn(ask(asked, answered));
            with_answers(|asked, answered| block_on(&executor, ask(asked, answered)));
            block_on(&executor, task);
        });
        drop(stop);
    });
}

#[test]
fn none_is_lost_while_a_timer_keeps_the_thread_in_the_reactor() {
    let executor = LocalExecutor::new();
    // With a timer that is far away the wait in the reactor has an end, which is another path.
    let never = executor.spawn(async {
        let mut timer = Timer::never();
        timer.set_after(std::time::Duration::from_secs(3600));
        timer.await
    });
    with_answers(|asked, answered| block_on(&executor, ask(asked, answered)));
    drop(never);
}

#[test]
fn a_waker_that_is_used_after_the_end_does_nothing() {
    let executor = LocalExecutor::new();
    let kept = Arc::new(Mutex::new(None));
    let keep = kept.clone();
    block_on(
        &executor,
        poll_fn(move |cx| {
            *keep.lock().unwrap() = Some(cx.waker().clone());
            Poll::Ready(())
        }),
    );
    let waker: Waker = kept.lock().unwrap().take().unwrap();
    thread::spawn(move || waker.wake()).join().unwrap();
    assert_eq!(block_on(&executor, async { 42 }), 42);
}
