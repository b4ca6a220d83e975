//! The contract of servers.

use std::thread;

use futures_lite::future::block_on;
use socketry_connection::{BoxConnection, Connection};
use socketry_server::{Accept, State};
use socketry_server_tls::{ServerTls, TlsServer};
use socketry_testing::{CountingWaker, ScriptedServer, check_control, check_drop};

use crate::support::{come, poll_accept, secure, server};

#[test]
fn it_pauses_resumes_and_closes_as_a_server_does() {
    let (server, handle) = server();
    block_on(check_control(server, move || {
        let client = come(&handle);
        thread::spawn(move || block_on(secure(client)))
    }));
}

#[test]
fn dropping_it_closes_it() {
    let (server, handle) = server();
    block_on(check_drop(server));
    assert!(handle.is_dropped());
}

#[test]
fn a_full_server_is_woken_by_a_change_of_state() {
    let (server, handle) = server();
    let mut server = server.most_handshakes(1);
    let _idle = come(&handle);
    let waker = CountingWaker::new();
    while server.poll_accept(&mut waker.context()).is_pending() && waker.take() > 0 {}
    server.control().pause();
    assert_eq!(waker.count(), 1);
}

#[test]
fn a_paused_server_takes_nobody_and_lets_a_handshake_finish() {
    let (mut server, handle) = server();
    let client = come(&handle);
    assert!(poll_accept(&mut server).is_pending());
    server.control().pause();
    let _next = come(&handle);
    block_on(crate::support::meet(&mut server, client));
    assert_eq!(handle.waiting(), 1);
}

#[test]
fn its_address_is_a_tls_one() {
    let (server, _handle) = server();
    assert_eq!(server.local_address().unwrap().to_string(), "tls://192.0.2.80:443");
}

#[test]
fn its_connections_have_tls_addresses() {
    let (mut server, handle) = server();
    let client = come(&handle);
    let (client, accepted) = block_on(crate::support::meet(&mut server, client));
    assert_eq!(accepted.remote_address().unwrap().to_string(), "tls://192.0.2.1:50000");
    assert_eq!(client.remote_address(), server.local_address());
}

#[test]
fn the_server_inside_comes_out_and_goes_on() {
    let (server, handle) = server();
    let mut inner = server.into_inner();
    let _client = come(&handle);
    assert!(poll_accept(&mut inner).is_ready());
    assert_eq!(handle.state(), State::Open);
}

#[test]
fn everything_may_go_from_thread_to_thread() {
    fn assert<T: Send + Sync + Unpin + 'static>() {}
    assert::<TlsServer<ScriptedServer>>();
    assert::<TlsServer<Box<dyn Accept<Connection = BoxConnection> + Sync>>>();
    assert::<ServerTls>();
}
