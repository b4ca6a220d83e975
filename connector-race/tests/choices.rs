//! What can be chosen: how many attempts, how long, from where, and what is remembered.

use std::{
    io::ErrorKind,
    net::SocketAddr,
    sync::{Arc, Mutex},
    time::Duration,
};

use futures_lite::future::block_on;
use socketry_connection::BoxConnection;
use socketry_connector::{
    AllAttemptsFailed, Attempt, Candidates, Connect, ConnectFailed, Phase, Trace,
};
use socketry_connector_race::RaceConnector;
use socketry_testing::pair;

use crate::rig::{DELAY, MS, Rig, address, fed, host, list, push, refused, targets};

const SECOND: Duration = Duration::from_secs(1);

#[test]
fn the_delay_can_be_chosen_but_not_below_ten_milliseconds() {
    for (chosen, delay) in [(SECOND, SECOND), (Duration::ZERO, 10 * MS)] {
        let rig = Rig::with(|connector| connector.attempt_delay(chosen));
        let _racing = rig.race(list(&["[::1]:80", "127.0.0.1:80"]));
        assert_eq!(rig.clock.until_next(), Some(delay));
    }
}

#[test]
fn one_after_the_other_waits_for_a_failure_and_makes_no_timer() {
    let rig = Rig::with(|connector| connector.sequential());
    let mut racing = rig.race(list(&["[::1]:80", "127.0.0.1:80"]));
    let first = rig.call();
    racing.pass(3600 * SECOND);
    assert!(rig.calls().is_empty() && rig.clock.sleeping() == 0);
    racing.refuse(first);
    assert_eq!(targets(&rig.calls()), ["127.0.0.1:80"]);
}

#[test]
fn the_first_family_has_as_many_addresses_as_it_is_given() {
    let rig = Rig::with(|connector| connector.first_family_count(2));
    let mut racing = rig.race(list(&["[::1]:80", "127.0.0.1:80", "[::2]:80", "[::3]:80"]));
    let mut dialled = Vec::new();
    for _ in 0..4 {
        dialled.extend(rig.calls());
        racing.pass(DELAY);
    }
    assert_eq!(targets(&dialled), ["[::1]:80", "[::2]:80", "127.0.0.1:80", "[::3]:80"]);
}

#[test]
fn at_most_so_many_are_in_flight_and_one_that_fails_makes_room() {
    let rig = Rig::with(|connector| connector.most_in_flight(2));
    let mut racing = rig.race(list(&["[::1]:80", "[::2]:80", "[::3]:80"]));
    racing.pass(DELAY);
    racing.pass(DELAY);
    let mut calls = rig.calls();
    assert_eq!((calls.len(), rig.clock.sleeping()), (2, 0));
    racing.refuse(calls.remove(0));
    assert_eq!(targets(&rig.calls()), ["[::3]:80"]);
}

#[test]
fn each_attempt_has_its_own_time_however_many_addresses_there_are() {
    let rig = Rig::with(|connector| connector.sequential().attempt_timeout(SECOND));
    let mut racing = rig.race(host(&["[::1]:80", "127.0.0.1:80"]));
    let first = rig.call();
    racing.pass(SECOND - MS);
    assert!(!first.is_cancelled());
    racing.pass(MS);
    assert!(first.is_cancelled());
    let second = rig.calls();
    assert_eq!(targets(&second), ["127.0.0.1:80"]);
    racing.pass(SECOND);
    let error = racing.error();
    assert_eq!(error.kind(), ErrorKind::TimedOut);
    let payload: &AllAttemptsFailed = error.get_ref().unwrap().downcast_ref().unwrap();
    let told = |attempt: &Attempt| (attempt.phase(), attempt.elapsed());
    assert_eq!(
        payload.attempts().iter().map(told).collect::<Vec<_>>(),
        [(Phase::Connect, SECOND); 2]
    );
    assert_eq!(
        error.to_string(),
        "connection to tcp://example.org:80 failed: no answer within 1s (tcp://[::1]:80, tcp://127.0.0.1:80)"
    );
}

#[test]
fn a_literal_whose_time_is_up_says_so() {
    let rig = Rig::with(|connector| connector.attempt_timeout(SECOND));
    let mut racing = rig.race(list(&["127.0.0.1:80"]));
    racing.pass(SECOND);
    let error = racing.error();
    assert_eq!(error.to_string(), "connection to tcp://127.0.0.1:80 failed: no answer within 1s");
    assert!(error.get_ref().unwrap().downcast_ref::<ConnectFailed>().is_some());
    rig.assert_nothing_left();
}

#[test]
fn without_any_time_an_attempt_is_over_unless_it_is_ready_at_once() {
    let rig = Rig::with(|connector| connector.attempt_timeout(Duration::ZERO));
    rig.handle.succeed_next(pair().0);
    assert!(rig.race(list(&["127.0.0.1:80"])).result().is_ok());
    assert_eq!(rig.race(list(&["127.0.0.1:80"])).error().kind(), ErrorKind::TimedOut);
}

#[test]
fn where_a_host_was_reached_last_is_dialled_first_and_its_family_with_it() {
    let rig = Rig::with(|connector| connector.remembering(10));
    let addresses = ["[::1]:80", "[::2]:80", "127.0.0.1:80", "127.0.0.2:80"];
    let mut racing = rig.race(host(&addresses));
    racing.refuse(rig.call());
    let _peer = racing.accept(rig.call()); // 127.0.0.1
    drop(racing);
    let rig = Rig { connector: rig.connector.clone(), ..rig }; // a clone shares the memory
    let mut racing = rig.race(host(&addresses));
    let mut dialled = Vec::new();
    for _ in 0..4 {
        dialled.extend(rig.calls());
        racing.pass(DELAY);
    }
    assert_eq!(targets(&dialled), ["127.0.0.1:80", "[::1]:80", "127.0.0.2:80", "[::2]:80"]);
}

#[test]
fn a_host_that_was_reached_at_once_is_remembered_too() {
    let rig = Rig::with(|connector| connector.remembering(10));
    rig.handle.succeed_next(pair().0);
    assert!(rig.race(host(&["127.0.0.1:80"])).result().is_ok());
    let _racing = rig.race(host(&["[::1]:80", "127.0.0.1:80"]));
    assert_eq!(targets(&rig.calls()), ["127.0.0.1:80"]);
}

#[test]
fn the_family_that_was_reached_goes_first_also_if_the_address_is_gone() {
    let rig = Rig::with(|connector| connector.remembering(10));
    let _peer = rig.race(host(&["127.0.0.1:80"])).accept(rig.call());
    let _racing = rig.race(host(&["[::1]:80", "127.0.0.9:80"]));
    assert_eq!(targets(&rig.calls()), ["127.0.0.9:80"]);
}

#[test]
fn what_is_remembered_is_not_waited_for() {
    let rig = Rig::with(|connector| connector.remembering(10));
    let _peer = rig.race(host(&["127.0.0.1:80"])).accept(rig.call());
    let (feed, candidates) = fed(&[]);
    let mut racing = rig.race(candidates.for_host("example.org:80".parse().unwrap()));
    push(&feed, &["[::1]:80"]);
    racing.poll();
    assert_eq!(targets(&rig.calls()), ["[::1]:80"]);
}

#[test]
fn an_address_that_fails_is_forgotten_also_if_the_call_is_dropped_later() {
    let rig = Rig::with(|connector| connector.remembering(10));
    let _peer = rig.race(host(&["127.0.0.1:80"])).accept(rig.call());
    let mut racing = rig.race(host(&["[::1]:80", "127.0.0.1:80"]));
    racing.refuse(rig.call());
    drop((racing, rig.calls()));
    let _racing = rig.race(host(&["[::1]:80", "127.0.0.1:80"]));
    assert_eq!(targets(&rig.calls()), ["[::1]:80"]);
}

#[test]
fn nothing_is_remembered_by_default_nor_of_other_hosts_nor_without_a_host() {
    let other = list(&["127.0.0.1:80"]).for_host("other.example:80".parse().unwrap());
    for (hosts, known) in [(0, host(&["127.0.0.1:80"])), (9, other), (9, list(&["127.0.0.1:80"]))] {
        let rig = Rig::with(|connector| connector.remembering(hosts));
        let _peer = rig.race(known).accept(rig.call());
        let _racing = rig.race(host(&["[::1]:80", "127.0.0.1:80"]));
        assert_eq!(targets(&rig.calls()), ["[::1]:80"]);
    }
}

/// Refuses everything and keeps a list of what was asked, from where.
#[derive(Clone, Debug, Default)]
struct Listing {
    asked: Arc<Mutex<Vec<String>>>,
    local: Option<SocketAddr>,
}

impl Connect<SocketAddr> for Listing {
    type Connection = BoxConnection;

    async fn connect_traced(
        &self,
        remote: SocketAddr,
        _: Trace<'_>,
    ) -> std::io::Result<BoxConnection> {
        let local = self.local.map(|local| local.ip().to_string()).unwrap_or_default();
        self.asked.lock().unwrap().push(format!("{local} -> {}", remote.ip()));
        Err(refused())
    }
}

/// The error of a race from these local addresses, and what was dialled.
fn from(locals: &[&str], candidates: Candidates) -> (std::io::Error, Vec<String>) {
    let listing = Listing::default();
    let connector = RaceConnector::new(listing.clone()).local_addresses(
        locals.iter().map(|text| address(text)),
        |inner, local| Listing { local: Some(local), ..inner.clone() },
    );
    let error = block_on(connector.connect(candidates)).unwrap_err();
    let asked = listing.asked.lock().unwrap().clone();
    (error, asked)
}

#[test]
fn every_local_address_dials_every_candidate_of_its_family_the_first_one_first() {
    let (error, asked) = from(
        &["10.0.0.1:0", "[fd00::1]:0", "10.0.0.2:0"],
        host(&["[::1]:80", "127.0.0.1:80", "127.0.0.2:80"]),
    );
    assert_eq!(
        asked,
        [
            "fd00::1 -> ::1",
            "10.0.0.1 -> 127.0.0.1",
            "10.0.0.1 -> 127.0.0.2",
            "10.0.0.2 -> 127.0.0.1",
            "10.0.0.2 -> 127.0.0.2"
        ]
    );
    let payload: &AllAttemptsFailed = error.get_ref().unwrap().downcast_ref().unwrap();
    let locals = payload.attempts().iter().filter_map(|attempt| attempt.local()?.port());
    assert_eq!(locals.count(), 5);
}

#[test]
fn local_addresses_of_another_family_than_every_candidate_are_bad_input() {
    let (error, asked) = from(&["10.0.0.1:0", "10.0.0.2:0"], host(&["[::2]:80", "[::1]:80"]));
    assert_eq!((error.kind(), asked.len()), (ErrorKind::InvalidInput, 0));
    assert_eq!(
        error.to_string(),
        "connection to tcp://example.org:80 refused: no local address (10.0.0.1:0, 10.0.0.2:0) is \
         of the family of any address to connect to ([::1]:80, [::2]:80); add one of that family"
    );
}

#[test]
fn of_many_candidates_without_a_local_address_eight_are_told() {
    let remotes = Vec::from_iter((1..=1000).map(|port| format!("[::1]:{port}")));
    let remotes = Vec::from_iter(remotes.iter().map(String::as_str));
    let (error, _) = from(&["10.0.0.1:0"], host(&remotes));
    let text = error.to_string();
    assert!(
        text.contains("([::1]:1, [::1]:2, ") && text.contains(", [::1]:8, and 992 more)"),
        "{text}"
    );
}

#[test]
fn a_candidate_that_a_local_address_can_dial_may_come_late() {
    let rig = Rig::with(|connector| {
        connector.local_addresses([address("10.0.0.1:0")], |inner, _| inner.clone())
    });
    let (feed, candidates) = fed(&["[::1]:80"]);
    let mut racing = rig.race(candidates);
    assert!(racing.is_pending() && rig.calls().is_empty());
    push(&feed, &["127.0.0.1:80"]);
    racing.poll();
    assert_eq!(targets(&rig.calls()), ["127.0.0.1:80"]);
}

#[test]
fn without_local_addresses_the_connector_inside_decides() {
    let (_, asked) = from(&[], list(&["127.0.0.1:80"]));
    assert_eq!(asked, [" -> 127.0.0.1"]);
}
