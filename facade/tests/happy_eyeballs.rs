//! How the addresses of a name are tried, as the facade is told to.

use std::{
    future::Future,
    io::{self, ErrorKind},
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    pin::Pin,
    sync::Arc,
    time::Duration,
};

use futures_lite::future::{block_on, poll_once};
use socketry::{
    AddressFamilies, Connector, HappyEyeballs, Setting, Socket, connection::Family,
    resolver::StaticResolver,
};
use socketry_testing::{ConnectorHandle, ManualClock, pair, scripted_resolver};

use crate::slots::slot;

const V4: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);
const V6: IpAddr = IpAddr::V6(Ipv6Addr::LOCALHOST);

fn pinned(name: &str, ips: impl IntoIterator<Item = IpAddr>) -> StaticResolver {
    StaticResolver::new().with(name, ips)
}

#[test]
fn the_second_address_is_tried_when_the_attempt_delay_is_over_and_the_first_is_kept() {
    let (addresses, handle) = slot::<SocketAddr>();
    let clock = ManualClock::new();
    let mut race = HappyEyeballs::default();
    race.attempt_delay = Duration::from_millis(40);
    let connector = Connector::builder()
        .tcp(addresses)
        .resolver(pinned("wiki.example", [V4, V6]))
        .happy_eyeballs(race)
        .clock(Arc::new(clock.clone()))
        .build()
        .unwrap();
    let mut connecting = Box::pin(connector.connect("wiki.example:80"));
    assert!(block_on(poll_once(&mut connecting)).is_none());
    assert_eq!(handle.pending(), 1);
    clock.advance(Duration::from_millis(40));
    assert!(block_on(poll_once(&mut connecting)).is_none());
    assert_eq!(handle.pending(), 2);
    drop(connecting);
    assert_eq!((handle.pending(), clock.sleeping()), (0, 0));
}

#[test]
fn without_happy_eyeballs_the_second_address_waits_until_the_first_has_failed() {
    let (addresses, handle) = slot::<SocketAddr>();
    let clock = ManualClock::new();
    let connector = Connector::builder()
        .tcp(addresses)
        .resolver(pinned("wiki.example", [V4, V6]))
        .happy_eyeballs(false)
        .clock(Arc::new(clock.clone()))
        .build()
        .unwrap();
    let mut connecting = Box::pin(connector.connect("wiki.example:80"));
    assert!(block_on(poll_once(&mut connecting)).is_none());
    clock.advance(Duration::from_secs(30));
    assert!(block_on(poll_once(&mut connecting)).is_none());
    assert_eq!(handle.begun(), 1);
    handle.try_next_call().unwrap().fail(ErrorKind::ConnectionRefused.into());
    assert!(block_on(poll_once(&mut connecting)).is_none());
    assert_eq!(handle.begun(), 2);
}

#[test]
fn only_the_families_that_are_wanted_are_asked_for() {
    for (families, asked) in [
        (AddressFamilies::Both, &[Family::V6, Family::V4][..]),
        (AddressFamilies::PreferV4, &[Family::V4, Family::V6]),
        (AddressFamilies::OnlyV4, &[Family::V4]),
        (AddressFamilies::OnlyV6, &[Family::V6]),
    ] {
        let (resolver, handle) = scripted_resolver();
        let mut options = HappyEyeballs::default();
        options.families = families;
        let connector =
            Connector::builder().resolver(resolver).happy_eyeballs(options).build().unwrap();
        let mut connecting = Box::pin(connector.connect("wiki.example:80"));
        assert!(block_on(poll_once(&mut connecting)).is_none());
        let lookups: Vec<_> = std::iter::from_fn(|| handle.try_next_lookup()).collect();
        assert_eq!(lookups.iter().map(|lookup| lookup.family()).collect::<Vec<_>>(), asked);
    }
}

/// A call to a name with these addresses on a clock of its own, which has begun.
struct Racing {
    connecting: Pin<Box<dyn Future<Output = io::Result<Socket>> + Send>>,
    attempts: ConnectorHandle<SocketAddr>,
    clock: ManualClock,
}

impl Racing {
    fn begin(ips: &[&str], setting: impl Into<Setting<HappyEyeballs>>) -> Self {
        let ips = ips.iter().map(|ip| ip.parse().unwrap());
        let (addresses, attempts) = slot::<SocketAddr>();
        let clock = ManualClock::new();
        let connector = Connector::builder()
            .tcp(addresses)
            .resolver(pinned("wiki.example", ips))
            .happy_eyeballs(setting)
            .clock(Arc::new(clock.clone()))
            .build()
            .unwrap();
        let connecting = Box::pin(async move { connector.connect("wiki.example:80").await });
        let mut racing = Self { connecting, attempts, clock };
        racing.wait(Duration::ZERO);
        racing
    }

    /// Lets time pass, in which nobody answers.
    fn wait(&mut self, duration: Duration) {
        self.clock.advance(duration);
        assert!(block_on(poll_once(&mut self.connecting)).is_none());
    }
}

const SIX: [&str; 3] = ["2001:db8::1", "2001:db8::2", "2001:db8::3"];
const FOUR: [&str; 2] = ["192.0.2.1", "192.0.2.2"];
const DELAY: Duration = Duration::from_millis(250);

#[test]
fn as_many_addresses_of_the_first_family_are_tried_first_as_is_set() {
    let mut options = HappyEyeballs::default();
    options.first_family_count = 3;
    // Loopback addresses: which family leads must not depend on the routes of this machine.
    options.families = AddressFamilies::PreferV4;
    let ips = ["::1", "127.0.0.1", "127.0.0.2", "127.0.0.3"];
    let mut racing = Racing::begin(&ips, options);
    let mut families = Vec::new();
    for _ in 0..4 {
        families.extend(racing.attempts.try_next_call().map(|call| {
            let is_v4 = call.target().is_ipv4();
            std::mem::forget(call); // it stays without an answer
            is_v4
        }));
        racing.wait(DELAY);
    }
    assert_eq!(families, [true, true, true, false]);
}

#[test]
fn no_more_attempts_are_in_flight_than_is_set() {
    let mut options = HappyEyeballs::default();
    options.most_in_flight = 2;
    let mut racing = Racing::begin(&[&SIX[..], &FOUR].concat(), options);
    for _ in 0..5 {
        racing.wait(DELAY);
    }
    assert_eq!(racing.attempts.pending(), 2);
}

#[test]
fn an_attempt_has_the_time_that_is_set() {
    let mut options = HappyEyeballs::default();
    options.attempt_timeout = Some(Duration::from_millis(100));
    let mut racing = Racing::begin(&FOUR, options);
    racing.wait(Duration::from_millis(100));
    assert_eq!((racing.attempts.begun(), racing.attempts.pending()), (2, 1));
}

#[test]
fn the_address_that_was_good_is_tried_first_if_hosts_are_remembered() {
    for (remembered_hosts, first) in [(1, "[2001:db8::2]:80"), (0, "[2001:db8::1]:80")] {
        let mut options = HappyEyeballs::default();
        options.remembered_hosts = remembered_hosts;
        let (addresses, attempts) = slot::<SocketAddr>();
        let resolver = pinned("wiki.example", SIX.iter().map(|ip| ip.parse().unwrap()));
        let builder = Connector::builder().tcp(addresses).resolver(resolver);
        let connector = builder.happy_eyeballs(options).build().unwrap();
        attempts.fail_next(ErrorKind::ConnectionRefused.into());
        attempts.succeed_next(pair().0);
        block_on(connector.connect("wiki.example:80")).unwrap();
        attempts.answer_next(move |address, _| {
            assert_eq!(address.to_string(), first);
            Ok(Box::new(pair().0))
        });
        block_on(connector.connect("wiki.example:80")).unwrap();
    }
}

/// How long the IPv4 answer is held back while the IPv6 answer does not come.
fn resolution_delay(setting: impl Into<Setting<HappyEyeballs>>) -> Option<Duration> {
    let (resolver, handle) = scripted_resolver();
    let (addresses, _attempts) = slot::<SocketAddr>();
    let clock = ManualClock::new();
    let connector = Connector::builder()
        .tcp(addresses)
        .resolver(resolver)
        .timeout(None)
        .happy_eyeballs(setting)
        .clock(Arc::new(clock.clone()))
        .build()
        .unwrap();
    let mut connecting = Box::pin(connector.connect("wiki.example:80"));
    assert!(block_on(poll_once(&mut connecting)).is_none());
    let [_v6, v4] = [(); 2].map(|()| handle.try_next_lookup().unwrap());
    v4.answer(vec![V4].into());
    assert!(block_on(poll_once(&mut connecting)).is_none());
    clock.until_next()
}

#[test]
fn ipv4_is_held_back_for_as_long_as_is_set_also_one_after_the_other() {
    let mut options = HappyEyeballs::default();
    options.resolution_delay = Duration::from_millis(7);
    assert_eq!(resolution_delay(options), Some(Duration::from_millis(7)));
    assert_eq!(resolution_delay(true), Some(Duration::from_millis(50)));
    assert_eq!(resolution_delay(false), Some(Duration::from_millis(50)));
}

#[test]
fn happy_eyeballs_are_on_off_or_options() {
    let mut options = HappyEyeballs::default();
    options.most_in_flight = 2;
    let builder = || Connector::builder().dns(false);
    for builder in [
        builder().happy_eyeballs(true),
        builder().happy_eyeballs(Setting::Off),
        builder().happy_eyeballs(options),
    ] {
        assert!(builder.build().is_ok());
    }
}
