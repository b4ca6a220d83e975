//! Deadlines on the system's clock, whose timers are ready only once.

use std::{
    future::Future,
    io,
    sync::{Arc, Mutex},
    time::Duration,
};

use futures_lite::future::{block_on, or};
use socketry_server_workers::{Event, Peer, Pool, PoolOptions};

use crate::support::{Hire, Say, Script, Scripted};

const TINY: Duration = Duration::from_millis(3);

type Told = Arc<Mutex<Vec<String>>>;

fn pool(options: impl FnOnce(PoolOptions) -> PoolOptions) -> (Pool<Scripted>, Script, Told) {
    let (kind, script) = Scripted::new();
    let told = Told::default();
    let heard = told.clone();
    let all = PoolOptions::new()
        .num_workers(1)
        .on_notice(move |notice| heard.lock().unwrap().push(notice.to_string()));
    (Pool::new(kind, options(all)), script, told)
}

/// What comes of it while the pool is run.
fn meanwhile<T>(pool: &Pool<Scripted>, work: impl Future<Output = T>) -> T {
    block_on(or(work, async {
        pool.run().await.unwrap();
        std::future::pending().await
    }))
}

async fn ask(pool: &Pool<Scripted>) -> Result<(), io::ErrorKind> {
    let peer = Peer::new("test", None);
    let asked = pool.ask(Event::Data(&peer, b"0")).await;
    asked.map(drop).map_err(|error| error.kind())
}

/// Lets others go on until it is so.
async fn until(mut is_so: impl FnMut() -> bool) {
    while !is_so() {
        futures_lite::future::yield_now().await;
    }
}

#[test]
fn one_who_takes_too_long_is_killed_and_the_next_as_well() {
    let (pool, _script, _) = pool(|options| options.exec_ttl(TINY));
    let asked = meanwhile(&pool, async { [ask(&pool).await, ask(&pool).await] });
    assert_eq!(asked, [Err(io::ErrorKind::TimedOut); 2]);
}

#[test]
fn one_who_waits_too_long_is_told_so() {
    let (pool, script, _) = pool(|options| options.debug(true).allocate_timeout(TINY));
    script.hires(Hire::Hang);
    assert_eq!(meanwhile(&pool, ask(&pool)), Err(io::ErrorKind::TimedOut));
}

#[test]
fn a_worker_grows_old_again_and_again() {
    let (pool, _script, _) = pool(|options| options.ttl(TINY).watch_tick(TINY));
    meanwhile(&pool, until(|| pool.workers().iter().any(|it| it.id.to_string() == "4")));
}

#[test]
fn workers_that_die_come_back_after_their_delays() {
    let (pool, script, _) = pool(|options| options);
    meanwhile(&pool, async {
        for worker in 1..=3 {
            script.dies(worker);
            let next = (worker + 1).to_string();
            until(|| pool.workers().iter().any(|it| it.id.to_string() == next)).await;
        }
    });
    assert_eq!(script.state().hires, 4);
}

#[test]
fn a_reset_ends_in_time_while_starts_are_tried_again_and_again() {
    let (pool, script, told) =
        pool(|options| options.reset_timeout(120 * Duration::from_millis(1)));
    let reset = meanwhile(&pool, async {
        pool.started().await.unwrap();
        script.hires(Hire::Fail);
        pool.reset().await
    });
    assert!(reset.is_err());
    assert!(told.lock().unwrap().len() > 2, "it was tried more than once");
}

#[test]
fn the_end_does_not_wait_for_longer_than_it_may() {
    let (pool, script, _) = pool(|options| options.destroy_timeout(TINY));
    script.says(Say::Answer);
    let run = pool.run();
    script.dismissals_hang(true);
    let ended = async {
        pool.started().await.unwrap();
        pool.end();
        std::future::pending().await
    };
    assert!(block_on(or(run, ended)).is_ok());
    assert!(script.state().records.is_empty());
}
