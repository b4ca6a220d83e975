//! Limits of a server, and the list of its connections.

use std::{io, sync::Arc, time::Duration};

use futures_lite::{
    AsyncReadExt, AsyncWriteExt,
    future::{block_on, poll_once},
};
use socketry::{
    AtLimitConfig, LimitsConfig, Server, ServerGroup, Socket, WhenBehindConfig,
    server::{Alarm, LimitReached, LimitingServer},
};
use socketry_testing::ManualClock;

use crate::support::{Client, TempDir, accept, tcp_server};

fn limited(endpoint: &str, limits: LimitsConfig) -> Server {
    block_on(Server::builder().limits(limits).bind(endpoint)).unwrap()
}

fn at_most(count: usize) -> LimitsConfig {
    let mut limits = LimitsConfig::default();
    limits.max_connections = Some(count);
    limits
}

/// Comes in: the client's end, and the server's.
fn meet(server: &mut Server) -> (Client, Socket) {
    let client = Client::connect(&server.local_address().unwrap()).unwrap();
    (client, accept(server))
}

#[test]
fn a_server_without_limits_has_no_list() {
    let mut server = tcp_server();
    assert!(server.connections().is_none());
    assert!(meet(&mut server).1.tracked().is_none());
}

#[test]
fn the_defaults_of_limits_are_those_of_the_code() {
    let by_code = LimitingServer::new(tcp_server(), None);
    let by_config = limited("127.0.0.1:0", LimitsConfig::default());
    assert_eq!(
        format!("{:?}", by_code.connections()),
        format!("{:?}", by_config.connections().unwrap())
    );
}

#[test]
fn one_too_many_is_closed_and_told_on_every_scheme() {
    let directory = TempDir::new();
    for endpoint in ["127.0.0.1:0", &directory.endpoint()] {
        let mut server = limited(endpoint, at_most(1));
        let _inside = meet(&mut server);
        let mut second = Client::connect(&server.local_address().unwrap()).unwrap();
        let error = block_on(server.accept()).unwrap().unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::QuotaExceeded);
        assert!(error.get_ref().unwrap().is::<LimitReached>());
        assert!(second.sees_the_end());
    }
}

#[test]
fn with_pause_the_next_one_waits_until_a_place_is_free() {
    let mut limits = at_most(1);
    limits.at_limit = AtLimitConfig::Pause;
    let mut server = limited("127.0.0.1:0", limits);
    let (_client, inside) = meet(&mut server);
    let _next = Client::connect(&server.local_address().unwrap()).unwrap();
    let mut accepting = Box::pin(server.accept());
    assert!(block_on(poll_once(&mut accepting)).is_none());
    drop(inside);
    block_on(accepting).unwrap().unwrap();
}

#[test]
fn a_message_from_outside_reaches_a_client_whose_server_only_listens() {
    let mut server = limited("127.0.0.1:0", LimitsConfig::default());
    let mut client = block_on(socketry::connect(server.local_address().unwrap())).unwrap();
    let mut accepted = accept(&mut server);
    let connections = server.connections().unwrap();
    block_on(async {
        assert!(poll_once(accepted.read(&mut [0; 8])).await.is_none());
        assert_eq!(connections.broadcast("Hi!").await.queued, 1);
        assert!(poll_once(accepted.read(&mut [0; 8])).await.is_none());
        let mut heard = [0; 3];
        client.read_exact(&mut heard).await.unwrap();
        assert_eq!(&heard, b"Hi!");
    });
}

#[test]
fn the_socket_at_the_bottom_is_reached_through_the_limits() {
    let directory = TempDir::new();
    let mut tcp = limited("127.0.0.1:0", LimitsConfig::default());
    assert!(meet(&mut tcp).1.as_tcp().is_some());
    let mut unix = limited(&directory.endpoint(), LimitsConfig::default());
    assert!(meet(&mut unix).1.as_unix().is_some());
}

#[test]
fn the_list_shows_what_the_socket_says_of_itself() {
    let mut limits = LimitsConfig::default();
    limits.local_addresses = true;
    let mut server = limited("127.0.0.1:0", limits);
    let (_client, mut accepted) = meet(&mut server);
    block_on(accepted.write_all(b"hello")).unwrap();
    let shown = server.connections().unwrap().iter().next().unwrap();
    assert_eq!(Some(&shown), accepted.tracked());
    assert_eq!(shown.remote_address().cloned(), accepted.remote_address());
    assert_eq!(shown.local_address(), accepted.local_address());
    assert_eq!(shown.bytes_written(), 5);
}

#[test]
fn one_that_is_closed_through_the_list_ends_on_the_wire() {
    let mut server = limited("127.0.0.1:0", LimitsConfig::default());
    let (mut client, mut accepted) = meet(&mut server);
    assert_eq!(server.connections().unwrap().close_all(), 1);
    assert!(client.sees_the_end());
    let error = block_on(accepted.read(&mut [0; 8])).unwrap_err();
    assert!(error.to_string().ends_with("closed through the list of connections"), "{error}");
}

#[test]
fn who_does_not_read_is_closed_if_that_is_configured() {
    let clock = ManualClock::new();
    let mut limits = LimitsConfig::default();
    (limits.max_behind, limits.when_behind) = (1, WhenBehindConfig::Close);
    let builder = Server::builder().limits(limits).clock(Arc::new(clock.clone()));
    let mut server = block_on(builder.bind("127.0.0.1:0")).unwrap();
    let (_client, accepted) = meet(&mut server);
    let connections = server.connections().unwrap();
    assert_eq!(block_on(connections.broadcast("one")).queued, 1);
    let mut broadcasting = Box::pin(connections.broadcast("two"));
    assert!(block_on(poll_once(&mut broadcasting)).is_none());
    clock.advance(Duration::from_secs(1)); // and the owner has not come to carry it
    assert_eq!(block_on(broadcasting).closed, 1);
    assert!(!accepted.tracked().unwrap().is_open());
}

#[test]
fn one_limit_goes_around_several_servers() {
    let servers = [tcp_server(), tcp_server()];
    let addresses = servers.each_ref().map(|server| server.local_address().unwrap());
    let mut server = at_most(1).around(ServerGroup::new(servers).into());
    let _first = Client::connect(&addresses[0]).unwrap();
    let _inside = accept(&mut server);
    let _second = Client::connect(&addresses[1]).unwrap();
    assert!(block_on(server.accept()).unwrap().is_err());
}

#[test]
fn alarms_of_the_builder_are_raised() {
    let told = Arc::new(std::sync::Mutex::new(Vec::new()));
    let hook = told.clone();
    let builder = Server::builder().limits(LimitsConfig::default());
    let builder = builder.alarm(1, 0, move |alarm| hook.lock().unwrap().push(alarm));
    let mut server = block_on(builder.bind("127.0.0.1:0")).unwrap();
    drop(meet(&mut server));
    assert_eq!(*told.lock().unwrap(), [Alarm::Raised(1), Alarm::Cleared(0)]);
}

#[test]
fn a_server_is_drained_on_real_sockets() {
    let directory = TempDir::new();
    let mut server = limited(&directory.endpoint(), LimitsConfig::default());
    let address = server.local_address().unwrap();
    let (mut client, accepted) = meet(&mut server);
    let drained = block_on(server.connections().unwrap().drain(Duration::ZERO));
    assert_eq!((drained.finished, drained.closed), (0, 1));
    assert!(client.sees_the_end());
    assert!(Client::connect(&address).is_err(), "nobody listens any more");
    assert!(block_on(server.accept()).is_none());
    drop(accepted);
}
