//! A helper that serves by worker processes, and kills one of them ever so often.
//!
//! It is told `kill` and `spare`, to begin and end that, and `report`, to say what it holds.

use std::{
    cell::Cell,
    fs, io,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use futures_lite::{StreamExt, future};
use rustix::process::{Pid, Signal, kill_process};
use smol::Timer;
use socketry::{Server, server::AcceptExt};
use socketry_server_workers::{
    Handle, Notice, Pool, PoolOptions, ServerOptions, WorkerServer, WorkerState,
};

use super::echo::processes;
use crate::{
    helper::{answer, commands},
    random::Random,
    system::{descriptors, memory, raise_descriptors, threads},
};

/// How many workers there are.
pub(super) const WORKERS: usize = 4;

/// How often one is killed.
pub(super) const EVERY: Duration = Duration::from_millis(100);

const SEED: u64 = 20_261_130;

pub(super) fn run() -> io::Result<()> {
    raise_descriptors()?;
    let failed = Arc::new(AtomicU64::new(0));
    let counted = failed.clone();
    let options = PoolOptions::new().num_workers(WORKERS).on_notice(move |notice| {
        if matches!(notice, Notice::ConnectionFailed { .. }) {
            counted.fetch_add(1, Ordering::Relaxed);
        }
    });
    smol::block_on(async {
        let server = Server::builder().bind("tcp://127.0.0.1:0").await?;
        answer("listening", server.local_address().ok_or(io::ErrorKind::AddrNotAvailable)?)?;
        let servers = WorkerServer::new(Pool::new(processes()?, options)).server(
            "soak",
            server.boxed(),
            ServerOptions::new(),
        )?;
        let handle = servers.handle();
        future::or(servers.run(), obey(&handle, &failed)).await
    })
}

async fn obey(handle: &Handle, failed: &AtomicU64) -> io::Result<()> {
    let is_killing = Cell::new(false);
    let killed = Cell::new(0_u64);
    let killing = async {
        let random = Random::new(SEED);
        loop {
            Timer::after(EVERY).await;
            if is_killing.get() {
                killed.set(killed.get() + kill_one(handle, &random));
            }
        }
    };
    let obeying = async {
        let mut commands = commands()?;
        while let Some(command) = commands.next().await.transpose()? {
            match &*command {
                "kill" => is_killing.set(true),
                "spare" => is_killing.set(false),
                _ => report(handle, failed, killed.get()).await?,
            }
        }
        Ok(())
    };
    future::or(killing, obeying).await
}

/// Kills a worker, whatever it is doing; how many that were.
fn kill_one(handle: &Handle, random: &Random) -> u64 {
    let workers = handle.workers();
    let alive: Vec<_> = workers
        .iter()
        .filter(|worker| matches!(worker.state, WorkerState::Idle | WorkerState::Busy))
        .filter_map(|worker| Pid::from_raw(worker.pid?.try_into().ok()?))
        .collect();
    let Ok(count) = u32::try_from(alive.len()) else { return 0 };
    match alive.get(random.below(count.max(1)) as usize) {
        Some(pid) => u64::from(kill_process(*pid, Signal::KILL).is_ok()),
        None => 0,
    }
}

/// Says what is held, once all workers are there.
async fn report(handle: &Handle, failed: &AtomicU64, killed: u64) -> io::Result<()> {
    let is_idle = |handle: &Handle| {
        let workers = handle.workers();
        workers.len() == WORKERS && workers.iter().all(|it| it.state == WorkerState::Idle)
    };
    for _ in 0..500 {
        if is_idle(handle) && handle.connections() == 0 {
            break;
        }
        Timer::after(Duration::from_millis(10)).await;
    }
    answer("connections", handle.connections())?;
    answer("workers", handle.workers().len())?;
    answer("failed", failed.load(Ordering::Relaxed))?;
    answer("killed", killed)?;
    answer("children", children()?)?;
    answer("descriptors", descriptors()?)?;
    answer("threads", threads()?)?;
    answer("memory", memory()?)
}

/// How many processes this one has started that the system still knows, dead or alive.
fn children() -> io::Result<usize> {
    let mut count = 0;
    for task in fs::read_dir("/proc/self/task")? {
        let children = fs::read_to_string(task?.path().join("children"))?;
        count += children.split_whitespace().count();
    }
    Ok(count)
}
