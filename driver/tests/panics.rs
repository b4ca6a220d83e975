//! What is left after a panic.

use std::{
    future::pending,
    panic::{AssertUnwindSafe, catch_unwind, resume_unwind},
};

use smol::LocalExecutor;
use socketry_driver::block_on;

/// A panic that prints nothing.
fn fall() {
    resume_unwind(Box::new("fallen"));
}

/// What a call has panicked with.
fn caught<T>(
    executor: &LocalExecutor<'_>,
    future: impl Future<Output = T>,
) -> Option<&'static str> {
    let panic = catch_unwind(AssertUnwindSafe(|| block_on(executor, future))).err()?;
    panic.downcast_ref().copied()
}

#[test]
fn a_panic_in_the_main_future_goes_to_the_caller() {
    let executor = LocalExecutor::new();
    assert_eq!(caught(&executor, async { fall() }), Some("fallen"));
}

#[test]
fn a_panic_in_a_task_goes_to_whoever_awaits_it() {
    let executor = LocalExecutor::new();
    let task = executor.spawn(async { fall() });
    assert_eq!(caught(&executor, task), Some("fallen"));
}

#[test]
fn a_panic_in_a_task_that_nobody_awaits_ends_that_task_only() {
    let executor = LocalExecutor::new();
    executor.spawn(async { fall() }).detach();
    let later = executor.spawn(async { 42 });
    assert_eq!(block_on(&executor, later), 42);
}

#[test]
fn after_a_panic_the_executor_goes_on_with_what_it_has() {
    let executor = LocalExecutor::new();
    let (send, receive) = smol::channel::bounded(1);
    let task = executor.spawn(async move { receive.recv().await });
    for _ in 0..3 {
        assert_eq!(caught(&executor, async { fall() }), Some("fallen"));
    }
    let heard = block_on(&executor, async {
        send.send(42).await.unwrap();
        task.await
    });
    assert_eq!(heard, Ok(42));
}

#[test]
fn a_panic_in_a_call_inside_leaves_the_one_outside_alone() {
    let executor = LocalExecutor::new();
    let task = executor.spawn(async {
        let inner = LocalExecutor::new();
        let _never = inner.spawn(pending::<()>());
        caught(&inner, async { fall() })
    });
    assert_eq!(block_on(&executor, task), Some("fallen"));
}
