//! Many callers of one lookup.

use std::{
    future::Future,
    io,
    pin::{Pin, pin},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    task::{Context, Poll},
};

use futures_lite::future::{block_on, poll_once};
use socketry_resolver::{Answer, Family, LookupFailure, Resolve, from_fn};
use socketry_resolver_caching::CachingResolver;
use socketry_testing::CountingWaker;

use crate::support::{
    NAME, address, address_for, advance, cache, failed, found, poll, waiting, which,
};

#[test]
fn a_thousand_callers_are_one_query_and_are_told_the_same() {
    let (cache, nameserver, _clock) = cache();
    let callers: Vec<_> = (0..1000).map(|_| waiting(&cache)).collect();
    assert_eq!((nameserver.begun(), nameserver.pending()), (1, 1));
    nameserver.try_next_lookup().unwrap().answer(address(1));
    for (calling, _) in callers {
        assert_eq!(block_on(calling).unwrap(), address(1));
    }
    assert_eq!((nameserver.begun(), nameserver.pending()), (1, 0));
}

#[test]
fn an_inner_answer_that_is_ready_at_once_is_ready_at_the_first_poll() {
    let (cache, nameserver, _clock) = cache();
    nameserver.succeed_next(address(1));
    let answer = block_on(poll_once(cache.resolve(NAME, Family::V4))).unwrap();
    assert_eq!(answer.unwrap(), address(1));
}

#[test]
fn clones_share_one_query() {
    let (cache, nameserver, _clock) = cache();
    let clone = cache.clone();
    let (first, _) = waiting(&cache);
    let (second, _) = waiting(&clone);
    assert_eq!(nameserver.begun(), 1);
    nameserver.try_next_lookup().unwrap().answer(address(1));
    assert_eq!(block_on(first).unwrap(), block_on(second).unwrap());
}

#[test]
fn the_families_of_a_name_are_two_queries() {
    let (cache, nameserver, _clock) = cache();
    let (_v4, _) = waiting(&cache);
    let mut v6 = pin!(cache.resolve(NAME, Family::V6));
    assert!(block_on(poll_once(&mut v6)).is_none());
    let families = [(); 2].map(|()| nameserver.try_next_lookup().unwrap().family());
    assert_eq!(families, [Family::V4, Family::V6]);
}

#[test]
fn a_failure_is_told_to_everybody_and_the_next_caller_asks_anew() {
    let (cache, nameserver, _clock) = cache();
    let callers: Vec<_> = (0..10).map(|_| waiting(&cache).0).collect();
    nameserver.try_next_lookup().unwrap().fail(failed(LookupFailure::ServerFailed));
    for calling in callers {
        let error = block_on(calling).unwrap_err();
        assert_eq!(error.to_string(), failed(LookupFailure::ServerFailed).to_string());
    }
    nameserver.succeed_next(address(2));
    assert_eq!(found(&cache), 2);
}

#[test]
fn who_comes_when_an_entry_has_expired_joins_the_query_that_renews_it() {
    let (cache, nameserver, clock) = cache();
    nameserver.succeed_next(address_for(1, &clock, 60));
    assert_eq!(found(&cache), 1);
    advance(&clock, 60);
    let (first, _) = waiting(&cache);
    let (second, _) = waiting(&cache);
    assert_eq!(nameserver.begun(), 2);
    nameserver.try_next_lookup().unwrap().answer(address(2));
    assert_eq!([first, second].map(|calling| which(&block_on(calling).unwrap())), [2, 2]);
}

#[test]
fn an_answer_wakes_every_caller_once() {
    let (cache, nameserver, _clock) = cache();
    let callers: Vec<_> = (0..10).map(|_| waiting(&cache)).collect();
    nameserver.try_next_lookup().unwrap().answer(address(1));
    assert!(callers.iter().all(|(_, waker)| waker.count() == 1));
    for (mut calling, waker) in callers {
        assert!(poll(&mut calling, &waker).is_ready());
        assert_eq!(waker.count(), 1);
    }
}

#[test]
fn a_caller_who_is_kept_but_not_polled_holds_up_nobody() {
    let (cache, nameserver, _clock) = cache();
    let (_kept, _) = waiting(&cache); // it was the first, and has polled the inner future
    let (calling, _) = waiting(&cache);
    nameserver.try_next_lookup().unwrap().answer(address(1));
    assert_eq!(which(&block_on(calling).unwrap()), 1);
}

#[test]
fn a_caller_who_moves_to_another_task_is_woken_there() {
    let (cache, nameserver, _clock) = cache();
    let (mut calling, first) = waiting(&cache);
    let second = CountingWaker::new();
    assert!(poll(&mut calling, &second).is_pending());
    nameserver.try_next_lookup().unwrap().answer(address(1));
    assert_eq!((first.count(), second.count()), (0, 1));
}

#[test]
fn a_poll_that_nothing_has_caused_does_not_reach_the_resolver_inside() {
    let polls = Arc::new(AtomicUsize::new(0));
    let inner = from_fn({
        let polls = polls.clone();
        move |_, _| Counted(polls.clone())
    });
    let cache = CachingResolver::new(inner);
    let mut callers: Vec<_> = (0..10).map(|_| Box::pin(cache.resolve(NAME, Family::V4))).collect();
    let waker = CountingWaker::new();
    for calling in &mut callers {
        assert!(calling.as_mut().poll(&mut waker.context()).is_pending());
        assert!(calling.as_mut().poll(&mut waker.context()).is_pending());
    }
    assert_eq!(polls.load(Ordering::SeqCst), 1);
}

#[test]
fn an_inner_future_that_wakes_itself_is_polled_again() {
    let cache = CachingResolver::new(from_fn(|_, _| Yielding(3)));
    assert_eq!(which(&block_on(cache.resolve(NAME, Family::V4)).unwrap()), 1);
}

/// Never ready; counts its polls.
struct Counted(Arc<AtomicUsize>);

impl Future for Counted {
    type Output = io::Result<Answer>;

    fn poll(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Self::Output> {
        self.0.fetch_add(1, Ordering::SeqCst);
        Poll::Pending
    }
}

/// Wakes itself while it is polled, so often.
struct Yielding(u32);

impl Future for Yielding {
    type Output = io::Result<Answer>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        if self.0 == 0 {
            return Poll::Ready(Ok(address(1)));
        }
        self.0 -= 1;
        cx.waker().wake_by_ref();
        Poll::Pending
    }
}
