//! What a resolver holds, and that it lets go of it. Every test takes a baseline first.

#[allow(dead_code, reason = "the other tests use the rest")]
mod support;

use std::{
    fs,
    future::Future,
    net::{SocketAddr, TcpListener},
    pin::Pin,
    sync::{Arc, Once},
    time::Duration,
};

use async_io::Async;
use futures_lite::future::{block_on, poll_once};
use hickory_resolver::proto::op::ResponseCode;
use socketry_resolver::{Answer, Family, Resolve};
use socketry_resolver_hickory::{HickoryResolver, Nameserver};
use socketry_testing::{Baseline, ManualClock};

use crate::support::{Server, failure, found, v4};

const SECOND: Duration = Duration::from_secs(1);

/// A baseline that has the reactor in it.
fn baseline() -> Baseline {
    static REACTOR: Once = Once::new();

    REACTOR.call_once(|| {
        drop(Async::<TcpListener>::bind(([127, 0, 0, 1], 0)).unwrap());
    });
    Baseline::take()
}

/// How many sockets this process has open.
fn sockets() -> usize {
    let links: Vec<_> = fs::read_dir("/proc/self/fd")
        .unwrap()
        .filter_map(|entry| fs::read_link(entry.ok()?.path()).ok())
        .collect();
    links.iter().filter(|link| link.to_string_lossy().starts_with("socket:")).count()
}

fn resolver(
    nameservers: impl IntoIterator<Item = Nameserver>,
    clock: &ManualClock,
) -> HickoryResolver {
    let builder = HickoryResolver::builder().nameservers(nameservers).use_hosts(false);
    builder.with_clock(Arc::new(clock.clone())).build().unwrap()
}

type Lookup<'a> = Pin<Box<dyn Future<Output = std::io::Result<Answer>> + Send + 'a>>;

fn begin<'a>(resolver: &'a HickoryResolver, name: &'a str) -> Lookup<'a> {
    Box::pin(resolver.resolve(name, Family::V4))
}

#[test]
fn a_lookup_that_waits_for_an_answer_over_udp_leaves_nothing_when_it_is_dropped() {
    let baseline = baseline();
    let (silent, clock) = (Server::silent(), ManualClock::new());
    let before = sockets();
    let resolver = resolver([silent.over_udp()], &clock);
    block_on(async {
        let mut lookups: Vec<_> = (0..50).map(|_| begin(&resolver, "a.example")).collect();
        lookups.extend((0..50).map(|_| begin(&resolver, "b.example")));
        for lookup in &mut lookups {
            assert!(poll_once(lookup).await.is_none());
        }
        assert!(sockets() > before);
        drop(lookups);
    });
    assert_eq!((sockets(), clock.sleeping()), (before, 0));
    drop((resolver, silent));
    baseline.assert_unchanged();
}

#[test]
fn there_are_no_more_udp_sockets_than_questions_may_be_asked_at_once() {
    let baseline = baseline();
    let (silent, clock) = (Server::silent(), ManualClock::new());
    let before = sockets();
    let names: Vec<_> = (0..200).map(|number| format!("host{number}.example")).collect();
    for (most, expected) in [(None, 128), (Some(3), 3)] {
        let builder = HickoryResolver::builder().nameservers([silent.over_udp()]).use_hosts(false);
        let builder = builder.with_clock(Arc::new(clock.clone()));
        let builder = match most {
            Some(most) => builder.most_at_once(most),
            None => builder,
        };
        let resolver = builder.build().unwrap();
        block_on(async {
            let mut lookups: Vec<_> = names.iter().map(|name| begin(&resolver, name)).collect();
            for _ in 0..3 {
                for lookup in &mut lookups {
                    assert!(poll_once(lookup).await.is_none());
                }
                clock.advance(Duration::from_millis(333)); // the questions are repeated
            }
            assert_eq!(sockets(), before + expected);
        });
        assert_eq!((sockets(), clock.sleeping()), (before, 0));
    }
    drop(silent);
    baseline.assert_unchanged();
}

#[test]
fn a_lookup_that_asks_two_nameservers_leaves_nothing_when_it_is_dropped() {
    let baseline = baseline();
    let (first, second, clock) = (Server::silent(), Server::silent(), ManualClock::new());
    let before = sockets();
    let resolver = resolver([first.over_udp(), second.over_udp()], &clock);
    block_on(async {
        let mut lookup = begin(&resolver, "a.example");
        first.is_asked_by(&mut lookup).await;
        clock.advance(SECOND);
        second.is_asked_by(&mut lookup).await;
    });
    assert_eq!((sockets(), clock.sleeping()), (before, 0));
    drop((resolver, first, second));
    baseline.assert_unchanged();
}

#[test]
fn a_lookup_that_waits_for_a_connection_leaves_nothing_when_it_is_dropped() {
    let baseline = baseline();
    let clock = ManualClock::new();
    let (full, address) = full_backlog();
    let before = sockets();
    let resolver = resolver([Nameserver::tcp(address)], &clock);
    block_on(async {
        let mut lookup = begin(&resolver, "a.example");
        let mut other = begin(&resolver, "b.example");
        assert!(poll_once(&mut lookup).await.is_none());
        assert!(poll_once(&mut other).await.is_none());
        assert_eq!(sockets(), before + 1); // they wait for the same one
    });
    assert_eq!((sockets(), clock.sleeping()), (before, 0));
    drop((resolver, full));
    baseline.assert_unchanged();
}

/// A listener that nobody can connect to any more, and the connections that wait there.
fn full_backlog() -> (impl Sized, SocketAddr) {
    let socket = socket2::Socket::new(socket2::Domain::IPV4, socket2::Type::STREAM, None).unwrap();
    socket.bind(&SocketAddr::from(([127, 0, 0, 1], 0)).into()).unwrap();
    socket.listen(0).unwrap();
    let address = socket.local_addr().unwrap().as_socket().unwrap();
    let fill = || {
        let client =
            socket2::Socket::new(socket2::Domain::IPV4, socket2::Type::STREAM, None).unwrap();
        client.set_nonblocking(true).unwrap();
        let _ = client.connect(&address.into());
        client
    };
    let clients: Vec<_> = std::iter::repeat_with(fill).take(3).collect();
    ((socket, clients), address)
}

#[test]
fn a_resolver_at_rest_keeps_one_tcp_connection_and_dropping_it_closes_that() {
    let baseline = baseline();
    let server = Server::new(|question| match question.over_tcp {
        true => question.addresses(&["192.0.2.1", "2001:db8::1"]),
        false => question.truncated(),
    });
    let before = sockets();
    let resolver = HickoryResolver::with_nameservers([server.over_udp()]);
    for name in ["a.example", "b.example"] {
        let (v4, v6) = block_on(futures_lite::future::zip(
            resolver.resolve(name, Family::V4),
            resolver.resolve(name, Family::V6),
        ));
        assert_eq!((found(v4).len(), found(v6).len()), (1, 1));
    }
    assert_eq!(server.connections(), 1);
    assert_eq!(sockets(), before + 2); // the server's end is in this process, too
    drop((resolver, server));
    baseline.assert_unchanged();
}

#[test]
fn a_lookup_that_waits_for_an_answer_over_tcp_leaves_the_connection_only() {
    let baseline = baseline();
    let (silent, clock) = (Server::silent(), ManualClock::new());
    let before = sockets();
    let resolver = resolver([silent.over_tcp()], &clock);
    block_on(async {
        let mut lookup = begin(&resolver, "a.example");
        silent.is_asked_by(&mut lookup).await;
    });
    assert_eq!((sockets(), clock.sleeping()), (before + 2, 0));
    drop((resolver, silent));
    baseline.assert_unchanged();
}

#[test]
fn lookups_that_end_leave_no_udp_socket_and_no_thread() {
    let baseline = baseline();
    let server = Server::new(|question| match question.name().as_str() {
        "a.example." => question.addresses(&["192.0.2.1"]),
        "b.example." => question.no(ResponseCode::NXDomain, 60),
        _ => question.code(ResponseCode::ServFail),
    });
    let before = sockets();
    let resolver = HickoryResolver::with_nameservers([server.over_udp()]);
    v4(&resolver, "a.example");
    failure(&resolver, "b.example");
    failure(&resolver, "c.example");
    assert_eq!(sockets(), before);
    drop((resolver, server));
    baseline.assert_unchanged();
}

#[test]
fn a_resolver_that_is_made_and_not_used_opens_nothing() {
    let baseline = baseline();
    let resolver = HickoryResolver::from_system();
    assert_eq!(v4(&resolver, "localhost"), ["127.0.0.1"]);
    baseline.assert_unchanged();
}
