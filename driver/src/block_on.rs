//! Running an executor and a future, with a look at the reactor now and then.

use std::{
    future::{Future, poll_fn},
    pin::pin,
    task::{Context, Poll, Waker},
    time::Instant,
};

use crate::{Drive, bell::Bell, slices::Slices};

/// Runs the executor and `future` on this thread until `future` is ready, and waits for sockets and
/// timers in between: a drop-in for `smol::block_on(executor.run(future))`.
///
/// - **Tasks cannot starve the rest.** However busy they are, `future` is polled after the task that
///   has woken it, and sockets and timers are looked at after 300 us of work (35 us in the first
///   2.5 ms, after an idle time, and after async-io's own thread had the reactor), and at most four
///   tasks later: the clock is read less often than once a task while they are short. A task that
///   itself runs for long holds up the others, as on any executor.
/// - **`future` is polled when it was woken**, and not when any other task was. It cannot starve the
///   tasks either: they take turns.
/// - **No wake-up is lost**, from whatever thread, while working or waiting, if all threads of the
///   executor are driven by this function.
/// - **Idle costs nothing.** With nothing to run this thread waits inside async-io, without a look at
///   the reactor beforehand. It allocates when it begins, and then never by itself.
/// - **Several threads may run one [`Executor`](async_executor::Executor)**, each with a future of
///   its own, and each returns when its own is ready. Tasks that are left are run by the others.
/// - **It may be called in a task or future that it runs.** Then what is outside waits for it, as
///   with `smol::block_on`; the inner one runs tasks of whatever executor it was given.
///
/// Tasks are taken from the one queue of the executor, in the order in which they were woken. `run`
/// keeps a queue for each thread besides, which is not used here: with many threads and very short
/// tasks `run` may be the better choice. Do not have other threads `run` the same executor beside
/// this: what is in their queues cannot be seen from here, and a notification about it that reaches
/// this thread does not reach theirs, so a task may wait there until another one ends.
///
/// # Panics
///
/// When `future` panics. As with `run`, a panic in a task goes to whoever awaits it. The executor and
/// this function can be used again.
///
/// # Examples
///
/// Three threads that run one executor until the main future is ready:
///
/// ```
/// use std::thread;
///
/// use smol::Executor;
/// use socketry_driver::block_on;
///
/// let executor = Executor::new();
/// let (stop, stopped) = smol::channel::bounded::<()>(1);
/// let sum: u64 = thread::scope(|scope| {
///     for _ in 0..2 {
///         scope.spawn(|| block_on(&executor, stopped.recv()));
///     }
///     let sum = block_on(&executor, async {
///         let tasks: Vec<_> = (1..=4).map(|n| executor.spawn(async move { n * n })).collect();
///         let mut sum = 0;
///         for task in tasks {
///             sum += task.await;
///         }
///         sum
///     });
///     drop(stop);
///     sum
/// });
/// assert_eq!(sum, 30);
/// ```
pub fn block_on<E: Drive + ?Sized, T>(executor: &E, future: impl Future<Output = T>) -> T {
    async_io::block_on(drive(executor, future, Instant::now))
}

/// `async_io::block_on` polls this. Pending means to it: wait in the reactor; or, if this has woken
/// itself, have a look at the reactor and come back.
async fn drive<E: Drive + ?Sized, F: Future>(
    executor: &E,
    main: F,
    now: impl Fn() -> Instant,
) -> F::Output {
    let mut main = pin!(main);
    let bell = Bell::new();
    let (of_main, of_tasks) = (bell.of_main(), bell.of_tasks());
    let mut slices = Slices::new(now());
    loop {
        let is_main_woken = bell.take_main();
        if is_main_woken {
            let poll = main.as_mut().poll(&mut Context::from_waker(&of_main));
            if let Poll::Ready(output) = poll {
                return output;
            }
        }
        if !executor.try_tick() && !is_main_woken {
            // It need not have waited: a task may have come since that look for one.
            if let Some(waited) = wait(executor, &bell, &of_tasks, &now).await {
                if waited.helper_had_reactor {
                    slices.be_wary(waited.until);
                }
                slices.begin(waited.until);
            }
        }
        if slices.is_over(&now) {
            look().await;
            slices.begin(now());
        }
    }
}

/// A wait that has ended.
struct Waited {
    /// When the thread had something to do again.
    until: Instant,
    /// async-io's own thread has ended it.
    helper_had_reactor: bool,
}

/// Runs the next task, or returns because the main future has to be polled; waits until there is
/// something to do. `None` if that was there at once.
async fn wait<E: Drive + ?Sized>(
    executor: &E,
    bell: &Bell,
    of_tasks: &Waker,
    now: &impl Fn() -> Instant,
) -> Option<Waited> {
    let mut tick = pin!(executor.tick());
    let mut has_waited = false;
    let mut helper_had_reactor = false;
    poll_fn(|cx| {
        if bell.get_up() {
            // It sleeps for 50 us now, and then takes the reactor again unless it was used: use it,
            // before anything else.
            helper_had_reactor = true;
            cx.waker().wake_by_ref();
            return Poll::Pending;
        }
        let waited = has_waited.then(|| Waited { until: now(), helper_had_reactor });
        loop {
            let has_run = tick.as_mut().poll(&mut Context::from_waker(of_tasks)).is_ready();
            if has_run || bell.is_main_woken() {
                return Poll::Ready(waited);
            }
            if bell.lie_down(cx.waker()) {
                has_waited = true;
                return Poll::Pending;
            }
        }
    })
    .await
}

/// Lets whoever polls look at the reactor, and goes on.
async fn look() {
    let mut has_looked = false;
    poll_fn(|cx| {
        if has_looked {
            return Poll::Ready(());
        }
        has_looked = true;
        cx.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}

#[cfg(test)]
mod tests;
