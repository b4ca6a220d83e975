//! A server whose process was killed.

#![cfg(unix)]

use std::{
    env,
    io::{self, BufRead, BufReader, Read},
    os::unix::net::UnixStream,
    process::{Child, Command, Stdio},
};

use crate::support::{TempDir, bind};

mod support;

/// Tells the child, which runs the same test, to be the server that crashes.
const ROLE: &str = "SOCKETRY_CRASHING_SERVER";
const READY: &str = "the crashing server listens";

#[test]
fn the_path_of_a_server_that_was_killed_is_taken_over() {
    if let Some(path) = env::var_os(ROLE) {
        let _server = bind(path);
        println!("\n{READY}");
        // Until it is killed; the parent's end closes the pipe, whatever happens to it.
        let _ = io::stdin().read(&mut [0]);
        return;
    }
    let directory = TempDir::new();
    let mut child = start(&directory);
    child.kill().unwrap();
    child.wait().unwrap();
    assert_eq!(directory.names(), ["s", "s.lock"]);
    let server = bind(directory.socket());
    assert!(UnixStream::connect(directory.socket()).is_ok());
    drop(server);
    assert!(directory.names().is_empty());
}

/// Another process that listens.
fn start(directory: &TempDir) -> Child {
    let mut child = Command::new(env::current_exe().unwrap())
        .args(["--exact", "the_path_of_a_server_that_was_killed_is_taken_over"])
        .arg("--nocapture")
        .env(ROLE, directory.socket())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    assert!(lines.any(|line| line.unwrap() == READY));
    child
}
