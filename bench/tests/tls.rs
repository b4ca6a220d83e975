//! Each kind of work over TLS does something, with processes as a measurement starts them.

#![cfg(target_os = "linux")]

use std::{
    io::{BufRead, BufReader, Write},
    process::{Child, ChildStdin, ChildStdout, Command, Stdio},
    thread,
};

use rcgen::{CertifiedKey, KeyPair, generate_simple_self_signed};
use serde::Deserialize;

/// So many operations are no accident.
const ENOUGH: u64 = 3;

/// How often a process is asked what it has done.
const LOOKS: usize = 1_000_000;

/// What a client does and what a server does meanwhile, where the client is under test.
const CLIENTS: [[&str; 2]; 3] = [["churn", "echo"], ["send", "drain"], ["receive", "fill"]];

/// The same, where the server is under test.
const SERVERS: [[&str; 2]; 4] =
    [["churn", "echo-once"], ["send", "drain"], ["receive", "fill"], ["hold", "idle"]];

/// Whoever is under test does what it is there for, with the bare side as its counterpart.
fn does_all(library: &str) {
    for [client, server] in CLIENTS {
        let [_server, mut client] = pair("tls", [library, client], ["raw", server]);
        client.wait_until(|totals| totals.operations >= ENOUGH);
    }
    for [client, server] in SERVERS {
        let [mut server, _client] = pair("tls", ["raw", client], [library, server]);
        server.wait_until(|totals| totals.operations >= ENOUGH);
    }
}

/// Sessions are resumed on either side where they are meant to be.
fn resumes(library: &str) {
    let [_server, mut client] = pair("tls-resumed", [library, "churn"], ["raw", "echo"]);
    client.wait_until(|totals| totals.resumed >= ENOUGH);
    let [mut server, _client] = pair("tls-resumed", ["raw", "churn"], [library, "echo-once"]);
    server.wait_until(|totals| totals.resumed >= ENOUGH);
}

/// No session is resumed where each handshake is to be a full one.
fn resumes_nothing(library: &str) {
    let [_server, mut client] = pair("tls", [library, "churn"], ["raw", "echo"]);
    client.wait_until(|totals| totals.operations >= 10 * ENOUGH);
    assert_eq!(client.totals().resumed, 0);
}

/// A client and a server, each a library and its work, that talk with each other. The server comes
/// first, so that the client is dropped first: a bare one complains of a server that goes.
fn pair(layer: &str, client: [&str; 2], server: [&str; 2]) -> [Side; 2] {
    let identity = generate_simple_self_signed(["localhost".to_string()]).unwrap();
    let start = |[library, work]: [&str; 2], address: &[&str]| {
        let options = ["side", library, work, "--connections", "4", "--layer", layer];
        Side::start(&[&options[..], address].concat(), &identity)
    };
    let server = start(server, &[]);
    let client = start(client, &["--address", &server.first_line]);
    [server, client]
}

/// A process, which ends when its input does.
struct Side {
    child: Child,
    asks: Option<ChildStdin>,
    lines: BufReader<ChildStdout>,
    /// Where it listens, if it does.
    first_line: String,
}

/// What a process has done.
#[derive(Deserialize)]
struct Totals {
    operations: u64,
    resumed: u64,
}

impl Side {
    fn start(arguments: &[&str], identity: &CertifiedKey<KeyPair>) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_socketry-bench"))
            .args(arguments)
            .env("SOCKETRY_BENCH_CERTIFICATE", identity.cert.pem())
            .env("SOCKETRY_BENCH_KEY", identity.signing_key.serialize_pem())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let asks = child.stdin.take();
        let lines = BufReader::new(child.stdout.take().unwrap());
        let mut side = Self { child, asks, lines, first_line: String::new() };
        side.first_line = side.line();
        side
    }

    fn wait_until(&mut self, enough: impl Fn(&Totals) -> bool) {
        for _ in 0..LOOKS {
            if enough(&self.totals()) {
                return;
            }
            thread::yield_now();
        }
        panic!("the process does not get on");
    }

    fn totals(&mut self) -> Totals {
        writeln!(self.asks.as_ref().unwrap()).unwrap();
        serde_json::from_str(&self.line()).unwrap()
    }

    fn line(&mut self) -> String {
        let mut line = String::new();
        self.lines.read_line(&mut line).unwrap();
        assert_ne!(line, "", "the process has ended");
        line.trim().to_string()
    }
}

impl Drop for Side {
    fn drop(&mut self) {
        self.asks = None;
        let _ = self.child.wait();
    }
}

#[test]
fn the_bare_side_does_all_there_is_over_tls() {
    does_all("raw");
}

#[test]
fn this_house_does_all_there_is_over_tls() {
    does_all("ours");
}

#[test]
fn tokio_does_all_there_is_over_tls() {
    does_all("tokio");
}

#[test]
fn sessions_are_resumed_where_they_are_meant_to_be() {
    ["raw", "ours", "tokio"].into_iter().for_each(resumes);
}

#[test]
fn sessions_are_not_resumed_where_they_are_not_meant_to_be() {
    ["raw", "ours", "tokio"].into_iter().for_each(resumes_nothing);
}
