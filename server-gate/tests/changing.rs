//! Limits and lists that change while servers run.

use std::time::Duration;

use socketry_server::{Accept, AtLimit};
use socketry_server_gate::{GateSettings, Rate};
use socketry_testing::CountingWaker;

use crate::support::{
    MILLISECOND, admitted, come, come_from, how_many_come_in, network, pausing, poll,
    poll_until_idle, refused, server, server_on_a_clock,
};

#[test]
fn raising_the_limit_wakes_a_full_server_and_lets_as_many_more_in() {
    let (mut server, handle, gate) = server(pausing(1));
    let _clients = [1, 2, 3, 4].map(|host| come_from(host, &handle));
    let _open = admitted(&mut server);
    let waker = CountingWaker::new();
    assert!(server.poll_accept(&mut waker.context()).is_pending());
    gate.change(|settings| settings.most_open = Some(3));
    assert_eq!(waker.count(), 1);
    let _more = [admitted(&mut server), admitted(&mut server)];
    assert!(poll(&mut server).is_pending());
}

#[test]
fn lowering_the_limit_leaves_who_is_in_and_lets_nobody_else_in_until_enough_have_left() {
    let (mut server, handle, gate) = server(|settings| settings.most_open = Some(3));
    let _clients = [1, 2, 3, 4, 5].map(|host| come_from(host, &handle));
    let [first, second, third] = [(); 3].map(|()| admitted(&mut server));
    gate.change(|settings| settings.most_open = Some(2));
    assert_eq!(gate.counts().open, 3);
    drop(first);
    refused(&mut server);
    drop(second);
    admitted(&mut server);
    drop(third);
}

#[test]
fn a_limit_that_was_not_there_knows_who_is_in_already() {
    let (mut server, handle, gate) = server(|_| ());
    let _clients = [1, 1, 1, 2].map(|host| come_from(host, &handle));
    let _open = [admitted(&mut server), admitted(&mut server)];
    gate.change(|settings| settings.most_open_per_prefix = Some(2));
    refused(&mut server);
    admitted(&mut server);
}

#[test]
fn a_server_that_waited_refuses_when_it_is_told_to() {
    let (mut server, handle, gate) = server(pausing(0));
    let _client = come_from(1, &handle);
    let waker = CountingWaker::new();
    assert!(server.poll_accept(&mut waker.context()).is_pending());
    gate.change(|settings| settings.at_limit = AtLimit::Reject);
    assert_eq!(waker.count(), 1);
    refused(&mut server);
}

#[test]
fn a_server_that_refused_waits_when_it_is_told_to() {
    let (mut server, handle, gate) = server(|settings| settings.most_open = Some(0));
    let _clients = [1, 2].map(|host| come_from(host, &handle));
    refused(&mut server);
    gate.change(|settings| settings.at_limit = AtLimit::Pause);
    assert!(poll(&mut server).is_pending());
    assert_eq!(handle.waiting(), 1);
}

#[test]
fn longer_and_shorter_prefixes_count_who_is_in_already() {
    let (mut server, handle, gate) = server(|settings| settings.most_open_per_prefix = Some(2));
    let _clients = [1, 2, 3].map(|host| come_from(host, &handle));
    let [first, second, third] = [(); 3].map(|()| admitted(&mut server));
    let here = [192, 0, 2, 1].into();
    assert_eq!(gate.open_from(here), 1);
    gate.change(|settings| settings.ipv4_prefix = 24);
    assert_eq!(gate.open_from(here), 3);
    let _next = come_from(4, &handle);
    refused(&mut server);
    drop(third);
    gate.change(|settings| settings.ipv4_prefix = 31);
    assert_eq!((gate.open_from(here), gate.open_from([192, 0, 2, 2].into())), (1, 1));
    drop((first, second));
    assert_eq!((gate.open_from(here), gate.counts().open), (0, 0));
}

#[test]
fn who_becomes_exempt_takes_a_place_no_more() {
    let (mut server, handle, gate) = server(pausing(1));
    let _clients = [1, 2, 3].map(|host| come_from(host, &handle));
    let first = admitted(&mut server);
    let waker = CountingWaker::new();
    assert!(server.poll_accept(&mut waker.context()).is_pending());
    gate.change(|settings| settings.exempt.push(network("192.0.2.1")));
    assert_eq!((waker.count(), gate.counts().open_exempt), (1, 1));
    let _second = admitted(&mut server);
    gate.change(|settings| settings.exempt.clear());
    assert_eq!(gate.counts().open_exempt, 0);
    drop(first);
    assert!(poll(&mut server).is_pending(), "the second one counts");
}

#[test]
fn lists_are_about_newcomers_and_not_about_who_is_in() {
    let (mut server, handle, gate) = server(|_| ());
    let _clients = [1, 1].map(|host| come_from(host, &handle));
    let _open = admitted(&mut server);
    gate.change(|settings| settings.deny.push(network("192.0.2.0/24")));
    refused(&mut server);
    assert_eq!(gate.counts().open, 1);
}

#[test]
fn a_list_that_is_emptied_lets_everybody_in_again() {
    let (mut server, handle, gate) =
        server(|settings| settings.allow = vec![network("10.0.0.0/8")]);
    let _clients = [1, 1].map(|host| come_from(host, &handle));
    refused(&mut server);
    gate.change(|settings| settings.allow.clear());
    admitted(&mut server);
}

#[test]
fn what_was_taken_of_a_rate_stays_taken_when_it_changes() {
    let (mut server, handle, gate, clock) =
        server_on_a_clock(|settings| settings.rate = Some(Rate::per_second(1).with_burst(5)));
    assert_eq!(how_many_come_in(9, &mut server, &handle), 5);
    gate.change(|settings| settings.rate = Some(Rate::per_second(10).with_burst(7)));
    assert_eq!(how_many_come_in(9, &mut server, &handle), 2);
    clock.advance(100 * MILLISECOND);
    assert_eq!(how_many_come_in(9, &mut server, &handle), 1);
}

#[test]
fn what_was_taken_of_a_rate_stays_taken_when_another_setting_changes() {
    let (mut server, handle, gate, _clock) = server_on_a_clock(|settings| {
        settings.rate = Some(Rate::per_second(5));
        settings.rate_per_prefix = Some(Rate::per_second(3));
    });
    assert_eq!(how_many_come_in(9, &mut server, &handle), 3);
    gate.change(|settings| settings.most_open = Some(100));
    assert_eq!(how_many_come_in(9, &mut server, &handle), 0);
    gate.change(|settings| settings.rate_per_prefix = None);
    assert_eq!(how_many_come_in(9, &mut server, &handle), 2);
}

#[test]
fn what_was_taken_of_the_rate_of_a_prefix_stays_taken_by_who_is_in_and_who_has_left() {
    let (mut server, handle, gate, clock) =
        server_on_a_clock(|settings| settings.rate_per_prefix = Some(Rate::per_minute(1)));
    let _clients = [1, 2, 1, 2].map(|host| come_from(host, &handle));
    let _stays = admitted(&mut server);
    drop(admitted(&mut server));
    gate.change(|settings| settings.rate_per_prefix = Some(Rate::per_second(1)));
    refused(&mut server);
    refused(&mut server);
    clock.advance(Duration::from_secs(1));
    let _clients = [1, 2].map(|host| come_from(host, &handle));
    assert!(poll_until_idle(&mut server).iter().all(Result::is_ok));
}

#[test]
fn raising_the_rate_wakes_a_server_that_waits_for_it() {
    let (mut server, handle, gate, clock) = server_on_a_clock(|settings| {
        settings.rate = Some(Rate::per_minute(1));
        settings.at_limit = AtLimit::Pause;
    });
    let _clients = [1, 2].map(|host| come_from(host, &handle));
    let _open = admitted(&mut server);
    let waker = CountingWaker::new();
    assert!(server.poll_accept(&mut waker.context()).is_pending());
    gate.change(|settings| settings.rate = Some(Rate::per_minute(60).with_burst(1)));
    assert_eq!(waker.count(), 1);
    assert!(poll(&mut server).is_pending());
    assert_eq!(clock.until_next(), Some(Duration::from_secs(1)));
    gate.change(|settings| settings.rate = None);
    admitted(&mut server);
    assert_eq!(clock.sleeping(), 0);
}

#[test]
fn a_rate_that_begins_later_begins_with_all_its_tokens() {
    let (mut server, handle, gate, _clock) = server_on_a_clock(|_| ());
    how_many_come_in(100, &mut server, &handle);
    gate.change(|settings| settings.rate = Some(Rate::per_second(3)));
    assert_eq!(how_many_come_in(9, &mut server, &handle), 3);
}

#[test]
fn a_change_that_panics_changes_nothing_and_leaves_the_gate_in_use() {
    let (mut server, handle, gate) = server(|settings| settings.most_open = Some(1));
    let changing = gate.clone();
    let change = |settings: &mut GateSettings| {
        settings.most_open = None;
        panic!("a change of somebody else's");
    };
    std::thread::spawn(move || changing.change(change)).join().unwrap_err();
    assert_eq!(gate.settings().most_open, Some(1));
    gate.change(|settings| settings.most_open = Some(2));
    let _clients = [1, 2].map(|host| come(&format!("tcp://192.0.2.{host}:1"), &handle));
    let _open = [admitted(&mut server), admitted(&mut server)];
}

#[test]
fn changes_on_many_threads_are_all_made() {
    let gate = crate::support::gate(|settings| settings.most_open = Some(0));
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                for _ in 0..250 {
                    gate.change(|settings| settings.most_open = settings.most_open.map(|n| n + 1));
                }
            });
        }
    });
    assert_eq!(gate.settings().most_open, Some(1000));
}
