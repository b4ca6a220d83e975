//! The file that says what servers and workers are.

use std::io;

use socketry_server_workers::{Config, InvalidConfig};

mod environment;
mod errors;
mod values;
mod warnings;

/// The beginning of a file, up to the keys of one server.
const BEFORE: &str =
    "server: {command: php worker.php}\ntcp:\n  servers:\n    echo:\n      addr: ':7777'\n";

/// A file with these lines, which are keys of its server, or of what is above it.
fn with(lines: &str) -> io::Result<Config> {
    parse(&format!("{BEFORE}{lines}"))
}

/// This text, where the variable PORT is 7777 and EMPTY is empty.
fn parse(text: &str) -> io::Result<Config> {
    Config::parse_with(text, "w.yaml", |name| match name {
        "PORT" => Some("7777".to_owned()),
        "EMPTY" => Some(String::new()),
        "QUOTE" => Some("x, delimiter: '#', zzz: [".to_owned()),
        _ => None,
    })
}

/// The line of the error of this text.
fn error(text: &str) -> String {
    parse(text).unwrap_err().to_string()
}

/// The line of the error of a file with these lines.
fn error_with(lines: &str) -> String {
    with(lines).unwrap_err().to_string()
}

/// The lines of the warnings of this text.
fn warnings(text: &str) -> Vec<String> {
    parse(text).unwrap().warnings().iter().map(ToString::to_string).collect()
}

fn invalid(error: &io::Error) -> &InvalidConfig {
    error.get_ref().unwrap().downcast_ref().unwrap()
}
