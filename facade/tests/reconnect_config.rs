//! Connections that come back as plain data, and what is made of it.

use std::{
    io,
    pin::pin,
    sync::{Arc, Mutex},
    task::{Context, Poll, Waker},
    time::Duration,
};

use futures_lite::{AsyncReadExt, AsyncWriteExt, future::block_on};
use socketry::{
    BackoffConfig, BackoffPreset, Connector, HeartbeatConfig, HostPort, MeasuredConfig,
    OrderConfig, ReconnectConfig, Reconnecting, Session, Setting,
    reconnecting::{Backoff, GaveUp},
};
use socketry_testing::{ConnectorHandle, ManualClock, MemoryConnection, pair};

use crate::{
    slots::slot,
    support::{accept, tcp_server},
};

const HOUR: Duration = Duration::from_secs(3600);

/// A connection that comes back as a configuration says, on a clock, with the test as its peer.
struct Test {
    sessions: Reconnecting,
    script: ConnectorHandle<HostPort>,
    clock: ManualClock,
}

impl Test {
    fn new(preset: BackoffPreset, choose: impl FnOnce(&mut BackoffConfig)) -> Self {
        let mut config = ReconnectConfig::default();
        config.backoff.preset = preset;
        choose(&mut config.backoff);
        Self::to(&["a:80"], &config)
    }

    fn to(endpoints: &[&str], config: &ReconnectConfig) -> Self {
        let (hosts, script) = slot();
        let clock = ManualClock::new();
        let connector = Connector::builder().tcp(hosts).clock(Arc::new(clock.clone()));
        let connector = connector.build().unwrap();
        let sessions = connector.reconnect_with(endpoints.iter().copied(), config).unwrap();
        Self { sessions: sessions.with_seed(1), script, clock }
    }

    fn poll(&mut self) -> Poll<io::Result<Session>> {
        let next = pin!(self.sessions.next());
        next.poll(&mut Context::from_waker(Waker::noop())).map(Option::unwrap)
    }

    /// How long until something happens; nothing happens before.
    fn waits(&mut self) -> Duration {
        assert!(self.poll().is_pending());
        self.clock.until_next().unwrap()
    }

    fn fails(&mut self) {
        self.script.fail_next(io::ErrorKind::ConnectionRefused.into());
    }

    fn session(&mut self) -> (Session, MemoryConnection) {
        let (ours, theirs) = pair();
        self.script.succeed_next(ours);
        let Poll::Ready(Ok(session)) = self.poll() else { panic!("there is no session") };
        (session, theirs)
    }

    /// Why there are no more.
    fn end(&mut self) -> io::Error {
        let Poll::Ready(Err(error)) = self.poll() else { panic!("it does not end") };
        error
    }
}

fn ms(milliseconds: u64) -> Duration {
    Duration::from_millis(milliseconds)
}

#[test]
fn what_is_not_said_is_as_the_preset_has_it() {
    assert_eq!(BackoffConfig::default().preset, BackoffPreset::Grpc);
    for (preset, backoff) in [
        (BackoffPreset::Grpc, Backoff::grpc()),
        (BackoffPreset::Connman, Backoff::connman()),
        (BackoffPreset::Immediate, Backoff::immediate_then(Duration::from_secs(1))),
    ] {
        let mut config = BackoffConfig::default();
        config.preset = preset;
        assert_eq!(format!("{:?}", config.to_backoff().unwrap()), format!("{backoff:?}"));
    }
}

#[test]
fn each_number_of_the_delays_has_its_key() {
    let mut config = BackoffConfig::default();
    config.initial = Some(ms(10));
    (config.factor, config.jitter) = (Some(3.0), Some(0.5));
    config.cap = Some(ms(50));
    config.measured = Some(MeasuredConfig::End);
    let expected = Backoff::grpc().initial(ms(10)).factor(3.0).jitter(0.5).cap(ms(50));
    let expected = expected.measured(socketry::reconnecting::Measured::FromEnd);
    assert_eq!(format!("{:?}", config.to_backoff().unwrap()), format!("{expected:?}"));
}

#[test]
fn a_session_that_has_lasted_is_followed_after_a_time_or_at_once_if_that_is_zero() {
    for (after_session, expected) in
        [(None, Some(ms(100))), (Some(ms(7)), Some(ms(7))), (Some(Duration::ZERO), None)]
    {
        let mut test = Test::new(BackoffPreset::Connman, |it| it.after_session = after_session);
        drop(test.session());
        match expected {
            Some(delay) => assert_eq!(test.waits(), delay),
            None => {
                test.fails();
                assert_eq!(test.waits(), ms(20)); // and not zero ever after
            }
        }
    }
}

#[test]
fn a_session_that_was_shorter_than_the_minimum_uptime_counts_as_a_failed_attempt() {
    let mut test = Test::new(BackoffPreset::Connman, |it| it.stable_after = Some(HOUR));
    drop(test.session());
    assert_eq!(test.waits(), ms(20)); // and not 100, as after one that has lasted
}

#[test]
fn it_gives_up_when_attempts_or_time_are_used_up() {
    let mut test = Test::new(BackoffPreset::Immediate, |it| it.max_attempts = Some(2));
    test.fails();
    test.fails();
    assert_eq!(GaveUp::of(&test.end()).unwrap().attempts(), 2);
    let mut test = Test::new(BackoffPreset::Grpc, |it| it.give_up_after = Some(Duration::ZERO));
    test.fails();
    assert_eq!(GaveUp::of(&test.end()).unwrap().attempts(), 1);
}

#[test]
fn an_attempt_has_as_long_as_it_says_or_as_the_connector_takes() {
    for (setting, seconds) in
        [(Setting::On, 20), (Setting::Off, 60), (Setting::from(Duration::from_secs(5)), 5)]
    {
        let mut test = Test::new(BackoffPreset::Grpc, |it| it.min_connect_timeout = setting);
        assert_eq!(test.waits(), Duration::from_secs(seconds), "{setting:?}");
    }
    let mut test = Test::new(BackoffPreset::Connman, |_| {});
    assert_eq!(test.waits(), Duration::from_secs(60)); // this preset has none
}

#[test]
fn a_number_without_a_meaning_is_refused_by_its_key_with_its_value_and_the_rule() {
    let refused = |choose: &dyn Fn(&mut BackoffConfig)| {
        let mut config = ReconnectConfig::default();
        choose(&mut config.backoff);
        let error = Connector::new().reconnect_with(["a:80"], &config).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::InvalidInput);
        error.to_string()
    };
    for factor in [0.5, f64::NAN, f64::INFINITY, -1.0] {
        let text = refused(&|it| it.factor = Some(factor));
        assert!(text.starts_with(&format!("backoff: factor is {factor}; it is at least 1")));
    }
    for jitter in [1.5, -0.1, f64::NAN] {
        let text = refused(&|it| it.jitter = Some(jitter));
        assert!(text.starts_with(&format!("backoff: jitter is {jitter}; it is from 0 to 1")));
    }
    let text = refused(&|it| it.max_attempts = Some(0));
    assert!(text.starts_with("backoff: max_attempts is 0; it is at least 1"), "{text}");
}

#[test]
fn the_order_is_as_given_or_by_chance() {
    let endpoints: Vec<String> = (1..=8).map(|number| format!("host{number}:80")).collect();
    let endpoints: Vec<&str> = endpoints.iter().map(String::as_str).collect();
    let order_of = |order| {
        let mut config = ReconnectConfig::default();
        config.order = order;
        let mut test = Test::to(&endpoints, &config);
        let order = Arc::new(Mutex::new(Vec::new()));
        let log = order.clone();
        test.sessions = test.sessions.on_attempt_failed(move |failed| {
            log.lock().unwrap().push(failed.target());
        });
        endpoints.iter().for_each(|_| test.fails());
        test.waits();
        std::mem::take(&mut *order.lock().unwrap())
    };
    let in_order: Vec<usize> = (0..8).collect();
    assert_eq!(order_of(OrderConfig::InOrder), in_order);
    let mut shuffled = order_of(OrderConfig::Shuffled);
    assert_ne!(shuffled, in_order);
    shuffled.sort_unstable();
    assert_eq!(shuffled, in_order);
}

#[test]
fn the_endpoint_of_the_last_session_comes_first_if_that_is_asked_for() {
    for (last_good_first, attempts) in [(true, 1), (false, 2)] {
        let mut config = ReconnectConfig::default();
        config.last_good_first = last_good_first;
        config.backoff.stable_after = Some(Duration::ZERO);
        let mut test = Test::to(&["a:80", "b:80"], &config);
        test.fails();
        drop(test.session());
        (1..attempts).for_each(|_| test.fails());
        let (session, _) = test.session();
        assert_eq!((session.info().target(), session.info().attempts()), (1, attempts));
    }
}

#[test]
fn a_heartbeat_is_said_to_a_silent_peer() {
    let mut server = tcp_server();
    let mut config = ReconnectConfig::default();
    let mut heartbeat = HeartbeatConfig::new(Duration::ZERO, "PING\r\n");
    heartbeat.within = HOUR;
    config.heartbeat = Some(heartbeat);
    let address = server.local_address().unwrap();
    let mut sessions = Connector::new().reconnect_with([address], &config).unwrap();
    let mut session = block_on(sessions.next()).unwrap().unwrap();
    let mut peer = accept(&mut server);
    let answering = async {
        let mut heard = [0; 6];
        peer.read_exact(&mut heard).await?;
        assert_eq!(&heard, b"PING\r\n");
        peer.write_all(b"PONG\r\n").await
    };
    block_on(futures_lite::future::try_zip(session.idle(), answering)).unwrap();
}

#[cfg(feature = "serde")]
mod file {
    use serde_json::{Value, from_value, json, to_value};

    use super::*;

    fn read(value: Value) -> ReconnectConfig {
        from_value(value).unwrap()
    }

    fn unusual() -> ReconnectConfig {
        read(json!({
            "backoff": {
                "preset": "immediate",
                "initial": "10ms",
                "factor": 3.0,
                "jitter": 0.5,
                "cap": "1m",
                "measured": "start",
                "after_session": "1s",
                "stable_after": "2s",
                "max_attempts": 10,
                "give_up_after": "1h",
                "min_connect_timeout": "5s",
            },
            "order": "shuffled",
            "last_good_first": true,
            "heartbeat": {"every": "30s", "within": "5s", "says": "PING\r\n"},
        }))
    }

    #[test]
    fn what_is_missing_has_its_default() {
        assert_eq!(read(json!({})), ReconnectConfig::default());
        assert_eq!(read(json!({"backoff": {}})), ReconnectConfig::default());
        let heartbeat = read(json!({"heartbeat": {"every": "1s", "says": ""}})).heartbeat;
        assert_eq!(heartbeat, Some(HeartbeatConfig::new(Duration::from_secs(1), "")));
    }

    #[test]
    fn every_key_is_read() {
        let mut expected = ReconnectConfig::default();
        let backoff = &mut expected.backoff;
        backoff.preset = BackoffPreset::Immediate;
        (backoff.initial, backoff.cap) = (Some(ms(10)), Some(ms(60_000)));
        (backoff.factor, backoff.jitter) = (Some(3.0), Some(0.5));
        backoff.measured = Some(MeasuredConfig::Start);
        (backoff.after_session, backoff.stable_after) = (Some(ms(1000)), Some(ms(2000)));
        (backoff.max_attempts, backoff.give_up_after) = (Some(10), Some(HOUR));
        backoff.min_connect_timeout = ms(5000).into();
        (expected.order, expected.last_good_first) = (OrderConfig::Shuffled, true);
        let mut heartbeat = HeartbeatConfig::new(ms(30_000), "PING\r\n");
        heartbeat.within = ms(5000);
        expected.heartbeat = Some(heartbeat);
        assert_eq!(unusual(), expected);
    }

    #[test]
    fn what_is_written_reads_back_as_the_same() {
        for config in [ReconnectConfig::default(), unusual()] {
            assert_eq!(read(to_value(&config).unwrap()), config);
        }
    }

    #[test]
    fn an_unknown_key_and_a_number_without_its_unit_are_refused() {
        for (value, expected) in [
            (json!({"bogus": 1}), "unknown field `bogus`"),
            (json!({"backoff": {"bogus": 1}}), "unknown field `bogus`"),
            (json!({"heartbeat": {"every": "1s", "says": "", "bogus": 1}}), "field `bogus`"),
            (json!({"heartbeat": {"every": "1s"}}), "missing field `says`"),
            (json!({"heartbeat": true}), "a table such as { every"),
            (json!({"backoff": {"cap": 30}}), "a duration with its unit"),
            (json!({"backoff": {"preset": "grcp"}}), "unknown variant `grcp`"),
        ] {
            let error = from_value::<ReconnectConfig>(value).unwrap_err().to_string();
            assert!(error.contains(expected), "{error}");
        }
    }
}
