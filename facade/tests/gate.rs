//! Who may come in, on real sockets.

use std::{io, sync::Arc, time::Duration};

use futures_lite::future::{block_on, poll_once};
use socketry::{
    AtLimitConfig, GateConfig, LimitsConfig, RateConfig, Server, ServerBuilder, ServerConfig,
    Socket,
    server::{AccessRule, Gate, GateSettings, LimitReached, NotAdmitted},
};
use socketry_testing::ManualClock;

use crate::support::{Client, TempDir, accept, tcp_server};

fn gated(endpoint: &str, gate: GateConfig) -> Server {
    block_on(Server::builder().gate(gate).bind(endpoint)).unwrap()
}

fn come(server: &Server) -> Client {
    Client::connect(&server.local_address().unwrap()).unwrap()
}

fn meet(server: &mut Server) -> (Client, Socket) {
    (come(server), accept(server))
}

fn accept_error(server: &mut Server) -> io::Error {
    block_on(server.accept()).unwrap().unwrap_err()
}

#[test]
fn the_defaults_of_a_gate_are_those_of_the_code() {
    let server = gated("127.0.0.1:0", GateConfig::default());
    assert_eq!(server.gate().unwrap().settings(), GateSettings::default());
    assert!(tcp_server().gate().is_none());
}

#[test]
fn one_too_many_from_one_address_is_closed_and_told() {
    let mut gate = GateConfig::default();
    gate.max_open_per_prefix = Some(1);
    let mut server = gated("127.0.0.1:0", gate);
    let _inside = meet(&mut server);
    let mut second = come(&server);
    let error = accept_error(&mut server);
    assert_eq!(error.kind(), io::ErrorKind::QuotaExceeded);
    assert!(error.get_ref().unwrap().is::<LimitReached>());
    assert!(error.to_string().starts_with("connection from tcp://127.0.0.1:"), "{error}");
    assert!(second.sees_the_end());
}

#[test]
fn who_is_in_a_network_that_is_denied_stays_out_from_the_moment_on_at_which_that_is_said() {
    let mut server = gated("127.0.0.1:0", GateConfig::default());
    let _inside = meet(&mut server);
    let loopback = "127.0.0.0/8".parse().unwrap();
    server.gate().unwrap().change(|settings| settings.deny.push(loopback));
    let mut denied = come(&server);
    let error = accept_error(&mut server);
    assert_eq!(error.kind(), io::ErrorKind::PermissionDenied);
    let payload = error.get_ref().unwrap().downcast_ref::<NotAdmitted>().unwrap();
    assert_eq!(payload.rule(), AccessRule::Deny(loopback));
    assert!(denied.sees_the_end());
}

#[test]
fn a_full_server_that_pauses_goes_on_when_a_socket_is_closed() {
    let mut gate = GateConfig::default();
    (gate.max_open, gate.at_limit) = (Some(1), AtLimitConfig::Pause);
    let directory = TempDir::new();
    for endpoint in ["127.0.0.1:0", &directory.endpoint()] {
        let mut server = gated(endpoint, gate.clone());
        let (_client, inside) = meet(&mut server);
        let _next = come(&server);
        let mut accepting = Box::pin(server.accept());
        assert!(block_on(poll_once(&mut accepting)).is_none());
        drop(inside);
        block_on(accepting).unwrap().unwrap();
    }
}

#[test]
fn a_rate_is_kept_on_the_clock_of_the_builder() {
    let clock = ManualClock::new();
    let mut gate = GateConfig::default();
    gate.rate = Some(RateConfig::per_second(1));
    let builder = Server::builder().gate(gate).clock(Arc::new(clock.clone()));
    let mut server = block_on(builder.bind("127.0.0.1:0")).unwrap();
    let _first = meet(&mut server);
    let _second = come(&server);
    assert_eq!(accept_error(&mut server).kind(), io::ErrorKind::QuotaExceeded);
    clock.advance(Duration::from_secs(1));
    let _third = meet(&mut server);
}

#[test]
fn servers_that_share_a_gate_share_its_places() {
    let mut settings = GateSettings::default();
    settings.most_open = Some(1);
    let gate = Gate::new(settings);
    let builder = Server::builder().gate(gate.clone());
    let mut one = block_on(builder.bind("127.0.0.1:0")).unwrap();
    let mut other = block_on(builder.bind("127.0.0.1:0")).unwrap();
    let (_client, inside) = meet(&mut one);
    let _late = come(&other);
    accept_error(&mut other);
    assert_eq!((gate.counts().open, gate.counts().refused()), (1, 1));
    drop(inside);
    let _next = meet(&mut other);
}

#[test]
fn the_gate_and_the_socket_are_reached_through_the_limits() {
    let builder = Server::builder().gate(GateConfig::default()).limits(LimitsConfig::default());
    let mut server = block_on(builder.bind("127.0.0.1:0")).unwrap();
    let (_client, inside) = meet(&mut server);
    assert_eq!(server.gate().unwrap().counts().open, 1);
    assert!(inside.as_tcp().is_some() && inside.tracked().is_some());
}

#[test]
fn prefixes_that_no_address_has_are_refused_before_anything_is_opened() {
    let mut gate = GateConfig::default();
    gate.ipv4_prefix = 33;
    let error = block_on(Server::builder().gate(gate.clone()).bind("127.0.0.1:0")).unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::InvalidInput);
    assert_eq!(error.to_string(), "gate: ipv4_prefix is 33; it is from 0 to 32");
    (gate.ipv4_prefix, gate.ipv6_prefix) = (32, 129);
    assert_eq!(
        gate.to_gate().unwrap_err().to_string(),
        "gate: ipv6_prefix is 129; it is from 0 to 128"
    );
}

#[test]
fn of_a_handle_and_a_configuration_the_last_one_counts() {
    let mut settings = GateSettings::default();
    settings.most_open = Some(7);
    let handle = Gate::new(settings);
    let mut config = ServerConfig::default();
    config.gate = Some(GateConfig::default());
    config.gate.as_mut().unwrap().max_open = Some(9);
    let most_open = |builder: ServerBuilder| {
        let server = block_on(builder.bind("127.0.0.1:0")).unwrap();
        server.gate().unwrap().settings().most_open
    };
    let handle_last = Server::builder().config(config.clone()).gate(handle.clone());
    assert_eq!(most_open(handle_last), Some(7));
    assert_eq!(most_open(Server::builder().gate(handle.clone()).config(config)), Some(9));
    let silent = Server::builder().gate(handle).config(ServerConfig::default());
    assert_eq!(
        most_open(silent),
        Some(7),
        "a configuration that says nothing of it changes nothing"
    );
}
