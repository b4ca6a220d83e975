//! Many askers over a pool of few connections, to which the proxy does what it likes.
//!
//! Shown: nobody hears the answer to another's question, and everybody is served in the end.

use std::{
    io,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use smol::{Executor, Task, Timer};
use socketry::{
    Connector, Endpoint, Reconnecting, Session, Socket,
    reconnecting::{
        Backoff, CircuitOptions, Circuits, Disconnected, Pool, PoolOptions, PoolStatistics,
        Registry,
    },
};
use socketry_testing::Fault;

use super::{
    asker::{Asker, Book, CONNECTIONS, Nonce, check},
    clock::CountedClock,
    frame::{Frame, Kind},
    stage::{Held, PATIENCE, Stage, on_threads, within},
    tally::Tally,
    weather::Weather,
};
use crate::{
    random::Random,
    report::{Report, note},
    size::Size,
};

/// The same faults in every run, as far as time allows.
const SEED: u64 = 20_261_202;

const ASKERS: u32 = 64;

/// How long a check-out may wait: long enough that only one that is forgotten waits for it.
const GENEROUS: Duration = Duration::from_secs(20);

pub(super) fn run(size: Size, report: &mut Report) -> io::Result<()> {
    on_threads(async |tasks| measure(size, tasks, report).await)
}

async fn measure(size: Size, tasks: &Executor<'static>, report: &mut Report) -> io::Result<()> {
    let questions = size.choose(30, 500);
    note(&format!(
        "{ASKERS} askers with {questions} questions each, {CONNECTIONS} connections, seed {SEED}"
    ));
    let (mut stage, clock) = (Stage::start().await?, CountedClock::default());
    let connector = stage.connector(&clock)?;
    stage.warm_up(&connector).await?;
    let (before, held) = (stage.ask_server().await?, Held::now(&clock)?);

    let (book, over) = (Arc::<Book>::default(), Arc::<AtomicBool>::default());
    let (stage, tally) = (Arc::new(stage), Arc::<Tally>::default());
    let weather =
        Weather { random: Random::new(SEED), refusals: Vec::new(), refused_for: Duration::ZERO };
    let weather = tasks.spawn(weather.run(stage.clone(), tally, over.clone()));
    let (registry, pool) = pool(&stage, connector, &clock, &book)?;
    let keeper = tasks.spawn({
        let pool = pool.clone();
        async move { pool.run().await }
    });
    let mut hung = join(ask(tasks, &pool, &book, questions)).await;
    let (counted, made) = once_settled(&pool, &book).await;
    note(&format!("{counted:?}"));
    add_up(&counted, made, &book, report);

    // Once more, and the pool ends in the middle of it.
    let askers = ask(tasks, &pool, &book, u64::MAX);
    Timer::after(Duration::from_millis(100)).await;
    over.store(true, Ordering::Relaxed);
    weather.await;
    for proxy in [&stage.plain, &stage.secure] {
        proxy.set_default(Fault::Pass);
    }

    let started = Instant::now();
    let aborted = pool.drain(PATIENCE).await != Disconnected::Gracefully;
    let drained = started.elapsed().as_secs_f64() * 1000.0;
    hung += join(askers).await + join(vec![keeper]).await;
    let left = pool.statistics();
    registry.disconnect_all(Duration::ZERO).await;
    drop((pool, registry));
    let open = stage.settle().await;

    book.tell(report);
    report.at_most("tasks that did not end", hung as f64, 0.0, "");
    report.at_most("drained after", drained, 1000.0, " ms");
    report.at_most("drains at the deadline", f64::from(u8::from(aborted)), 0.0, "");
    report.at_most("connections left in the pool", (left.size + left.in_use) as f64, 0.0, "");
    report.at_most("connections left in the proxies", open as f64, 0.0, "");
    held.tell(&clock, report).await?;
    match Arc::into_inner(stage) {
        Some(mut stage) => stage.ask_server().await?.tell(&before, report),
        None => report.fail("some task still holds the stage"),
    }
    Ok(())
}

/// All of them ask so often.
fn ask(
    tasks: &Executor<'static>,
    pool: &Pool<Connector, Endpoint>,
    book: &Arc<Book>,
    questions: u64,
) -> Vec<Task<()>> {
    let start = |number| tasks.spawn(Asker::new(number, pool.clone(), book).run(questions));
    (0..ASKERS).map(start).collect()
}

/// How many do not end.
async fn join(tasks: Vec<Task<()>>) -> u64 {
    let mut hung = 0;
    for task in tasks {
        hung += u64::from(within(3 * GENEROUS, task).await.is_none());
    }
    hung
}

/// A pool that keeps connections for so short a time that all of its reasons to end one occur.
fn pool(
    stage: &Stage,
    connector: Connector,
    clock: &CountedClock,
    book: &Arc<Book>,
) -> io::Result<(Registry<Connector, Endpoint>, Pool<Connector, Endpoint>)> {
    let options = CircuitOptions::default()
        .burst(50)
        .refill(Duration::from_millis(2))
        .failures_to_open(Some(10))
        .open_for(Duration::from_millis(5))
        .open_at_most(Duration::from_millis(50));
    let circuits = Circuits::new(options).with_clock(Arc::new(clock.clone()));
    let registry =
        Registry::new(connector).with_clock(Arc::new(clock.clone())).with_circuits(circuits);
    let options = PoolOptions::new()
        .max_size(CONNECTIONS)
        .min_idle(2)
        .wait_timeout(Some(GENEROUS))
        .idle_timeout(Some(Duration::from_millis(20)))
        .max_lifetime(Some(Duration::from_millis(10)))
        .check_timeout(Some(Duration::from_millis(100)));
    let (endpoint, book) = (Endpoint::from(stage.plain.address()), book.clone());
    let pool = registry.create_pool_with("soak", |pool| {
        pool.to(endpoint)
            .options(options)
            .connections(move |sessions| member(sessions, &book))
            .check(|session: &mut Session| Box::pin(check(session)))
    })?;
    Ok((registry, pool))
}

fn member(sessions: Reconnecting, book: &Arc<Book>) -> Reconnecting {
    let backoff = Backoff::immediate_then(Duration::from_millis(2))
        .cap(Duration::from_millis(30))
        .stable_after(Duration::from_millis(5))
        .min_connect_timeout(Some(Duration::from_millis(120)));
    let book = book.clone();
    sessions.backoff(backoff).retry_if(|_| true).on_connect(move |socket: &mut Socket, _| {
        let book = book.clone();
        Box::pin(async move {
            let greeting = Frame::read(socket).await?;
            if greeting.kind != Kind::Greeting {
                return Err(io::Error::other(format!("greeted with {greeting:?}")));
            }
            socket.attributes_mut().insert(Nonce(greeting.nonce));
            book.made.add();
            Ok(())
        })
    })
}

/// The statistics and how many sessions were made by then, as soon as they add up, or after a while.
/// Whoever keeps the pool goes on meanwhile, and what he looks at is not among the idle ones.
async fn once_settled(pool: &Pool<Connector, Endpoint>, book: &Book) -> (PoolStatistics, u64) {
    let look = || (pool.statistics(), book.made.get());
    let (mut counted, mut made) = look();
    for _ in 0..100 {
        if gone(&counted, book) == made {
            break;
        }
        Timer::after(Duration::from_millis(10)).await;
        (counted, made) = look();
    }
    (counted, made)
}

/// What has become of all sessions: closed by the pool, taken out of it, or idle in it.
fn gone(counted: &PoolStatistics, book: &Book) -> u64 {
    let closed = counted.closed_idle
        + counted.closed_old
        + counted.closed_broken
        + counted.closed_unread
        + counted.closed_unanswered
        + counted.closed_unfit;
    closed + book.detached.get() + counted.idle as u64
}

/// Whether the statistics say what has come to pass.
fn add_up(counted: &PoolStatistics, made: u64, book: &Book, report: &mut Report) {
    let mut same = |what: &str, one: u64, other: u64| {
        report.at_most(what, one.abs_diff(other) as f64, 0.0, "");
    };
    same("check-outs counted wrongly", counted.served, book.served.get());
    same("sessions counted wrongly", gone(counted, book), made);
    same("check-outs that timed out", counted.timed_out, 0);
    same("connections in use", counted.in_use as u64, 0);
    same("check-outs that wait", counted.waiting as u64, 0);
}
