//! The contract of `Accept`, to be run over any server and any decorator.

use std::{future::poll_fn, io, pin::Pin, task::Poll};

use futures_lite::{AsyncRead, future};
use socketry_server::{Accept, AcceptExt, State};

/// How many errors in a row a server may yield before the check calls that a failure.
const ERRORS_IN_A_ROW: usize = 100;

/// Runs `server` through the contract of [`Accept`] on pausing, resuming and closing.
///
/// `connect_client` makes a client that wants to come in, and returns at once, before anybody has
/// accepted it; it is kept alive to the end and says nothing. (Where a client has to take part in
/// being accepted, as in a handshake, it has to do so from a thread of its own.) The server has to
/// be open and must have no other clients.
///
/// # Panics
///
/// If the server breaks the contract. A wake-up that is lost shows as a test that does not end.
///
/// # Examples
///
/// ```
/// use futures_lite::future::block_on;
/// use socketry_testing::{check_control, pair, scripted_server};
///
/// let (server, handle) = scripted_server();
/// block_on(check_control(server, || {
///     let (client, accepted) = pair();
///     handle.push(accepted);
///     client
/// }));
/// ```
pub async fn check_control<Client>(
    mut server: impl Accept,
    mut connect_client: impl FnMut() -> Client,
) {
    let mut clients = vec![connect_client()];
    let mut accepted = accept_one(&mut server).await;

    check_pause(&mut server).await;
    clients.push(connect_client());
    check_nobody_comes(&mut server, "a paused server takes nobody").await;
    check_resume(&mut server).await;

    check_close(&mut server).await;
    let read = poll_fn(|cx| Poll::Ready(Pin::new(&mut accepted).poll_read(cx, &mut [0]))).await;
    assert!(read.is_pending(), "closing a server leaves its connections alone: {read:?}");
    drop(clients);
}

/// Checks that dropping `server` closes it, although its control is kept and waited on.
///
/// # Panics
///
/// If it does not. A wake-up that is lost shows as a test that does not end.
///
/// # Examples
///
/// ```
/// use futures_lite::future::block_on;
/// use socketry_testing::{check_drop, scripted_server};
///
/// let (server, _handle) = scripted_server();
/// block_on(check_drop(server));
/// ```
pub async fn check_drop(server: impl Accept) {
    let control = server.control();
    let mut watch = control.watch();
    let closed = poll_fn(|cx| match watch.poll_state(cx) {
        State::Closed => Poll::Ready(()),
        State::Open | State::Paused => Poll::Pending,
    });
    future::zip(closed, after_a_poll(|| drop(server))).await;
    control.resume();
    assert!(control.is_closed(), "a dropped server is closed for good");
}

async fn check_pause(server: &mut impl Accept) {
    let (control, address) = (server.control(), server.local_address());
    control.pause();
    control.pause();
    assert_eq!(server.control().state(), State::Paused, "pausing twice pauses");
    assert_eq!(server.local_address(), address, "a paused server still listens");
}

/// Resumes while the server waits: that has to wake it.
async fn check_resume(server: &mut impl Accept) {
    let control = server.control();
    future::zip(accept_one(server), after_a_poll(|| control.resume())).await;
    control.resume();
    assert_eq!(control.state(), State::Open, "a resumed server is open");
    check_nobody_comes(server, "a client comes once").await;
}

/// Closes while the server waits: that has to wake it.
async fn check_close(server: &mut impl Accept) {
    let control = server.control();
    let (next, ()) = future::zip(server.accept(), after_a_poll(|| control.close())).await;
    assert!(next.is_none(), "a closed server ends");
    control.close();
    control.pause();
    control.resume();
    assert_eq!(server.control().state(), State::Closed, "closed is for good");
    assert_eq!(server.local_address(), None, "a closed server has no address");
    for _ in 0..ERRORS_IN_A_ROW {
        assert!(server.accept().await.is_none(), "the end stays the end");
    }
}

async fn check_nobody_comes(server: &mut impl Accept, rule: &str) {
    let next = poll_fn(|cx| Poll::Ready(server.poll_accept(cx))).await;
    assert!(next.is_pending(), "{rule}");
}

/// Accepts one connection; what fails on the way is no reason to stop.
async fn accept_one<A: Accept>(server: &mut A) -> A::Connection {
    let mut last: Option<io::Error> = None;
    for _ in 0..ERRORS_IN_A_ROW {
        match server.accept().await {
            Some(Ok(connection)) => return connection,
            Some(Err(error)) => last = Some(error),
            None => panic!("an open server does not end; its last error: {last:?}"),
        }
    }
    panic!("a client that wants to come in is accepted; the last error: {last:?}");
}

/// Acts when whatever runs beside it has been polled and waits.
async fn after_a_poll(act: impl FnOnce()) {
    future::yield_now().await;
    act();
}
