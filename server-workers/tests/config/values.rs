//! What is read.

use std::time::Duration;

use serde::Deserialize;
use socketry_server_workers::{
    AnswerMode, ByteOrder, Config, Framing, LengthPrefix, PoolConfig, Relay, RemoteAddr,
};

use super::{parse, with};

/// The file that the documents of RoadRunner's library begin with, with the command that it leaves out.
const FIRST: &str = r#"
server:
  command: "php worker.php"

tcp:
  servers:
    smtp:
      addr: tcp://127.0.0.1:1025
      delimiter: "\r\n" # by default
    server2:
      addr: tcp://127.0.0.1:8889

  pool:
    num_workers: 2
    max_jobs: 0
    allocate_timeout: 60s
    destroy_timeout: 60s
"#;

#[test]
fn the_first_file_of_the_original_has_its_servers_in_their_order() {
    let config = parse(FIRST).unwrap();
    let servers: Vec<_> =
        config.servers().map(|server| (server.name.as_str(), server.addr.as_str())).collect();
    assert_eq!(servers, [("smtp", "tcp://127.0.0.1:1025"), ("server2", "tcp://127.0.0.1:8889")]);
}

#[test]
fn the_first_file_of_the_original_has_no_warnings() {
    assert_eq!(parse(FIRST).unwrap().warnings(), []);
}

#[test]
fn the_first_file_of_the_original_has_its_pool() {
    let mut expected = PoolConfig::default();
    expected.num_workers = 2.try_into().unwrap();
    assert_eq!(*parse(FIRST).unwrap().pool(), expected);
}

#[test]
fn a_server_has_its_defaults() {
    let config = with("").unwrap();
    let server = config.servers().next().unwrap();
    assert_eq!((&server.framing, server.max_message_size), (&Framing::default(), 1 << 20));
    let times = [server.idle_timeout, server.read_timeout, server.write_timeout];
    assert_eq!(times, [0, 0, 60].map(Duration::from_secs));
    assert_eq!((server.sticky, server.listen), (false, None));
}

#[test]
fn a_pool_has_its_defaults() {
    let pool = PoolConfig::default();
    let minutes = [pool.allocate_timeout, pool.destroy_timeout, pool.reset_timeout];
    assert_eq!(minutes, [Duration::from_secs(60); 3]);
    assert_eq!((pool.max_jobs, pool.max_queue_size, pool.debug), (0, 0, false));
    assert_eq!(
        (pool.closed_timeout, pool.stop_timeout),
        (Duration::from_secs(1), Duration::from_secs(10))
    );
    assert_eq!((pool.answers, pool.remote_addr), (AnswerMode::Barrier, RemoteAddr::IpPort));
    assert_eq!((pool.max_answer_size, pool.supervisor, pool.command), (64 << 20, None, None));
}

#[test]
fn zero_workers_are_one_for_each_processor() {
    let config = with("  pool: {num_workers: 0}\n").unwrap();
    assert_eq!(config.pool().num_workers, std::thread::available_parallelism().unwrap());
}

#[test]
fn five_hundred_workers_are_not_too_many() {
    assert_eq!(with("  pool: {num_workers: 500}\n").unwrap().pool().num_workers.get(), 500);
}

#[test]
fn a_time_of_zero_is_the_default_where_the_original_has_it() {
    let config = with("  pool: {allocate_timeout: 0s, supervisor: {watch_tick: 0}}\n").unwrap();
    let supervisor = config.pool().supervisor.as_ref().unwrap();
    let times = (config.pool().allocate_timeout, supervisor.watch_tick);
    assert_eq!(times, (Duration::from_secs(60), Duration::from_secs(5)));
}

#[test]
fn memory_without_a_unit_is_in_megabytes_of_the_original() {
    let config = with("  pool: {supervisor: {max_worker_memory: 100}}\n").unwrap();
    assert_eq!(config.pool().supervisor.as_ref().unwrap().max_worker_memory, 100 << 20);
}

#[test]
fn durations_are_written_as_in_go() {
    for (text, millis) in [
        ("60s", 60_000),
        ("1m30s", 90_000),
        ("250ms", 250),
        ("1.5h", 5_400_000),
        ("1h30m", 5_400_000),
        ("0", 0),
    ] {
        let config = with(&format!("      idle_timeout: {text}\n")).unwrap();
        let read = config.servers().next().unwrap().idle_timeout;
        assert_eq!(read, Duration::from_millis(millis), "{text}");
    }
}

#[test]
fn sizes_are_numbers_of_bytes_or_have_a_unit() {
    for (text, bytes) in
        [("512", 512), ("64KiB", 65536), ("2 MB", 2_000_000), ("'1GiB'", 1 << 30), ("7b", 7)]
    {
        let config = with(&format!("      max_message_size: {text}\n")).unwrap();
        assert_eq!(config.servers().next().unwrap().max_message_size, bytes, "{text}");
    }
}

#[test]
fn each_framing_has_its_form() {
    let prefix = |bytes, order| Framing::length_prefixed(LengthPrefix::new(bytes, order).unwrap());
    let cases = [
        ("framing: delimiter", Framing::default()),
        ("delimiter: \"\\n\"", Framing::delimited("\n").unwrap()),
        ("together: true", Framing::default().together()),
        ("framing: raw", Framing::raw()),
        ("framing: {fixed: 16}", Framing::fixed(16).unwrap()),
        ("framing: {length_prefixed: {bytes: 4}}", prefix(4, ByteOrder::Big)),
        ("framing: {length_prefixed: {bytes: 2, order: little}}", prefix(2, ByteOrder::Little)),
    ];
    for (key, framing) in cases {
        let config = with(&format!("      {key}\n")).unwrap();
        assert_eq!(config.servers().next().unwrap().framing, framing, "{key}");
    }
}

#[test]
fn addresses_have_one_form() {
    let cases = [
        (":8889", "tcp://0.0.0.0:8889"),
        ("tcp://:8889", "tcp://0.0.0.0:8889"),
        ("127.0.0.1:1", "tcp://127.0.0.1:1"),
        ("[0::1]:1", "tcp://[::1]:1"),
        ("TCP://LocalHost:1", "tcp://localhost:1"),
        ("unix:///run/a.sock", "unix:///run/a.sock"),
        ("unix://a.sock", "unix://a.sock"),
        ("fd://3", "fd://3"),
        ("systemd://", "systemd://"),
    ];
    for (written, read) in cases {
        let text =
            format!("server: {{command: x}}\ntcp: {{servers: {{a: {{addr: '{written}'}}}}}}");
        assert_eq!(parse(&text).unwrap().servers().next().unwrap().addr, read);
    }
}

#[test]
fn servers_may_all_let_the_system_choose_their_port() {
    let text = "server: {command: x}\ntcp: {servers: {a: {addr: ':0'}, b: {addr: ':0'}}}";
    assert_eq!(parse(text).unwrap().servers().len(), 2);
}

#[test]
fn a_command_may_be_a_list_of_words() {
    let text = "server: {command: [php, my worker.php]}\ntcp: {servers: {a: {addr: ':0'}}}";
    assert_eq!(parse(text).unwrap().command(), ["php", "my worker.php"]);
}

#[test]
fn the_command_of_the_pool_wins() {
    assert_eq!(with("  pool: {command: php other.php}\n").unwrap().command(), ["php", "other.php"]);
}

#[test]
fn variables_of_workers_are_in_capitals_and_may_be_a_list() {
    for env in ["{app_runtime: prod, B: 4}", "[{app_runtime: prod}, {B: 4}]"] {
        let text =
            format!("server: {{command: x, env: {env}}}\ntcp: {{servers: {{a: {{addr: ':0'}}}}}}");
        let expected =
            [("APP_RUNTIME".to_owned(), "prod".to_owned()), ("B".to_owned(), "4".to_owned())];
        assert_eq!(parse(&text).unwrap().env(), expected);
    }
}

#[test]
fn a_relay_is_pipes_or_a_socket() {
    let pipes = Relay::Pipes;
    let tcp = Relay::Tcp("0.0.0.0:6001".parse().unwrap());
    let unix = Relay::Unix("rr.sock".into());
    for (written, read) in [("pipes", pipes), ("tcp://:6001", tcp), ("unix://rr.sock", unix)] {
        let text = format!(
            "server: {{command: x, relay: '{written}'}}\ntcp: {{servers: {{a: {{addr: ':0'}}}}}}"
        );
        assert_eq!(*parse(&text).unwrap().relay(), read);
    }
}

#[test]
fn what_stands_there_once_can_be_used_again() {
    let text = "server: {command: x}\ntcp:\n  servers:\n    a: &a {addr: ':1', sticky: true}\n    \
                b: {<<: *a, addr: ':2'}\n";
    let config = parse(text).unwrap();
    let read: Vec<_> =
        config.servers().map(|server| (server.addr.as_str(), server.sticky)).collect();
    assert_eq!(read, [("tcp://0.0.0.0:1", true), ("tcp://0.0.0.0:2", true)]);
}

#[test]
fn a_program_may_have_its_own_options_for_listening() {
    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Listen {
        backlog: u32,
    }

    let text =
        "server: {command: x}\ntcp: {servers: {a: {addr: ':0', listen: {backlog: '${N:-9}'}}}}";
    let config = Config::<Listen>::parse(text, "w.yaml").unwrap();
    assert_eq!(config.servers().next().unwrap().listen.as_ref().unwrap().backlog, 9);
    let error = Config::<Listen>::parse(&text.replace("backlog", "baklog"), "w.yaml").unwrap_err();
    let expected = "w.yaml:2:42: tcp.servers.a.listen.baklog: unknown key; did you mean `backlog`?";
    assert_eq!(error.to_string(), expected);
}
