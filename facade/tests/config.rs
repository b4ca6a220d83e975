//! Connectors and servers as plain data, and what is built from them.

use std::{fs, io, os::unix::fs::PermissionsExt, sync::Arc, time::Duration};

use futures_lite::future::{block_on, poll_once};
use socketry::{
    Connector, ConnectorConfig, HostPort, KeepaliveConfig, ServerConfig, Setting, SocketConfig,
    TcpOptions, TcpServerConfig, Timeout, UnixAddress, UnixServerConfig, connection::SocketOptions,
    server::TcpServerOptions,
};
use socketry_testing::ManualClock;

use crate::{
    slots::slot,
    support::{Client, TempDir, accept, bound, tcp_server},
};

#[test]
fn the_default_of_a_connector_is_that_of_its_builder() {
    let default = format!("{:?}", ConnectorConfig::default().to_builder());
    assert_eq!(default, format!("{:?}", Connector::builder()));
}

#[test]
fn the_default_options_of_a_socket_are_those_of_the_code() {
    assert_eq!(SocketConfig::default().to_options().unwrap(), SocketOptions::new());
}

#[test]
fn the_defaults_of_a_tcp_server_are_those_of_the_code() {
    let TcpServerConfig { backlog, reuse_address, reuse_port, only_v6, .. } =
        TcpServerConfig::default();
    let by_config = TcpServerOptions::new()
        .backlog(backlog)
        .reuse_address(reuse_address)
        .reuse_port(reuse_port);
    assert_eq!(format!("{by_config:?}"), format!("{:?}", TcpServerOptions::new()));
    assert_eq!(only_v6, None);
}

#[test]
fn the_default_backlog_of_a_unix_server_is_that_of_the_code() {
    let UnixServerConfig { backlog, mode, uid, gid, .. } = UnixServerConfig::default();
    let by_config = socketry::server::UnixServerOptions::new().backlog(backlog);
    let by_code = socketry::server::UnixServerOptions::new();
    assert_eq!(format!("{by_config:?}"), format!("{by_code:?}"));
    assert_eq!((mode, uid, gid), (None, None, None));
}

#[test]
fn a_timeout_is_off_on_which_is_60_seconds_or_as_long_as_it_says() {
    let seconds = |count| Some(Duration::from_secs(count));
    let patience = [
        Setting::Off,
        Setting::On,
        Setting::With(Timeout::from(Duration::from_secs(3))),
        Setting::With(Timeout::from(Duration::ZERO)),
    ]
    .map(|setting| {
        let mut config = ConnectorConfig::default();
        (config.timeout, config.unix_timeout) = (setting, setting);
        [patience(&config, "a:80"), patience(&config, "unix://a")]
    });
    // With no time at all the call is over when it was polled, and its timer gone.
    let expected = [[None; 2], [seconds(60); 2], [seconds(3); 2], [None; 2]];
    assert_eq!(patience, expected);
}

/// How long a call waits that a connector makes which is built like this.
fn patience(config: &ConnectorConfig, endpoint: &str) -> Option<Duration> {
    let clock = ManualClock::new();
    let ((hosts, _tcp), (names, _unix)) = (slot::<HostPort>(), slot::<UnixAddress>());
    let builder = config.to_builder().tcp(hosts).unix(names).clock(Arc::new(clock.clone()));
    let connector = builder.build().unwrap();
    let mut connecting = Box::pin(connector.connect(endpoint));
    let _ = block_on(poll_once(&mut connecting));
    clock.until_next()
}

#[test]
fn each_scheme_is_switched_by_its_key() {
    let mut off = ConnectorConfig::default();
    (off.tcp, off.tls, off.unix) = (Setting::Off, Setting::Off, false);
    let kinds = |config: &ConnectorConfig| {
        ["127.0.0.1:1", "tls://127.0.0.1:1", "unix:///nosuch/s"]
            .map(|endpoint| block_on(config.build().unwrap().connect(endpoint)).unwrap_err().kind())
    };
    use io::ErrorKind::{ConnectionRefused, InvalidInput, NotFound, Unsupported};
    assert_eq!(kinds(&off), [InvalidInput; 3]);
    let tls = if cfg!(feature = "tls") { ConnectionRefused } else { Unsupported };
    assert_eq!(kinds(&ConnectorConfig::default()), [ConnectionRefused, tls, NotFound]);
}

#[test]
fn the_options_of_tcp_reach_the_connector() {
    let mut server = tcp_server();
    let mut options = TcpOptions::default();
    options.local_v4 = Some("127.0.0.1:0".parse().unwrap());
    options.socket.keepalive = Some(KeepaliveConfig::after(Duration::from_secs(60)));
    let mut config = ConnectorConfig::default();
    config.tcp = Setting::With(options.clone());
    let connector = config.build().unwrap();
    assert!(block_on(connector.connect(server.local_address().unwrap())).is_ok());
    accept(&mut server);

    // Only from addresses that are set, of which there is none for IPv6.
    options.only_from_local_addresses = true;
    config.tcp = Setting::With(options);
    let error = block_on(config.build().unwrap().connect("[::1]:1")).unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::InvalidInput, "{error}");
}

#[cfg(target_os = "linux")]
#[test]
fn an_option_that_the_system_refuses_is_named_when_it_is_used() {
    let server = tcp_server();
    let mut options = TcpOptions::default();
    options.socket.interface = Some("nosuch0".into());
    let mut config = ConnectorConfig::default();
    config.tcp = Setting::With(options.clone());
    let connector = config.build().unwrap();
    let error = block_on(connector.connect(server.local_address().unwrap())).unwrap_err();
    assert!(error.to_string().contains("during option interface"), "{error}");

    let mut config = ServerConfig::default();
    config.tcp.socket = options.socket;
    let error = block_on(config.bind("127.0.0.1:0")).unwrap_err();
    assert!(error.to_string().contains("during option interface"), "{error}");
}

#[test]
fn a_server_of_every_kind_is_bound_with_the_options_of_its_own() {
    let directory = TempDir::new();
    let mut config = ServerConfig::default();
    config.tcp.backlog = 1;
    config.tcp.reuse_address = false;
    config.tcp.only_v6 = Some(true);
    config.unix.backlog = 1;
    config.unix.mode = Some(0o600);
    for endpoint in ["127.0.0.1:0".to_string(), "[::]:0".into(), directory.endpoint()] {
        let mut server = block_on(config.bind(&endpoint)).unwrap();
        let address = server.local_address().unwrap();
        let client = block_on(socketry::connect(address)).unwrap();
        assert_eq!(accept(&mut server).remote_address(), client.local_address());
    }
}

#[test]
fn the_permissions_of_a_unix_socket_are_those_that_were_asked_for() {
    let directory = TempDir::new();
    let mut config = ServerConfig::default();
    config.unix.mode = Some(0o600);
    let _server = block_on(config.bind(directory.endpoint())).unwrap();
    let mode = fs::metadata(directory.join("s")).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
}

#[test]
fn a_server_of_one_kind_ignores_the_options_of_the_others() {
    let directory = TempDir::new();
    let mut config = ServerConfig::default();
    config.tcp.socket.interface = Some("nosuch0".into());
    config.tcp.socket.ttl = Some(0);
    assert!(block_on(config.bind(directory.endpoint())).is_ok());

    let mut config = ServerConfig::default();
    config.unix.mode = Some(0o7777);
    assert!(block_on(config.bind("127.0.0.1:0")).is_ok());
}

#[test]
fn two_servers_share_a_port_if_both_say_so() {
    let mut config = ServerConfig::default();
    config.tcp.reuse_port = true;
    let first = block_on(config.bind("127.0.0.1:0")).unwrap();
    let address = first.local_address().unwrap();
    let mut second = block_on(config.bind(&address)).unwrap();
    assert_eq!(second.local_address().as_ref(), Some(&address));
    drop(first);
    let _client = Client::connect(&address).unwrap();
    accept(&mut second);
}

#[test]
fn a_server_on_ipv6_alone_leaves_the_port_to_ipv4_and_one_on_both_does_not() {
    /// How often a port that is free on IPv4 may be somebody else's on IPv6.
    const TRIES: usize = 100;

    let mut config = ServerConfig::default();
    let mut bind_beside_ipv4 = |only_v6| {
        config.tcp.only_v6 = Some(only_v6);
        let v4 = bound("127.0.0.1:0");
        let port = v4.local_addr().unwrap().as_socket().unwrap().port();
        block_on(config.bind(("::", port))).is_ok()
    };
    assert!((0..TRIES).any(|_| bind_beside_ipv4(true)));
    assert!(!bind_beside_ipv4(false));
}
