//! A call inside what another one runs.

use std::{cell::Cell, rc::Rc, sync::Arc};

use futures_lite::future::yield_now;
use smol::{Executor, LocalExecutor, channel};
use socketry_driver::block_on;

#[test]
fn in_the_main_future_it_runs_the_tasks_of_the_same_executor() {
    let executor = LocalExecutor::new();
    let task = executor.spawn(async { 42 });
    assert_eq!(block_on(&executor, async { block_on(&executor, task) }), 42);
}

#[test]
fn in_a_task_it_runs_another_executor_to_its_end() {
    let executor = LocalExecutor::new();
    let outside = executor.spawn(async {
        let inner = LocalExecutor::new();
        let task = inner.spawn(async {
            for _ in 0..100 {
                yield_now().await;
            }
            42
        });
        block_on(&inner, task)
    });
    assert_eq!(block_on(&executor, outside), 42);
}

#[test]
fn what_is_woken_outside_meanwhile_goes_on_afterwards() {
    let executor = Rc::new(LocalExecutor::new());
    let (send, receive) = channel::bounded(1);
    let inner = executor.clone();
    let task = executor.spawn(async move {
        block_on(&inner, async {
            send.send(42).await.unwrap(); // wakes the main future, which cannot be polled now
            yield_now().await;
        });
    });
    let heard = block_on(&executor, async {
        let heard = receive.recv().await;
        task.await;
        heard
    });
    assert_eq!(heard, Ok(42));
}

#[test]
fn inside_async_io_and_with_async_io_inside_it_works_as_well() {
    let executor = LocalExecutor::new();
    let polls = Cell::new(0);
    smol::block_on(async {
        block_on(&executor, async {
            smol::block_on(async {
                yield_now().await;
                polls.set(polls.get() + 1);
            });
            yield_now().await;
            polls.set(polls.get() + 1);
        });
    });
    assert_eq!(polls.get(), 2);
}

#[test]
fn whatever_points_to_an_executor_can_be_driven() {
    let local = LocalExecutor::new();
    assert_eq!(block_on(&local, local.spawn(async { 1 })), 1);
    assert_eq!(block_on(&&local, local.spawn(async { 2 })), 2);
    let shared = Rc::new(local);
    assert_eq!(block_on(&shared, shared.spawn(async { 3 })), 3);
    let executor = Arc::new(Box::new(Executor::new()));
    assert_eq!(block_on(&executor, executor.spawn(async { 4 })), 4);
}
