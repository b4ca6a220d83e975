//! Many threads, one cache.

use std::{
    future::{Future, pending, poll_fn},
    sync::{
        Arc, Barrier, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    task::{Poll, Waker},
    thread,
};

use futures_lite::future::{block_on, or, poll_once, yield_now};
use socketry_resolver::{Answer, Family, Resolve, from_fn};
use socketry_resolver_caching::CachingResolver;

use crate::support::{NAME, address, cache};

const THREADS: usize = 8;

#[test]
fn callers_on_many_threads_share_one_query() {
    let (cache, nameserver, _clock) = cache();
    let arrived = Barrier::new(THREADS + 1);
    thread::scope(|scope| {
        for _ in 0..THREADS {
            scope.spawn(|| {
                let mut calling = Box::pin(cache.resolve(NAME, Family::V4));
                assert!(block_on(poll_once(&mut calling)).is_none());
                arrived.wait();
                assert_eq!(block_on(calling).unwrap(), address(1));
            });
        }
        arrived.wait();
        nameserver.try_next_lookup().unwrap().answer(address(1));
    });
    assert_eq!(nameserver.begun(), 1);
}

#[test]
fn callers_who_give_up_at_random_leave_nothing_behind_and_hold_up_nobody() {
    let alive = Arc::new(AtomicUsize::new(0));
    let nameserver = Nameserver::default();
    let cache = CachingResolver::new(from_fn({
        let (alive, nameserver) = (alive.clone(), nameserver.clone());
        move |name, _| {
            let (counted, asked) = (Counted::new(alive.clone()), nameserver.ask());
            async move {
                let _counted = counted;
                yield_now().await;
                asked.await;
                Ok(answer_of(&name))
            }
        }
    }));
    let cache = &cache;
    thread::scope(|scope| {
        let callers: Vec<_> = (0..THREADS as u64)
            .map(|seed| scope.spawn(move || call_at_random(cache, seed)))
            .collect();
        while callers.iter().any(|caller| !caller.is_finished()) {
            nameserver.answer_all();
            thread::yield_now();
        }
    });
    assert_eq!(alive.load(Ordering::SeqCst), 0);
    assert!(format!("{cache:?}").contains("under_way: 0"), "{cache:?}");
}

/// Makes calls, and gives most of them up after a few polls.
fn call_at_random(cache: &impl Resolve, seed: u64) {
    let mut random = Random(seed);
    for _ in 0..2000 {
        let name = format!("{}.example", random.next() % 3);
        let patience = random.next() % 6;
        let calling = async { Some(cache.resolve(&name, Family::V4).await) };
        let giving_up = async {
            for _ in 0..patience {
                yield_now().await;
            }
            if patience == 5 {
                pending::<()>().await;
            }
            None
        };
        if let Some(answer) = block_on(or(calling, giving_up)) {
            assert_eq!(answer.unwrap(), answer_of(&name));
        }
    }
}

fn answer_of(name: &str) -> Answer {
    address(name.as_bytes()[0])
}

/// Whose questions wait until it answers all of them.
#[derive(Clone, Default)]
struct Nameserver(Arc<Mutex<Round>>);

#[derive(Default)]
struct Round {
    number: u64,
    waiting: Vec<Waker>,
}

impl Nameserver {
    fn ask(&self) -> impl Future<Output = ()> + Send + use<> {
        let (round, asked_in) = (self.0.clone(), self.0.lock().unwrap().number);
        poll_fn(move |cx| {
            let mut round = round.lock().unwrap();
            if round.number > asked_in {
                return Poll::Ready(());
            }
            round.waiting.push(cx.waker().clone());
            Poll::Pending
        })
    }

    fn answer_all(&self) {
        let mut round = self.0.lock().unwrap();
        round.number += 1;
        let waiting = std::mem::take(&mut round.waiting);
        drop(round);
        waiting.into_iter().for_each(Waker::wake);
    }
}

/// Counts itself while it lives.
struct Counted(Arc<AtomicUsize>);

impl Counted {
    fn new(alive: Arc<AtomicUsize>) -> Self {
        alive.fetch_add(1, Ordering::SeqCst);
        Self(alive)
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        self.0 >> 33
    }
}
