//! Connectors, servers and endpoints as they stand in a file.

use std::{fmt::Debug, time::Duration};

use serde::{Serialize, de::DeserializeOwned};
use serde_json::{Value, from_value, json, to_value};
use socketry::{
    AddressFamilies, AtLimitConfig, ConnectorConfig, DnsConfig, Endpoint, GateConfig,
    HappyEyeballs, KeepaliveConfig, LimitsConfig, ProxyConfig, RateConfig, ServerConfig, Setting,
    SocketConfig, TcpOptions, Timeout, UntrustedConfig, WhenBehindConfig,
};

#[test]
fn what_is_missing_has_its_default() {
    assert_eq!(read::<ConnectorConfig>(json!({})), ConnectorConfig::default());
    assert_eq!(read::<ServerConfig>(json!({})), ServerConfig::default());
    assert_eq!(read::<ServerConfig>(json!({"tcp": {}, "unix": {}})), ServerConfig::default());
    assert_eq!(read::<TcpOptions>(json!({"socket": {}})), TcpOptions::default());
    assert_eq!(read::<SocketConfig>(json!({})), SocketConfig::default());
}

#[test]
fn every_key_of_a_connector_is_read() {
    let config: ConnectorConfig = read(json!({
        "tcp": {
            "local_v4": "192.0.2.7:0",
            "local_v6": "[2001:db8::7]:1024",
            "only_from_local_addresses": true,
            "socket": unusual_socket(),
        },
        "tls": false,
        "unix": false,
        "dns": {"nameservers": ["192.0.2.53"], "most_names": 9, "timeout": "5s"},
        "happy_eyeballs": {
            "attempt_delay": "100ms",
            "resolution_delay": "0s",
            "families": "prefer_v4",
            "first_family_count": 2,
            "most_in_flight": 3,
            "attempt_timeout": "2s",
            "remembered_hosts": 4,
        },
        "timeout": "10s",
        "unix_timeout": "250ms",
    }));
    let mut tcp = TcpOptions::default();
    tcp.local_v4 = Some("192.0.2.7:0".parse().unwrap());
    tcp.local_v6 = Some("[2001:db8::7]:1024".parse().unwrap());
    tcp.only_from_local_addresses = true;
    tcp.socket = read(unusual_socket());
    let mut expected = ConnectorConfig::default();
    (expected.tls, expected.unix) = (Setting::Off, false);
    expected.tcp = Setting::With(tcp);
    let mut dns = DnsConfig::default();
    dns.nameservers = vec!["192.0.2.53".to_string()];
    (dns.most_names, dns.timeout) = (9, Duration::from_secs(5));
    expected.dns = Setting::With(dns);
    let mut race = HappyEyeballs::default();
    race.attempt_delay = Duration::from_millis(100);
    race.resolution_delay = Duration::ZERO;
    race.families = AddressFamilies::PreferV4;
    (race.first_family_count, race.most_in_flight, race.remembered_hosts) = (2, 3, 4);
    race.attempt_timeout = Some(Duration::from_secs(2));
    expected.happy_eyeballs = Setting::With(race);
    expected.timeout = Setting::With(Timeout::from(Duration::from_secs(10)));
    expected.unix_timeout = Setting::With(Timeout::from(Duration::from_millis(250)));
    assert_eq!(config, expected);
}

#[test]
fn every_key_of_a_server_is_read() {
    let config: ServerConfig = read(json!({
        "tcp": {
            "backlog": 128,
            "reuse_address": false,
            "reuse_port": true,
            "only_v6": true,
            "socket": unusual_socket(),
        },
        "unix": {
            "backlog": 64,
            "mode": "0660",
            "uid": 1000,
            "gid": 33,
            "socket": unusual_socket(),
        },
        "proxy": {
            "trusted": ["10.0.0.0/24"],
            "trust_without_ip": true,
            "untrusted": "pass_through",
            "header_timeout": "1s",
            "most_headers": 9,
            "longest_header": 1024,
        },
        "gate": {
            "max_open": 100,
            "max_open_per_prefix": 10,
            "rate": {"count": 50, "per": "second"},
            "rate_per_prefix": {"count": 6, "per": "minute", "burst": 1},
            "ipv4_prefix": 24,
            "ipv6_prefix": 56,
            "allow": ["192.0.2.0/24", "2001:db8::/32"],
            "deny": ["192.0.2.7"],
            "exempt": ["10.0.0.0/8"],
            "at_limit": "pause",
        },
        "limits": {
            "max_connections": 10,
            "at_limit": "pause",
            "idle_timeout": "5m",
            "max_lifetime": "1h",
            "max_behind": 1024,
            "when_behind": "close",
            "local_addresses": true,
        },
    }));
    let mut expected = ServerConfig::default();
    let mut limits = LimitsConfig::default();
    (limits.max_connections, limits.at_limit) = (Some(10), AtLimitConfig::Pause);
    limits.idle_timeout = Some(Duration::from_secs(300));
    limits.max_lifetime = Some(Duration::from_secs(3600));
    (limits.max_behind, limits.when_behind) = (1024, WhenBehindConfig::Close);
    limits.local_addresses = true;
    expected.limits = Some(limits);
    let mut proxy = ProxyConfig::trusting(["10.0.0.0/24".parse().unwrap()]);
    (proxy.trust_without_ip, proxy.untrusted) = (true, UntrustedConfig::PassThrough);
    proxy.header_timeout = Setting::With(Timeout::from(Duration::from_secs(1)));
    (proxy.most_headers, proxy.longest_header) = (9, 1024);
    expected.proxy = Some(proxy);
    let mut gate = GateConfig::default();
    (gate.max_open, gate.max_open_per_prefix) = (Some(100), Some(10));
    gate.rate = Some(RateConfig::per_second(50));
    gate.rate_per_prefix = Some(RateConfig::per_minute(6));
    gate.rate_per_prefix.as_mut().unwrap().burst = Some(1);
    (gate.ipv4_prefix, gate.ipv6_prefix, gate.at_limit) = (24, 56, AtLimitConfig::Pause);
    gate.allow = vec!["192.0.2.0/24".parse().unwrap(), "2001:db8::/32".parse().unwrap()];
    gate.deny = vec!["192.0.2.7".parse().unwrap()];
    gate.exempt = vec!["10.0.0.0/8".parse().unwrap()];
    expected.gate = Some(gate);
    let socket: SocketConfig = read(unusual_socket());
    (expected.tcp.backlog, expected.unix.backlog) = (128, 64);
    (expected.tcp.reuse_address, expected.tcp.reuse_port) = (false, true);
    (expected.tcp.only_v6, expected.unix.mode) = (Some(true), Some(0o660));
    (expected.unix.uid, expected.unix.gid) = (Some(1000), Some(33));
    (expected.tcp.socket, expected.unix.socket) = (socket.clone(), socket);
    assert_eq!(config, expected);
}

#[test]
fn every_key_of_a_socket_is_read() {
    let mut keepalive = KeepaliveConfig::after(Duration::from_secs(60));
    keepalive.interval = Some(Duration::from_secs(5));
    keepalive.retries = Some(3);
    let mut expected = SocketConfig::default();
    expected.nodelay = false;
    expected.keepalive = Some(keepalive);
    (expected.send_buffer, expected.recv_buffer) = (Some(65536), Some(131_072));
    (expected.ttl, expected.tos) = (Some(64), Some(16));
    expected.linger = Some(Duration::ZERO);
    expected.user_timeout = Some(Duration::from_secs(30));
    (expected.mark, expected.interface) = (Some(7), Some("eth0".into()));
    assert_eq!(read::<SocketConfig>(unusual_socket()), expected);
}

/// Every key, with another value than the default.
fn unusual_socket() -> Value {
    json!({
        "nodelay": false,
        "keepalive": {"time": "60s", "interval": "5s", "retries": 3},
        "send_buffer": 65536,
        "recv_buffer": 131_072,
        "ttl": 64,
        "tos": 16,
        "linger": "0s",
        "user_timeout": "30s",
        "mark": 7,
        "interface": "eth0",
    })
}

#[test]
fn an_unknown_key_is_named_at_every_level() {
    for text in [
        json!({"bogus": 1}),
        json!({"dns": {"bogus": 1}}),
        json!({"happy_eyeballs": {"bogus": 1}}),
        json!({"tcp": {"bogus": 1}}),
        json!({"tcp": {"socket": {"bogus": 1}}}),
        json!({"tcp": {"socket": {"keepalive": {"time": "60s", "bogus": 1}}}}),
    ] {
        let error = error::<ConnectorConfig>(text.clone());
        assert!(error.contains("unknown field `bogus`"), "{text}: {error}");
    }
    for text in [
        json!({"bogus": 1}),
        json!({"tcp": {"bogus": 1}}),
        json!({"tcp": {"socket": {"bogus": 1}}}),
        json!({"tcp": {"socket": {"keepalive": {"time": "60s", "bogus": 1}}}}),
        json!({"unix": {"bogus": 1}}),
        json!({"unix": {"socket": {"bogus": 1}}}),
        json!({"proxy": {"bogus": 1}}),
        json!({"gate": {"bogus": 1}}),
        json!({"gate": {"rate": {"count": 1, "per": "second", "bogus": 1}}}),
        json!({"limits": {"bogus": 1}}),
    ] {
        let error = error::<ServerConfig>(text.clone());
        assert!(error.contains("unknown field `bogus`"), "{text}: {error}");
    }
}

#[test]
fn a_network_in_another_form_is_refused_and_told_how_to_write_it() {
    let denied = |network: &str| error::<ServerConfig>(json!({"gate": {"deny": [network]}}));
    assert!(denied("10.0.0.1/8").contains("write 10.0.0.0/8"), "{}", denied("10.0.0.1/8"));
    assert!(denied("example.org").contains("as in 10.0.0.0/8"), "{}", denied("example.org"));
}

#[test]
fn a_rate_without_its_time_is_refused() {
    let error = error::<ServerConfig>(json!({"gate": {"rate": {"count": 1}}}));
    assert!(error.contains("missing field `per`"), "{error}");
}

#[test]
fn a_setting_is_false_true_or_options() {
    let tcp = |value| read::<ConnectorConfig>(json!({"tcp": value})).tcp;
    assert_eq!(tcp(json!(false)), Setting::Off);
    assert_eq!(tcp(json!(true)), Setting::On);
    assert_eq!(tcp(json!({})), Setting::With(TcpOptions::default()));
    let timeout = |value| read::<ConnectorConfig>(json!({"timeout": value})).timeout;
    assert_eq!(timeout(json!(false)), Setting::Off);
    assert_eq!(timeout(json!(true)), Setting::On);
    assert_eq!(timeout(json!("0s")), Setting::With(Timeout::from(Duration::ZERO)));
}

#[test]
fn one_nameserver_may_stand_for_all_of_dns() {
    let dns = |value| read::<ConnectorConfig>(json!({"dns": value})).dns;
    let mut config = DnsConfig::default();
    config.nameservers = vec!["tcp://192.0.2.53".to_string()];
    assert_eq!(dns(json!("tcp://192.0.2.53")), Setting::With(config.clone()));
    assert_eq!(dns(json!({"nameservers": ["tcp://192.0.2.53"]})), Setting::With(config));
    assert_eq!(dns(json!(false)), Setting::Off);
}

#[test]
fn a_duration_is_read_in_the_units_that_people_use() {
    for (text, duration) in [
        ("60s", Duration::from_secs(60)),
        ("250ms", Duration::from_millis(250)),
        ("1m 30s", Duration::from_secs(90)),
        ("2h", Duration::from_secs(7200)),
        ("0s", Duration::ZERO),
    ] {
        let config: ConnectorConfig = read(json!({"timeout": text}));
        assert_eq!(config.timeout, Setting::With(duration.into()), "{text}");
        let config: SocketConfig = read(json!({"linger": text}));
        assert_eq!(config.linger, Some(duration), "{text}");
    }
}

#[test]
fn a_duration_without_a_unit_is_refused_and_told_how_to_write_it() {
    for value in [json!(10), json!(-1), json!(2.5), json!("10"), json!("soon")] {
        for error in [
            error::<ConnectorConfig>(json!({"timeout": value.clone()})),
            error::<ConnectorConfig>(json!({"unix_timeout": value.clone()})),
            error::<SocketConfig>(json!({"linger": value.clone()})),
            error::<SocketConfig>(json!({"keepalive": {"time": value.clone()}})),
        ] {
            assert!(error.contains(r#"such as "60s" or "250ms""#), "{value}: {error}");
        }
    }
}

#[test]
fn permissions_are_octal_digits_as_text() {
    for (text, mode) in [("0660", 0o660), ("600", 0o600), ("0", 0), ("777", 0o777)] {
        let config: ServerConfig = read(json!({"unix": {"mode": text}}));
        assert_eq!(config.unix.mode, Some(mode), "{text}");
    }
}

#[test]
fn permissions_in_another_form_are_refused_and_told_how_to_write_them() {
    for value in [
        json!(660),
        json!(-1),
        json!(0.5),
        json!("0o660"),
        json!("888"),
        json!("1000"),
        json!("+600"),
        json!("rw"),
        json!(""),
    ] {
        let error = error::<ServerConfig>(json!({"unix": {"mode": value.clone()}}));
        let mend = r#"octal digits from 0 to 0777 as text, such as "0660""#;
        assert!(error.contains(mend), "{value}: {error}");
    }
}

#[test]
fn what_is_no_setting_is_told_what_to_write() {
    for value in [json!("yes"), json!(1), json!(-1), json!(0.5)] {
        let tcp = error::<ConnectorConfig>(json!({"tcp": value.clone()}));
        assert!(tcp.ends_with("expected true, false, or a table of TCP options"), "{tcp}");
    }
    for number in [json!(10), json!(-1), json!(2.5)] {
        let timeout = error::<ConnectorConfig>(json!({"timeout": number}));
        assert!(timeout.contains("expected true, false, or a duration with its unit"), "{timeout}");
    }
}

#[test]
fn null_is_no_setting_and_off_is_written_as_false() {
    for key in ["tcp", "timeout", "unix_timeout"] {
        let error = error::<ConnectorConfig>(json!({key: null}));
        assert_eq!(error, "null is no setting; write false for off");
    }
}

#[test]
fn keepalive_in_another_form_is_refused_with_a_table_that_would_do() {
    for value in [json!(true), json!("60s"), json!(60)] {
        let error = error::<SocketConfig>(json!({"keepalive": value}));
        assert!(error.ends_with(r#"expected a table such as { time = "60s" }"#), "{error}");
    }
}

#[test]
fn a_local_address_without_its_port_or_of_another_family_is_refused_with_one_that_would_do() {
    for (key, example) in [("local_v4", "192.0.2.7:0"), ("local_v6", "[2001:db8::7]:0")] {
        for value in [json!("192.0.2.7"), json!("2001:db8::7"), json!(7), json!("")] {
            let error = error::<TcpOptions>(json!({key: value}));
            let mend = format!("expected an address and a port, such as {example:?}");
            assert!(error.ends_with(&mend), "{error}");
        }
        let other = if key == "local_v4" { "[2001:db8::7]:0" } else { "192.0.2.7:0" };
        assert!(error::<TcpOptions>(json!({key: other})).contains(example));
        assert_eq!(read::<TcpOptions>(json!({key: null})), TcpOptions::default());
    }
}

#[test]
fn what_is_written_reads_back_as_the_same_value() {
    let mut durations = SocketConfig::default();
    durations.linger = Some(Duration::new(90, 1_000_001));
    durations.user_timeout = Some(Duration::from_secs(100_000_000));
    assert_same(durations);
    assert_same(read::<SocketConfig>(unusual_socket()));
    assert_same(ConnectorConfig::default());
    assert_same(ServerConfig::default());
    for tcp in [json!(true), json!(false), json!({"socket": unusual_socket()})] {
        let timeouts = json!({"tcp": tcp, "timeout": false, "unix_timeout": "1s 1ns"});
        assert_same(read::<ConnectorConfig>(timeouts));
    }
    for mode in ["0", "0007", "777"] {
        assert_same(read::<ServerConfig>(json!({"unix": {"mode": mode}})));
    }
}

#[test]
fn permissions_are_written_as_they_are_read() {
    let mut config = ServerConfig::default();
    config.unix.mode = Some(0o60);
    assert_eq!(to_value(&config).unwrap()["unix"]["mode"], json!("0060"));
}

#[test]
fn endpoints_are_texts() {
    let endpoint: Endpoint = read(json!("TLS://192.0.2.1:443/?hostname=example.org"));
    assert_eq!(to_value(&endpoint).unwrap(), json!("tls://192.0.2.1:443?hostname=example.org"));
    assert_same(endpoint);
    let error = error::<Endpoint>(json!("127.0.0.1:80a"));
    assert!(error.contains(r#"invalid endpoint "127.0.0.1:80a""#), "{error}");
}

fn read<T: DeserializeOwned>(value: Value) -> T {
    from_value(value).unwrap()
}

fn error<T: DeserializeOwned + Debug>(value: Value) -> String {
    from_value::<T>(value).unwrap_err().to_string()
}

fn assert_same<T: Serialize + DeserializeOwned + Debug + PartialEq>(value: T) {
    let text = serde_json::to_string(&value).unwrap();
    assert_eq!(serde_json::from_str::<T>(&text).unwrap(), value, "{text}");
}
