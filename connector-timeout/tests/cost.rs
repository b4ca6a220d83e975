//! What a call costs: nothing that can be counted if it need not wait, one timer otherwise.

use std::{
    future::{Future, poll_fn},
    io,
    net::{IpAddr, Ipv4Addr, SocketAddr},
    pin::{Pin, pin},
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    task::{Context, Poll, Waker},
    time::{Duration, Instant},
};

use socketry_connection::{Address, Clock};
use socketry_connector::{Connect, EventKind, Phase, Trace};
use socketry_connector_timeout::TimeoutConnector;
use socketry_testing::{ManualClock, MemoryConnection, pair};

use super::{begin, connector, poll};

const MINUTE: Duration = Duration::from_secs(60);

static REMOTE: Address = Address::Tcp(SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 80));

/// Tells of an attempt, as a connector that opens a socket does, and is ready at once: with this
/// result.
struct Ready(Mutex<Option<io::Result<MemoryConnection>>>);

impl Ready {
    fn new(result: io::Result<MemoryConnection>) -> Self {
        Self(Mutex::new(Some(result)))
    }
}

impl Connect<u16> for Ready {
    type Connection = MemoryConnection;

    async fn connect_traced(&self, _: u16, trace: Trace<'_>) -> io::Result<MemoryConnection> {
        let telling = trace.attempt(&REMOTE, None);
        match self.0.lock().unwrap().take().unwrap() {
            Ok(connection) => {
                telling.won();
                Ok(connection)
            }
            Err(error) => Err(telling.failed(Phase::Connect, error, Duration::ZERO).into()),
        }
    }
}

/// Lets others go first, again and again, and is ready after so many polls.
struct Yielding(usize);

impl Connect<u16> for Yielding {
    type Connection = MemoryConnection;

    async fn connect_traced(&self, _: u16, trace: Trace<'_>) -> io::Result<MemoryConnection> {
        for _ in 0..self.0 {
            trace.tell(|| EventKind::Yielded);
            futures_lite::future::yield_now().await;
        }
        Ok(pair().0)
    }
}

/// Never ready; counts how often it is polled.
#[derive(Default)]
struct Silent(AtomicUsize);

impl Connect<u16> for Silent {
    type Connection = MemoryConnection;

    async fn connect_traced(&self, _: u16, _: Trace<'_>) -> io::Result<MemoryConnection> {
        poll_fn(|_| {
            self.0.fetch_add(1, Ordering::SeqCst);
            Poll::Pending
        })
        .await
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
fn a_connection_at_the_first_poll_makes_no_timer_and_allocates_nothing() {
    let (connection, _peer) = pair();
    let (result, allocations) = allocations(Ready::new(Ok(connection)));
    assert!(matches!(result, Poll::Ready(Ok(_))));
    assert_eq!(allocations, 0);
}

#[test]
fn a_failure_at_the_first_poll_makes_no_timer() {
    let refused = io::ErrorKind::ConnectionRefused.into();
    let (result, _) = allocations(Ready::new(Err(refused)));
    assert!(matches!(result, Poll::Ready(Err(_))));
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

#[test]
fn the_call_inside_is_polled_once_a_poll() {
    let connector = TimeoutConnector::new(Silent::default(), MINUTE);
    let mut connecting = pin!(connector.connect(80));
    for polls in 1..=3 {
        assert!(connecting.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending());
        assert_eq!(connector.get_ref().0.load(Ordering::SeqCst), polls);
    }
}

#[test]
fn a_call_that_only_lets_others_go_first_once_is_not_timed_even_with_no_time_at_all() {
    let connector =
        TimeoutConnector::new(Yielding(1), Duration::ZERO).with_clock(Arc::new(Forbidden));
    let mut connecting = pin!(connector.connect(80));
    let mut cx = Context::from_waker(Waker::noop());
    assert!(connecting.as_mut().poll(&mut cx).is_pending());
    assert!(matches!(connecting.poll(&mut cx), Poll::Ready(Ok(_))));
}

#[test]
fn a_call_that_lets_others_go_first_for_ever_has_its_time_and_makes_no_timer() {
    let clock = ManualClock::new();
    let connector =
        TimeoutConnector::new(Yielding(usize::MAX), MINUTE).with_clock(Arc::new(clock.clone()));
    let mut connecting = pin!(connector.connect(80));
    let mut cx = Context::from_waker(Waker::noop());
    for _ in 0..3 {
        assert!(connecting.as_mut().poll(&mut cx).is_pending());
    }
    assert_eq!(clock.sleeping(), 0);
    clock.advance(MINUTE);
    assert!(matches!(connecting.poll(&mut cx), Poll::Ready(Err(_))));
}
