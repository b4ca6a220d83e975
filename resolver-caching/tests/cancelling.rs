//! Callers who give up, one by one and all at once.

use std::{
    future::poll_fn,
    io,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{Arc, Mutex},
    task::Poll,
};

use futures_lite::future::block_on;
use socketry_resolver::{Answer, Family, LookupFailed, LookupFailure, Resolve, from_fn};
use socketry_resolver_caching::CachingResolver;
use socketry_testing::CountingWaker;

use crate::support::{Calling, NAME, address, cache, found, poll, waiting, which};

#[test]
fn a_caller_who_gives_up_leaves_the_query_to_the_others() {
    for given_up in 0..3 {
        let (cache, nameserver, _clock) = cache();
        let mut callers: Vec<_> = (0..3).map(|_| waiting(&cache).0).collect();
        let lookup = nameserver.try_next_lookup().unwrap();
        drop(callers.remove(given_up)); // 0 is the one who has polled the inner future
        assert!(!lookup.is_cancelled());
        lookup.answer(address(1));
        for calling in callers {
            assert_eq!(which(&block_on(calling).unwrap()), 1);
        }
        assert_eq!(nameserver.begun(), 1);
    }
}

#[test]
fn a_caller_who_was_woken_to_go_on_and_gives_up_leaves_that_to_the_others() {
    let (cache, nameserver, _clock) = cache();
    let (first, woken) = waiting(&cache);
    let (mut second, waker) = waiting(&cache);
    nameserver.try_next_lookup().unwrap().answer(address(1));
    assert_eq!(woken.count(), 1);
    drop(first);
    assert_eq!(waker.count(), 1);
    assert!(poll(&mut second, &waker).is_ready());
}

#[test]
fn when_all_have_given_up_so_has_the_query_at_once() {
    let (cache, nameserver, _clock) = cache();
    let callers: Vec<_> = (0..1000).map(|_| waiting(&cache)).collect();
    let lookup = nameserver.try_next_lookup().unwrap();
    drop(callers);
    assert!(lookup.is_cancelled());
    assert_eq!(nameserver.pending(), 0);
}

#[test]
fn who_comes_after_all_have_given_up_begins_anew() {
    let (cache, nameserver, _clock) = cache();
    drop(waiting(&cache));
    let (calling, _) = waiting(&cache);
    assert_eq!((nameserver.begun(), nameserver.pending()), (2, 1));
    let [first, second] = [(); 2].map(|()| nameserver.try_next_lookup().unwrap());
    first.answer(address(1));
    second.answer(address(2));
    assert_eq!(which(&block_on(calling).unwrap()), 2);
}

#[test]
fn what_a_caller_waited_with_is_dropped_with_it() {
    let (cache, nameserver, _clock) = cache();
    let (gone, waker) = waiting(&cache);
    let (_stays, _) = waiting(&cache);
    drop(gone);
    nameserver.try_next_lookup().unwrap().answer(address(1));
    assert_eq!(waker.count(), 0);
}

#[test]
fn a_cache_that_is_dropped_ends_with_its_callers() {
    let (cache, nameserver, _clock) = cache();
    let clone = cache.clone();
    let (calling, _) = waiting(&clone);
    drop(cache);
    assert_eq!(nameserver.pending(), 1);
    drop(calling);
    assert_eq!(nameserver.pending(), 0);
}

#[test]
fn the_resolver_inside_comes_out_when_nobody_shares_it() {
    let (mut cache, _nameserver, _clock) = cache();
    let clone = cache.clone();
    assert!(cache.get_mut().is_none());
    assert!(clone.into_inner().is_none());
    drop(waiting(&cache));
    assert!(cache.get_mut().is_some());
    assert!(cache.into_inner().is_some());
}

#[test]
fn a_panic_inside_reaches_who_polled_and_the_others_get_an_error() {
    let trigger = Trigger::default();
    let cache = CachingResolver::new(from_fn({
        let trigger = trigger.clone();
        move |_, _| panics_at_second_poll(trigger.clone())
    }));
    let waker = CountingWaker::new();
    let mut callers =
        [(); 3].map(|()| -> Calling<'_> { Box::pin(cache.resolve(NAME, Family::V4)) });
    for calling in &mut callers {
        assert!(poll(calling, &waker).is_pending());
    }
    let inside = trigger.lock().unwrap().clone().unwrap();
    inside.wake();
    let [first, others @ ..] = &mut callers;
    waker.take();
    assert!(catch_unwind(AssertUnwindSafe(|| poll(first, &waker))).is_err());
    assert_eq!(waker.take(), 0, "they were woken already, and not polled since");
    for calling in others {
        let Poll::Ready(Err(error)) = poll(calling, &waker) else { panic!("it hangs") };
        let failed: &LookupFailed = error.get_ref().unwrap().downcast_ref().unwrap();
        assert_eq!(failed.failure(), LookupFailure::Other);
        assert!(error.to_string().contains("panicked"), "{error}");
    }
}

#[test]
fn after_a_panic_inside_the_next_caller_begins_anew() {
    let panics = Arc::new(Mutex::new(true));
    let cache = CachingResolver::new(from_fn(move |_, _| {
        let panics = std::mem::take(&mut *panics.lock().unwrap());
        async move { if panics { panic!("of the test") } else { Ok(address(2)) } }
    }));
    let first = catch_unwind(AssertUnwindSafe(|| block_on(cache.resolve(NAME, Family::V4))));
    assert!(first.is_err());
    assert_eq!(which(&block_on(cache.resolve(NAME, Family::V4)).unwrap()), 2);
}

#[test]
fn a_cancelled_query_is_not_kept() {
    let (cache, nameserver, _clock) = cache();
    let cache = cache.lifetime(std::time::Duration::MAX);
    let (calling, _) = waiting(&cache);
    nameserver.try_next_lookup().unwrap().answer(address(1));
    drop(calling); // before it took the answer
    nameserver.succeed_next(address(2));
    assert_eq!(found(&cache), 2);
}

type Trigger = Arc<Mutex<Option<std::task::Waker>>>;

async fn panics_at_second_poll(trigger: Trigger) -> io::Result<Answer> {
    poll_fn(|cx| {
        let mut trigger = trigger.lock().unwrap();
        match trigger.is_some() {
            false => *trigger = Some(cx.waker().clone()),
            true => panic!("of the test"),
        }
        Poll::Pending
    })
    .await
}
