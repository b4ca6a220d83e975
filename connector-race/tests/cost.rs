//! What a call costs: nothing that can be counted if its first attempt connects at once.

use std::{
    future::{Future, poll_fn},
    io,
    net::SocketAddr,
    pin::{Pin, pin},
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    task::{Context, Poll, Waker},
    time::{Duration, Instant},
};

use futures_lite::future::block_on;
use socketry_connection::Clock;
use socketry_connector::{Candidates, Connect, Event, EventKind, Observe, Trace};
use socketry_connector_race::RaceConnector;
use socketry_testing::{CountingWaker, ManualClock, MemoryConnection, pair};

use crate::rig::{address, refused};

/// Ready at once, with what is in it; waits for ever when there is nothing left.
struct Ready(Mutex<Vec<io::Result<MemoryConnection>>>);

impl Connect<SocketAddr> for Ready {
    type Connection = MemoryConnection;

    async fn connect_traced(&self, _: SocketAddr, _: Trace<'_>) -> io::Result<MemoryConnection> {
        let result = self.0.lock().unwrap().pop();
        match result {
            Some(result) => result,
            None => std::future::pending().await,
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

/// Listens, and wants to hear only of what waits.
struct Quiet;

impl Observe for Quiet {
    fn observe(&self, _: &Event<'_>) {}
}

fn connector(results: Vec<io::Result<MemoryConnection>>) -> RaceConnector<Ready> {
    RaceConnector::new(Ready(Mutex::new(results))).with_clock(Arc::new(Forbidden))
}

/// Polls a call once: its result, and how many allocations there were.
fn allocations(
    connector: &RaceConnector<Ready>,
    candidates: Candidates,
    trace: Trace<'_>,
) -> (Poll<io::Result<MemoryConnection>>, u64) {
    let mut candidates = Some(candidates);
    let mut result = Poll::Pending;
    let info = allocation_counter::measure(|| {
        let candidates = candidates.take().unwrap();
        let connecting = pin!(connector.connect_traced(candidates, trace));
        result = connecting.poll(&mut Context::from_waker(Waker::noop()));
    });
    (result, info.count_total)
}

fn literal() -> Candidates {
    address("127.0.0.1:80").into()
}

#[test]
fn a_literal_that_connects_at_once_allocates_nothing_and_reads_no_clock() {
    for trace in [Trace::off(), Trace::to(&Quiet), Trace::off().through(&Quiet)] {
        let connector = connector(vec![Ok(pair().0)]);
        let (result, allocations) = allocations(&connector, literal(), trace);
        assert!(matches!(result, Poll::Ready(Ok(_))));
        assert_eq!(allocations, 0);
    }
}

#[test]
fn a_literal_that_waits_allocates_nothing_and_reads_no_clock() {
    let (result, allocations) = allocations(&connector(vec![]), literal(), Trace::off());
    assert!(result.is_pending());
    assert_eq!(allocations, 0);
}

#[test]
fn a_literal_that_fails_at_once_reads_no_clock() {
    let connector = connector(vec![Err(refused())]);
    let (result, _) = allocations(&connector, literal(), Trace::off());
    assert!(matches!(result, Poll::Ready(Err(_))));
}

#[test]
fn the_first_of_a_list_that_connects_at_once_allocates_nothing_and_reads_no_clock() {
    let candidates = Candidates::from(vec![address("[::1]:80"), address("127.0.0.1:80")]);
    let candidates = candidates.for_host("example.org:80".parse().unwrap());
    let connector = connector(vec![Ok(pair().0)]);
    let (result, allocations) = allocations(&connector, candidates, Trace::off());
    assert!(matches!(result, Poll::Ready(Ok(_))));
    assert_eq!(allocations, 0);
}

#[test]
fn an_attempt_with_a_time_of_its_own_that_connects_at_once_allocates_nothing() {
    let connector = connector(vec![Ok(pair().0)]).attempt_timeout(Duration::from_secs(1));
    let (result, allocations) = allocations(&connector, literal(), Trace::off());
    assert!(matches!(result, Poll::Ready(Ok(_))));
    assert_eq!(allocations, 0);
}

/// Never ready; counts how often it is polled.
#[derive(Default)]
struct Silent(AtomicUsize);

impl Connect<SocketAddr> for Silent {
    type Connection = MemoryConnection;

    async fn connect_traced(&self, _: SocketAddr, _: Trace<'_>) -> io::Result<MemoryConnection> {
        poll_fn(|_| {
            self.0.fetch_add(1, Ordering::SeqCst);
            Poll::Pending
        })
        .await
    }
}

#[test]
fn the_attempt_inside_is_polled_once_a_poll() {
    let several = vec![address("[::1]:80"), address("127.0.0.1:80")];
    for candidates in [literal(), Candidates::from(several)] {
        let clock = Arc::new(ManualClock::new());
        let connector = RaceConnector::new(Silent::default()).with_clock(clock);
        let mut connecting = pin!(connector.connect(candidates));
        for polls in 1..=3 {
            assert!(connecting.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending());
            assert_eq!(connector.get_ref().0.load(Ordering::SeqCst), polls);
        }
    }
}

/// Counts its calls and refuses them at once.
#[derive(Default)]
struct Refusing(AtomicUsize);

impl Connect<SocketAddr> for Refusing {
    type Connection = MemoryConnection;

    async fn connect_traced(&self, _: SocketAddr, _: Trace<'_>) -> io::Result<MemoryConnection> {
        self.0.fetch_add(1, Ordering::SeqCst);
        Err(refused())
    }
}

/// Hears how often others were let go first.
#[derive(Default)]
struct Yields(AtomicUsize);

impl Observe for Yields {
    fn observe(&self, event: &Event<'_>) {
        if let EventKind::Yielded = event.kind() {
            self.0.fetch_add(1, Ordering::SeqCst);
        }
    }
}

fn ten_thousand() -> Candidates {
    (0..10_000_u16).map(|port| SocketAddr::from(([127, 0, 0, 1], port))).collect()
}

#[test]
fn addresses_that_fail_at_once_let_others_have_a_turn_and_say_so() {
    let connector = RaceConnector::new(Refusing::default());
    let (yields, waker) = (Yields::default(), CountingWaker::new());
    let mut connecting = pin!(connector.connect_traced(ten_thousand(), Trace::to(&yields)));
    assert!(connecting.as_mut().poll(&mut waker.context()).is_pending());
    assert_eq!((waker.count(), yields.0.load(Ordering::SeqCst)), (1, 1));
    let begun = connector.get_ref().0.load(Ordering::SeqCst);
    assert!((1..=40).contains(&begun), "{begun}");
}

#[test]
fn ten_thousand_addresses_that_fail_at_once_all_fail() {
    let connector = RaceConnector::new(Refusing::default());
    assert!(block_on(connector.connect(ten_thousand())).is_err());
    assert_eq!(connector.get_ref().0.load(Ordering::SeqCst), 10_000);
}
