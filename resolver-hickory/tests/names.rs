//! What is looked up where, and under which names.

use std::{fs, io, path::PathBuf, sync::Arc, time::Duration};

use hickory_resolver::proto::op::ResponseCode;
use socketry_resolver::{Family, LookupFailure};
use socketry_resolver_hickory::{HickoryBuilder, HickoryResolver, Nameserver};
use socketry_testing::ManualClock;

use crate::support::{Server, failure, found, lookup, v4};

/// A file of a test, which goes with it.
struct File(PathBuf);

impl File {
    fn new(test: &str, text: &str) -> Self {
        let file = format!("socketry-resolver-hickory-{}-{test}", std::process::id());
        let file = Self(std::env::temp_dir().join(file));
        file.write(text);
        file
    }

    fn write(&self, text: &str) {
        fs::write(&self.0, text).unwrap();
    }
}

impl Drop for File {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.0);
    }
}

/// The broadcast address, to which the system connects no socket: nothing is sent there.
const NO_HOST: &str = "255.255.255.255";

/// Knows these names, one address each.
fn knowing(names: &'static [&'static str]) -> Server {
    Server::new(move |question| match names.contains(&question.name().as_str()) {
        true => question.addresses(&["192.0.2.1", "2001:db8::1"]),
        false => question.no(ResponseCode::NXDomain, 60),
    })
}

fn builder(server: &Server) -> HickoryBuilder {
    HickoryResolver::builder().nameservers([server.over_udp()]).use_hosts(false)
}

#[test]
fn a_short_name_is_looked_up_in_each_domain_of_the_search_list_and_then_itself() {
    let server = knowing(&["host."]);
    let resolver = builder(&server).search(["a.example", "b.example."]).build().unwrap();
    assert_eq!(v4(&resolver, "host"), ["192.0.2.1"]);
    assert_eq!(server.names(), ["host.a.example.", "host.b.example.", "host."]);
}

#[test]
fn a_name_with_dots_is_looked_up_itself_first() {
    let server = knowing(&["www.host.b.example."]);
    let resolver = builder(&server).search(["a.example", "b.example"]).build().unwrap();
    assert_eq!(v4(&resolver, "www.host"), ["192.0.2.1"]);
    assert_eq!(server.names(), ["www.host.", "www.host.a.example.", "www.host.b.example."]);
}

#[test]
fn ndots_says_how_many_dots_are_enough() {
    let server = knowing(&["www.host.a.example."]);
    let resolver = builder(&server).search(["a.example"]).ndots(2).build().unwrap();
    assert_eq!(v4(&resolver, "www.host"), ["192.0.2.1"]);
    assert_eq!(server.names(), ["www.host.a.example."]);
}

#[test]
fn a_name_that_has_an_address_of_the_other_family_ends_the_search() {
    let server = Server::new(|question| match (question.name().as_str(), question.family()) {
        ("host.a.example.", Family::V4) => question.no(ResponseCode::NoError, 60),
        ("host.a.example.", Family::V6) => question.addresses(&["2001:db8::1"]),
        _ => question.addresses(&["192.0.2.66", "2001:db8::66"]),
    });
    let resolver = builder(&server).search(["a.example", "b.example"]).build().unwrap();
    assert!(lookup(&resolver, "host", Family::V4).unwrap().is_empty());
    assert_eq!(found(lookup(&resolver, "host", Family::V6)), ["2001:db8::1"]);
    assert_eq!(server.names(), ["host.a.example."; 2], "each family was asked for once");
}

#[test]
fn a_name_that_has_no_address_of_either_family_does_not_end_the_search() {
    let server = Server::new(|question| match question.name().as_str() {
        "www.host.a.example." => question.no(ResponseCode::NoError, 60),
        _ => question.addresses(&["192.0.2.1", "2001:db8::1"]),
    });
    let resolver = builder(&server).search(["a.example"]).ndots(5).build().unwrap();
    for (family, ip) in [(Family::V4, "192.0.2.1"), (Family::V6, "2001:db8::1")] {
        assert_eq!(found(lookup(&resolver, "www.host", family)), [ip]);
    }
    assert_eq!(server.asked().len(), 4, "each name was asked for once in each family");
}

#[test]
fn a_name_that_exists_is_told_from_one_that_does_not_also_at_the_end_of_a_search() {
    let server = Server::new(|question| match question.name().as_str() {
        "host.a.example." => question.no(ResponseCode::NoError, 60),
        _ => question.no(ResponseCode::NXDomain, 60),
    });
    let resolver = builder(&server).search(["a.example", "b.example"]).build().unwrap();
    assert!(lookup(&resolver, "host", Family::V4).unwrap().is_empty());
    assert_eq!(failure(&resolver, "host."), LookupFailure::NoSuchName);
}

#[test]
fn the_last_name_of_a_search_is_not_asked_for_in_the_other_family() {
    let server = Server::new(|question| question.no(ResponseCode::NoError, 60));
    let resolver = builder(&server).build().unwrap();
    assert!(lookup(&resolver, "host", Family::V4).unwrap().is_empty());
    assert_eq!(server.asked().len(), 1);
}

#[test]
fn a_domain_that_nobody_could_be_asked_about_does_not_hide_the_names_after_it() {
    for code in [ResponseCode::ServFail, ResponseCode::Refused, ResponseCode::NotImp] {
        let server = Server::new(move |question| match question.name().as_str() {
            "www.example.org.corp." => question.code(code),
            _ => question.addresses(&["192.0.2.1"]),
        });
        let resolver = builder(&server).search(["corp"]).ndots(5).build().unwrap();
        assert_eq!(v4(&resolver, "www.example.org"), ["192.0.2.1"], "{code}");
    }
}

#[test]
fn if_nothing_is_found_the_first_failure_is_told() {
    let server = Server::new(|question| match question.name().as_str() {
        "host.a.example." => question.no(ResponseCode::NoError, 60),
        "host.b.example." => question.code(ResponseCode::Refused),
        "host.c.example." => question.code(ResponseCode::ServFail),
        _ => question.no(ResponseCode::NXDomain, 60),
    });
    let search = ["a.example", "b.example", "c.example"];
    let resolver = builder(&server).search(search).build().unwrap();
    assert_eq!(failure(&resolver, "host"), LookupFailure::Refused);
}

#[test]
fn localhost_and_literals_never_leave_the_process() {
    let server = knowing(&[]);
    let resolver = builder(&server).search(["a.example"]).build().unwrap();
    for (name, family, expected) in [
        ("localhost", Family::V4, &["127.0.0.1"][..]),
        ("LocalHost.", Family::V6, &["::1"]),
        ("db.localhost", Family::V4, &["127.0.0.1"]),
        ("192.0.2.7", Family::V4, &["192.0.2.7"]),
        ("192.0.2.7", Family::V6, &[]),
        ("[2001:db8::7]", Family::V6, &["2001:db8::7"]),
    ] {
        assert_eq!(found(lookup(&resolver, name, family)), expected, "{name}");
    }
    let scoped = lookup(&resolver, "fe80::7%3", Family::V6).unwrap();
    assert_eq!(scoped.addresses(), ["[fe80::7%3]:0".parse().unwrap()]);
    assert_eq!(server.asked().len(), 0);
}

#[test]
fn names_that_exist_nowhere_are_not_asked_for() {
    let server = Server::new(|question| question.addresses(&["192.0.2.66"]));
    let resolver = builder(&server).build().unwrap();
    for name in ["a.invalid", "a.INVALID.", "a.onion"] {
        assert_eq!(failure(&resolver, name), LookupFailure::NoSuchName, "{name}");
    }
    assert_eq!(server.asked().len(), 0);
}

#[test]
fn underscores_are_asked_for_and_unicode_is_encoded() {
    let server = knowing(&["my_host.example.", "xn--bcher-kva.example."]);
    let resolver = builder(&server).build().unwrap();
    assert_eq!(v4(&resolver, "my_host.example"), ["192.0.2.1"]);
    assert_eq!(v4(&resolver, "Bücher.example"), ["192.0.2.1"]);
}

#[test]
fn what_can_be_no_name_is_invalid_input_and_nobody_is_asked() {
    let server = knowing(&[]);
    let resolver = builder(&server).search(["a.example"]).build().unwrap();
    for name in ["", ".", "a..b", "a b", "host:80", "[::1"] {
        let error = lookup(&resolver, name, Family::V4).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::InvalidInput, "{name}");
        assert_eq!(crate::support::failure_of(&error), LookupFailure::InvalidName, "{name}");
    }
    assert_eq!(server.asked().len(), 0);
}

#[test]
fn the_hosts_file_comes_first_also_for_short_names() {
    let server = knowing(&["db.a.example."]);
    let hosts = File::new("hosts", "192.0.2.7 DB\n");
    let resolver = builder(&server).search(["a.example"]).hosts_path(&hosts.0).build().unwrap();
    assert_eq!(v4(&resolver, "db"), ["192.0.2.7"]);
    assert!(lookup(&resolver, "db", Family::V6).unwrap().is_empty());
    assert_eq!(server.asked().len(), 0);
}

#[test]
fn a_hosts_file_that_has_changed_is_read_again_after_five_seconds() {
    let (hosts, clock) = (File::new("changed-hosts", "192.0.2.7 db\n"), ManualClock::new());
    let resolver = HickoryResolver::builder()
        .hosts_path(&hosts.0)
        .nameservers([] as [Nameserver; 0])
        .with_clock(Arc::new(clock.clone()))
        .build()
        .unwrap();
    assert_eq!(v4(&resolver, "db"), ["192.0.2.7"]);
    hosts.write("192.0.2.77 db\n");
    clock.advance(Duration::from_millis(4999));
    assert_eq!(v4(&resolver, "db"), ["192.0.2.7"]);
    clock.advance(Duration::from_millis(1));
    assert_eq!(v4(&resolver, "db"), ["192.0.2.77"]);
}

#[test]
fn without_a_nameserver_nobody_is_asked_and_the_error_says_what_to_do() {
    let empty = File::new("no-nameserver", "search example\n");
    for (builder, reason) in [
        (HickoryResolver::builder().nameservers([] as [Nameserver; 0]), "the list that was given"),
        (HickoryResolver::builder().resolv_conf_path(&empty.0), "names none: add a line"),
        (HickoryResolver::builder().resolv_conf_path("/nowhere/resolv.conf"), "cannot be read"),
    ] {
        let resolver = builder.use_hosts(false).build().unwrap();
        let error = lookup(&resolver, "a.example", Family::V4).unwrap_err();
        assert_eq!(crate::support::failure_of(&error), LookupFailure::NoServer);
        assert!(error.to_string().contains(reason), "{error}");
        assert_eq!(v4(&resolver, "localhost"), ["127.0.0.1"]);
    }
}

#[test]
fn a_resolv_conf_that_has_changed_is_read_again_after_five_seconds() {
    let (file, clock) = (File::new("changed-resolv-conf", ""), ManualClock::new());
    let resolver = HickoryResolver::builder()
        .resolv_conf_path(&file.0)
        .use_hosts(false)
        .with_clock(Arc::new(clock.clone()))
        .build()
        .unwrap();
    assert_eq!(failure(&resolver, "a.example"), LookupFailure::NoServer);
    file.write(&format!("nameserver {NO_HOST}\n"));
    clock.advance(Duration::from_secs(5));
    let error = lookup(&resolver, "a.example", Family::V4).unwrap_err();
    assert!(error.to_string().contains(&format!("udp://{NO_HOST}:53")), "{error}");
}

#[test]
fn the_system_configuration_is_read_at_the_first_lookup_and_not_before() {
    let file = File::new("late", "");
    let resolver =
        HickoryResolver::builder().resolv_conf_path(&file.0).use_hosts(false).build().unwrap();
    file.write(&format!("nameserver {NO_HOST}\n"));
    assert_ne!(failure(&resolver, "a.example"), LookupFailure::NoServer);
}

#[test]
fn what_cannot_be_built_is_invalid_input() {
    let seconds = Duration::from_secs;
    for (builder, reason) in [
        (HickoryResolver::builder().search(["a..b"]), "invalid search domain \"a..b\""),
        (HickoryResolver::builder().search(["192.0.2.1"]), "invalid search domain"),
        (HickoryResolver::builder().ttl_bounds(seconds(2), seconds(1)), "at least 2s and at most"),
    ] {
        let error = builder.build().unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::InvalidInput);
        assert!(error.to_string().contains(reason), "{error}");
    }
}
