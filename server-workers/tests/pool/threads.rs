//! Many who ask on several threads, while workers die.

use std::{
    io,
    sync::atomic::{AtomicUsize, Ordering},
    thread,
};

use futures_lite::future::{block_on, or, poll_once, yield_now};
use socketry_server_workers::{Answer, Employ, Event, InProcess, Peer, Pool, PoolOptions, Worker};

use crate::support::{Say, Scripted};

const THREADS: usize = 4;
const ASKS: usize = 2000;

/// Answers at once or later, panics now and then, and fails now and then.
struct Moody(usize);

impl Worker for Moody {
    async fn answer(&mut self, event: Event<'_>) -> io::Result<Option<Answer>> {
        self.0 += 1;
        match self.0 % 13 {
            3 | 5 => yield_now().await,
            7 => std::panic::resume_unwind(Box::new("moody")), // it prints nothing
            11 => return Err(io::Error::other("moody")),
            _ => {}
        }
        Ok(Some(Answer::respond(event.message())))
    }
}

/// Asks, and goes away now and then before there is an answer.
async fn ask_often(pool: Pool<impl Employ>, thread: usize) {
    let peer = Peer::new("test", None);
    for number in (thread..).step_by(THREADS).take(ASKS) {
        let message = number.to_string();
        let asked = pool.ask(Event::Data(&peer, message.as_bytes()));
        if number % 17 == 0 {
            _ = poll_once(asked).await;
        } else {
            _ = asked.await;
        }
    }
}

/// Counts who has ended, also by a panic.
struct Ends<'a>(&'a AtomicUsize);

impl Drop for Ends<'_> {
    fn drop(&mut self) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }
}

#[test]
fn all_asks_from_several_threads_end_while_workers_panic() {
    let started = AtomicUsize::new(0);
    let kind = InProcess::new(move || Moody(started.fetch_add(1, Ordering::SeqCst)));
    let pool = Pool::new(kind, PoolOptions::new().num_workers(3).max_jobs(50));
    thread::scope(|scope| {
        let run = scope.spawn(|| block_on(pool.run()));
        let asking: Vec<_> = (0..THREADS)
            .map(|thread| {
                scope.spawn({
                    let pool = pool.clone();
                    move || block_on(ask_often(pool, thread))
                })
            })
            .collect();
        let ended = asking.into_iter().map(|thread| thread.join().is_ok());
        assert_eq!(ended.collect::<Vec<_>>(), [true; THREADS]);
        pool.end();
        run.join().unwrap().unwrap();
    });
}

#[test]
fn all_asks_from_several_threads_end_while_workers_are_killed_and_replaced() {
    let (kind, script) = Scripted::new();
    script.says(Say::Answer);
    let pool = Pool::new(kind, PoolOptions::new().num_workers(3));
    let done = AtomicUsize::new(0);
    let is_done = || done.load(Ordering::SeqCst) == THREADS;
    thread::scope(|scope| {
        let run = scope.spawn(|| block_on(pool.run()));
        for thread in 0..THREADS {
            let (pool, ends) = (pool.clone(), Ends(&done));
            scope.spawn(move || {
                let _ends = ends;
                block_on(ask_often(pool, thread));
            });
        }
        scope.spawn(|| {
            while !is_done() {
                let worker = script.state().records.first().copied();
                _ = worker.map(|worker| script.dies(worker));
                _ = pool.add_worker().and_then(|_| pool.remove_worker());
                block_on(or(async { _ = pool.reset().await }, async {
                    while !is_done() {
                        yield_now().await;
                    }
                }));
            }
            pool.end();
        });
        run.join().unwrap().unwrap();
    });
    let state = script.state();
    assert_eq!((state.records.len(), state.workers.len(), state.asking.len()), (0, 0, 0));
}
