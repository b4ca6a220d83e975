//! Cases about several lookups, and about lookups that are dropped.

use std::{
    future::{Future, poll_fn},
    net::IpAddr,
    pin::pin,
    task::Poll,
};

use futures_lite::future::{or, poll_once, zip};
use socketry_connection::Family;
use socketry_resolver::{BoxResolver, Resolve};

use super::{ResolverCheck, failure, ip, lookup, still_works};
use crate::{DnsReply, HeldQuery};

/// How many names are looked up at once, each in both families.
const MANY: u8 = 100;

pub(super) async fn a_family_held_back_does_not_hold_the_other_one_back(check: &ResolverCheck) {
    let (server, resolver) = check.start();
    for (slow, quick) in [(Family::V6, Family::V4), (Family::V4, Family::V6)] {
        let name = format!("slow-{}.example", slow.to_string().to_lowercase());
        let held = server.hold(&name, slow);
        server.reply(&name, quick, DnsReply::addresses([ip(quick, 1)]));
        let slow_lookup = lookup(&resolver, &name, slow);
        let quick_lookup = async {
            held.asked().await;
            let quick = lookup(&resolver, &name, quick).await;
            held.answer([ip(slow, 1)]);
            quick
        };
        let (slow_ips, quick_ips) = zip(slow_lookup, quick_lookup).await;
        assert_eq!((slow_ips, quick_ips), (vec![ip(slow, 1)], vec![ip(quick, 1)]));
    }
}

pub(super) async fn many_names_are_looked_up_at_once(check: &ResolverCheck) {
    let (server, resolver) = check.start();
    let name = |last| format!("name-{last}.example");
    for last in 0..MANY {
        server.answer(&name(last), [ip(Family::V4, last), ip(Family::V6, last)]);
    }
    let resolver = &resolver;
    let look_up = |last, family| async move { lookup(resolver, &name(last), family).await };
    let pairs = (0..MANY).map(|last| zip(look_up(last, Family::V4), look_up(last, Family::V6)));
    let found = all(pairs).await;
    for (last, found) in (0..MANY).zip(found) {
        let expected = |family| vec![ip(family, last)] as Vec<IpAddr>;
        assert_eq!(found, (expected(Family::V4), expected(Family::V6)));
    }
}

pub(super) async fn a_dropped_lookup_asks_no_more(check: &ResolverCheck) {
    if !check.can_cancel {
        return;
    }
    let (server, resolver) = check.start_impatient();
    let held = server.hold("a.example", Family::V4);
    begin_and_drop(&resolver, &held).await;
    // Whatever was still under way when it was dropped has come when this has its answer.
    still_works(&server, &resolver).await;
    let count = held.count();
    // This one takes all the time that the dropped one would have had to ask again.
    server.reply("silent.example", Family::V4, DnsReply::silence());
    failure(resolver.resolve("silent.example", Family::V4).await);
    assert_eq!(held.count(), count);
}

pub(super) async fn a_dropped_lookup_leaves_the_others_alone(check: &ResolverCheck) {
    let (server, resolver) = check.start();
    let held = server.hold("a.example", Family::V4);
    let mut other = pin!(lookup(&resolver, "a.example", Family::V4));
    assert!(poll_once(&mut other).await.is_none());
    begin_and_drop(&resolver, &held).await;
    still_works(&server, &resolver).await;
    held.answer([ip(Family::V4, 1)]);
    assert_eq!(other.await, [ip(Family::V4, 1)]);
}

/// Drops a lookup that waits for its answer.
async fn begin_and_drop(resolver: &BoxResolver, held: &HeldQuery) {
    let lookup = async {
        let result = resolver.resolve("a.example", Family::V4).await;
        panic!("a lookup waits for its answer: {result:?}");
    };
    or(lookup, held.asked()).await;
}

/// What all of the futures have come to, which run side by side.
async fn all<F: Future>(futures: impl IntoIterator<Item = F>) -> Vec<F::Output> {
    let mut running: Vec<_> = futures.into_iter().map(Box::pin).collect();
    let mut results: Vec<Option<F::Output>> = running.iter().map(|_| None).collect();
    poll_fn(|cx| {
        for (future, result) in running.iter_mut().zip(&mut results) {
            if result.is_none() {
                if let Poll::Ready(output) = future.as_mut().poll(cx) {
                    *result = Some(output);
                }
            }
        }
        match results.iter().all(Option::is_some) {
            true => Poll::Ready(()),
            false => Poll::Pending,
        }
    })
    .await;
    results.into_iter().flatten().collect()
}
