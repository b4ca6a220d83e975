//! The connector that looks names up: what is asked and when, what is dialled and when, what errors
//! say, what is left behind, and what it costs.
//!
//! Where the cases of its predecessor are tested, [fix] cases in their better form:
//!
//! | case | test |
//! |---|---|
//! | DNS-01, HEC-04, HEC-05 | `literals::an_address_is_handed_on_as_it_is` |
//! | DNS-02, DNS-03, HEC-02 | `dialling::an_address_is_dialled_with_the_port_and_the_host_of_the_target` |
//! | DNS-08, DNS-09, HEC-14 | `literals::an_error_of_the_connector_inside_is_handed_on_as_it_is` |
//! | DNS-10, HEB-16, HEB-17 | `errors::an_error_of_the_connector_inside_is_handed_on_if_no_lookup_has_failed` |
//! | DNS-11 | `errors::what_the_connector_inside_refuses_as_bad_input_is_handed_on_as_it_is` |
//! | DNS-12, HEC-15 | `errors::what_fails_alike_in_both_families_is_said_once` |
//! | DNS-13 | `errors::the_source_is_the_very_error_of_the_resolver` |
//! | DNS-14, DNS-21, HEC-16, HEB-18 | `cancel::during_the_lookups` |
//! | DNS-15, HEC-17 | `cancel::during_the_connect_to_an_address` |
//! | DNS-16, DNS-17, DNS-22 | `cancel::during_the_connect_to_a_name` |
//! | DNS-18..20, HEB-24 | `cancel::nothing_is_left_however_a_call_ends` |
//! | HEC-06, HEC-07 | `errors::an_error_of_the_connector_inside_is_handed_on_if_no_lookup_has_failed` |
//! | HEC-11 | `dialling::only_ipv6_is_dialled_if_ipv4_fails_later` |
//! | HEC-12 | `dialling::ipv4_is_dialled_after_the_delay_if_ipv6_fails_later` |
//! | HEB-01 | `dialling::both_families_are_asked_ipv6_first_and_nothing_else_is_done` |
//! | HEB-04 | `dialling::ipv4_that_comes_first_is_held_back_by_one_timer` |
//! | HEB-05, HEB-29 | `dialling::ipv6_that_comes_first_is_dialled_at_once_without_a_timer` |
//! | HEB-13 | `dialling::ipv6_that_comes_within_the_delay_ends_it_and_goes_first` |
//! | HEB-14 | `errors::a_refused_address_and_the_failed_lookup_of_ipv4_are_both_told` |
//! | HEB-15 | `errors::a_refused_address_and_the_failed_lookup_of_ipv6_are_both_told` |
//! | HEB-21 | `dialling::a_failed_lookup_is_no_error_while_the_other_is_under_way` |
//! | HEB-30 | `dialling::an_address_that_is_there_twice_is_handed_on_twice` |
//! | HEB-31, HEB-32 | `errors::all_known_addresses_refused_and_then_a_failed_lookup_end_the_call` |
//! | HEB-33 | `dialling::what_is_found_after_all_known_addresses_have_failed_is_dialled` |
//!
//! What is said of attempts and their delay (HEB-06, 07, 10, 11) is the business of the connector
//! inside. Cases of text that this connector never sees cannot happen, by its types: targets are
//! parsed before (HEC-13), have no scheme, path or query (DNS-05, 06, 23, HEC-08, 09, HEB-23), and
//! the host travels beside the addresses and not in a text (DNS-24). A connector without an inner
//! one or a resolver does not compile (HEC-01).

use std::{
    future::Future,
    io,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, Waker},
};

use socketry_connection::{BoxConnection, Family};
use socketry_connector::{AllAttemptsFailed, Attempt, Candidates, Connect, HostPort, Phase};
use socketry_connector_dns::{DnsConnector, Families};
use socketry_resolver::{Answer, LookupFailed, LookupFailure};
use socketry_testing::{
    Call, ConnectorHandle, Lookup, ManualClock, ResolverHandle, ScriptedConnector,
    ScriptedResolver, scripted_connector, scripted_resolver,
};

mod answers;
mod autotraits;
mod cancel;
mod cost;
mod dialling;
mod errors;
mod families;
mod literals;
mod order;
mod settles;
mod trace;

type Connector = DnsConnector<ScriptedConnector<Candidates>, ScriptedResolver>;
type Connecting<'a> = Pin<Box<dyn Future<Output = io::Result<BoxConnection>> + Send + 'a>>;

/// A connector, and everything around it, which the test plays.
struct Stage {
    connector: Connector,
    resolver: ResolverHandle,
    inner: ConnectorHandle<Candidates>,
    clock: ManualClock,
}

impl Stage {
    fn new() -> Self {
        Self::with(|connector| connector)
    }

    /// With a connector that is set up like this. Every address can be reached, from itself: so the
    /// order of addresses does not depend on the machine.
    fn with(set_up: impl FnOnce(Connector) -> Connector) -> Self {
        let (inner_connector, inner) = scripted_connector();
        let (scripted, resolver) = scripted_resolver();
        let clock = ManualClock::new();
        let connector = DnsConnector::new(inner_connector, scripted)
            .with_clock(Arc::new(clock.clone()))
            .with_source_of(|destination| Ok(Some(destination.ip())));
        Self { connector: set_up(connector), resolver, inner, clock }
    }

    fn in_families(families: Families) -> Self {
        Self::with(|connector| connector.families(families))
    }

    /// Begins a call, which is polled once.
    fn begin(&self, target: &str) -> Connecting<'_> {
        let mut connecting: Connecting<'_> = Box::pin(self.connector.connect(host(target)));
        assert!(poll(&mut connecting).is_pending());
        connecting
    }

    /// Begins a call by name, and takes its lookups: of IPv6 and of IPv4.
    fn look_up(&self) -> (Connecting<'_>, Lookup, Lookup) {
        let connecting = self.begin("example.com:80");
        let lookups = [self.resolver.try_next_lookup(), self.resolver.try_next_lookup()];
        let [Some(v6), Some(v4)] = lookups else { panic!("{lookups:?}") };
        assert_eq!((v6.family(), v4.family()), (Family::V6, Family::V4));
        (connecting, v6, v4)
    }

    /// The call of the connector inside.
    fn call(&self) -> Call<Candidates> {
        self.inner.try_next_call().expect("the connector inside was not called")
    }

    /// Whether nothing goes on: no lookup, no connect, no timer.
    fn is_clean(&self) -> bool {
        (self.resolver.pending(), self.inner.pending(), self.clock.sleeping()) == (0, 0, 0)
    }
}

fn host(text: &str) -> HostPort {
    text.parse().unwrap()
}

/// Polls for a task that is never woken.
fn poll(connecting: &mut Connecting<'_>) -> Poll<io::Result<BoxConnection>> {
    connecting.as_mut().poll(&mut Context::from_waker(Waker::noop()))
}

fn assert_pending(connecting: &mut Connecting<'_>) {
    assert!(poll(connecting).is_pending());
}

/// The error of a call that is ready.
fn error(connecting: &mut Connecting<'_>) -> io::Error {
    match poll(connecting) {
        Poll::Ready(result) => result.unwrap_err(),
        Poll::Pending => panic!("the call is not ready"),
    }
}

fn answer(ips: &[&str]) -> Answer {
    ips.iter().map(|ip| ip.parse::<std::net::IpAddr>().unwrap()).collect()
}

fn failure(family: Family, failure: LookupFailure) -> io::Error {
    LookupFailed::new("example.com", family, failure).into()
}

/// The addresses that have arrived, and are now taken.
fn arrived(call: &mut Call<Candidates>) -> Vec<String> {
    let mut addresses = Vec::new();
    while let Poll::Ready(Some(address)) = poll_candidates(call) {
        addresses.push(address.to_string());
    }
    addresses
}

/// Whether no more addresses will come.
fn has_ended(call: &mut Call<Candidates>) -> bool {
    poll_candidates(call) == Poll::Ready(None)
}

fn poll_candidates(call: &mut Call<Candidates>) -> Poll<Option<std::net::SocketAddr>> {
    call.target_mut().poll_next(&mut Context::from_waker(Waker::noop()))
}

/// Ends the call of the connector inside as a race does in which every attempt was refused.
fn refuse_all(call: Call<Candidates>, addresses: &[&str]) {
    let attempts = addresses.iter().map(|address| {
        let remote = format!("tcp://{address}").parse().unwrap();
        let refused = io::Error::from_raw_os_error(111);
        Attempt::new(remote, Phase::Connect, refused, std::time::Duration::ZERO)
    });
    let host = call.target().host().cloned();
    let failed = AllAttemptsFailed::new(host, attempts.collect());
    call.fail(failed.into());
}
