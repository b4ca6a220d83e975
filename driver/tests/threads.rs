//! Several threads on one executor.

use std::{sync::Barrier, thread};

use futures_lite::future::yield_now;
use smol::{Executor, channel};
use socketry_driver::block_on;

#[test]
fn each_thread_returns_when_its_own_future_is_ready() {
    let executor = Executor::new();
    let (send, receive) = channel::bounded::<()>(1);
    thread::scope(|scope| {
        let last = scope.spawn(|| block_on(&executor, receive.recv()));
        for n in 0..3 {
            let first = scope.spawn({
                let executor = &executor;
                move || block_on(executor, executor.spawn(async move { n }))
            });
            assert_eq!(first.join().unwrap(), n);
        }
        drop(send); // only now
        assert!(last.join().unwrap().is_err());
    });
}

#[test]
fn tasks_are_left_to_the_other_threads_when_one_returns() {
    let executor = Executor::new();
    for _ in 0..200 {
        let (go, gone) = channel::bounded::<()>(1);
        let task = executor.spawn(async move { gone.recv().await });
        thread::scope(|scope| {
            let waits = scope.spawn(|| block_on(&executor, task));
            // Wakes the task, and may be told to run it; and ends in that moment.
            block_on(&executor, async { drop(go) });
            assert!(waits.join().unwrap().is_err());
        });
    }
}

#[test]
fn all_threads_run_tasks_at_the_same_time() {
    let together = Barrier::new(3);
    let executor = Executor::new();
    let (stop, stopped) = channel::bounded::<()>(1);
    thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| block_on(&executor, stopped.recv()));
        }
        // Each blocks its thread until all three run: fewer threads would never end.
        let meet = (0..3).map(|_| executor.spawn(async { together.wait() })).collect::<Vec<_>>();
        block_on(&executor, async {
            for task in meet {
                task.await;
            }
        });
        drop(stop);
    });
}

#[test]
fn a_busy_task_keeps_no_thread_from_returning() {
    let executor = Executor::new();
    let busy = async {
        loop {
            yield_now().await;
        }
    };
    let _busy = executor.spawn::<()>(busy);
    thread::scope(|scope| {
        for n in 0..3 {
            let executor = &executor;
            scope.spawn(move || {
                let task = executor.spawn(async move {
                    yield_now().await;
                    n
                });
                assert_eq!(block_on(executor, task), n);
            });
        }
    });
}
