//! Executors on smol primitives, on one thread.

use std::{future::Future, io};

use async_executor::LocalExecutor;

thread_local! {
    static TASKS: LocalExecutor<'static> = const { LocalExecutor::new() };
}

/// What runs the futures of libraries on async-io.
pub(crate) trait Runner: Copy + Send + Sync + 'static {
    fn run(self, main: impl Future<Output = io::Result<()>>) -> io::Result<()>;
}

/// As smol does it.
#[derive(Clone, Copy)]
pub(crate) struct Smol;

impl Runner for Smol {
    fn run(self, main: impl Future<Output = io::Result<()>>) -> io::Result<()> {
        TASKS.with(|tasks| smol::block_on(tasks.run(main)))
    }
}

/// As the driver of this house does it.
#[derive(Clone, Copy)]
pub(crate) struct Driver;

impl Runner for Driver {
    fn run(self, main: impl Future<Output = io::Result<()>>) -> io::Result<()> {
        TASKS.with(|tasks| socketry_driver::block_on(tasks, main))
    }
}

/// Spawns a task for the runner of this thread.
pub(crate) fn spawn(task: impl Future<Output = io::Result<()>> + 'static) {
    TASKS.with(|tasks| tasks.spawn(task).detach());
}
