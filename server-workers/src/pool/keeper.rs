//! Whoever sees to it that there are as many workers as there should be.

use std::{future::poll_fn, io, task::Poll, time::Instant};

use futures_lite::future::poll_once;
use futures_util::stream::{FuturesUnordered, StreamExt};

use super::{
    career::career,
    limits::within,
    shared::{Shared, SharedPool},
};
use crate::{Employ, WorkerId, timer::Timer};

/// Starts workers, keeps their number, and ends them all when it is time; drop it, and they are killed.
pub(super) async fn keep<K: Employ>(pool: SharedPool<K>) -> io::Result<()> {
    if std::mem::replace(&mut pool.state().is_kept, true) {
        let text = "the pool is run already, or was: make another one";
        return Err(io::Error::new(io::ErrorKind::InvalidInput, text));
    }
    let end = End(&pool);
    let result = keep_going(&pool).await;
    drop(end);
    result
}

/// Ends the pool when nobody keeps it any more.
struct End<'a, K: Employ>(&'a Shared<K>);

impl<K: Employ> Drop for End<'_, K> {
    fn drop(&mut self) {
        self.0.end();
    }
}

async fn keep_going<K: Employ>(pool: &SharedPool<K>) -> io::Result<()> {
    let mut careers = FuturesUnordered::new();
    let mut timer = Timer::default();
    poll_fn(|cx| {
        pool.keeper.register(cx.waker());
        loop {
            for id in begin_missing(pool) {
                careers.push(career(pool.clone(), id));
            }
            if let Poll::Ready(Some(())) = careers.poll_next_unpin(cx) {
                continue; // somebody may be missing now
            }
            if !pool.state().is_open() {
                return Poll::Ready(());
            }
            let until = see_to_reset(pool);
            if timer.poll(pool.options.clock.as_ref(), until, cx).is_pending() {
                return Poll::Pending;
            }
        }
    })
    .await;
    let limit = pool.options.destroy_timeout;
    let all_end = async { while careers.next().await.is_some() {} };
    if within(pool.options.clock.as_ref(), limit, all_end).await.is_none() {
        pool.kill_busy("it is still busy at the end of destroy_timeout");
        poll_once(async { while careers.next().await.is_some() {} }).await; // tells who is killed
    }
    let not_started = pool.state().not_started.take();
    not_started.map_or(Ok(()), Err)
}

/// Makes places for those who are missing, if it is time for them.
fn begin_missing<K: Employ>(pool: &Shared<K>) -> Vec<WorkerId> {
    let now = pool.now();
    let mut state = pool.state();
    match state.patience.until(now) {
        Some(_) => Vec::new(),
        None => (0..state.missing()).map(|_| state.begin(now, pool.most_jobs())).collect(),
    }
}

/// Ends a reset that is done or whose time is over, and says when to look again.
fn see_to_reset<K: Employ>(pool: &Shared<K>) -> Option<Instant> {
    let now = pool.now();
    let mut state = pool.state();
    let mut has_ended = state.check_reset();
    let mut overdue = Vec::new();
    if state.reset.until.is_some_and(|until| until <= now) {
        overdue = state.expire_reset();
        has_ended = true;
    }
    let until = state.reset.until.into_iter().chain(state.patience.until(now)).min();
    drop(state);
    for id in overdue {
        pool.kill(id, "it is still busy at the end of reset_timeout");
    }
    if has_ended {
        pool.changed.notify(usize::MAX);
    }
    until
}
