//! What can be sent to, shared with and moved in other tasks.

use socketry_resolver::{BoxResolver, Family, Resolve, StaticResolver};
use socketry_resolver_caching::{CachingResolver, SharedError};

fn assert_send_sync_unpin<T: Send + Sync + Unpin>() {}
fn assert_send<T: Send>(_: &T) {}

#[test]
fn caches_and_their_errors_are_send_and_sync() {
    assert_send_sync_unpin::<CachingResolver<BoxResolver>>();
    assert_send_sync_unpin::<SharedError>();
}

#[test]
fn a_cache_can_be_cloned_and_shown_whatever_is_inside() {
    fn assert_clone_debug<T: Clone + std::fmt::Debug>() {}
    struct Neither;
    assert_clone_debug::<CachingResolver<Neither>>();
}

#[test]
fn the_futures_of_caches_are_send_through_every_adapter() {
    fn resolve<R: Resolve>(resolver: &R) {
        assert_send(&resolver.resolve("a.example", Family::V4));
    }
    resolve(&CachingResolver::new(StaticResolver::new()));
    resolve(&CachingResolver::new(CachingResolver::new(StaticResolver::new())));
    resolve(&CachingResolver::new(BoxResolver::new(StaticResolver::new())));
    resolve(&BoxResolver::new(CachingResolver::new(StaticResolver::new())));
}
