//! What letting somebody in costs, and what refusing does.

use std::{
    collections::VecDeque,
    future::Future,
    io,
    net::{Ipv6Addr, SocketAddr},
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    task::Poll,
    time::{Duration, Instant},
};

use allocation_counter::measure;
use socketry_connection::Clock;
use socketry_server::AtLimit;
use socketry_server_gate::{GateServer, GateSettings, Rate};
use socketry_testing::{ScriptedServer, ServerHandle, pair_between};

use crate::support::{
    Gated, address, come_from, gate, network, poll, refused, server, server_at, server_on_a_clock,
};

/// Every limit and list there is, each wide enough.
fn everything(settings: &mut GateSettings) {
    settings.most_open = Some(1000);
    settings.most_open_per_prefix = Some(1000);
    settings.rate = Some(Rate::per_second(1000));
    settings.rate_per_prefix = Some(Rate::per_second(1000));
    settings.allow = vec![network("192.0.2.0/24")];
    settings.deny = vec![network("192.0.2.200")];
    settings.exempt = vec![network("192.0.2.100/30")];
    settings.at_limit = AtLimit::Pause;
}

/// The next result, after which others may have a turn.
fn next(server: &mut GateServer<ScriptedServer>) -> io::Result<Gated> {
    let result = match poll(server) {
        Poll::Ready(result) => Poll::Ready(result),
        Poll::Pending => poll(server),
    };
    match result {
        Poll::Ready(Some(result)) => result,
        Poll::Ready(None) | Poll::Pending => panic!("somebody has come"),
    }
}

/// Lets `number` in and out again, of which each holds its place while others come.
fn come_and_go(
    number: usize,
    server: &mut GateServer<ScriptedServer>,
    handle: &ServerHandle,
) -> u64 {
    let clients: Vec<_> = (0..number).map(|n| come_from(n as u8 % 128, handle)).collect();
    let mut open = VecDeque::with_capacity(8);
    let mut allocations = 0;
    for _ in 0..number {
        let one = measure(|| {
            if open.len() == 8 {
                open.pop_front();
            }
            open.push_back(next(server).unwrap());
        });
        allocations += one.count_total;
    }
    drop(clients);
    allocations
}

#[test]
fn who_comes_in_and_leaves_costs_no_allocation() {
    let (mut server, handle, _gate, clock) = server_on_a_clock(everything);
    for _ in 0..4 {
        come_and_go(200, &mut server, &handle); // the tables grow
        clock.advance(Duration::from_secs(1));
    }
    for _ in 0..4 {
        assert_eq!(come_and_go(900, &mut server, &handle), 0);
        clock.advance(Duration::from_secs(1));
    }
}

#[test]
fn who_is_refused_costs_the_error_and_its_text_at_most() {
    let (mut server, handle, _gate, _clock) =
        server_on_a_clock(|settings| settings.most_open_per_prefix = Some(0));
    let _clients = [1, 2].map(|host| come_from(host, &handle));
    refused(&mut server);
    // The error, its payload, and the name of the prefix, which may grow while it is written.
    let allocations = measure(|| drop(refused(&mut server))).count_total;
    assert!(allocations <= 5, "{allocations} allocations");
}

/// Counts how often it is looked at.
#[derive(Debug, Default)]
struct CountingClock {
    looks: AtomicUsize,
}

impl Clock for CountingClock {
    fn now(&self) -> Instant {
        self.looks.fetch_add(1, Ordering::SeqCst);
        Instant::now()
    }

    fn sleep_until(&self, _: Instant) -> Pin<Box<dyn Future<Output = ()> + Send + Sync>> {
        Box::pin(std::future::pending())
    }
}

/// How often the clock is looked at while a hundred come and go.
fn looks(set: impl FnOnce(&mut GateSettings)) -> usize {
    let clock = Arc::new(CountingClock::default());
    let gate = gate(set).with_clock(clock.clone());
    let (mut server, handle) = server_at(&gate);
    come_and_go(100, &mut server, &handle);
    clock.looks.load(Ordering::SeqCst)
}

#[test]
fn without_a_rate_nobody_looks_at_the_clock() {
    let without_rates = |settings: &mut GateSettings| {
        everything(settings);
        (settings.rate, settings.rate_per_prefix) = (None, None);
    };
    assert_eq!(looks(without_rates), 0);
}

#[test]
fn who_comes_by_a_rate_is_one_look_at_the_clock_and_who_leaves_is_none() {
    assert_eq!(looks(|settings| settings.rate = Some(Rate::per_second(1000))), 100);
}

/// The bytes that are left when `number` have come, each from a network of its own, and gone.
fn memory_left(number: u64, server: &mut GateServer<ScriptedServer>, handle: &ServerHandle) -> i64 {
    let come_and_go = || {
        for n in 0..number {
            let ip = Ipv6Addr::from_bits(0x2001_0db8 << 96 | u128::from(n) << 64 | 1);
            let from = SocketAddr::from((ip, 1)).into();
            let (_client, accepted) = pair_between(from, address("tcp://192.0.2.80:80"));
            handle.push(accepted);
            drop(next(server));
        }
    };
    measure(come_and_go).bytes_current
}

#[test]
fn a_flood_from_ever_new_networks_does_not_fill_the_memory() {
    let (mut server, handle, gate, _clock) =
        server_on_a_clock(|settings| settings.rate_per_prefix = Some(Rate::per_minute(1)));
    let left = memory_left(120_000, &mut server, &handle);
    assert_eq!(gate.counts().admitted, 120_000);
    assert!(left < 3_000_000, "{left} bytes");
}

#[test]
fn without_a_rate_nothing_is_left_of_who_came_in() {
    let (mut server, handle, _gate) = server(|settings| settings.most_open_per_prefix = Some(1));
    memory_left(1, &mut server, &handle); // the tables begin
    assert_eq!(memory_left(1000, &mut server, &handle), 0);
}

#[test]
fn nothing_is_left_of_who_was_refused() {
    let (mut server, handle, gate, _clock) = server_on_a_clock(|settings| {
        settings.most_open = Some(0);
        settings.rate_per_prefix = Some(Rate::per_minute(1));
    });
    memory_left(1, &mut server, &handle);
    assert_eq!(memory_left(1000, &mut server, &handle), 0);
    assert_eq!(gate.counts().refused(), 1001);
}
