//! The scripted resolver and its handle.

use std::{future::Future, io::ErrorKind, pin::pin};

use futures_lite::future::{block_on, poll_once, zip};
use socketry_resolver::{Answer, Family, Resolve};
use socketry_testing::{CountingWaker, scripted_resolver};

fn answer() -> Answer {
    Answer::from(vec![[192, 0, 2, 1].into()])
}

#[test]
fn lookups_appear_at_the_handle_in_order_when_they_are_first_polled() {
    let (resolver, handle) = scripted_resolver();
    let mut second = pin!(resolver.resolve("b.example", Family::V6));
    let mut first = pin!(resolver.resolve("a.example", Family::V4));
    assert!(handle.try_next_lookup().is_none());
    block_on(async {
        assert!(poll_once(&mut first).await.is_none());
        assert!(poll_once(&mut second).await.is_none());
        let lookups = [handle.next_lookup().await, handle.next_lookup().await];
        let asked = lookups.each_ref().map(|lookup| (lookup.name(), lookup.family()));
        assert_eq!(asked, [("a.example", Family::V4), ("b.example", Family::V6)]);
    });
    assert_eq!((handle.pending(), handle.begun()), (2, 2));
}

#[test]
fn an_answer_wakes_the_caller() {
    let (resolver, handle) = scripted_resolver();
    let waker = CountingWaker::new();
    let mut resolving = pin!(resolver.resolve("a.example", Family::V4));
    assert!(resolving.as_mut().poll(&mut waker.context()).is_pending());
    handle.try_next_lookup().unwrap().answer(answer());
    assert_eq!(waker.count(), 1);
    assert_eq!(block_on(resolving).unwrap(), answer());
}

#[test]
fn a_lookup_wakes_the_test_that_waits_for_it() {
    let (resolver, handle) = scripted_resolver();
    let answering = async { handle.next_lookup().await.fail(ErrorKind::TimedOut.into()) };
    let ((), result) = block_on(zip(answering, resolver.resolve("a.example", Family::V4)));
    assert_eq!(result.unwrap_err().kind(), ErrorKind::TimedOut);
}

#[test]
fn a_dropped_future_is_a_cancelled_lookup_and_wakes_the_test_that_waits_for_it() {
    let (resolver, handle) = scripted_resolver();
    block_on(async {
        let mut resolving = Box::pin(resolver.resolve("a.example", Family::V4));
        assert!(poll_once(&mut resolving).await.is_none());
        let lookup = handle.next_lookup().await;
        assert!(!lookup.is_cancelled());
        zip(lookup.cancelled(), async { drop(resolving) }).await;
        assert!(lookup.is_cancelled());
    });
    assert_eq!(handle.pending(), 0);
}

#[test]
fn a_lookup_that_the_test_drops_fails_instead_of_hanging() {
    let (resolver, handle) = scripted_resolver();
    let dropping = async { drop(handle.next_lookup().await) };
    let (result, ()) = block_on(zip(resolver.resolve("a.example", Family::V4), dropping));
    let error = result.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::ConnectionAborted);
    assert!(error.to_string().contains("lookup of a scripted resolver"), "{error}");
}

#[test]
fn without_its_handle_a_resolver_fails_instead_of_hanging() {
    let (resolver, handle) = scripted_resolver();
    let dropping = async { drop(handle) };
    let (before, ()) = block_on(zip(resolver.resolve("a.example", Family::V4), dropping));
    let after = block_on(resolver.resolve("a.example", Family::V4));
    let kinds = [before, after].map(|result| result.unwrap_err().kind());
    assert_eq!(kinds, [ErrorKind::ConnectionAborted; 2]);
}

#[test]
fn prepared_answers_are_given_at_the_first_poll_in_order() {
    let (resolver, handle) = scripted_resolver();
    handle.fail_next(ErrorKind::NotFound.into());
    handle.succeed_next(answer());
    let first = block_on(poll_once(resolver.resolve("a.example", Family::V4))).unwrap();
    let second = block_on(poll_once(resolver.resolve("a.example", Family::V4))).unwrap();
    assert_eq!((first.is_ok(), second.is_ok()), (false, true));
    assert_eq!((handle.pending(), handle.begun()), (0, 2));
}
