//! How many lookups run at once, and what becomes of those that are dropped.

use std::{future::Future, io, pin::Pin};

use futures_lite::future::{block_on, poll_once};
use socketry_resolver::{Answer, Family, Resolve};
use socketry_resolver_system::SystemResolver;
use socketry_testing::{DnsServer, HeldQuery, NamespaceTest};

use crate::NAMESERVER;

type Lookup<'a> = Pin<Box<dyn Future<Output = io::Result<Answer>> + Send + 'a>>;

pub(crate) fn tests() -> impl Iterator<Item = NamespaceTest> {
    let tests: [(&str, fn()); 5] = [
        ("as_many_lookups_as_allowed_run_at_once", || block_on(as_many_as_allowed())),
        ("a_dropped_lookup_keeps_its_place_until_the_call_returns", || block_on(dropped())),
        ("a_lookup_that_is_dropped_in_line_leaves_it", || block_on(dropped_in_line())),
        ("a_lookup_in_line_that_is_not_polled_holds_up_no_other", || block_on(not_polled())),
        ("clones_share_the_limit", || block_on(clones())),
    ];
    // So patient that nothing is asked twice.
    tests.into_iter().map(|(name, run)| crate::test(name, "timeout:30 attempts:1", run))
}

/// A nameserver that holds one name and knows two others.
fn start() -> (DnsServer, HeldQuery) {
    let server = DnsServer::start_on(NAMESERVER.into()).unwrap();
    for name in ["next.example", "unlimited.example"] {
        server.answer(name, [[192, 0, 2, 1].into()]);
    }
    let held = server.hold("held.example", Family::V4);
    (server, held)
}

/// Lookups that have begun, of which `running` ask the nameserver.
async fn begin<'a>(
    resolver: &'a SystemResolver,
    count: usize,
    held: &HeldQuery,
    running: usize,
) -> Vec<Lookup<'a>> {
    let mut lookups = Vec::new();
    for _ in 0..count {
        lookups.push(look_up(resolver, "held.example").await);
    }
    held.asked_times(running).await;
    lookups
}

/// A lookup that has begun and waits.
async fn look_up<'a>(resolver: &'a SystemResolver, name: &'a str) -> Lookup<'a> {
    let mut lookup: Lookup<'a> = Box::pin(resolver.resolve(name, Family::V4));
    assert!(poll_once(&mut lookup).await.is_none());
    lookup
}

/// Looks a name up from beginning to end: whoever had a place has asked by then.
async fn let_others_ask() {
    let answer = SystemResolver::new().resolve("unlimited.example", Family::V4).await;
    assert_eq!(answer.unwrap().len(), 1);
}

async fn as_many_as_allowed() {
    let (server, held) = start();
    let resolver = SystemResolver::new();
    let lookups = begin(&resolver, 64, &held, 64).await;
    let next = look_up(&resolver, "next.example").await;
    let_others_ask().await;
    assert!(server.queries_for("next.example").is_empty(), "the 65th waits");

    held.answer([[192, 0, 2, 2].into()]);
    for lookup in lookups {
        assert_eq!(lookup.await.unwrap().len(), 1);
    }
    assert_eq!(next.await.unwrap().len(), 1);
}

async fn dropped() {
    let (server, held) = start();
    let resolver = SystemResolver::new().most_at_once(2);
    let lookups = begin(&resolver, 2, &held, 2).await;
    drop(lookups);
    let next = look_up(&resolver, "next.example").await;
    let_others_ask().await;
    assert!(server.queries_for("next.example").is_empty(), "the calls have not returned");

    held.answer([[192, 0, 2, 2].into()]);
    assert_eq!(next.await.unwrap().len(), 1);
}

async fn dropped_in_line() {
    let (_server, held) = start();
    let resolver = SystemResolver::new().most_at_once(1);
    let mut lookups = begin(&resolver, 3, &held, 1).await;
    let next = look_up(&resolver, "next.example").await;
    lookups.truncate(1);
    held.answer([[192, 0, 2, 2].into()]);
    assert_eq!(next.await.unwrap().len(), 1);
}

async fn not_polled() {
    let (_server, held) = start();
    let resolver = SystemResolver::new().most_at_once(2);
    let lookups = begin(&resolver, 2, &held, 2).await;
    let not_polled = look_up(&resolver, "next.example").await;
    held.answer([[192, 0, 2, 2].into()]);
    for lookup in lookups {
        assert_eq!(lookup.await.unwrap().len(), 1);
    }
    assert_eq!(resolver.resolve("unlimited.example", Family::V4).await.unwrap().len(), 1);
    drop(not_polled);
}

async fn clones() {
    let (server, held) = start();
    let resolver = SystemResolver::new().most_at_once(1);
    let clone = resolver.clone();
    let first = look_up(&resolver, "held.example").await;
    held.asked().await;
    let next = look_up(&clone, "next.example").await;
    let_others_ask().await;
    assert!(server.queries_for("next.example").is_empty());

    held.answer([[192, 0, 2, 2].into()]);
    assert_eq!((first.await.unwrap().len(), next.await.unwrap().len()), (1, 1));
}
