//! What a server leaves behind: no descriptor, no file.

#![cfg(target_os = "linux")]

use std::{
    fs,
    os::unix::net::{UnixListener, UnixStream},
    sync::Once,
};

use futures_lite::future;
use socketry_server::{Accept, AcceptExt};
use socketry_server_unix::UnixServer;
use socketry_testing::Baseline;

use crate::support::{TempDir, address, bind};

mod support;

#[test]
fn a_server_that_was_polled_and_closed_from_outside_leaves_nothing() {
    let baseline = baseline();
    let directory = TempDir::new();
    let mut server = bind(directory.socket());
    assert!(future::block_on(future::poll_once(server.accept())).is_none());
    server.control().close();
    baseline.assert_unchanged();
    assert!(directory.names().is_empty());
}

#[test]
fn binds_that_fail_leave_nothing() {
    let baseline = baseline();
    let directory = TempDir::new();
    let live = UnixListener::bind(directory.join("live")).unwrap();
    fs::write(directory.join("file"), "").unwrap();
    fs::write(directory.join("locked.lock"), "by another program").unwrap();
    for name in ["live", "file", "locked", "nosuch/s"] {
        UnixServer::bind(&address(directory.join(name))).unwrap_err();
    }
    assert_eq!(directory.names(), ["file", "live", "locked.lock"]);
    drop(live);
    baseline.assert_unchanged();
}

#[test]
fn a_bind_refused_by_a_server_of_this_kind_leaves_nothing() {
    let baseline = baseline();
    let directory = TempDir::new();
    let first = bind(directory.socket());
    UnixServer::bind(&address(directory.socket())).unwrap_err();
    drop(first);
    baseline.assert_unchanged();
}

#[test]
fn a_listener_that_is_handed_on_is_all_that_is_left() {
    let baseline = baseline();
    let directory = TempDir::new();
    let listener = bind(directory.socket()).into_std().unwrap();
    drop(listener);
    baseline.assert_unchanged();
}

#[test]
fn an_accept_that_is_given_up_loses_no_client() {
    let baseline = baseline();
    let directory = TempDir::new();
    let mut server = bind(directory.socket());
    for _ in 0..100 {
        assert!(future::block_on(future::poll_once(server.accept())).is_none());
        let client = UnixStream::connect(directory.socket()).unwrap();
        let accepted = future::block_on(server.accept());
        assert!(matches!(accepted, Some(Ok(_))), "{accepted:?}");
        drop(client);
    }
    drop(server);
    baseline.assert_unchanged();
}

/// What the process holds once the reactor, which keeps what it opens at first use, is running.
fn baseline() -> Baseline {
    static REACTOR: Once = Once::new();
    REACTOR.call_once(|| {
        let directory = TempDir::new();
        let mut server = bind(directory.socket());
        assert!(future::block_on(future::poll_once(server.accept())).is_none());
    });
    Baseline::take()
}
