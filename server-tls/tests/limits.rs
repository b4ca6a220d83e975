//! How many handshakes there may be at once.

use std::{io, time::Duration};

use futures_lite::future::block_on;
use socketry_server::{Accept, AcceptExt, LimitReached};
use socketry_server_tls::WhenFull;
use socketry_testing::{MemoryConnection, ServerHandle};

use crate::support::{
    come_from, is_at_its_end, meet, poll, poll_accept, poll_until_idle, secure, server,
    server_on_a_clock,
};

/// As many who say nothing, four from each address.
fn idle(number: u8, handle: &ServerHandle) -> Vec<MemoryConnection> {
    (0..number).map(|n| come_from(1 + n / 4, handle)).collect()
}

fn limit(error: &io::Error) -> &LimitReached {
    error.get_ref().and_then(|error| error.downcast_ref()).unwrap()
}

#[test]
fn a_full_server_leaves_newcomers_in_the_backlog() {
    let (server, handle) = server();
    let mut server = server.most_handshakes(3);
    let _idle = idle(5, &handle);
    assert!(poll_until_idle(&mut server).is_empty());
    assert_eq!(handle.waiting(), 2);
}

#[test]
fn a_handshake_that_has_ended_lets_the_next_one_in() {
    let (server, handle) = server();
    let mut server = server.most_handshakes(3);
    let mut idle = idle(5, &handle);
    poll_until_idle(&mut server);
    drop(idle.remove(0));
    assert_eq!(poll_until_idle(&mut server).len(), 1);
    assert_eq!(handle.waiting(), 1);
}

#[test]
fn two_hundred_and_fifty_six_idle_clients_hold_up_a_good_one_until_their_deadline() {
    let (mut server, handle, clock) = server_on_a_clock();
    let idle: Vec<_> = (0..256).map(|n| come_from((n / 4) as u8, &handle)).collect();
    let good = come_from(200, &handle);
    assert!(poll_until_idle(&mut server).is_empty());
    assert_eq!(handle.waiting(), 1);
    clock.advance(Duration::from_secs(10));
    assert_eq!(poll_until_idle(&mut server).len(), 256);
    block_on(meet(&mut server, good));
    assert!(idle.into_iter().all(|mut client| is_at_its_end(&mut client)));
}

#[test]
fn one_address_with_any_number_of_idle_clients_does_not_hold_up_another() {
    let (mut server, handle) = server();
    let idle: Vec<_> = (0..300).map(|_| come_from(1, &handle)).collect();
    let good = come_from(2, &handle);
    poll_until_idle(&mut server);
    block_on(meet(&mut server, good));
    drop(idle);
}

#[test]
fn of_one_address_as_many_wait_as_are_served_and_the_others_are_refused() {
    let (mut server, handle) = server();
    let _idle: Vec<_> = (0..100).map(|_| come_from(1, &handle)).collect();
    let errors = poll_until_idle(&mut server);
    assert_eq!(errors.len(), 100 - 32 - 32);
    let error = errors[0].as_ref().unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::QuotaExceeded);
    assert_eq!(
        error.to_string(),
        "connection from tcp://192.0.2.1:50000 closed: \
         the limit of 32 TLS handshakes with one address is reached"
    );
}

#[test]
fn who_waits_for_another_of_his_address_gets_his_place() {
    let (server, handle) = server();
    let mut server = server.most_handshakes_per_address(1);
    let first = come_from(1, &handle);
    let second = come_from(1, &handle);
    poll_until_idle(&mut server);
    drop(first);
    assert_eq!(poll_until_idle(&mut server).len(), 1);
    block_on(meet(&mut server, second));
}

#[test]
fn who_waits_is_closed_with_the_server() {
    let (server, handle) = server();
    let mut server = server.most_handshakes_per_address(1);
    let _first = come_from(1, &handle);
    let mut second = come_from(1, &handle);
    poll_until_idle(&mut server);
    assert!(!is_at_its_end(&mut second));
    server.control().close();
    poll_until_idle(&mut server);
    assert!(is_at_its_end(&mut second));
}

/// The task that polls the server is late: it hears of the end and of the close in one poll.
#[test]
fn who_waits_gets_no_place_that_is_free_when_the_server_is_closed() {
    let (server, handle, clock) = server_on_a_clock();
    let mut server = server.most_handshakes_per_address(1);
    let _first = come_from(1, &handle);
    let mut second = come_from(1, &handle);
    poll_until_idle(&mut server);
    server.control().close();
    clock.advance(Duration::from_secs(10));
    assert_eq!(poll_until_idle(&mut server).len(), 1);
    assert!(is_at_its_end(&mut second));
    assert!(block_on(server.accept()).is_none());
}

#[test]
fn who_waits_is_closed_with_a_full_server_too() {
    let (server, handle) = server();
    let mut server = server.most_handshakes_per_address(1).most_handshakes(2);
    let _first = come_from(1, &handle);
    let mut second = come_from(1, &handle);
    let _third = come_from(3, &handle);
    poll_until_idle(&mut server);
    server.control().close();
    poll_until_idle(&mut server);
    assert!(is_at_its_end(&mut second));
}

#[test]
fn a_full_server_that_refuses_closes_newcomers_at_once_with_one_error_each() {
    let (server, handle) = server();
    let mut server = server.most_handshakes(3).when_full(WhenFull::Refuse);
    let mut idle = idle(5, &handle);
    let errors = poll_until_idle(&mut server);
    assert_eq!(errors.len(), 2);
    let error = limit(errors[0].as_ref().unwrap_err());
    assert_eq!((error.limit(), error.of_what()), (3, "TLS handshakes"));
    assert!(is_at_its_end(&mut idle[3]) && is_at_its_end(&mut idle[4]));
}

#[test]
fn a_server_that_refuses_lets_nobody_wait_for_his_address() {
    let (server, handle) = server();
    let mut server = server.most_handshakes_per_address(1).when_full(WhenFull::Refuse);
    let _first = come_from(1, &handle);
    let mut second = come_from(1, &handle);
    assert_eq!(poll_until_idle(&mut server).len(), 1);
    assert!(is_at_its_end(&mut second));
}

#[test]
fn a_flood_of_newcomers_lets_other_tasks_have_a_turn() {
    let (mut server, handle) = server();
    let _idle = idle(100, &handle);
    assert!(poll_accept(&mut server).is_pending());
    assert_eq!(handle.waiting(), 100 - 32);
}

#[test]
fn a_flood_of_results_lets_other_tasks_have_a_turn() {
    let (mut server, handle) = server();
    let idle = idle(40, &handle);
    assert!(poll_until_idle(&mut server).is_empty());
    drop(idle);
    let results = (0..40).take_while(|_| poll_accept(&mut server).is_ready()).count();
    assert_eq!(results, 32);
    assert!(poll_accept(&mut server).is_ready());
}

#[test]
fn a_limit_of_zero_counts_as_one() {
    let (server, handle) = server();
    let mut server = server.most_handshakes(0).most_handshakes_per_address(0);
    let client = come_from(1, &handle);
    block_on(meet(&mut server, client));
    server.control().close();
    assert!(block_on(server.accept()).is_none());
}

#[test]
fn a_flood_of_first_messages_lets_other_tasks_have_a_turn() {
    let (mut server, handle) = server();
    let mut clients: Vec<_> =
        (0..100).map(|n| Box::pin(secure(come_from(n / 10, &handle)))).collect();
    assert!(poll_until_idle(&mut server).is_empty());
    assert!(clients.iter_mut().all(|client| poll(client).is_pending()));
    assert!(poll_accept(&mut server).is_pending());
    let answered =
        clients.iter_mut().filter_map(|client| poll(client).is_ready().then_some(())).count();
    assert_eq!(answered, 32);
}
