//! What a call costs: no allocation for an address, one for a name that is known already, and no
//! timer for either.

use std::{
    future::Future,
    io,
    net::IpAddr,
    pin::{Pin, pin},
    sync::{Arc, Mutex},
    task::{Context, Poll, Waker},
    time::Instant,
};

use socketry_connection::{Clock, Family};
use socketry_connector::{Candidates, Connect, Trace};
use socketry_connector_dns::DnsConnector;
use socketry_resolver::{Answer, Resolve};
use socketry_testing::{MemoryConnection, pair};

use super::host;

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

/// How many allocations a call makes that is ready at its first poll.
fn allocations(target: &str, v6: &[&str], v4: &[&str]) -> u64 {
    let answer = |ips: &[&str]| ips.iter().map(|ip| ip.parse::<IpAddr>().unwrap()).collect();
    let resolver = Known { v6: answer(v6), v4: answer(v4) };
    let inner = Ready(Mutex::new(Some(pair().0)));
    let connector = DnsConnector::new(inner, resolver).with_clock(Arc::new(Forbidden));
    let target = host(target);
    let mut result = Poll::Pending;
    let info = allocation_counter::measure(|| {
        let connecting = pin!(connector.connect(target));
        result = connecting.poll(&mut Context::from_waker(Waker::noop()));
    });
    assert!(matches!(result, Poll::Ready(Ok(_))));
    info.count_total
}

#[test]
fn an_address_allocates_nothing() {
    assert_eq!(allocations("127.0.0.1:80", &[], &[]), 0);
    assert_eq!(allocations("[::1]:80", &[], &[]), 0);
}

#[test]
fn localhost_allocates_its_list() {
    assert_eq!(allocations("localhost:80", &[], &[]), 1);
}

#[test]
fn a_name_that_is_known_allocates_one_list_and_reads_no_clock() {
    assert_eq!(allocations("example.com:80", &["2001:db8::1"], &["192.0.2.1"]), 1);
    assert_eq!(allocations("example.com:80", &[], &["192.0.2.1"]), 1);
    assert_eq!(allocations("example.com:80", &["2001:db8::1"], &[]), 1);
}

#[test]
fn putting_several_addresses_in_order_allocates_once_a_family() {
    let v6 = ["2001:db8::1", "2001:db8::2"];
    assert_eq!(allocations("example.com:80", &v6, &["192.0.2.1"]), 2);
    assert_eq!(allocations("example.com:80", &v6, &["192.0.2.1", "192.0.2.2"]), 3);
}
