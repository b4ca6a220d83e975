//! Workers whose server was killed.

#![cfg(target_os = "linux")]

use std::{
    env,
    io::Read,
    os::unix::net::UnixListener,
    process::{Command, Stdio},
};

use futures_lite::future::block_on;
use socketry_testing::TestDir;

use crate::support::{hire, processes};

#[path = "processes/support.rs"]
mod support;

/// Tells the child, which runs the same test, to be the server that is killed; where workers connect to.
const ROLE: &str = "SOCKETRY_KILLED_SERVER";

#[test]
fn workers_die_with_their_server() {
    if let Ok(path) = env::var(ROLE) {
        let _hired = hire(processes([&format!("hello=hold:{path},ready"), "eof=hang"]));
        return block_on(std::future::pending());
    }
    let directory = TestDir::new();
    let path = directory.join("held");
    let listener = UnixListener::bind(&path).unwrap();
    let mut server = Command::new(env::current_exe().unwrap())
        .args(["--exact", "workers_die_with_their_server", "--nocapture"])
        .env(ROLE, &path)
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    let (mut worker, _) = listener.accept().unwrap();
    server.kill().unwrap();
    server.wait().unwrap();
    // It is closed when the worker is gone.
    assert_eq!(worker.read(&mut [0]).unwrap(), 0);
}
