//! Asking a worker, whichever is free.

use std::{
    future::Future,
    io,
    pin::Pin,
    task::{Context, Poll},
};

use super::{
    limits::within,
    line::Ticket,
    shared::{Shared, ended},
    wanted::Wanted,
};
use crate::{AskFailed, Employ, Event, Notice, Reply, WorkerId};

/// How often an event is taken to another worker because one asks to be replaced or has not heard of it.
const MOST_WORKERS_ASKED: u32 = 8;

/// Asks a worker about an event: the one of `stick` if there is one, which is the one that answered
/// last time.
pub(super) async fn ask<K: Employ>(
    pool: &Shared<K>,
    event: Event<'_>,
    mut stick: Option<&mut Option<WorkerId>>,
) -> io::Result<Reply> {
    let mut asked = 0;
    loop {
        let wanted = match stick.as_deref() {
            Some(Some(one)) => Wanted::One(*one),
            Some(None) => Wanted::ToKeep,
            None => Wanted::Any,
        };
        let mut lease = lease(pool, wanted).await?;
        if let Some(stick) = &mut stick {
            **stick = Some(lease.id);
        }
        asked += 1;
        let Some(said) = ask_one(pool, &mut lease, event).await else {
            return Err(lease.overdue());
        };
        match said {
            Ok(reply) => {
                lease.give_back();
                if reply.dropped() > 0 {
                    tell_dropped(pool, event, reply.dropped());
                }
                return Ok(reply);
            }
            Err(AskFailed::Refused(error)) => {
                lease.give_back();
                return Err(error);
            }
            Err(AskFailed::ReplaceMe) => lease.let_go(),
            Err(AskFailed::NotAsked(error)) if asked < MOST_WORKERS_ASKED => lease.broken(&error),
            Err(AskFailed::NotAsked(error) | AskFailed::Broken(error)) => {
                lease.broken(&error);
                return Err(error);
            }
        }
        if asked >= MOST_WORKERS_ASKED {
            return Err(io::Error::other(format!(
                "none of {asked} workers has answered: each asked to be replaced, or was gone before"
            )));
        }
    }
}

/// What the worker says, or `None` if it takes too long.
async fn ask_one<K: Employ>(
    pool: &Shared<K>,
    lease: &mut Lease<'_, K>,
    event: Event<'_>,
) -> Option<Result<Reply, AskFailed>> {
    // A lease has its worker until it is given back, which takes the lease.
    let worker = lease.worker.as_mut()?;
    let asking = pool.kind.ask(worker, event);
    within(pool.options.clock.as_ref(), pool.options.exec_ttl, asking).await
}

fn tell_dropped<K: Employ>(pool: &Shared<K>, event: Event<'_>, number: u32) {
    let answers = if number == 1 { "answer is" } else { "answers are" };
    let what = format!("{number} {answers} dropped, after one that closes it");
    pool.options.notices.tell(&Notice::Dropped { peer: event.peer(), what: &what });
}

/// A worker that is asked by whoever holds this. Dropped, the worker is killed: nobody knows what it
/// would answer next.
struct Lease<'a, K: Employ> {
    pool: &'a Shared<K>,
    id: WorkerId,
    worker: Option<K::Worker>,
}

impl<K: Employ> Lease<'_, K> {
    /// It has answered.
    fn give_back(mut self) {
        if let Some(worker) = self.worker.take() {
            let now = self.pool.now();
            let after = self.pool.state().answered(self.id, worker, now);
            self.pool.finish(after);
        }
    }

    /// It asks to be replaced, and is to end gently.
    fn let_go(mut self) {
        if let Some(worker) = self.worker.take() {
            let now = self.pool.now();
            let after = self.pool.state().asks_to_leave(self.id, worker, now);
            self.pool.finish(after);
        }
    }

    /// It has failed, and cannot be asked again.
    fn broken(mut self, error: &io::Error) {
        let now = self.pool.now();
        let worker = self.worker.take();
        let after = self.pool.state().broken(self.id, &error.to_string(), now);
        self.pool.finish(after);
        drop(worker); // last, because it may panic
    }

    /// It takes too long.
    fn overdue(mut self) -> io::Error {
        let limit = self.pool.options.exec_ttl;
        let text = format!("the worker has not answered within {limit:?} (exec_ttl)");
        self.kill(&text);
        io::Error::new(io::ErrorKind::TimedOut, text)
    }

    fn kill(&mut self, reason: &str) {
        if let Some(worker) = self.worker.take() {
            self.pool.kill(self.id, reason);
            drop(worker); // last, because it may panic
        }
    }
}

impl<K: Employ> Drop for Lease<'_, K> {
    fn drop(&mut self) {
        self.kill("whoever asked it has gone before it had answered");
    }
}

/// Waits for a free worker.
async fn lease<K: Employ>(pool: &Shared<K>, wanted: Wanted) -> io::Result<Lease<'_, K>> {
    let free = {
        let mut state = pool.state();
        let wanted = state.possible(wanted);
        state.take(wanted)
    };
    if let Some((id, worker)) = free {
        return Ok(Lease { pool, id, worker: Some(worker) });
    }
    let limit = pool.options.allocate_timeout;
    let waiting = Waiting { pool, wanted, ticket: None };
    within(pool.options.clock.as_ref(), limit, waiting).await.unwrap_or_else(|| {
        let text = format!("no worker was free within {limit:?} (allocate_timeout)");
        Err(io::Error::new(io::ErrorKind::TimedOut, text))
    })
}

/// A place in the line of those who wait.
struct Waiting<'a, K: Employ> {
    pool: &'a Shared<K>,
    wanted: Wanted,
    ticket: Option<Ticket>,
}

impl<'a, K: Employ> Future for Waiting<'a, K> {
    type Output = io::Result<Lease<'a, K>>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let pool = self.pool;
        let waker = cx.waker().clone(); // before the lock, since it is the code of others
        let wanted = self.wanted;
        let mut state = pool.state();
        let found = match self.ticket {
            Some(ticket) => state.collect(ticket),
            None => {
                self.wanted = state.possible(wanted);
                state.take(self.wanted)
            }
        };
        if let Some((id, worker)) = found {
            self.ticket = None;
            return Poll::Ready(Ok(Lease { pool, id, worker: Some(worker) }));
        }
        if !state.is_open() {
            return Poll::Ready(Err(ended()));
        }
        let most = pool.options.max_queue_size;
        match self.ticket {
            Some(ticket) => {
                let replaced = state.line.renew(wanted.one(), ticket, waker);
                drop(state);
                drop(replaced);
            }
            None if most > 0 && state.line.len() >= most => {
                let text = format!("{most} events wait for a worker already (max_queue_size)");
                return Poll::Ready(Err(io::Error::new(io::ErrorKind::QuotaExceeded, text)));
            }
            None => {
                self.ticket = Some(state.line.join(self.wanted.one(), waker));
                let begins_for_it = state.on_demand;
                drop(state);
                if begins_for_it {
                    pool.keeper.wake();
                }
            }
        }
        Poll::Pending
    }
}

impl<K: Employ> Drop for Waiting<'_, K> {
    fn drop(&mut self) {
        let Some(ticket) = self.ticket else { return };
        let mut state = self.pool.state();
        let given = state.collect(ticket);
        let waker = state.line.leave(self.wanted.one(), ticket);
        drop(state);
        drop(waker);
        if let Some((id, worker)) = given {
            self.pool.settle(id, worker);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::{
        future::Future,
        pin::pin,
        sync::atomic::{AtomicU64, Ordering},
    };

    use futures_lite::future::{poll_once, yield_now};

    use crate::{Answer, Event, InProcess, Peer, Pool, PoolOptions, Worker, WorkerId};

    /// Says which one it is, at its second poll.
    struct Numbered(u64);

    impl Worker for Numbered {
        async fn answer(&mut self, event: Event<'_>) -> std::io::Result<Option<Answer>> {
            match event.message() {
                b"panic" => std::panic::resume_unwind(Box::new("")),
                _ => yield_now().await,
            }
            Ok(Some(Answer::respond(self.0.to_string())))
        }
    }

    fn numbered(workers: usize) -> Pool<impl crate::Employ> {
        let next = AtomicU64::new(1);
        let make = move || Numbered(next.fetch_add(1, Ordering::SeqCst));
        Pool::new(InProcess::new(make), PoolOptions::new().num_workers(workers))
    }

    fn poll<F: Future + Unpin>(future: &mut F) -> Option<F::Output> {
        futures_lite::future::block_on(poll_once(future))
    }

    /// Asks, with the pool run, and says who has answered.
    macro_rules! answered {
        ($run:expr, $asking:expr) => {{
            let mut asking = $asking;
            let mut answered = None;
            for _ in 0..10 {
                assert!(poll($run).is_none());
                answered = answered.or_else(|| poll(&mut asking));
                if answered.is_some() {
                    break;
                }
            }
            let answered = answered.expect("it was answered");
            answered
                .map_or_else(|_| "error".into(), |it| String::from_utf8_lossy(it.bytes()).into())
        }};
    }

    #[test]
    fn who_sticks_to_a_worker_gets_it_each_time() {
        let (pool, peer) = (numbered(3), Peer::new("test", None));
        let mut run = pin!(pool.run());
        let (mut mine, mut others) = (None, Vec::<String>::new());
        for _ in 0..3 {
            let asking = pin!(pool.ask_same(Event::Data(&peer, b""), Some(&mut mine)));
            others.push(answered!(&mut run, asking));
            let (one, two) =
                (pin!(pool.ask(Event::Connected(&peer))), pin!(pool.ask(Event::Connected(&peer))));
            let (mut one, mut two) = (one, two);
            assert!(poll(&mut one).is_none() && poll(&mut two).is_none());
            assert!(poll(&mut two).is_some() && poll(&mut one).is_some());
        }
        assert!(others.iter().all(|worker| *worker == others[0]), "{others:?}");
    }

    #[test]
    fn those_who_come_one_after_the_other_do_not_all_stick_to_the_same() {
        let (pool, peer) = (numbered(3), Peer::new("test", None));
        let mut run = pin!(pool.run());
        let mut answered: [String; 6] = [0; 6].map(|_| {
            let mut mine = None;
            answered!(&mut run, pin!(pool.ask_same(Event::Connected(&peer), Some(&mut mine))))
        });
        answered.sort_unstable();
        assert_eq!(answered, ["1", "1", "2", "2", "3", "3"]);
    }

    #[test]
    fn who_sticks_to_a_worker_waits_for_it_though_another_is_idle() {
        let (pool, peer) = (numbered(2), Peer::new("test", None));
        let mut run = pin!(pool.run());
        assert!(poll(&mut run).is_none());
        let mut mine = None;
        let first: String =
            answered!(&mut run, pin!(pool.ask_same(Event::Connected(&peer), Some(&mut mine))));
        let mut other = pin!(pool.ask(Event::Connected(&peer)));
        assert!(poll(&mut other).is_none(), "it has the one that was idle last");
        let mut again = pin!(pool.ask_same(Event::Connected(&peer), Some(&mut mine)));
        for _ in 0..3 {
            assert!(poll(&mut again).is_none());
        }
        assert!(poll(&mut other).is_some());
        let second: String = answered!(&mut run, again);
        assert_eq!(first, second);
    }

    #[test]
    fn who_sticks_to_a_worker_that_is_gone_gets_another_and_sticks_to_that() {
        let (pool, peer) = (numbered(2), Peer::new("test", None));
        let mut run = pin!(pool.run());
        let mut mine = None;
        let asked: Vec<String> = [&b""[..], b"panic", b"", b""]
            .map(|message| {
                let asking = pin!(pool.ask_same(Event::Data(&peer, message), Some(&mut mine)));
                answered!(&mut run, asking)
            })
            .into();
        assert_ne!(asked[0], asked[2]);
        assert_eq!(asked[2], asked[3]);
    }

    #[test]
    fn who_waits_for_a_worker_that_is_to_leave_gets_an_idle_one_at_once() {
        let (pool, peer) = (numbered(2), Peer::new("test", None));
        let mut run = pin!(pool.run());
        assert!(poll(&mut run).is_none());
        let mut busy = pin!(pool.ask(Event::Connected(&peer)));
        assert!(poll(&mut busy).is_none());
        let mut mine = Some(WorkerId::new(2));
        let mut waiting = pin!(pool.ask_same(Event::Connected(&peer), Some(&mut mine)));
        assert!(poll(&mut waiting).is_none());
        pool.shared.retire(WorkerId::new(2), "it is old");
        assert!(poll(&mut waiting).is_none(), "it is asked");
        let answered = poll(&mut waiting).expect("it has answered").expect("well");
        assert_eq!(answered.bytes(), b"1");
    }

    #[test]
    fn who_leaves_the_line_leaves_no_waker() {
        let (pool, peer) = (numbered(1), Peer::new("test", None));
        {
            let mut waiting = pin!(pool.ask(Event::Connected(&peer)));
            assert!(poll(&mut waiting).is_none());
            assert_eq!(pool.shared.state().line.len(), 1);
        }
        assert_eq!(pool.shared.state().line.len(), 0);
    }
}
