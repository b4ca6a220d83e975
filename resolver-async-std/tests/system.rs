//! The configuration of the system: its nameserver, search domains and hosts file, each test with
//! those of a namespace of its own.

use std::{net::IpAddr, process::ExitCode};

use futures_lite::future::block_on;
use socketry_resolver::{Answer, Family, LookupFailed, LookupFailure, Resolve};
use socketry_resolver_async_std::AsyncStdResolver;
use socketry_testing::{DnsReply, DnsServer, NamespaceTest, run_namespace_tests};

/// Where resolv.conf says that the nameserver is; it knows no ports.
const NAMESERVER: ([u8; 4], u16) = ([127, 0, 0, 1], 53);

fn main() -> ExitCode {
    let configured = "nameserver 127.0.0.1\nsearch corp.example\n";
    run_namespace_tests([
        test("the_nameserver_of_the_system_is_asked", configured, || {
            let server = start();
            assert!(find("a.example").ips().eq([IpAddr::from([192, 0, 2, 1])]));
            assert_eq!(server.queries()[0].name(), "a.example");
        }),
        test("a_short_name_of_the_hosts_file_is_not_searched_for", configured, || {
            let server = start();
            assert!(find("known").ips().eq([IpAddr::from([192, 0, 2, 77])]));
            assert_eq!(server.queries(), []);
        }),
        test("another_short_name_is_searched_for", configured, || {
            let _server = start();
            assert!(find("short").ips().eq([IpAddr::from([192, 0, 2, 2])]));
        }),
        test("without_a_nameserver_no_public_one_is_asked", "# none\n", || {
            let resolver = AsyncStdResolver::from_system().unwrap();
            let error = block_on(resolver.resolve("a.example", Family::V4)).unwrap_err();
            let failed = error.get_ref().unwrap().downcast_ref::<LookupFailed>().unwrap();
            assert_eq!(failed.failure(), LookupFailure::NoServer);
        }),
    ])
}

fn test(name: &str, resolv_conf: &str, run: impl Fn() + Send + Sync + 'static) -> NamespaceTest {
    NamespaceTest::new(name, run)
        .with_file("/etc/resolv.conf", resolv_conf)
        .with_file("/etc/hosts", "127.0.0.1 localhost\n192.0.2.77 known\n")
}

/// A nameserver where resolv.conf says; `known` has another address there.
fn start() -> DnsServer {
    let server = DnsServer::start_on(NAMESERVER.into()).unwrap();
    server.answer("a.example", [[192, 0, 2, 1].into()]);
    server.answer("short.corp.example", [[192, 0, 2, 2].into()]);
    server.reply("known.corp.example", None, DnsReply::addresses([[192, 0, 2, 66].into()]));
    server
}

fn find(name: &str) -> Answer {
    let resolver = AsyncStdResolver::from_system().unwrap();
    block_on(resolver.resolve(name, Family::V4)).unwrap()
}
