//! The connector with a timeout: how calls end, what is left behind, what they cost, and what the
//! error tells.

use std::{
    future::Future,
    io,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, Waker},
    time::Duration,
};

use socketry_connection::BoxConnection;
use socketry_connector::Connect;
use socketry_connector_timeout::TimeoutConnector;
use socketry_testing::{Call, ConnectorHandle, ManualClock, ScriptedConnector, scripted_connector};

mod cost;
mod outcome;
mod story;

type Connector = TimeoutConnector<ScriptedConnector<u16>>;
type Connecting<'a> = Pin<Box<dyn Future<Output = io::Result<BoxConnection>> + Send + 'a>>;

/// A connector with this timeout, the test's side of the one inside, and the clock of both.
fn connector(after: Duration) -> (Connector, ConnectorHandle<u16>, ManualClock) {
    let (inner, handle) = scripted_connector();
    let clock = ManualClock::new();
    let connector = TimeoutConnector::new(inner, after).with_clock(Arc::new(clock.clone()));
    (connector, handle, clock)
}

/// A call that has begun and waits, and the test's side of it.
fn begin<'a>(
    connector: &'a Connector,
    handle: &ConnectorHandle<u16>,
) -> (Connecting<'a>, Call<u16>) {
    let mut connecting: Connecting<'a> = Box::pin(connector.connect(80));
    assert!(poll(&mut connecting).is_pending());
    (connecting, handle.try_next_call().unwrap())
}

/// Polls for a task that is never woken.
fn poll(connecting: &mut Connecting<'_>) -> Poll<io::Result<BoxConnection>> {
    connecting.as_mut().poll(&mut Context::from_waker(Waker::noop()))
}

/// The error of a call that is ready.
fn error(connecting: &mut Connecting<'_>) -> io::Error {
    match poll(connecting) {
        Poll::Ready(result) => result.unwrap_err(),
        Poll::Pending => panic!("the call is not ready"),
    }
}
