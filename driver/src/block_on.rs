//! Running an executor and a future, with a look at the reactor now and then.

use std::{
    future::{Future, poll_fn},
    pin::pin,
    task::{Context, Poll, Waker},
};

use crate::{
    Drive,
    bell::Bell,
    ladder::Slice,
    pace::{Pace, Real, Surroundings, Waited, look},
};

/// Runs the executor and `future` on this thread until `future` is ready, and waits for sockets and
/// timers in between: a drop-in for `smol::block_on(executor.run(future))`.
///
/// - **Tasks cannot starve the rest.** However busy they are, `future` is polled after the task that
///   has woken it, and sockets and timers are looked at after 300 us of work (35 us in the first
///   2.5 ms, after an idle time, and after async-io's own thread had the reactor), and at most four
///   tasks later: the clock is read less often than once a task while they are short. A task that
///   itself runs for long holds up the others, as on any executor. Where async-io's own thread is found
///   to use the reactor under load, nothing but looking is done for 600 us, and `future` waits too: 10
///   ms after work has begun at the earliest, then 10 ms later, 20, 40 and so on up to 250, and from
///   the beginning after an idle time.
/// - **`future` is polled when it was woken**, and not when any other task was. It cannot starve the
///   tasks either: they take turns.
/// - **No wake-up is lost**, from whatever thread, while working or waiting, if all threads of the
///   executor are driven by this function.
/// - **Idle costs nothing.** With nothing to run this thread waits inside async-io, without a look at
///   the reactor beforehand, unless async-io's own thread has just been found to use it. It allocates
///   when it begins, and then for a timer each time that thread is watched, and another when it is
///   found.
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
    async_io::block_on(drive(executor, future, Real::new()))
}

/// `async_io::block_on` polls this. Pending means to it: wait in the reactor; or, if this has woken
/// itself, have a look at the reactor and come back.
async fn drive<E: Drive + ?Sized, F: Future>(
    executor: &E,
    main: F,
    around: impl Surroundings,
) -> F::Output {
    let mut main = pin!(main);
    let bell = Bell::new();
    let (of_main, of_tasks) = (bell.of_main(), bell.of_tasks());
    let mut pace = Pace::new(around);
    loop {
        let is_main_woken = bell.take_main();
        if is_main_woken {
            let poll = main.as_mut().poll(&mut Context::from_waker(&of_main));
            if let Poll::Ready(output) = poll {
                return output;
            }
        }
        if !executor.try_tick() && !is_main_woken {
            pace.has_led_away(Slice::CutShort).await;
            // It need not have waited: a task may have come since that look for one.
            if let Some(waited) = wait(executor, &bell, &of_tasks, &pace).await {
                pace.go_on(&waited);
            }
        }
        if pace.is_slice_over() {
            if !pace.has_led_away(Slice::Over).await {
                look().await;
            }
            pace.begin_slice();
        }
    }
}

/// Runs the next task, or returns because the main future has to be polled; waits until there is
/// something to do. `None` if that was there at once.
async fn wait<E: Drive + ?Sized>(
    executor: &E,
    bell: &Bell,
    of_tasks: &Waker,
    pace: &Pace<impl Surroundings>,
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
        let waited = has_waited.then(|| Waited { until: pace.now(), helper_had_reactor });
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

#[cfg(test)]
mod tests;
