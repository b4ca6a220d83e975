//! Round trips to worker processes, through a pool and through a bare loop over the same pipes.
//!
//! Whoever asks has one processor and the workers have another: else it is chance which of them share one,
//! and that is a factor of ten.

use std::{io, thread, time::Instant};

use futures_lite::future::try_zip;
use smol::{LocalExecutor, block_on};
use socketry_server_workers::{AnswerMode, Event, Peer, Pool, PoolOptions, Processes};

use super::{
    bare::Bare,
    echo::processes,
    processor::{ASKERS, CORE, WORKERS, keep_to_processor},
};
use crate::{
    report::{Report, note},
    size::Size,
};

const MESSAGE: &[u8] = b"a message as people send it, with some words in it\r\n";

/// They are measured in turns, so many times, and the middle one counts.
const TURNS: usize = 9;

pub(crate) fn run(size: Size, report: &mut Report) -> io::Result<()> {
    // A thread of its own, so that only it and what it starts have one processor.
    thread::scope(|scope| scope.spawn(|| measure(size, report)).join())
        .unwrap_or_else(|_| Err(io::Error::other("the measurement has panicked")))
}

fn measure(size: Size, report: &mut Report) -> io::Result<()> {
    keep_to_processor(ASKERS)?;
    let count = size.choose(2_000, 20_000);
    // A short run is at the mercy of whatever else the machine does in the meantime.
    let (least_strict, least_barrier) = size.choose((0.7, 0.6), (0.9, 0.75));
    for workers in [1, 4] {
        let mut ratios = [Vec::new(), Vec::new()];
        let mut rates = Vec::new();
        for _ in 0..TURNS {
            let bare = bare_rate(workers, count)?;
            for (mode, ratios) in
                [AnswerMode::Strict, AnswerMode::Barrier].into_iter().zip(&mut ratios)
            {
                ratios.push(
                    pool_rate(
                        workers,
                        count,
                        processes()?.env(CORE, WORKERS.to_string()).answers(mode),
                    )? / bare,
                );
            }
            rates.push(bare);
        }
        let [strict, barrier] = ratios.map(middle);
        let rate = middle(rates);
        note(&format!("{workers} workers, a bare loop: {rate:.0} round trips a second"));
        let what = |mode| format!("{workers} workers, the rate through a pool ({mode}) over that");
        report.at_least(&what("strict"), strict, least_strict, "");
        report.at_least(&what("barrier"), barrier, least_barrier, "");
    }
    Ok(())
}

/// With a thread for each worker.
fn bare_rate(workers: usize, count: u32) -> io::Result<f64> {
    let mut bare = Vec::new();
    for _ in 0..workers {
        bare.push(Bare::start(MESSAGE)?);
    }
    let started = Instant::now();
    thread::scope(|scope| {
        let threads: Vec<_> =
            bare.iter_mut().map(|bare| scope.spawn(|| bare.round_trips(count))).collect();
        let mut ended = threads.into_iter().map(|thread| thread.join());
        ended.try_for_each(|ended| ended.unwrap_or_else(|_| Err(io::ErrorKind::Other.into())))
    })?;
    Ok(f64::from(count) * workers as f64 / started.elapsed().as_secs_f64())
}

/// With a task for each worker, on one thread.
fn pool_rate(workers: usize, count: u32, processes: Processes) -> io::Result<f64> {
    let pool = Pool::new(processes, PoolOptions::new().num_workers(workers));
    let tasks = LocalExecutor::new();
    let asking = async {
        pool.started().await?;
        let started = Instant::now();
        let asked: Vec<_> = (0..workers).map(|_| tasks.spawn(ask(&pool, count))).collect();
        for asked in asked {
            asked.await?;
        }
        let rate = f64::from(count) * workers as f64 / started.elapsed().as_secs_f64();
        pool.end();
        Ok(rate)
    };
    let ((), rate) = block_on(tasks.run(try_zip(pool.run(), asking)))?;
    Ok(rate)
}

async fn ask(pool: &Pool<Processes>, count: u32) -> io::Result<()> {
    let peer = Peer::new("bench", "tcp://127.0.0.1:40000".parse().ok());
    for _ in 0..count {
        let reply = pool.ask(Event::Data(&peer, MESSAGE)).await?;
        if reply.bytes() != MESSAGE {
            return Err(io::Error::other("the worker has not said the message again"));
        }
    }
    Ok(())
}

fn middle(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}
