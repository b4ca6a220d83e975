//! Options reach the sockets, read back from them.
//!
//! A `Socket` shows no descriptor, so the tests look for the one that is connected to a client
//! they know, and duplicate it to look at it.

#![cfg(target_os = "linux")]

use std::{
    fs,
    net::{SocketAddr, TcpListener},
    os::fd::{AsRawFd, OwnedFd},
    time::Duration,
};

use futures_lite::future::block_on;
use rustix::process::{PidfdFlags, PidfdGetfdFlags, getpid, pidfd_getfd, pidfd_open};
use socket2::SockRef;
use socketry::{
    ConnectorConfig, KeepaliveConfig, Server, ServerConfig, Setting, Socket, SocketConfig,
    TcpOptions,
};

#[test]
fn by_default_a_connection_sends_at_once_and_does_not_ask_for_life() {
    let (client, accepted) = connect(&ConnectorConfig::default(), &ServerConfig::default());
    for socket in [&client, &accepted] {
        let descriptor = descriptor_of(socket);
        let system = SockRef::from(&descriptor);
        assert!(system.tcp_nodelay().unwrap());
        assert!(!system.keepalive().unwrap());
    }
}

#[test]
fn the_options_of_a_server_reach_what_it_accepts() {
    let mut config = ServerConfig::default();
    config.tcp.socket = unusual();
    let (client, accepted) = connect(&ConnectorConfig::default(), &config);
    assert_unusual(&accepted);
    assert!(SockRef::from(&descriptor_of(&client)).tcp_nodelay().unwrap());
}

#[test]
fn the_options_of_a_connector_reach_what_it_connects() {
    let mut options = TcpOptions::default();
    options.socket = unusual();
    let mut config = ConnectorConfig::default();
    config.tcp = Setting::With(options);
    let (client, accepted) = connect(&config, &ServerConfig::default());
    assert_unusual(&client);
    assert!(SockRef::from(&descriptor_of(&accepted)).tcp_nodelay().unwrap());
}

#[test]
fn the_options_of_a_server_reach_what_an_inherited_socket_accepts() {
    let original = TcpListener::bind("127.0.0.1:0").unwrap();
    let mut config = ServerConfig::default();
    config.tcp.socket = unusual();
    let number = original.as_raw_fd();
    let server = block_on(config.bind(format!("fd://{number}"))).unwrap();
    let (_client, accepted) = connect_to(&ConnectorConfig::default(), server);
    assert_unusual(&accepted);
}

#[test]
fn the_local_address_of_a_connector_is_where_its_connections_come_from() {
    let mut options = TcpOptions::default();
    options.local_v4 = Some("127.0.0.2:0".parse().unwrap());
    let mut config = ConnectorConfig::default();
    config.tcp = Setting::With(options);
    let (_client, accepted) = connect(&config, &ServerConfig::default());
    let remote = accepted.remote_address().unwrap();
    assert_eq!(remote.ip(), Some("127.0.0.2".parse().unwrap()));
}

/// Everything that an ordinary user may set, otherwise than by default.
fn unusual() -> SocketConfig {
    let mut keepalive = KeepaliveConfig::after(Duration::from_secs(61));
    keepalive.interval = Some(Duration::from_secs(7));
    keepalive.retries = Some(3);
    let mut options = SocketConfig::default();
    options.nodelay = false;
    options.keepalive = Some(keepalive);
    options.send_buffer = Some(50_000);
    options.recv_buffer = Some(60_000);
    options.ttl = Some(33);
    options.tos = Some(0x10);
    options.linger = Some(Duration::from_secs(5));
    options.user_timeout = Some(Duration::from_secs(9));
    options
}

fn assert_unusual(socket: &Socket) {
    let descriptor = descriptor_of(socket);
    let system = SockRef::from(&descriptor);
    assert!(!system.tcp_nodelay().unwrap());
    assert!(system.keepalive().unwrap());
    assert_eq!(system.tcp_keepalive_time().unwrap(), Duration::from_secs(61));
    assert_eq!(system.tcp_keepalive_interval().unwrap(), Duration::from_secs(7));
    assert_eq!(system.tcp_keepalive_retries().unwrap(), 3);
    // Linux doubles what it is asked for.
    assert_eq!(system.send_buffer_size().unwrap(), 100_000);
    assert_eq!(system.recv_buffer_size().unwrap(), 120_000);
    assert_eq!(system.ttl_v4().unwrap(), 33);
    assert_eq!(system.tos_v4().unwrap(), 0x10);
    assert_eq!(system.linger().unwrap(), Some(Duration::from_secs(5)));
    assert_eq!(system.tcp_user_timeout().unwrap(), Some(Duration::from_secs(9)));
}

/// A client, and the server's end of it.
fn connect(client: &ConnectorConfig, server: &ServerConfig) -> (Socket, Socket) {
    connect_to(client, block_on(server.bind("127.0.0.1:0")).unwrap())
}

fn connect_to(client: &ConnectorConfig, mut server: Server) -> (Socket, Socket) {
    let connector = client.build().unwrap();
    let client = block_on(connector.connect(server.local_address().unwrap())).unwrap();
    (client, block_on(server.accept()).unwrap().unwrap())
}

/// A duplicate of the descriptor that has these two ends.
fn descriptor_of(socket: &Socket) -> OwnedFd {
    let ends = [socket.local_address(), socket.remote_address()]
        .map(|address| address.and_then(|address| address.socket_address()));
    let this_process = pidfd_open(getpid(), PidfdFlags::empty()).unwrap();
    let numbers = fs::read_dir("/proc/self/fd").unwrap().map(|entry| entry.unwrap().file_name());
    numbers
        .filter_map(|number| number.to_str()?.parse().ok())
        .filter_map(|number| pidfd_getfd(&this_process, number, PidfdGetfdFlags::empty()).ok())
        .find(|descriptor| ends_of(descriptor) == ends)
        .expect("the socket has a descriptor")
}

fn ends_of(descriptor: &OwnedFd) -> [Option<SocketAddr>; 2] {
    let system = SockRef::from(descriptor);
    [system.local_addr(), system.peer_addr()].map(|end| end.ok()?.as_socket())
}
