//! Errors, each with its line.

use std::{fmt::Write as _, io};

use socketry_server_workers::Config;

use super::{BEFORE, error, error_with, invalid, parse, with};

#[test]
fn the_keys_of_a_server_are_checked() {
    let cases = [
        (
            "idle_timeout: 5",
            "6:21: tcp.servers.echo.idle_timeout: 5 has no unit: write a duration as \"5s\" or \"5ms\"",
        ),
        (
            "idle_timeout: soon",
            "6:21: tcp.servers.echo.idle_timeout: \"soon\" is no duration: write it as \"60s\", \"1m30s\" or \"250ms\"",
        ),
        (
            "sticky: perhaps",
            "6:15: tcp.servers.echo.sticky: expected true or false, and not \"perhaps\"",
        ),
        (
            "delimiter: ''",
            "6:7: tcp.servers.echo.delimiter: it is empty: leave it out for \"\\r\\n\", or write framing: raw",
        ),
        ("delimiter: [a]", "6:18: tcp.servers.echo.delimiter: expected a string, and not a list"),
        (
            "max_message_size: 0",
            "6:25: tcp.servers.echo.max_message_size: 0 bytes are too few: leave it out for the default",
        ),
        (
            "max_message_size: much",
            "6:25: tcp.servers.echo.max_message_size: \"much\" is no size: write bytes as a number, or \"64KiB\" or \"1MiB\"",
        ),
        (
            "max_message_size: 1",
            "6:7: tcp.servers.echo.max_message_size: it is shorter than the delimiter",
        ),
        (
            "framing: lines",
            "6:16: tcp.servers.echo.framing: unknown value \"lines\"; `delimiter`, `raw`, `fixed` and `length_prefixed` are known here",
        ),
        (
            "framing: fixed",
            "6:16: tcp.servers.echo.framing: `fixed` needs a value: write {fixed: ...}",
        ),
        (
            "framing: {fixed: 0}",
            "6:7: tcp.servers.echo.framing: messages of 0 bytes never come: give at least 1, or use raw framing",
        ),
        (
            "framing: {fixed: 9999999}",
            "6:7: tcp.servers.echo.framing: messages of 9999999 bytes are above max_message_size, which is 1048576",
        ),
        (
            "framing: {length_prefixed: {bytes: 3}}",
            "6:7: tcp.servers.echo.framing: a length of 3 bytes is none of 1, 2, 4 or 8",
        ),
        (
            "framing: {length_prefixed: {}}",
            "6:34: tcp.servers.echo.framing.length_prefixed: `bytes` is missing",
        ),
        ("framing: {raw: 1}", "6:22: tcp.servers.echo.framing.raw: it takes no value"),
        (
            "listen: {}",
            "6:15: tcp.servers.echo.listen: this program has no options for listening: leave it out",
        ),
        (
            "iddle_timeout: 1s",
            "6:7: tcp.servers.echo.iddle_timeout: unknown key; did you mean `idle_timeout`?",
        ),
        (
            "sticky: true\n      sticky: true",
            "7:7: tcp.servers.echo.sticky: it is given twice, first in line 6",
        ),
    ];
    for (key, expected) in cases {
        assert_eq!(error_with(&format!("      {key}\n")), format!("w.yaml:{expected}"));
    }
}

#[test]
fn a_key_without_effect_on_the_framing_is_an_error() {
    let expected = "w.yaml:7:7: tcp.servers.echo.together: it has no effect with this `framing`: leave one of them out";
    assert_eq!(error_with("      framing: raw\n      together: true\n"), expected);
}

#[test]
fn the_keys_of_the_pool_are_checked() {
    let cases = [
        (
            "num_workers: 501",
            "7:18: tcp.pool.num_workers: 501 workers are too many: there may be 500",
        ),
        (
            "num_workers: -1",
            "7:18: tcp.pool.num_workers: expected a whole number from 0 to 18446744073709551615, and not \"-1\"",
        ),
        (
            "max_jobs: many",
            "7:15: tcp.pool.max_jobs: expected a whole number from 0 to 18446744073709551615, and not \"many\"",
        ),
        (
            "answers: barier",
            "7:14: tcp.pool.answers: unknown value \"barier\"; did you mean `barrier`?",
        ),
        (
            "answers: maybe",
            "7:14: tcp.pool.answers: unknown value \"maybe\"; `barrier` and `strict` are known here",
        ),
        (
            "supervisor: {max_worker_memory: full}",
            "7:37: tcp.pool.supervisor.max_worker_memory: \"full\" is no size: write megabytes as a number, or \"128MiB\"",
        ),
        (
            "workers: 3",
            "7:5: tcp.pool.workers: unknown key; `num_workers`, `max_jobs`, `max_queue_size`, `allocate_timeout`, `destroy_timeout`, `reset_timeout`, `debug`, `command`, `supervisor`, `answers`, `remote_addr`, `closed_timeout`, `stop_timeout` and `max_answer_size` are known here",
        ),
    ];
    for (key, expected) in cases {
        assert_eq!(error_with(&format!("  pool:\n    {key}\n")), format!("w.yaml:{expected}"));
    }
}

#[test]
fn what_is_above_servers_is_checked() {
    let tcp = "tcp: {servers: {a: {addr: ':0'}}}";
    let cases = [
        ("tpc: {}", "w.yaml:1:1: tpc: unknown key; `server` and `tcp` are known here"),
        ("server: [1]", "w.yaml:1:9: server: expected a map of keys and values, and not a list"),
        (
            "server: {relay: rr.sock}",
            "w.yaml:1:10: server.relay: \"rr.sock\" is no relay: write pipes, tcp://127.0.0.1:6001 or unix://path",
        ),
        ("server: {comand: x}", "w.yaml:1:10: server.comand: unknown key; did you mean `command`?"),
        (
            "server: {command: {}}",
            "w.yaml:1:19: server.command: expected a command, as text or as a list of words, and not a map",
        ),
        ("server: {env: {a: 1, A: 2}}", "w.yaml:1:15: server.env: A is given twice"),
        (
            "server: {env: {a=b: 1}}",
            "w.yaml:1:15: server.env: \"A=B\" cannot be a variable of an environment",
        ),
        (
            "server: {}",
            "w.yaml:1:1: server.command: no command for workers: write one, such as command: \"php worker.php\"",
        ),
    ];
    for (line, expected) in cases {
        assert_eq!(error(&format!("{line}\n{tcp}")), expected);
    }
}

#[test]
fn a_server_without_an_address_is_named() {
    let expected = "w.yaml:2:17: tcp.servers.a.addr: empty address for the server: a; write where it listens, \
                    such as addr: \"127.0.0.1:7777\"";
    assert_eq!(error("server: {command: x}\ntcp: {servers: {a: {}}}"), expected);
}

#[test]
fn no_servers_are_an_error_of_the_whole_file() {
    let expected = "w.yaml: tcp.servers: no servers registered: write one, such as servers: {name: {addr: \":7777\"}}";
    assert_eq!(error(""), expected);
}

#[test]
fn two_servers_at_one_address_are_an_error_however_it_is_written() {
    let text =
        "server: {command: x}\ntcp: {servers: {a: {addr: 'tcp://0.0.0.0:1'}, b: {addr: ':1'}}}";
    let expected =
        "w.yaml:2:51: tcp.servers.b.addr: the server `a` has this address already: tcp://0.0.0.0:1";
    assert_eq!(error(text), expected);
}

#[test]
fn what_is_no_address_is_told() {
    for address in
        ["localhost", "::1:80", "a b:1", "tcp://:99999", "unix://", "://:1", "[x]:1", "a:"]
    {
        let text =
            format!("server: {{command: x}}\ntcp: {{servers: {{a: {{addr: '{address}'}}}}}}");
        let error = parse(&text).unwrap_err();
        assert_eq!(
            (invalid(&error).key(), invalid(&error).line()),
            ("tcp.servers.a.addr", Some(2)),
            "{address}"
        );
    }
}

#[test]
fn what_is_no_yaml_has_its_place() {
    let error = parse("server: {command: x}\n tcp: {}\n").unwrap_err();
    assert_eq!((invalid(&error).line(), invalid(&error).column()), (Some(2), Some(2)));
}

#[test]
fn a_second_document_is_an_error() {
    assert_eq!(
        error("server: {}\n---\ntcp: {}\n"),
        "w.yaml:2:1: a second document begins here, and one is expected"
    );
}

#[test]
fn aliases_of_aliases_do_not_fill_the_memory() {
    let mut text = "a0: &a0 [x]\n".to_owned();
    for level in 1..40 {
        writeln!(text, "a{level}: &a{level} [*a{0}, *a{0}]", level - 1).unwrap();
    }
    assert!(error(&text).ends_with(": the file has more than 100000 values"));
}

#[test]
fn lists_in_lists_without_end_do_not_overflow_the_stack() {
    let text = "- ".repeat(60_000);
    assert!(error(&text).ends_with("it is nested more than 64 deep"));
}

#[test]
fn no_text_is_a_panic() {
    let whole = format!(
        "{BEFORE}      framing: {{fixed: 3}}\n      idle_timeout: \"${{A:-1s}}\"\n  pool: &p {{<<: *p}}\n"
    );
    for end in (0..whole.len()).filter(|end| whole.is_char_boundary(*end)) {
        for odd in [
            "", "\u{feff}", "{", "[", "&a", "*a", "<<: ", "!!int x", "\"", "|", "? ", "%", "\0",
            "é", "$", "\t",
        ] {
            let _ = parse(&format!("{}{odd}{}", &whole[..end], &whole[end..]));
            let _ = parse(&format!("{}{odd}", &whole[..end]));
        }
    }
}

#[test]
fn every_error_is_bad_input() {
    assert_eq!(with("      sticky: 7\n").unwrap_err().kind(), io::ErrorKind::InvalidInput);
}

#[test]
fn a_file_that_is_not_there_is_named() {
    let error = <Config>::read("/nowhere/w.yaml").unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::NotFound);
    assert!(error.to_string().starts_with("cannot read /nowhere/w.yaml: "));
}

#[test]
fn a_command_with_quotes_is_refused_with_the_way_out() {
    let text = "server:\n  command: php 'my worker.php'\ntcp: {servers: {a: {addr: ':1'}}}\n";
    let expected = "w.yaml:2:12: server.command: the command `php 'my worker.php'` has quotes, which \
                    are not understood: write its words as a list, such as [php, \"my worker.php\"]";
    assert_eq!(error(text), expected);
}

#[test]
fn what_a_program_finds_out_later_has_its_line_too() {
    let config = with("      sticky: true\n").unwrap();
    let lines = ["sticky", "listen"].map(|key| config.invalid("echo", key, "no").to_string());
    let expected =
        ["w.yaml:6:7: tcp.servers.echo.sticky: no", "w.yaml:4:5: tcp.servers.echo.listen: no"];
    assert_eq!(lines, expected);
}
