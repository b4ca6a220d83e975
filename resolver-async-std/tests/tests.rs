//! The resolver on async-std-resolver and nameservers on loopback.

use std::time::Duration;

use socketry_resolver::BoxResolver;
use socketry_resolver_async_std::AsyncStdResolver;
use socketry_testing::ResolverCheck;

mod deadline;
mod hosts;
mod own;

fn check() -> ResolverCheck {
    let known = hosts::file("known", "192.0.2.77 known\n127.0.0.1 localhost\n");
    ResolverCheck::new(move |nameserver| {
        let resolver = AsyncStdResolver::asking([nameserver]);
        BoxResolver::new(resolver.hosts_file(&known.path).unwrap())
    })
    .impatient(|nameserver| {
        let resolver = AsyncStdResolver::asking([nameserver]);
        BoxResolver::new(resolver.try_timeout(Duration::from_millis(200)))
    })
    .believing_datagrams()
    .with_known_host("known", [192, 0, 2, 77].into())
}

socketry_testing::resolver_tests!(check());
