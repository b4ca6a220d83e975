//! The contract of servers.

use std::io;

use futures_lite::future::block_on;
use socketry_connection::{BoxConnection, Connection};
use socketry_server::{Accept, AcceptExt, AtLimit, State};
use socketry_server_limiting::{Connections, Draining, LimitingServer, Tracked};
use socketry_testing::{
    CountingWaker, ScriptedServer, check_abort, check_connection, check_control, check_drop,
};

use crate::support::{Accepted, accept, accept_error, address, come, limiting, poll_accept};

#[test]
fn it_pauses_resumes_and_closes_as_a_server_does() {
    for at_limit in [AtLimit::Reject, AtLimit::Pause] {
        let (server, handle) = limiting(10);
        block_on(check_control(server.at_limit(at_limit), move || come(&handle)));
    }
}

#[test]
fn dropping_it_closes_it() {
    let (server, handle) = limiting(10);
    block_on(check_drop(server));
    assert!(handle.is_dropped());
}

#[test]
fn a_full_server_is_woken_by_a_change_of_state() {
    let (server, handle) = limiting(1);
    let mut server = server.at_limit(AtLimit::Pause);
    let _client = come(&handle);
    let _accepted = accept(&mut server);
    let waker = CountingWaker::new();
    assert!(server.poll_accept(&mut waker.context()).is_pending());
    server.control().pause();
    assert_eq!(waker.count(), 1);
}

#[test]
fn its_address_is_that_of_the_server_inside() {
    let (server, _handle) = limiting(1);
    assert_eq!(server.local_address(), Some(address("tcp://192.0.2.80:80")));
}

#[test]
fn errors_of_the_server_inside_come_through() {
    let (mut server, handle) = limiting(1);
    handle.push_error(io::Error::other("nobody there"));
    assert_eq!(accept_error(&mut server).to_string(), "nobody there");
}

#[test]
fn the_server_inside_comes_out_and_goes_on() {
    let (server, handle) = limiting(1);
    let mut inner = server.into_inner();
    let _client = come(&handle);
    assert!(poll_accept(&mut inner).is_ready());
    assert_eq!(handle.state(), State::Open);
}

#[test]
fn a_connection_behaves_as_connections_do() {
    let (mut server, handle) = limiting(None);
    let client = come(&handle);
    block_on(check_connection(accept(&mut server), client));
}

#[test]
fn the_peer_of_one_sees_a_connection_as_others() {
    let (mut server, handle) = limiting(None);
    let client = come(&handle);
    block_on(check_connection(client, accept(&mut server)));
}

#[test]
fn a_connection_is_aborted_as_connections_are() {
    let (mut server, handle) = limiting(None);
    let client = come(&handle);
    block_on(check_abort(accept(&mut server), client));
}

#[test]
fn facts_and_addresses_of_a_connection_come_through() {
    let (mut server, handle) = limiting(1);
    let _client = come(&handle);
    let mut accepted = accept(&mut server);
    accepted.attributes_mut().insert("fact");
    assert_eq!(accepted.into_inner().attributes().get(), Some(&"fact"));
}

#[test]
fn everything_may_go_from_thread_to_thread() {
    fn assert<T: Send + Sync + Unpin + 'static>() {}
    assert::<LimitingServer<ScriptedServer>>();
    assert::<LimitingServer<Box<dyn Accept<Connection = BoxConnection> + Sync>>>();
    assert::<Accepted>();
    assert::<Connections>();
    assert::<Tracked>();
    assert::<Draining>();
}

#[test]
fn every_future_may_go_from_thread_to_thread() {
    fn assert<F: Future + Send>(future: F) -> F {
        future
    }
    let (mut server, handle) = limiting(1);
    let _client = come(&handle);
    let mut accepted = accept(&mut server);
    let connections = server.connections();
    let writing = assert(accepted.tracked().write("x"));
    drop(assert(connections.broadcast("x")));
    drop(assert(accepted.draining()));
    drop(assert(accepted.carry_while(writing)));
    drop(assert(server.accept()));
}

#[test]
fn everything_is_one_line_in_debug() {
    let (mut server, handle) = limiting(2);
    let _client = come(&handle);
    let accepted = accept(&mut server);
    assert_eq!(
        format!("{accepted:?}"),
        "TrackedConnection(1, MemoryConnection { local: Some(Tcp(192.0.2.80:80)), remote: Some(Tcp(192.0.2.1:50000)) })"
    );
    assert_eq!(format!("{:?}", server.connections()), "Connections { open: 1, limit: Some(2) }");
    assert_eq!(
        format!("{:?}", accepted.tracked()),
        "Tracked { id: 1, remote: Some(Tcp(192.0.2.1:50000)), is_open: true }"
    );
}
