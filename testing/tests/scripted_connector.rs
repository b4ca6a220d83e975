//! The scripted connector and its handle.

use std::{future::Future, io::ErrorKind, pin::pin};

use futures_lite::{
    AsyncReadExt,
    future::{block_on, poll_once, zip},
};
use socketry_connector::Connect;
use socketry_testing::{CountingWaker, pair, scripted_connector};

#[test]
fn calls_appear_at_the_handle_in_order_when_they_are_first_polled() {
    let (connector, handle) = scripted_connector::<u16>();
    let (mut second, mut first) = (pin!(connector.connect(2)), pin!(connector.connect(1)));
    assert!(handle.try_next_call().is_none());
    block_on(async {
        assert!(poll_once(&mut first).await.is_none());
        assert!(poll_once(&mut second).await.is_none());
        let calls = [handle.next_call().await, handle.next_call().await];
        assert_eq!(calls.each_ref().map(|call| *call.target()), [1, 2]);
    });
    assert_eq!((handle.pending(), handle.begun()), (2, 2));
}

#[test]
fn an_answer_wakes_the_caller() {
    let (connector, handle) = scripted_connector::<u16>();
    let waker = CountingWaker::new();
    let mut connecting = pin!(connector.connect(80));
    assert!(connecting.as_mut().poll(&mut waker.context()).is_pending());
    handle.try_next_call().unwrap().succeed(pair().0);
    assert_eq!(waker.count(), 1);
    assert!(block_on(connecting).is_ok());
}

#[test]
fn a_call_wakes_the_test_that_waits_for_it() {
    let (connector, handle) = scripted_connector::<u16>();
    let answering = async { handle.next_call().await.fail(ErrorKind::TimedOut.into()) };
    let ((), result) = block_on(zip(answering, connector.connect(80)));
    assert_eq!(result.unwrap_err().kind(), ErrorKind::TimedOut);
}

#[test]
fn a_dropped_future_is_a_cancelled_call_and_wakes_the_test_that_waits_for_it() {
    let (connector, handle) = scripted_connector::<u16>();
    block_on(async {
        let mut connecting = Box::pin(connector.connect(80));
        assert!(poll_once(&mut connecting).await.is_none());
        let call = handle.next_call().await;
        assert!(!call.is_cancelled());
        zip(call.cancelled(), async { drop(connecting) }).await;
        assert!(call.is_cancelled());
    });
    assert_eq!(handle.pending(), 0);
}

#[test]
fn a_connection_that_comes_too_late_is_dropped() {
    let (connector, handle) = scripted_connector::<u16>();
    let (ours, mut theirs) = pair();
    block_on(async {
        let mut connecting = Box::pin(connector.connect(80));
        assert!(poll_once(&mut connecting).await.is_none());
        let call = handle.next_call().await;
        drop(connecting);
        call.succeed(ours);
        assert_eq!(theirs.read(&mut [0]).await.unwrap(), 0);
    });
}

#[test]
fn a_connection_that_was_given_but_never_taken_is_dropped_with_the_future() {
    let (connector, handle) = scripted_connector::<u16>();
    let (ours, mut theirs) = pair();
    block_on(async {
        let mut connecting = Box::pin(connector.connect(80));
        assert!(poll_once(&mut connecting).await.is_none());
        handle.next_call().await.succeed(ours);
        drop(connecting);
        assert_eq!(theirs.read(&mut [0]).await.unwrap(), 0);
    });
}

#[test]
fn a_call_that_the_test_drops_fails_instead_of_hanging() {
    let (connector, handle) = scripted_connector::<u16>();
    let dropping = async { drop(handle.next_call().await) };
    let (result, ()) = block_on(zip(connector.connect(80), dropping));
    assert_eq!(result.unwrap_err().kind(), ErrorKind::ConnectionAborted);
}

#[test]
fn without_its_handle_a_connector_fails_instead_of_hanging() {
    let (connector, handle) = scripted_connector::<u16>();
    let dropping = async { drop(handle) };
    let (before, ()) = block_on(zip(connector.connect(1), dropping));
    let after = block_on(connector.connect(2));
    let kinds = [before, after].map(|result| result.unwrap_err().kind());
    assert_eq!(kinds, [ErrorKind::ConnectionAborted; 2]);
}

#[test]
fn prepared_answers_are_given_at_the_first_poll_in_order() {
    let (connector, handle) = scripted_connector::<u16>();
    handle.fail_next(ErrorKind::ConnectionRefused.into());
    handle.succeed_next(pair().0);
    let first = block_on(poll_once(connector.connect(1))).unwrap();
    let second = block_on(poll_once(connector.connect(2))).unwrap();
    assert_eq!((first.is_ok(), second.is_ok()), (false, true));
    assert_eq!((handle.pending(), handle.begun()), (0, 2));
}

#[test]
fn what_was_asked_for_can_be_taken_apart_while_the_caller_waits() {
    let (connector, handle) = scripted_connector::<Vec<u16>>();
    let mut connecting = pin!(connector.connect(vec![80, 443]));
    assert!(block_on(poll_once(&mut connecting)).is_none());
    let mut call = handle.try_next_call().unwrap();
    assert_eq!(call.target_mut().pop(), Some(443));
}
