//! Connecting by name through a nameserver on loopback, and what of it is left behind: nothing.
//!
//! Counts the file descriptors and threads of its process, so it shares it with no other tests.
//!
//! People know these cases of a connector for event-driven programs:
//!
//! | case | here |
//! |---|---|
//! | `localhost` with a server on IPv4 only | `localhost` in `tests` |
//! | two connects by a name are one query a family | `a_name_is_asked_for_once_...`, also one address after the other |
//! | names with both families, or with either | `names` in `tests` |
//! | a nameserver that cannot be used | `a_nameserver_that_cannot_be_asked_...`, `..._where_nobody_listens_...` |
//! | the timeout is around the lookup | `names` in `tests`, `a_connect_whose_time_is_up_during_its_lookup_...` |
//! | nothing is left of a connect that was cancelled, refused, too late or by no name | here by name, in `leaks` by address |
//!
//! Those with TLS come with it.

#![cfg(target_os = "linux")]

use std::{
    io::ErrorKind,
    net::{IpAddr, Ipv4Addr, SocketAddr},
    sync::{Arc, Once},
    time::Duration,
};

use futures_lite::future::{block_on, or, yield_now, zip};
use socketry::{Connector, DnsConfig, Server, connection::Family};
use socketry_testing::{Baseline, DnsReply, DnsServer, ManualClock};

const V4: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);

const NAME: &str = "wiki.example";

/// Also sees to it that what is made once for all is there before the first count.
fn baseline() -> Baseline {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let (nameserver, connector) = nameserver_and_connector();
        nameserver.answer(NAME, [V4]);
        block_on(connector.connect((NAME, server().1))).unwrap();
    });
    Baseline::take()
}

fn nameserver_and_connector() -> (DnsServer, Connector) {
    let nameserver = DnsServer::start().unwrap();
    let connector = Connector::builder().dns(nameserver.address()).build().unwrap();
    (nameserver, connector)
}

fn server() -> (Server, u16) {
    let server = block_on(socketry::bind("127.0.0.1:0")).unwrap();
    let port = server.local_address().unwrap().port().unwrap();
    (server, port)
}

#[test]
fn a_name_is_asked_for_once_in_each_family_however_often_it_is_connected_to() {
    let _alone = baseline();
    let (_server, port) = server();
    for happy_eyeballs in [true, false] {
        let nameserver = DnsServer::start().unwrap();
        nameserver.answer(NAME, [V4]);
        let builder = Connector::builder().happy_eyeballs(happy_eyeballs);
        let connector = builder.dns(nameserver.address()).build().unwrap();
        for _ in 0..3 {
            block_on(connector.connect((NAME, port))).unwrap();
        }
        let mut asked: Vec<_> = nameserver.queries().iter().map(|query| query.family()).collect();
        asked.sort_unstable();
        asked.dedup(); // a question is asked again if this machine is busy
        assert_eq!(asked, [Some(Family::V4), Some(Family::V6)]);
        assert!(nameserver.queries().len() < 6, "each connect has asked");
    }
}

#[test]
fn with_no_names_kept_each_connect_asks_anew() {
    let _alone = baseline();
    let nameserver = DnsServer::start().unwrap();
    nameserver.answer(NAME, [V4]);
    let mut config = DnsConfig::default();
    config.nameservers = vec![nameserver.address().to_string()];
    config.most_names = 0;
    let connector = Connector::builder().dns(config).build().unwrap();
    let (_server, port) = server();
    for _ in 0..2 {
        block_on(connector.connect((NAME, port))).unwrap();
    }
    assert!(nameserver.queries().len() >= 4);
}

#[test]
fn that_a_name_does_not_exist_is_kept_for_as_long_as_its_zone_says() {
    let _alone = baseline();
    for (seconds, queries) in [(0, 6), (3600, 2)] {
        let (nameserver, connector) = nameserver_and_connector();
        let reply = DnsReply::no_such_name().ttl(Duration::from_secs(seconds));
        nameserver.reply(NAME, None, reply);
        for _ in 0..3 {
            block_on(connector.connect((NAME, 80))).unwrap_err();
        }
        assert_eq!(nameserver.queries().len(), queries);
    }
}

#[test]
fn a_connect_by_name_leaves_nothing_when_its_connector_is_gone() {
    let baseline = baseline();
    let (nameserver, connector) = nameserver_and_connector();
    nameserver.answer(NAME, [V4]);
    let (server, port) = server();
    block_on(connector.connect((NAME, port))).unwrap();
    drop((server, connector, nameserver));
    baseline.assert_unchanged();
}

#[test]
fn a_connect_given_up_during_its_lookup_leaves_nothing() {
    let baseline = baseline();
    let (nameserver, connector) = nameserver_and_connector();
    let held = [Family::V6, Family::V4].map(|family| nameserver.hold(NAME, family));
    let connecting = connector.connect((NAME, 1));
    let asked = async {
        for query in &held {
            query.asked().await;
        }
    };
    let connected = async { connecting.await.map(drop) };
    let ended = block_on(or(
        async {
            asked.await;
            None
        },
        async { Some(connected.await) },
    ));
    assert!(ended.is_none(), "{ended:?}"); // the connect was dropped
    drop((connector, held, nameserver));
    baseline.assert_unchanged();
}

#[test]
fn a_connect_whose_time_is_up_during_its_lookup_leaves_nothing() {
    let baseline = baseline();
    let nameserver = DnsServer::start().unwrap();
    let held = nameserver.hold(NAME, Family::V6);
    let clock = ManualClock::new();
    let connector = Connector::builder()
        .dns(nameserver.address())
        .timeout(Duration::from_millis(1))
        .clock(Arc::new(clock.clone()))
        .build()
        .unwrap();
    let passing = async {
        held.asked().await;
        clock.advance(Duration::from_millis(1));
    };
    let (result, ()) = block_on(zip(connector.connect((NAME, 1)), passing));
    assert_eq!(result.unwrap_err().kind(), ErrorKind::TimedOut);
    assert_eq!(clock.sleeping(), 0);
    drop((connector, held, nameserver));
    baseline.assert_unchanged();
}

#[test]
fn a_refused_connect_by_name_leaves_nothing() {
    let baseline = baseline();
    let (nameserver, connector) = nameserver_and_connector();
    nameserver.answer(NAME, [V4]);
    let error = block_on(connector.connect((NAME, 1))).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::ConnectionRefused, "{error}");
    drop((connector, nameserver));
    baseline.assert_unchanged();
}

#[test]
fn a_name_that_does_not_exist_leaves_nothing() {
    let baseline = baseline();
    let (nameserver, connector) = nameserver_and_connector();
    let error = block_on(connector.connect("nosuch.example:80")).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound, "{error}");
    drop((connector, nameserver));
    baseline.assert_unchanged();
}

#[test]
fn an_ipv6_answer_that_never_comes_costs_the_resolution_delay_and_no_more() {
    let _alone = baseline();
    let nameserver = DnsServer::start().unwrap();
    nameserver.reply(NAME, Family::V4, DnsReply::addresses([V4]));
    let held = nameserver.hold(NAME, Family::V6);
    let clock = ManualClock::new();
    let connector = Connector::builder()
        .dns(nameserver.address())
        .clock(Arc::new(clock.clone()))
        .build()
        .unwrap();
    let (_server, port) = server();
    let connecting = connector.connect((NAME, port));
    let passing = async {
        held.asked().await;
        // The IPv4 answer comes over the network: then the delay is what is waited for.
        while clock.until_next() != Some(Duration::from_millis(50)) {
            yield_now().await;
        }
        clock.advance(Duration::from_millis(50));
    };
    let (socket, ()) = block_on(zip(connecting, passing));
    assert_eq!(socket.unwrap().remote_address().unwrap().ip(), Some(V4));
}

#[test]
fn a_nameserver_that_cannot_be_asked_is_an_error_that_names_it() {
    let _alone = baseline();
    let nobody: SocketAddr = "255.255.255.255:53".parse().unwrap();
    let connector = Connector::builder().dns(nobody).build().unwrap();
    let error = block_on(connector.connect("wiki.example:80")).unwrap_err();
    let text = error.to_string();
    assert!(text.contains("failed during DNS lookup: no nameserver can be reached"), "{text}");
    assert!(text.contains("255.255.255.255"), "{text}");
}

#[test]
fn a_nameserver_where_nobody_listens_is_noticed_at_once() {
    let _alone = baseline();
    let nobody = std::net::UdpSocket::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let connector = Connector::builder().dns(nobody).build().unwrap();
    let error = block_on(connector.connect("wiki.example:80")).unwrap_err();
    assert!(error.to_string().contains("no nameserver can be reached"), "{error}");
}
