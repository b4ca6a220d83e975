//! Limits above TLS: what is counted are clients and not handshakes, and what is written from outside is
//! encrypted.

use std::{
    io::{self, Read},
    net::TcpStream,
    sync::Arc,
    time::Duration,
};

use futures_lite::{
    AsyncReadExt, AsyncWriteExt,
    future::{self, block_on, poll_once},
};
use socketry::{
    Accept, AtLimitConfig, GateConfig, LimitsConfig, ProxyConfig, Server,
    connection::TcpConnection,
    server::{LimitReached, ProxyHeader},
    tls::TlsInfo,
};
use socketry_testing::{CountingWaker, ManualClock};

use crate::support::{Files, client, localhost, meet};

fn limited(files: &Files, limits: LimitsConfig, clock: Option<&ManualClock>) -> Server {
    let mut builder = Server::builder().tls(files.server_config()).limits(limits);
    if let Some(clock) = clock {
        builder = builder.clock(Arc::new(clock.clone()));
    }
    block_on(builder.bind("tls://127.0.0.1:0")).unwrap()
}

#[test]
fn a_message_from_outside_reaches_a_client_whole_and_encrypted() {
    let files = Files::new();
    let mut server = limited(&files, LimitsConfig::default(), None);
    let connector = client(files.client_config()).build().unwrap();
    let (ours, theirs) = meet(&connector, &localhost(&server), &mut server);
    let (mut ours, mut theirs) = (ours.unwrap(), theirs.unwrap());
    let message = "x".repeat(100_000);
    let connections = server.connections().unwrap();
    block_on(async {
        connections.broadcast(&message).await;
        let mut heard = vec![0; message.len()];
        let hearing = ours.read_exact(&mut heard);
        let carrying = async {
            theirs.read(&mut [0; 8]).await.map(drop) // waits, and carries
        };
        future::or(hearing, carrying).await.unwrap();
        assert_eq!(heard, message.as_bytes());
    });
}

#[test]
fn facts_of_tls_and_the_socket_at_the_bottom_are_reached_through_the_limits() {
    let files = Files::new();
    let mut server = limited(&files, LimitsConfig::default(), None);
    let connector = client(files.client_config()).build().unwrap();
    let (_ours, theirs) = meet(&connector, &localhost(&server), &mut server);
    let theirs = theirs.unwrap();
    assert!(theirs.attributes().get::<TlsInfo>().is_some() && theirs.as_tcp().is_some());
    assert_eq!(theirs.local_address().unwrap().scheme(), "tls");
    assert_eq!(theirs.tracked().unwrap().remote_address().unwrap().scheme(), "tls");
}

/// Behind a limit of one, so that nothing but their deadline ends them.
#[test]
fn five_clients_that_never_speak_are_bounded_and_not_counted_and_gone_at_their_deadline() {
    let files = Files::new();
    let clock = ManualClock::new();
    let mut config = files.server_config();
    config.most_handshakes = 3;
    let mut limits = LimitsConfig::default();
    (limits.max_connections, limits.at_limit) = (Some(1), AtLimitConfig::Pause);
    let builder = Server::builder().tls(config).limits(limits).clock(Arc::new(clock.clone()));
    let mut server = block_on(builder.bind("tls://127.0.0.1:0")).unwrap();
    let address = server.local_address().unwrap().socket_address().unwrap();
    let idle: Vec<_> = (0..5).map(|_| TcpStream::connect(address).unwrap()).collect();
    let waker = CountingWaker::new();
    for at_once in [3, 2] {
        while clock.sleeping() < at_once {
            assert!(server.poll_accept(&mut waker.context()).is_pending());
        }
        assert_eq!((clock.sleeping(), server.connections().unwrap().len()), (at_once, 0));
        clock.advance(Duration::from_secs(10));
        for _ in 0..at_once {
            let error = block_on(server.accept()).unwrap().unwrap_err();
            assert_eq!(error.kind(), io::ErrorKind::TimedOut);
        }
    }
    for mut client in idle {
        // Perhaps after an alert.
        while matches!(client.read(&mut [0; 64]), Ok(1..)) {}
    }
    assert_eq!(clock.sleeping(), 0);
}

#[test]
fn a_flood_is_refused_before_it_costs_a_handshake() {
    let files = Files::new();
    let clock = ManualClock::new();
    let mut gate = GateConfig::default();
    gate.max_open = Some(1);
    let builder = Server::builder().tls(files.server_config()).gate(gate);
    let mut server =
        block_on(builder.clock(Arc::new(clock.clone())).bind("tls://127.0.0.1:0")).unwrap();
    let address = server.local_address().unwrap().socket_address().unwrap();
    let flood: Vec<_> = (0..20).map(|_| TcpStream::connect(address).unwrap()).collect();
    for _ in 1..flood.len() {
        let error = block_on(server.accept()).unwrap().unwrap_err();
        assert!(error.get_ref().unwrap().is::<LimitReached>(), "{error}");
    }
    assert_eq!(clock.sleeping(), 1, "one handshake has a deadline");
    let mut refused = flood.into_iter().skip(1);
    assert!(refused.all(|mut client| matches!(client.read(&mut [0; 64]), Ok(0) | Err(_))));
}

#[test]
fn a_handshake_under_way_when_the_limit_is_hit_goes_on_and_waits_for_a_place() {
    let files = Files::new();
    let mut limits = LimitsConfig::default();
    (limits.max_connections, limits.at_limit) = (Some(1), AtLimitConfig::Pause);
    let mut server = limited(&files, limits, None);
    let connector = client(files.client_config()).build().unwrap();
    let tls = files.client_config().to_client().unwrap();
    let endpoint = localhost(&server);
    block_on(async {
        let address = server.local_address().unwrap().socket_address().unwrap();
        let slow: TcpConnection = TcpStream::connect(address).unwrap().try_into().unwrap();
        for _ in 0..3 {
            // It is taken now, as the one that has come first, and its handshake waits for it.
            assert!(poll_once(server.accept()).await.is_none());
        }
        let (first, accepted) = future::zip(connector.connect(&endpoint), server.accept()).await;
        let (_first, accepted) = (first.unwrap(), accepted.unwrap().unwrap());
        let going_on = async { tls.upgrade(slow, "localhost".parse().unwrap()).await.map(Some) };
        let waiting = async {
            server.accept().await;
            Ok(None)
        };
        let slow = future::or(going_on, waiting).await.unwrap();
        assert!(slow.is_some(), "a full server lets nobody in");
        assert!(poll_once(server.accept()).await.is_none());
        drop(accepted);
        server.accept().await.unwrap().unwrap();
    });
}

#[test]
fn closing_a_full_server_ends_it_when_the_last_handshake_has() {
    let files = Files::new();
    let clock = ManualClock::new();
    let mut limits = LimitsConfig::default();
    (limits.max_connections, limits.at_limit) = (Some(0), AtLimitConfig::Pause);
    let mut server = limited(&files, limits, Some(&clock));
    server.connections().unwrap().set_limit(1);
    let address = server.local_address().unwrap().socket_address().unwrap();
    let _idle = TcpStream::connect(address).unwrap();
    let waker = CountingWaker::new();
    while clock.sleeping() < 1 {
        assert!(server.poll_accept(&mut waker.context()).is_pending());
    }
    server.connections().unwrap().set_limit(0);
    assert!(server.poll_accept(&mut waker.context()).is_pending());
    waker.take();
    server.control().close();
    assert!(waker.count() > 0);
    assert!(server.poll_accept(&mut waker.context()).is_pending(), "one is under way");
    clock.advance(Duration::from_secs(10));
    assert!(block_on(server.accept()).unwrap().is_err());
    assert!(block_on(server.accept()).is_none());
}

#[test]
fn a_header_of_a_proxy_comes_before_tls_and_its_addresses_are_those_of_the_tls_connection() {
    let files = Files::new();
    let loopback = ["127.0.0.0/8".parse().unwrap()];
    let builder = Server::builder()
        .tls(files.server_config())
        .proxy(ProxyConfig::trusting(loopback))
        .gate(GateConfig::default())
        .limits(LimitsConfig::default());
    let mut server = block_on(builder.bind("tls://127.0.0.1:0")).unwrap();
    let tls = files.client_config().to_client().unwrap();
    block_on(async {
        let address = server.local_address().unwrap().socket_address().unwrap();
        let mut plain = socketry::connect(address).await.unwrap();
        plain.write_all(b"PROXY TCP4 192.0.2.7 198.51.100.1 4711 443\r\n").await.unwrap();
        let name = "localhost".parse().unwrap();
        let (ours, theirs) = future::zip(tls.upgrade(plain, name), server.accept()).await;
        let (_ours, theirs) = (ours.unwrap(), theirs.unwrap().unwrap());
        assert_eq!(theirs.remote_address().unwrap().to_string(), "tls://192.0.2.7:4711");
        assert!(theirs.attributes().get::<ProxyHeader>().is_some());
        assert!(theirs.attributes().get::<TlsInfo>().is_some() && theirs.as_tcp().is_some());
    });
}
