//! The system's resolver, as far as it asks nobody; see `namespace` for the rest.

use std::{future::Future, io::ErrorKind};

use futures_lite::future::block_on;
use socketry_resolver::{Family, LookupFailed, LookupFailure, Resolve};
use socketry_resolver_system::SystemResolver;

fn assert_send<T: Send>(_: &T) {}
fn assert_send_sync_unpin<T: Send + Sync + Unpin>() {}

#[test]
fn localhost_is_loopback() {
    let resolver = SystemResolver::new();
    let answer = block_on(resolver.resolve("localhost", Family::V4)).unwrap();
    assert!(!answer.is_empty() && answer.ips().all(|ip| ip.is_loopback()), "{answer:?}");
    assert_eq!(answer.expires(), None);
}

#[test]
fn the_scope_of_a_literal_is_kept() {
    let answer = block_on(SystemResolver::new().resolve("fe80::1%1", Family::V6)).unwrap();
    assert_eq!(answer.addresses(), ["[fe80::1%1]:0".parse().unwrap()]);
}

#[test]
fn an_error_says_which_name_and_why() {
    let error = block_on(SystemResolver::new().resolve("a..example", Family::V4)).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidInput);
    assert_eq!(
        error.to_string(),
        "lookup of a..example (IPv4) failed: this can be no host name: \
         it has an empty label, between two dots or in front of one"
    );
    let failed = error.get_ref().unwrap().downcast_ref::<LookupFailed>().unwrap();
    assert_eq!(failed.failure(), LookupFailure::InvalidName);
}

#[test]
fn zero_at_once_counts_as_one() {
    let resolver = SystemResolver::new().most_at_once(0);
    assert!(block_on(resolver.resolve("localhost", Family::V4)).is_ok());
}

#[test]
fn it_can_be_shared_and_its_futures_sent() {
    assert_send_sync_unpin::<SystemResolver>();
    fn resolve(resolver: &SystemResolver) -> impl Future + '_ {
        let resolving = resolver.resolve("localhost", Family::V4);
        assert_send(&resolving);
        resolving
    }
    drop(resolve(&SystemResolver::new()));
}
