//! Variables of the environment.

use socketry_server_workers::Framing;

use super::{BEFORE, error_with, parse, warnings, with};

/// The address of a server, as it is read.
fn address(written: &str) -> String {
    let text = format!("server: {{command: x}}\ntcp: {{servers: {{a: {{addr: \"{written}\"}}}}}}");
    parse(&text).unwrap().servers().next().unwrap().addr.clone()
}

#[test]
fn a_variable_has_three_forms_and_a_default() {
    for written in [
        ":$PORT",
        ":${PORT}",
        ":${PORT:-1}",
        ":${NONE:-7777}",
        ":${EMPTY:-7777}",
        "${HOST:-}:$PORT",
    ] {
        assert_eq!(address(written), "tcp://0.0.0.0:7777", "{written}");
    }
}

#[test]
fn a_number_may_be_a_variable_with_quotes_and_without() {
    for written in ["\"${N:-4}\"", "${N:-4}"] {
        let config = with(&format!("  pool:\n    num_workers: {written}\n")).unwrap();
        assert_eq!(config.pool().num_workers.get(), 4);
    }
}

#[test]
fn a_variable_brings_no_keys() {
    let config = with("      delimiter: $QUOTE\n").unwrap();
    let delimiter = Framing::delimited("x, delimiter: '#', zzz: [").unwrap();
    assert_eq!(config.servers().next().unwrap().framing, delimiter);
}

#[test]
fn a_dollar_alone_stays() {
    let config = with("      delimiter: \"5$ $\"\n").unwrap();
    assert_eq!(config.servers().next().unwrap().framing, Framing::delimited("5$ $").unwrap());
}

#[test]
fn keys_stay_as_they_are() {
    let text = "server: {command: x}\ntcp: {servers: {$PORT: {addr: ':0'}}}";
    assert_eq!(parse(text).unwrap().servers().next().unwrap().name, "$PORT");
}

#[test]
fn a_variable_that_is_not_set_is_empty_and_warned_of() {
    let text = format!("{BEFORE}  pool:\n    max_jobs: ${{JOBS}}\n");
    let expected = "w.yaml:7:15: tcp.pool.max_jobs: the variable JOBS of the environment is not set, so it is empty here";
    assert_eq!(warnings(&text), [expected]);
}

#[test]
fn a_brace_without_its_other_one_is_an_error() {
    let expected = "w.yaml:6:18: tcp.servers.echo.delimiter: `${` has no `}` behind it";
    assert_eq!(error_with("      delimiter: \"${PORT\"\n"), expected);
}

#[test]
fn braces_without_a_name_are_an_error() {
    let expected =
        "w.yaml:6:18: tcp.servers.echo.delimiter: `${` has no name of a variable behind it";
    assert_eq!(error_with("      delimiter: \"${}\"\n"), expected);
}

#[test]
fn an_error_tells_which_variable_is_not_set_that_has_led_to_it() {
    let text = "server: {command: x}\ntcp: {servers: {a: {addr: '127.0.0.1:$NONE'}}}\n";
    let expected = "the variable NONE of the environment is not set, so it is empty here";
    let error = parse(text).unwrap_err().to_string();
    assert!(error.starts_with("w.yaml:2:21: ") && error.ends_with(expected), "{error}");
}

#[test]
fn a_variable_elsewhere_has_led_to_no_error() {
    let text = "server: {command: $NONE x}\ntcp: {servers: {a: {addr: '127.0.0.1'}}}\n";
    assert!(!parse(text).unwrap_err().to_string().contains("NONE"));
}
