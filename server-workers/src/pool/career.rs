//! The life of one worker, from its start to its end.

use std::{future::poll_fn, io, task::Poll};

use futures_lite::future::or;
use socketry_connection::Sleep;

use super::{
    limits::within,
    member::Departure,
    shared::{Shared, SharedPool},
};
use crate::{Employ, Notice, WorkerId};

type Hired<K> = (<K as Employ>::Worker, <K as Employ>::Record);

/// Accompanies a worker: starts it, looks after it, and ends it.
///
/// Dropping the future ends the worker at once.
pub(super) async fn career<K: Employ>(pool: SharedPool<K>, id: WorkerId) {
    let pool = &*pool;
    let begun = or(async { Some(hire(pool, id).await) }, async {
        departure(pool, id).await;
        None
    });
    match begun.await {
        Some(Ok((worker, record))) => {
            pool.ready(id, worker, pool.kind.pid(&record));
            accompany(pool, id, record).await;
            pool.remove(id);
        }
        Some(Err(error)) => pool.not_started(id, error),
        None => pool.remove(id),
    }
}

async fn hire<K: Employ>(pool: &Shared<K>, id: WorkerId) -> io::Result<Hired<K>> {
    let limit = pool.options.allocate_timeout;
    let hiring = pool.kind.hire(id, &pool.options.notices);
    let hired = within(pool.options.clock.as_ref(), limit, hiring).await;
    hired.unwrap_or_else(|| {
        let text = format!("it was not ready within {limit:?} (allocate_timeout)");
        Err(io::Error::new(io::ErrorKind::TimedOut, text))
    })
}

/// What happens to a worker that is ready.
enum Turn<W> {
    Ended(String),
    Leaves(Departure<W>),
    Watched,
}

/// Looks after a worker that is ready, until it has ended.
async fn accompany<K: Employ>(pool: &Shared<K>, id: WorkerId, mut record: K::Record) {
    let pid = pool.kind.pid(&record);
    loop {
        // The end first: how it has ended is worth more than that whoever asked it has noticed.
        let turn = or(
            async { Turn::Ended(pool.kind.ended(&mut record).await) },
            or(async { Turn::Leaves(departure(pool, id).await) }, async {
                Sleep::after(pool.options.clock.as_ref(), pool.options.watch_tick).await;
                Turn::Watched
            }),
        );
        match turn.await {
            Turn::Watched => watch(pool, id, pool.kind.memory(&record)),
            Turn::Ended(how) => {
                let reason = match pool.departure(id) {
                    Some(Departure { reason, .. }) => format!("{reason} ({how})"),
                    None => how,
                };
                pool.gone(id);
                pool.options.notices.tell(&Notice::WorkerEnds { worker: id, pid, reason: &reason });
                return;
            }
            Turn::Leaves(Departure { reason, worker }) => {
                pool.options.notices.tell(&Notice::WorkerEnds { worker: id, pid, reason: &reason });
                return match worker {
                    Some(worker) => pool.kind.dismiss(worker, record).await,
                    None => drop(record),
                };
            }
        }
    }
}

/// Ready when the worker is to leave.
async fn departure<K: Employ>(pool: &Shared<K>, id: WorkerId) -> Departure<K::Worker> {
    let bell = pool.state().members.get(&id).map(|member| member.bell.clone());
    poll_fn(|cx| {
        if let Some(bell) = &bell {
            bell.register(cx.waker());
        }
        pool.departure(id).map_or(Poll::Pending, Poll::Ready)
    })
    .await
}

/// Looks whether a worker is too old, was idle for too long, or has too much memory.
fn watch<K: Employ>(pool: &Shared<K>, id: WorkerId, memory: Option<u64>) {
    let now = pool.now();
    let options = &pool.options;
    let reason = {
        let mut state = pool.state();
        let Some(member) = state.members.get_mut(&id) else { return };
        member.memory = memory;
        let age = now.saturating_duration_since(member.born);
        let rested = now.saturating_duration_since(member.last_used);
        let has_rested = member.is_idle() && member.jobs > 0;
        if !options.ttl.is_zero() && age >= options.ttl {
            Some("it is as old as ttl lets it be")
        } else if !options.idle_ttl.is_zero() && has_rested && rested >= options.idle_ttl {
            Some("it has had nothing to do for as long as idle_ttl")
        } else if options.max_worker_memory > 0 && memory > Some(options.max_worker_memory) {
            Some("it has more memory than max_worker_memory")
        } else {
            None
        }
    };
    if let Some(reason) = reason {
        pool.retire(id, reason);
    }
}
