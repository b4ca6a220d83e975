//! The contract of `Resolve`, case by case, over what looks names up by default: the DNS client and
//! the cache around it.

use std::time::Duration;

use socketry::{
    BoxResolver,
    resolver::{CachingResolver, HickoryBuilder, HickoryResolver},
};
use socketry_testing::ResolverCheck;

fn check() -> ResolverCheck {
    let usual = |nameserver| HickoryResolver::builder().cache_size(0).nameservers([nameserver]);
    ResolverCheck::new(move |nameserver| cached(usual(nameserver))).impatient(move |nameserver| {
        cached(usual(nameserver).try_timeout(Duration::from_millis(300)))
    })
}

fn cached(builder: HickoryBuilder) -> BoxResolver {
    BoxResolver::new(CachingResolver::new(builder.build().unwrap()))
}

socketry_testing::resolver_tests!(check());
