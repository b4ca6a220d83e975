//! What this resolver does beyond the contract.

use std::{future::Future, io::ErrorKind, time::Duration};

use futures_lite::future::block_on;
use socketry_resolver::{Family, LookupFailed, LookupFailure, Resolve};
use socketry_resolver_async_std::AsyncStdResolver;
use socketry_testing::{DnsReply, DnsServer};

#[test]
fn without_a_nameserver_a_lookup_says_so() {
    let resolver = AsyncStdResolver::asking([]);
    let error = block_on(resolver.resolve("a.example", Family::V4)).unwrap_err();
    let failed = error.get_ref().unwrap().downcast_ref::<LookupFailed>().unwrap();
    assert_eq!(failed.failure(), LookupFailure::NoServer);
}

#[test]
fn names_below_localhost_are_loopback() {
    let resolver = AsyncStdResolver::asking([]);
    for name in ["LocalHost", "localhost.", "a.localhost"] {
        let answer = block_on(resolver.resolve(name, Family::V4)).unwrap();
        assert!(answer.len() == 1 && answer.ips().all(|ip| ip.is_loopback()), "{name}");
    }
    assert!(block_on(resolver.resolve("notlocalhost", Family::V4)).is_err());
}

#[test]
fn an_answer_is_cached_in_its_family() {
    let server = DnsServer::start().unwrap();
    server.answer("a.example", [[192, 0, 2, 1].into()]);
    let resolver = AsyncStdResolver::asking([server.address()]);
    for _ in 0..3 {
        assert_eq!(block_on(resolver.resolve("a.example", Family::V4)).unwrap().len(), 1);
        assert!(block_on(resolver.resolve("a.example", Family::V6)).unwrap().is_empty());
    }
    assert_eq!(server.queries().len(), 2);
}

#[test]
fn without_a_cache_every_lookup_asks() {
    let server = DnsServer::start().unwrap();
    server.answer("a.example", [[192, 0, 2, 1].into()]);
    let resolver = AsyncStdResolver::asking([server.address()]).cached_names(0);
    for _ in 0..3 {
        assert_eq!(block_on(resolver.resolve("a.example", Family::V4)).unwrap().len(), 1);
    }
    assert_eq!(server.queries().len(), 3);
}

#[test]
fn an_empty_answer_says_how_long_it_is_good() {
    let server = DnsServer::start().unwrap();
    let ttl = Duration::from_secs(300);
    server.reply("a.example", Family::V4, DnsReply::no_data().ttl(ttl));
    let before = std::time::Instant::now();
    let resolver = AsyncStdResolver::asking([server.address()]);
    let answer = block_on(resolver.resolve("a.example", Family::V4)).unwrap();
    assert!(answer.expires().unwrap() >= before + ttl - Duration::from_secs(1));
}

#[test]
fn a_second_nameserver_is_asked_when_the_first_one_fails() {
    let (bad, good) = (DnsServer::start().unwrap(), DnsServer::start().unwrap());
    bad.otherwise(DnsReply::server_failure());
    good.answer("a.example", [[192, 0, 2, 1].into()]);
    let resolver = AsyncStdResolver::asking([bad.address(), good.address()]);
    assert_eq!(block_on(resolver.resolve("a.example", Family::V4)).unwrap().len(), 1);
}

#[test]
fn a_dropped_resolver_closes_its_connections() {
    let server = DnsServer::start().unwrap();
    let reply = DnsReply::addresses([[192, 0, 2, 1].into()]).truncated();
    server.reply("a.example", Family::V4, reply);
    let resolver = AsyncStdResolver::asking([server.address()]);
    assert_eq!(block_on(resolver.resolve("a.example", Family::V4)).unwrap().len(), 1);
    assert_eq!(server.connections(), 1);
    drop(resolver);
    block_on(server.hung_up());
}

#[test]
fn an_error_is_of_its_kind() {
    let server = DnsServer::start().unwrap();
    server.reply("a.example", Family::V4, DnsReply::refused());
    let resolver = AsyncStdResolver::asking([server.address()]);
    let error = block_on(resolver.resolve("a.example", Family::V4)).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::PermissionDenied);
    assert_eq!(
        error.to_string(),
        "lookup of a.example (IPv4) failed: the nameserver refuses to answer (REFUSED)"
    );
}

#[test]
fn it_can_be_shared_and_its_futures_sent() {
    fn assert_send<T: Send>(_: &T) {}
    fn assert_send_sync_unpin<T: Send + Sync + Unpin>() {}
    assert_send_sync_unpin::<AsyncStdResolver>();
    fn resolve(resolver: &AsyncStdResolver) -> impl Future + '_ {
        let resolving = resolver.resolve("localhost", Family::V4);
        assert_send(&resolving);
        resolving
    }
    drop(resolve(&AsyncStdResolver::asking([])));
}
