//! What has not the effect that somebody may expect.

use super::{parse, warnings};

/// The keys and lines of the warnings of this text.
fn warned(text: &str) -> Vec<(String, Option<usize>)> {
    let config = parse(text).unwrap();
    config.warnings().iter().map(|warning| (warning.key().to_owned(), warning.line())).collect()
}

const TCP: &str = "server: {command: x}\ntcp: {servers: {a: {addr: ':0'}}}\n";

#[test]
fn what_the_original_needs_and_we_do_not_is_a_warning_each() {
    let text = "version: '3'
rpc: {listen: tcp://127.0.0.1:6001}
logs: {level: error}
server:
  command: x
  user: nobody
  group: nogroup
  on_init: {command: y}
  relay_timeout: 60s
tcp:
  servers: {a: {addr: ':0'}}
  read_buf_size: 1
  pool:
    stream_timeout: 60s
    dynamic_allocator: {max_workers: 10}
";
    let keys: Vec<String> =
        warned(text).into_iter().map(|(key, line)| format!("{key} {line:?}")).collect();
    let expected = [
        "version Some(1)",
        "rpc Some(2)",
        "logs Some(3)",
        "server.user Some(6)",
        "server.group Some(7)",
        "server.on_init Some(8)",
        "server.relay_timeout Some(9)",
        "tcp.read_buf_size Some(12)",
        "tcp.pool.stream_timeout Some(14)",
        "tcp.pool.dynamic_allocator Some(15)",
    ];
    assert_eq!(keys, expected);
}

#[test]
fn a_warning_is_one_line_that_says_why() {
    let expected =
        "w.yaml:3:1: logs: has no effect: whoever starts the servers says what is logged";
    assert_eq!(warnings(&format!("{TCP}logs: {{}}\n")), [expected]);
}

#[test]
fn another_plugin_of_the_original_is_a_warning() {
    for plugin in
        ["http", "kv", "jobs", "metrics", "status", "grpc", "temporal", "centrifuge", "otel"]
    {
        assert_eq!(warned(&format!("{TCP}{plugin}: {{a: [1]}}\n")), [(plugin.to_owned(), Some(3))]);
    }
}

#[test]
fn what_stands_in_another_plugin_is_not_minded() {
    assert_eq!(warnings(&format!("{TCP}http: {{a: $NONE, b: '${{'}}\n")).len(), 1);
}

#[test]
fn a_name_in_capitals_is_a_warning() {
    let text = "server: {command: x}\ntcp: {servers: {Smtp: {addr: ':0'}}}\n";
    let expected = "w.yaml:2:17: tcp.servers.Smtp: it stays as it is written; RoadRunner says it in small \
                    letters to workers";
    assert_eq!(warnings(text), [expected]);
}
