//! What a call costs: nothing that can be counted if it need not wait, one timer otherwise.

use std::{
    future::Future,
    io,
    net::{IpAddr, Ipv4Addr, SocketAddr},
    pin::{Pin, pin},
    sync::{Arc, Mutex},
    task::{Context, Poll, Waker},
    time::{Duration, Instant},
};

use socketry_connection::{Address, Clock};
use socketry_connector::{Attempt, Connect, EventKind, Phase, Trace};
use socketry_connector_timeout::TimeoutConnector;
use socketry_testing::{MemoryConnection, pair};

use super::{begin, connector, poll};

const MINUTE: Duration = Duration::from_secs(60);

static REMOTE: Address = Address::Tcp(SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 80));

/// Tells of an attempt, as a connector that opens a socket does, and is ready at once: with this
/// result.
struct Ready(Mutex<Option<Result<MemoryConnection, Attempt>>>);

impl Ready {
    fn new(result: Result<MemoryConnection, Attempt>) -> Self {
        Self(Mutex::new(Some(result)))
    }
}

impl Connect<u16> for Ready {
    type Connection = MemoryConnection;

    async fn connect_traced(&self, _: u16, trace: Trace<'_>) -> io::Result<MemoryConnection> {
        trace.tell(|| EventKind::AttemptStarted { remote: &REMOTE, local: None });
        match self.0.lock().unwrap().take().unwrap() {
            Ok(connection) => {
                trace.tell(|| EventKind::AttemptWon { remote: &REMOTE });
                Ok(connection)
            }
            Err(attempt) => {
                trace.tell(|| EventKind::AttemptFailed(&attempt));
                Err(attempt.error().kind().into())
            }
        }
    }
}

/// A clock that nobody may look at.
#[derive(Debug)]
struct Forbidden;

impl Clock for Forbidden {
    fn now(&self) -> Instant {
        panic!("nobody may ask for the time");
    }

    fn sleep_until(&self, _: Instant) -> Pin<Box<dyn Future<Output = ()> + Send + Sync>> {
        panic!("nobody may make a timer");
    }
}

/// Polls a call of `inner` once, through a connector with a timeout: the result, and how many
/// allocations there were.
fn allocations(inner: Ready) -> (Poll<io::Result<MemoryConnection>>, u64) {
    let connector = TimeoutConnector::new(inner, MINUTE).with_clock(Arc::new(Forbidden));
    let mut result = Poll::Pending;
    let info = allocation_counter::measure(|| {
        let connecting = pin!(connector.connect(80));
        result = connecting.poll(&mut Context::from_waker(Waker::noop()));
    });
    (result, info.count_total)
}

#[test]
fn a_call_that_is_ready_at_once_makes_no_timer_and_allocates_nothing() {
    let (connection, _peer) = pair();
    let (result, allocations) = allocations(Ready::new(Ok(connection)));
    assert!(matches!(result, Poll::Ready(Ok(_))));
    assert_eq!(allocations, 0);
}

#[test]
fn a_call_that_fails_at_once_makes_no_timer_and_allocates_nothing() {
    let refused = io::ErrorKind::ConnectionRefused.into();
    let attempt = Attempt::new(REMOTE.clone(), Phase::Connect, refused, Duration::ZERO);
    let (result, allocations) = allocations(Ready::new(Err(attempt)));
    assert!(matches!(result, Poll::Ready(Err(_))));
    assert_eq!(allocations, 0);
}

#[test]
fn a_call_that_waits_makes_one_timer_however_often_it_is_polled() {
    let (connector, handle, clock) = connector(MINUTE);
    let (mut connecting, _call) = begin(&connector, &handle);
    for _ in 0..10 {
        assert!(poll(&mut connecting).is_pending());
    }
    assert_eq!(clock.sleeping(), 1);
}
