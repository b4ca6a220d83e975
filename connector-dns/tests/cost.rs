//! What a call costs: no allocation for an address, two for a name that is known already, and no
//! timer for either.

use std::{
    future::Future,
    io,
    net::IpAddr,
    pin::{Pin, pin},
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    task::{Context, Poll, Waker},
    time::{Duration, Instant},
};

use socketry_connection::{Clock, Family};
use socketry_connector::{Candidates, Connect, Event, EventKind, Observe, Trace};
use socketry_connector_dns::DnsConnector;
use socketry_resolver::{Answer, Resolve, StaticResolver};
use socketry_testing::{CountingWaker, ManualClock, MemoryConnection, pair};

use super::{Stage, answer, assert_pending, host};

/// Takes all addresses and is connected at once.
struct Ready(Mutex<Option<MemoryConnection>>);

impl Connect<Candidates> for Ready {
    type Connection = MemoryConnection;

    async fn connect_traced(
        &self,
        mut candidates: Candidates,
        _: Trace<'_>,
    ) -> io::Result<MemoryConnection> {
        let mut cx = Context::from_waker(Waker::noop());
        while let Poll::Ready(Some(_)) = candidates.poll_next(&mut cx) {}
        Ok(self.0.lock().unwrap().take().unwrap())
    }
}

/// Knows every name, as a cache does.
struct Known {
    v6: Answer,
    v4: Answer,
}

impl Resolve for Known {
    async fn resolve(&self, _: &str, family: Family) -> io::Result<Answer> {
        match family {
            Family::V6 => Ok(self.v6.clone()),
            Family::V4 => Ok(self.v4.clone()),
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

/// A connector with a name that has these addresses.
fn connector(clock: Arc<dyn Clock>, v6: Answer, v4: Answer) -> DnsConnector<Ready, Known> {
    DnsConnector::new(Ready(Mutex::default()), Known { v6, v4 })
        .with_clock(clock)
        .with_source_of(|destination| Ok(Some(destination.ip())))
}

/// How many allocations a call makes that is ready at its first poll.
fn allocations(connector: &DnsConnector<Ready, Known>, target: &str) -> u64 {
    *connector.get_ref().0.lock().unwrap() = Some(pair().0);
    let target = host(target);
    let mut result = Poll::Pending;
    let info = allocation_counter::measure(|| {
        let connecting = pin!(connector.connect(target));
        result = connecting.poll(&mut Context::from_waker(Waker::noop()));
    });
    assert!(matches!(result, Poll::Ready(Ok(_))));
    info.count_total
}

/// The same, when no clock may be read.
fn timeless(target: &str, v6: &[&str], v4: &[&str]) -> u64 {
    allocations(&connector(Arc::new(Forbidden), answer(v6), answer(v4)), target)
}

#[test]
fn an_address_allocates_nothing() {
    assert_eq!(timeless("127.0.0.1:80", &[], &[]), 0);
    assert_eq!(timeless("[::1]:80", &[], &[]), 0);
}

#[test]
fn localhost_allocates_its_list() {
    assert_eq!(timeless("localhost:80", &[], &[]), 1);
}

#[test]
fn a_name_that_is_known_by_one_address_allocates_its_call_and_a_list_and_reads_no_clock() {
    assert_eq!(timeless("example.com:80", &[], &["192.0.2.1"]), 2);
    assert_eq!(timeless("example.com:80", &["2001:db8::1"], &[]), 2);
}

#[test]
fn putting_many_addresses_in_order_allocates_nothing_more_if_their_sources_are_known() {
    for count in [1, 2, 3, 30, 99] {
        let v6 = (1..=count).map(|last| IpAddr::from([0x2001, 0xdb8, 0, 0, 0, 0, 0, last]));
        let v4 = (1..=count).map(|last| IpAddr::from([192, 0, 2, last as u8]));
        let connector = connector(Arc::new(ManualClock::new()), v6.collect(), v4.collect());
        allocations(&connector, "example.com:80"); // which asks for the sources
        let again = allocations(&connector, "example.com:80");
        assert_eq!(again, 2, "{count} addresses of each family");
    }
}

#[test]
fn without_a_resolution_delay_no_clock_is_read() {
    let stage = Stage::with(|connector| {
        connector.resolution_delay(Duration::ZERO).with_clock(Arc::new(Forbidden))
    });
    let (mut connecting, _v6, v4) = stage.look_up();
    v4.answer(answer(&["192.0.2.1"]));
    assert_pending(&mut connecting);
    assert_eq!(stage.inner.begun(), 1);
}

#[test]
fn a_name_that_is_known_not_to_exist_lets_others_go_first() {
    let connector = DnsConnector::new(Ready(Mutex::default()), StaticResolver::new())
        .with_clock(Arc::new(Forbidden));
    let waker = CountingWaker::new();
    let yielded = Yielded::default();
    let mut connecting =
        pin!(connector.connect_traced(host("example.com:80"), Trace::to(&yielded)));
    assert!(connecting.as_mut().poll(&mut waker.context()).is_pending());
    assert_eq!((waker.count(), yielded.0.load(Ordering::SeqCst)), (1, true));
    assert!(matches!(connecting.poll(&mut waker.context()), Poll::Ready(Err(_))));
}

/// Whether a call has told that it lets others go first.
#[derive(Default)]
struct Yielded(AtomicBool);

impl Observe for Yielded {
    fn observe(&self, event: &Event<'_>) {
        if let EventKind::Yielded = event.kind() {
            self.0.store(true, Ordering::SeqCst);
        }
    }
}

/// Holds so many bytes while it connects, or looks up.
struct Large<const BYTES: usize>;

impl<const BYTES: usize> Large<BYTES> {
    async fn wait(&self) {
        let held = [0_u8; BYTES];
        futures_lite::future::yield_now().await;
        std::hint::black_box(&held);
    }
}

impl<const BYTES: usize> Connect<Candidates> for Large<BYTES> {
    type Connection = MemoryConnection;

    async fn connect_traced(&self, _: Candidates, _: Trace<'_>) -> io::Result<MemoryConnection> {
        self.wait().await;
        Ok(pair().0)
    }
}

impl<const BYTES: usize> Resolve for Large<BYTES> {
    async fn resolve(&self, _: &str, _: Family) -> io::Result<Answer> {
        self.wait().await;
        Ok(Answer::default())
    }
}

#[test]
fn the_future_holds_one_connect_and_no_lookup_and_little_more() {
    let connector = DnsConnector::new(Large::<100_000>, Large::<10_000>);
    let size = size_of_val(&connector.connect(host("example.com:80")));
    assert!(size < 101_000, "{size}");
}
