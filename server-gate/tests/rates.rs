//! How fast newcomers may come.

use std::time::Duration;

use socketry_server_gate::{GateSettings, Rate};

use crate::support::{
    MILLISECOND, admitted, come_from, how_many_come_in, limit, poll_until_idle, refused,
    server_on_a_clock,
};

fn rate(rate: Rate) -> impl FnOnce(&mut GateSettings) {
    move |settings| settings.rate = Some(rate)
}

fn rate_per_prefix(rate: Rate) -> impl FnOnce(&mut GateSettings) {
    move |settings| settings.rate_per_prefix = Some(rate)
}

#[test]
fn as_many_come_in_at_once_as_the_burst_says() {
    let (mut server, handle, gate, _clock) =
        server_on_a_clock(rate(Rate::per_second(10).with_burst(3)));
    assert_eq!(how_many_come_in(10, &mut server, &handle), 3);
    assert_eq!(gate.counts().over_rate, 7);
}

#[test]
fn while_the_clock_stands_still_nobody_else_comes_in() {
    let (mut server, handle, _gate, _clock) = server_on_a_clock(rate(Rate::per_second(2)));
    how_many_come_in(2, &mut server, &handle);
    assert_eq!(how_many_come_in(1000, &mut server, &handle), 0);
}

#[test]
fn the_next_one_comes_in_after_an_interval_to_the_millisecond() {
    let (mut server, handle, _gate, clock) = server_on_a_clock(rate(Rate::per_second(10)));
    how_many_come_in(10, &mut server, &handle);
    clock.advance(99 * MILLISECOND);
    assert_eq!(how_many_come_in(2, &mut server, &handle), 0);
    clock.advance(MILLISECOND);
    assert_eq!(how_many_come_in(2, &mut server, &handle), 1);
    clock.advance(100 * MILLISECOND);
    assert_eq!(how_many_come_in(2, &mut server, &handle), 1);
}

#[test]
fn time_in_which_nobody_comes_fills_the_burst_and_no_more() {
    let (mut server, handle, _gate, clock) =
        server_on_a_clock(rate(Rate::per_second(10).with_burst(5)));
    how_many_come_in(5, &mut server, &handle);
    clock.advance(250 * MILLISECOND);
    assert_eq!(how_many_come_in(10, &mut server, &handle), 2);
    clock.advance(Duration::from_secs(3600));
    assert_eq!(how_many_come_in(10, &mut server, &handle), 5);
}

#[test]
fn in_the_long_run_it_is_the_rate() {
    let (mut server, handle, _gate, clock) =
        server_on_a_clock(rate(Rate::per_minute(90).with_burst(1)));
    let mut came_in = 0;
    for _ in 0..600 {
        came_in += how_many_come_in(1, &mut server, &handle);
        clock.advance(100 * MILLISECOND);
    }
    // A token comes back each 667 ms, and who wants it comes each 100 ms: one in each 700 ms.
    assert_eq!(came_in, 86);
}

#[test]
fn one_address_has_a_rate_of_its_own() {
    let (mut server, handle, gate, _clock) =
        server_on_a_clock(rate_per_prefix(Rate::per_second(1)));
    let _clients = [1, 1, 2].map(|host| come_from(host, &handle));
    let _first = admitted(&mut server);
    assert_eq!(
        refused(&mut server).to_string(),
        "connection from tcp://192.0.2.1:50000 closed: \
         the limit of 1 connections a second from 192.0.2.1/32 is reached"
    );
    let _other = admitted(&mut server);
    assert_eq!(gate.counts().over_rate_per_prefix, 1);
}

#[test]
fn who_has_left_is_remembered_until_all_tokens_are_back() {
    let (mut server, handle, gate, clock) = server_on_a_clock(rate_per_prefix(Rate::per_minute(2)));
    assert_eq!(how_many_come_in(3, &mut server, &handle), 2);
    assert_eq!(gate.counts().open, 0, "nobody is left");
    clock.advance(Duration::from_millis(29_999));
    assert_eq!(how_many_come_in(2, &mut server, &handle), 0);
    clock.advance(MILLISECOND);
    assert_eq!(how_many_come_in(2, &mut server, &handle), 1);
}

#[test]
fn who_stays_is_held_to_the_rate_as_well() {
    let (mut server, handle, _gate, clock) =
        server_on_a_clock(rate_per_prefix(Rate::per_minute(1)));
    let _clients = [1, 1, 1].map(|host| come_from(host, &handle));
    let _open = admitted(&mut server);
    refused(&mut server);
    clock.advance(Duration::from_secs(60));
    admitted(&mut server);
}

#[test]
fn what_is_refused_for_its_prefix_takes_no_token_of_all() {
    let (mut server, handle, _gate, _clock) = server_on_a_clock(|settings| {
        settings.rate = Some(Rate::per_second(2));
        settings.rate_per_prefix = Some(Rate::per_second(1));
    });
    let _clients = [1, 1, 1, 2].map(|host| come_from(host, &handle));
    let results = poll_until_idle(&mut server);
    let results: Vec<_> = results.iter().map(Result::is_ok).collect();
    assert_eq!(results, [true, false, false, true]);
}

#[test]
fn what_is_refused_for_the_rate_of_all_takes_no_token_of_its_prefix() {
    let (mut server, handle, gate, clock) = server_on_a_clock(|settings| {
        settings.rate = Some(Rate::per_second(1));
        settings.rate_per_prefix = Some(Rate::per_minute(1));
    });
    let _clients = [1, 2].map(|host| come_from(host, &handle));
    let _open = admitted(&mut server);
    let error = refused(&mut server);
    assert_eq!((limit(&error).limit(), limit(&error).of_what()), (1, "connections a second"));
    clock.advance(Duration::from_secs(1));
    let _again = come_from(2, &handle);
    admitted(&mut server);
    assert_eq!((gate.counts().over_rate, gate.counts().over_rate_per_prefix), (1, 0));
}

#[test]
fn what_is_refused_for_the_open_connections_takes_no_token() {
    let (mut server, handle, _gate, _clock) = server_on_a_clock(|settings| {
        settings.most_open = Some(1);
        settings.rate = Some(Rate::per_second(2));
    });
    let _clients = [1, 2, 3, 4].map(|host| come_from(host, &handle));
    let open = admitted(&mut server);
    refused(&mut server);
    refused(&mut server);
    drop(open);
    admitted(&mut server);
}

#[test]
fn a_rate_of_zero_and_a_burst_of_zero_let_nobody_in() {
    for zero in [Rate::per_second(0).with_burst(5), Rate::per_second(5).with_burst(0)] {
        let (mut server, handle, _gate, clock) = server_on_a_clock(rate(zero));
        clock.advance(Duration::from_secs(3600));
        assert_eq!(how_many_come_in(3, &mut server, &handle), 0);
        let (mut server, handle, _gate, _clock) = server_on_a_clock(rate_per_prefix(zero));
        assert_eq!(how_many_come_in(3, &mut server, &handle), 0);
    }
}

#[test]
fn a_refusal_names_the_rate() {
    let (mut server, handle, _gate, _clock) =
        server_on_a_clock(rate(Rate::per_minute(7).with_burst(0)));
    let _client = come_from(1, &handle);
    assert_eq!(
        refused(&mut server).to_string(),
        "connection from tcp://192.0.2.1:50000 closed: \
         the limit of 7 connections a minute is reached"
    );
}
