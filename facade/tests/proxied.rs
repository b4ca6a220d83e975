//! Servers behind proxies, on real sockets.

use std::{io, io::Write, net::TcpStream, sync::Arc, time::Duration};

use futures_lite::{
    AsyncReadExt,
    future::{block_on, poll_once},
};
use socketry::{
    GateConfig, LimitsConfig, ProxyConfig, Server, Socket, UntrustedConfig,
    server::{LimitReached, ProxyFailed, ProxyHeader, ProxyOptions},
};
use socketry_testing::ManualClock;

use crate::support::{Client, TempDir, accept};

const HEADER: &[u8] = b"PROXY TCP4 192.0.2.7 198.51.100.1 4711 443\r\n";

fn loopback() -> ProxyConfig {
    ProxyConfig::trusting(["127.0.0.0/8".parse().unwrap()])
}

fn proxied(proxy: ProxyConfig) -> Server {
    block_on(Server::builder().proxy(proxy).bind("127.0.0.1:0")).unwrap()
}

/// A proxy's connection, which begins with `said`.
fn come(server: &Server, said: &[u8]) -> TcpStream {
    let address = server.local_address().unwrap().socket_address().unwrap();
    let mut stream = TcpStream::connect(address).unwrap();
    stream.write_all(said).unwrap();
    stream
}

fn read(socket: &mut Socket, count: usize) -> Vec<u8> {
    let mut heard = vec![0; count];
    block_on(socket.read_exact(&mut heard)).unwrap();
    heard
}

#[test]
fn the_defaults_of_proxies_are_those_of_the_code() {
    let by_code = format!("{:?}", ProxyOptions::trusting([]));
    for (field, value) in [
        ("trust_without_ip", "false"),
        ("untrusted", "Refuse"),
        ("most_headers", "256"),
        ("longest_header", "4096"),
    ] {
        assert!(by_code.contains(&format!("{field}: {value}")), "{field} in {by_code}");
    }
    let config = ProxyConfig::default();
    assert_eq!((config.trust_without_ip, config.untrusted), (false, UntrustedConfig::Refuse));
    assert_eq!((config.most_headers, config.longest_header), (256, 4096));
}

#[test]
fn a_client_has_the_address_that_its_proxy_says_and_what_follows_is_data() {
    let mut server = proxied(loopback());
    let _proxy = come(&server, &[HEADER, b"hello"].concat());
    let mut socket = accept(&mut server);
    assert_eq!(socket.remote_address().unwrap().to_string(), "tcp://192.0.2.7:4711");
    assert_eq!(socket.local_address().unwrap().to_string(), "tcp://198.51.100.1:443");
    assert!(socket.attributes().get::<ProxyHeader>().unwrap().has_addresses());
    assert_eq!(read(&mut socket, 5), b"hello");
    assert!(socket.as_tcp().is_some());
}

#[test]
fn garbage_is_one_error_and_the_end_of_its_connection() {
    let mut server = proxied(loopback());
    let address = server.local_address().unwrap();
    let _garbage = come(&server, b"GET / HTTP/1.1\r\n\r\n");
    let error = block_on(server.accept()).unwrap().unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::InvalidData);
    assert!(error.get_ref().unwrap().is::<ProxyFailed>());
    assert_eq!(server.local_address(), Some(address), "the server goes on");
}

#[test]
fn a_stranger_is_refused_or_passed_through_as_configured() {
    let mut server = proxied(ProxyConfig::trusting(["192.0.2.0/24".parse().unwrap()]));
    let _stranger = come(&server, HEADER);
    let error = block_on(server.accept()).unwrap().unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::PermissionDenied);

    let mut config = ProxyConfig::default();
    config.untrusted = UntrustedConfig::PassThrough;
    let mut server = proxied(config);
    let _stranger = come(&server, HEADER);
    let mut socket = accept(&mut server);
    assert_eq!(socket.remote_address().unwrap().ip().unwrap().to_string(), "127.0.0.1");
    assert_eq!(read(&mut socket, HEADER.len()), HEADER);
}

#[test]
fn a_peer_over_a_unix_socket_is_trusted_if_that_is_configured() {
    let directory = TempDir::new();
    let mut config = ProxyConfig::default();
    config.trust_without_ip = true;
    let mut server = block_on(Server::builder().proxy(config).bind(directory.endpoint())).unwrap();
    let Ok(Client::Unix(mut proxy)) = Client::connect(&server.local_address().unwrap()) else {
        panic!("there is a Unix socket");
    };
    proxy.write_all(HEADER).unwrap();
    let socket = accept(&mut server);
    assert_eq!(socket.remote_address().unwrap().to_string(), "tcp://192.0.2.7:4711");
}

#[test]
fn a_header_has_the_time_that_is_configured_on_the_clock_of_the_builder() {
    let clock = ManualClock::new();
    let mut config = loopback();
    config.header_timeout = Duration::from_secs(1).into();
    let builder = Server::builder().proxy(config).clock(Arc::new(clock.clone()));
    let mut server = block_on(builder.bind("127.0.0.1:0")).unwrap();
    let _silent = come(&server, b"PRO");
    let mut accepting = Box::pin(server.accept());
    while clock.sleeping() == 0 {
        assert!(block_on(poll_once(&mut accepting)).is_none());
    }
    clock.advance(Duration::from_secs(1));
    let error = block_on(accepting).unwrap().unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::TimedOut);
}

#[test]
fn the_gate_and_the_list_know_a_client_by_the_address_that_its_proxy_says() {
    let mut gate = GateConfig::default();
    gate.max_open_per_prefix = Some(1);
    let builder = Server::builder().proxy(loopback()).gate(gate).limits(LimitsConfig::default());
    let mut server = block_on(builder.bind("127.0.0.1:0")).unwrap();
    let _first = come(&server, HEADER);
    let first = accept(&mut server);
    let _other = come(&server, b"PROXY TCP4 192.0.2.8 198.51.100.1 4711 443\r\n");
    let _second = accept(&mut server);
    let _again = come(&server, HEADER);
    let error = block_on(server.accept()).unwrap().unwrap_err();
    assert!(error.get_ref().unwrap().is::<LimitReached>());
    assert!(error.to_string().starts_with("connection from tcp://192.0.2.7:4711 "), "{error}");
    let shown = first.tracked().unwrap().remote_address().unwrap().to_string();
    assert_eq!(shown, "tcp://192.0.2.7:4711");
}

#[test]
fn a_configuration_that_lets_nobody_in_or_has_no_meaning_is_refused_before_anything_is_opened() {
    let refusal = |change: fn(&mut ProxyConfig)| {
        let mut config = loopback();
        change(&mut config);
        let bound = block_on(Server::builder().proxy(config).bind("127.0.0.1:0"));
        let error = bound.unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::InvalidInput);
        error.to_string()
    };
    let nobody = refusal(|config| config.trusted.clear());
    assert!(nobody.ends_with("name the networks of the proxies in trusted"), "{nobody}");
    assert!(refusal(|config| config.most_headers = 0).ends_with("it is from 1 on"));
    let long = refusal(|config| config.longest_header = 1 << 20);
    assert_eq!(long, "proxy: longest_header is 1048576; it is from 232 to 65535");
}
