//! The system's resolver and a nameserver on port 53 of a network namespace, which is the one in
//! the resolv.conf of a mount namespace.

use std::{net::SocketAddr, process::ExitCode};

use socketry_resolver::BoxResolver;
use socketry_resolver_system::SystemResolver;
use socketry_testing::{NamespaceTest, ResolverCheck, run_namespace_tests};

mod limit;

/// Where the nameserver listens; resolv.conf knows no ports.
const NAMESERVER: ([u8; 4], u16) = ([127, 0, 0, 1], 53);

const HOSTS: &str = "127.0.0.1 localhost\n::1 localhost\n192.0.2.77 known\n";

fn main() -> ExitCode {
    let mut tests: Vec<NamespaceTest> =
        ResolverCheck::cases().filter(is_possible).map(case).collect();
    tests.extend(limit::tests());
    run_namespace_tests(tests)
}

/// A case of the contract.
fn case(name: &'static str) -> NamespaceTest {
    test(name, "timeout:1 attempts:2", move || {
        ResolverCheck::new(|_| BoxResolver::new(SystemResolver::new()))
            .at(SocketAddr::from(NAMESERVER))
            .telling_no_failures_apart()
            .telling_no_expiry()
            .unable_to_cancel()
            .with_known_host("known", [192, 0, 2, 77].into())
            .run(name);
    })
}

fn is_possible(case: &&str) -> bool {
    cfg!(feature = "idn") || *case != "a_name_that_is_not_ascii_is_encoded"
}

/// A test in a namespace whose system asks [`NAMESERVER`], with these options.
fn test(name: &str, options: &str, run: impl Fn() + Send + Sync + 'static) -> NamespaceTest {
    NamespaceTest::new(name, run)
        .with_file("/etc/resolv.conf", format!("nameserver 127.0.0.1\noptions {options}\n"))
        .with_file("/etc/hosts", HOSTS)
        .with_file("/etc/nsswitch.conf", "hosts: files dns\n")
}
