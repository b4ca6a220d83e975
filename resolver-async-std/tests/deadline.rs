//! How much time a lookup has.

use std::{sync::Arc, time::Duration};

use futures_lite::future::{block_on, poll_once};
use socketry_resolver::{Family, Resolve};
use socketry_resolver_async_std::AsyncStdResolver;
use socketry_testing::{DnsServer, ManualClock};

#[test]
fn a_lookup_ends_at_its_deadline() {
    let server = DnsServer::start().unwrap();
    let held = server.hold("a.example", Family::V4);
    let clock = ManualClock::new();
    let resolver = AsyncStdResolver::asking([server.address()]).with_clock(Arc::new(clock.clone()));
    block_on(async {
        let mut lookup = Box::pin(resolver.resolve("a.example", Family::V4));
        assert!(poll_once(&mut lookup).await.is_none());
        clock.advance(Duration::from_secs(15) - Duration::from_nanos(1));
        assert!(poll_once(&mut lookup).await.is_none());
        clock.advance(Duration::from_nanos(1));
        assert_eq!(
            lookup.await.unwrap_err().to_string(),
            "lookup of a.example (IPv4) failed: no nameserver answered in time"
        );
    });
    assert_eq!(clock.sleeping(), 0);
    drop(held);
}

/// The tries alone end it: the clock of its deadline stands still.
#[test]
fn a_long_try_ends_within_the_deadline() {
    let server = DnsServer::start().unwrap();
    let held = server.hold("a.example", Family::V4);
    let resolver = AsyncStdResolver::asking([server.address()])
        .deadline(Duration::from_millis(300))
        .try_timeout(Duration::from_secs(3600))
        .with_clock(Arc::new(ManualClock::new()));
    assert!(block_on(resolver.resolve("a.example", Family::V4)).is_err());
    drop(held);
}

#[test]
fn a_dropped_lookup_leaves_no_timer() {
    let server = DnsServer::start().unwrap();
    let clock = ManualClock::new();
    let resolver = AsyncStdResolver::asking([server.address()]).with_clock(Arc::new(clock.clone()));
    let held = server.hold("a.example", Family::V6);
    block_on(async {
        let mut lookup = Box::pin(resolver.resolve("a.example", Family::V6));
        assert!(poll_once(&mut lookup).await.is_none());
        assert_eq!(clock.sleeping(), 1);
        drop(lookup);
    });
    assert_eq!(clock.sleeping(), 0);
    drop(held);
}

#[test]
fn zero_is_enough_for_what_is_known() {
    let resolver = AsyncStdResolver::asking([]).deadline(Duration::ZERO);
    assert!(block_on(resolver.resolve("localhost", Family::V4)).is_ok());
}
