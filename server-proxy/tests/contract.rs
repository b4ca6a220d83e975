//! The contract of servers.

use futures_lite::future::block_on;
use socketry_connection::BoxConnection;
use socketry_server::{Accept, AcceptExt, Control, State};
use socketry_server_proxy::{
    ProxiedConnection, ProxyFailed, ProxyHeader, ProxyOptions, ProxyServer,
};
use socketry_testing::{
    CountingWaker, MemoryConnection, ScriptedServer, ServerHandle, check_control, check_drop,
};

use crate::support::{
    OWN, Server, V1, accept, come, come_saying, options, poll_accept, say, server, serving,
};

#[test]
fn it_pauses_resumes_and_closes_as_a_server_does() {
    let (server, handle) = server();
    block_on(check_control(server, move || come_saying(V1, &handle)));
}

#[test]
fn a_box_of_it_is_as_good() {
    let (server, handle) = server();
    block_on(check_control(server.boxed(), move || come_saying(V1, &handle)));
}

#[test]
fn dropping_it_closes_it() {
    let (server, handle) = server();
    block_on(check_drop(server));
    assert!(handle.is_dropped());
}

/// How often a task that waits for `server` is woken by a change.
fn wakes(mut server: Server, change: impl FnOnce(&Control)) -> usize {
    let waker = CountingWaker::new();
    while server.poll_accept(&mut waker.context()).is_pending() && waker.take() > 0 {}
    change(&server.control());
    waker.count()
}

#[test]
fn a_change_of_state_wakes_a_server_that_waits_for_anybody() {
    for change in [Control::pause, Control::close] {
        let (server, _handle) = server();
        assert!(wakes(server, change) > 0);
    }
}

#[test]
fn a_change_of_state_wakes_a_server_that_waits_for_a_header() {
    for change in [Control::pause, Control::close] {
        let (server, handle) = server();
        let _silent = come(&handle);
        assert!(wakes(server, change) > 0);
    }
}

#[test]
fn a_change_of_state_wakes_a_server_that_is_full() {
    for change in [Control::pause, Control::close] {
        let (server, handle) = serving(options().most_headers(1));
        let _silent = come(&handle);
        assert_eq!(wakes(server, change), 1);
    }
}

#[test]
fn a_change_of_state_wakes_a_server_that_is_paused() {
    for change in [Control::resume, Control::close] {
        let (server, _handle) = server();
        server.control().pause();
        assert!(wakes(server, change) > 0);
    }
}

/// A server that reads the header of one proxy, is paused, and has one in its backlog.
fn paused() -> (Server, ServerHandle, [MemoryConnection; 2]) {
    let (mut server, handle) = server();
    let peer = come(&handle);
    assert!(poll_accept(&mut server).is_pending());
    server.control().pause();
    let next = come_saying(V1, &handle);
    (server, handle, [peer, next])
}

#[test]
fn a_paused_server_takes_nobody_and_lets_a_header_come() {
    let (mut server, handle, [mut peer, _next]) = paused();
    say(&mut peer, V1);
    accept(&mut server);
    assert!(poll_accept(&mut server).is_pending());
    assert_eq!(handle.waiting(), 1);
}

#[test]
fn a_resumed_server_takes_who_has_waited() {
    let (mut server, handle, _peers) = paused();
    server.control().resume();
    accept(&mut server);
    assert_eq!(handle.waiting(), 0);
}

#[test]
fn its_address_is_that_of_the_server_inside() {
    let (server, _handle) = server();
    assert_eq!(server.local_address().unwrap().to_string(), OWN);
    server.control().close();
    assert_eq!(server.local_address(), None);
}

#[test]
fn errors_of_the_server_inside_come_through() {
    let (mut server, handle) = server();
    handle.push_error(std::io::ErrorKind::ConnectionAborted.into());
    let error = block_on(server.accept()).unwrap().unwrap_err();
    assert_eq!(error.kind(), std::io::ErrorKind::ConnectionAborted);
}

#[test]
fn the_server_inside_comes_out_and_goes_on() {
    let (server, handle) = server();
    let mut inner = server.into_inner();
    let _peer = come(&handle);
    assert!(poll_accept(&mut inner).is_ready());
    assert_eq!(handle.state(), State::Open);
}

#[test]
fn everything_may_go_from_thread_to_thread() {
    fn assert<T: Send + Sync + Unpin + 'static>() {}
    assert::<ProxyServer<ScriptedServer>>();
    assert::<ProxyServer<Box<dyn Accept<Connection = BoxConnection> + Sync>>>();
    assert::<(ProxiedConnection<BoxConnection>, ProxyHeader, ProxyOptions, ProxyFailed)>();
}
