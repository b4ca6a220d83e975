//! The scripted server and its handle.

use std::{future::Future, io::ErrorKind, pin::pin, task::Poll};

use futures_lite::{
    AsyncReadExt,
    future::{block_on, poll_once},
};
use socketry_connection::Connection;
use socketry_server::{Accept, AcceptExt, State};
use socketry_testing::{
    CountingWaker, ServerHandle, check_control, check_drop, pair, scripted_server,
};

/// What a client holds after it has come to the server of `handle`.
fn connect(handle: &ServerHandle) -> impl Connection {
    let (ours, theirs) = pair();
    handle.push(theirs);
    ours
}

#[test]
fn a_scripted_server_keeps_the_contract_of_its_control() {
    let (server, handle) = scripted_server();
    let server = server.with_local_address("tcp://127.0.0.1:80".parse().unwrap());
    block_on(check_control(server, || connect(&handle)));
}

#[test]
fn a_boxed_server_keeps_the_contract_of_its_control() {
    let (server, handle) = scripted_server();
    block_on(check_control(server.boxed(), || connect(&handle)));
}

#[test]
fn a_borrowed_server_keeps_the_contract_of_its_control() {
    let (mut server, handle) = scripted_server();
    block_on(check_control(&mut server, || connect(&handle)));
}

#[test]
fn dropping_a_server_closes_it_through_every_box() {
    block_on(check_drop(scripted_server().0));
    block_on(check_drop(scripted_server().0.boxed()));
    block_on(check_drop(Box::new(scripted_server().0.boxed())));
}

#[test]
fn what_is_pushed_is_yielded_in_order_errors_too() {
    let (mut server, handle) = scripted_server();
    let _client = connect(&handle);
    handle.push_error(ErrorKind::ConnectionReset.into());
    let _other_client = connect(&handle);
    let is_ok = [(); 3].map(|()| block_on(server.accept()).unwrap().is_ok());
    assert_eq!(is_ok, [true, false, true]);
}

#[test]
fn a_push_wakes_the_task_that_waits() {
    let (mut server, handle) = scripted_server();
    let waker = CountingWaker::new();
    assert!(pin!(server.accept()).poll(&mut waker.context()).is_pending());
    let _client = connect(&handle);
    assert_eq!(waker.count(), 1);
}

#[test]
fn clients_that_nobody_accepted_and_that_come_later_see_the_end_when_the_server_closes() {
    let (server, handle) = scripted_server();
    let mut before = connect(&handle);
    server.control().close();
    let mut after = connect(&handle);
    block_on(async {
        assert_eq!(before.read(&mut [0]).await.unwrap(), 0);
        assert_eq!(after.read(&mut [0]).await.unwrap(), 0);
    });
    assert_eq!(handle.waiting(), 0);
}

#[test]
fn a_server_that_finishes_yields_what_waits_and_then_ends_for_good() {
    let (mut server, handle) = scripted_server();
    let _client = connect(&handle);
    handle.finish();
    block_on(async {
        assert!(server.accept().await.unwrap().is_ok());
        for _ in 0..100 {
            assert!(server.accept().await.is_none());
        }
    });
    assert_eq!(handle.state(), State::Closed);
}

#[test]
fn the_handle_sees_what_the_server_is_asked_for() {
    let (mut server, handle) = scripted_server();
    let waker = CountingWaker::new();
    assert!(!handle.wake_progress());
    let Poll::Pending = server.poll_progress(&mut waker.context());
    block_on(async { assert!(poll_once(server.accept()).await.is_none()) });
    assert_eq!((handle.progress_polls(), handle.accept_polls()), (1, 1));
    assert!(handle.wake_progress());
    assert_eq!(waker.count(), 1);
}

#[test]
fn a_closed_server_has_no_address_and_a_dropped_one_is_known_to_be_dropped() {
    let (server, handle) = scripted_server();
    let server = server.with_local_address("unix:///run/demo.sock".parse().unwrap());
    assert_eq!(server.local_address().unwrap().to_string(), "unix:///run/demo.sock");
    server.control().close();
    assert_eq!((server.local_address(), handle.is_dropped()), (None, false));
    drop(server);
    assert!(handle.is_dropped());
}
