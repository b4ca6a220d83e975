//! Looking names up while the process is out of file descriptors.
//!
//! A program without the test harness, whose own threads would want descriptors, too.

#[allow(dead_code, reason = "the other tests use the rest")]
mod support;

use std::{fs::File, io, sync::Arc, time::Duration};

use futures_lite::future::{block_on, poll_once};
use rustix::{
    io::Errno,
    process::{Resource, Rlimit, getrlimit, setrlimit},
};
use socketry_connection::os_error;
use socketry_resolver::{Family, LookupFailure, Resolve};
use socketry_resolver_hickory::{HickoryBuilder, HickoryResolver, Nameserver};
use socketry_testing::ManualClock;

use crate::support::{Server, failure_of, found, lookup};

const PAUSE: Duration = Duration::from_millis(50);

fn main() {
    let limit = Rlimit { current: Some(64), maximum: getrlimit(Resource::Nofile).maximum };
    setrlimit(Resource::Nofile, limit).unwrap();
    let tests: &[(&str, fn())] = &[
        // First: the descriptors of the reactor are opened once, at its first use.
        (
            "a_first_lookup_without_descriptors_for_the_reactor_is_an_error_and_not_a_panic",
            a_first_lookup_without_descriptors_for_the_reactor_is_an_error_and_not_a_panic,
        ),
        ("running_out_is_told_as_what_it_is", running_out_is_told_as_what_it_is),
        ("a_lookup_waits_for_a_descriptor", a_lookup_waits_for_a_descriptor),
    ];
    for (name, test) in tests {
        test();
        println!("test {name} ... ok");
    }
}

/// Takes all descriptors that are left.
fn take_all() -> Vec<File> {
    std::iter::from_fn(|| File::open("/dev/null").ok()).collect()
}

fn builder(nameserver: Nameserver) -> HickoryBuilder {
    HickoryResolver::builder().nameservers([nameserver]).use_hosts(false).cache_size(0)
}

/// A nameserver that waits for questions. Before it does, it needs descriptors, too.
fn server() -> Server {
    let server = Server::new(|question| question.addresses(&["192.0.2.1"]));
    let resolver = builder(server.over_udp()).build().unwrap();
    assert_eq!(found(lookup(&resolver, "a.example", Family::V4)), ["192.0.2.1"]);
    server
}

fn assert_is_emfile(error: &io::Error) {
    assert_eq!(failure_of(error), LookupFailure::Other, "{error}");
    assert_eq!(os_error(error), Some(Errno::MFILE.raw_os_error()), "{error}");
    let emfile = io::Error::from_raw_os_error(Errno::MFILE.raw_os_error());
    assert_eq!(error.kind(), emfile.kind(), "{error}");
}

fn a_first_lookup_without_descriptors_for_the_reactor_is_an_error_and_not_a_panic() {
    let nobody = "127.0.0.1:1".parse().unwrap(); // a server has a reactor
    let resolver = builder(nobody).build().unwrap();
    let mut all = take_all();
    for _ in 0..4 {
        assert_is_emfile(&lookup(&resolver, "a.example", Family::V4).unwrap_err());
        all.pop();
    }
    drop(all);
    let error = lookup(&resolver, "a.example", Family::V4).unwrap_err();
    assert_eq!(failure_of(&error), LookupFailure::Unreachable);
}

fn running_out_is_told_as_what_it_is() {
    let server = server();
    for nameserver in [server.over_udp(), server.over_tcp()] {
        let clock = ManualClock::new();
        let resolver = builder(nameserver).attempts(1).with_clock(Arc::new(clock.clone()));
        let resolver = resolver.build().unwrap();
        let all = take_all();
        let error = block_on(async {
            let mut lookup = Box::pin(resolver.resolve("a.example", Family::V4));
            loop {
                match poll_once(&mut lookup).await {
                    Some(result) => return result.unwrap_err(),
                    None => clock.advance(PAUSE),
                }
            }
        });
        drop(all);
        assert_is_emfile(&error);
        let reason = format!("something went wrong: {nameserver}: Too many open files");
        assert!(error.to_string().contains(&reason), "{error}");
        assert!(!found(lookup(&resolver, "a.example", Family::V4)).is_empty());
    }
}

fn a_lookup_waits_for_a_descriptor() {
    let server = server();
    let clock = ManualClock::new();
    let resolver = builder(server.over_udp()).with_clock(Arc::new(clock.clone())).build().unwrap();
    let mut all = take_all();
    block_on(async {
        let mut lookup = Box::pin(resolver.resolve("a.example", Family::V4));
        for _ in 0..10 {
            assert!(poll_once(&mut lookup).await.is_none());
            clock.advance(PAUSE);
        }
        all.pop();
        assert_eq!(found(lookup.await), ["192.0.2.1"]);
    });
}
