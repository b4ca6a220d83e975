//! Closing a server, and what becomes of its files.

use std::{
    fs,
    io::{self, Read, Write},
    os::unix::{
        fs::symlink,
        net::{UnixListener, UnixStream},
    },
    thread,
};

use futures_lite::future;
use socketry_server::{Accept, AcceptExt, Control};

use crate::support::{TempDir, bind};

#[test]
fn while_it_listens_there_are_a_socket_and_a_lock() {
    let directory = TempDir::new();
    let _server = bind(directory.socket());
    assert_eq!(directory.names(), ["s", "s.lock"]);
}

#[test]
fn closing_removes_both_files() {
    let directory = TempDir::new();
    let server = bind(directory.socket());
    server.control().close();
    assert!(directory.names().is_empty());
}

#[test]
fn dropping_removes_both_files_although_a_control_is_kept() {
    let directory = TempDir::new();
    let server = bind(directory.socket());
    let _control: Control = server.control();
    drop(server);
    assert!(directory.names().is_empty());
}

#[test]
fn closing_from_another_thread_removes_both_files_at_once_although_nobody_polls() {
    let directory = TempDir::new();
    let server = bind(directory.socket());
    let control = server.control();
    thread::spawn(move || control.close()).join().unwrap();
    assert!(directory.names().is_empty());
}

#[test]
fn after_closing_clients_find_nobody() {
    let directory = TempDir::new();
    let server = bind(directory.socket());
    server.control().close();
    let refused = UnixStream::connect(directory.socket());
    assert_eq!(refused.unwrap_err().kind(), io::ErrorKind::NotFound);
}

#[test]
fn a_client_that_waited_in_the_backlog_sees_the_end() {
    let directory = TempDir::new();
    let server = bind(directory.socket());
    let mut client = UnixStream::connect(directory.socket()).unwrap();
    server.control().close();
    let read = client.read(&mut [0]);
    // Some systems tell an orderly end, others that it was none.
    assert!(matches!(&read, Ok(0)) || read.is_err(), "{read:?}");
}

#[test]
fn closing_twice_closes_once_and_leaves_the_files_of_the_next_server_alone() {
    let directory = TempDir::new();
    let first = bind(directory.socket());
    first.control().close();
    let _second = bind(directory.socket());
    first.control().close();
    drop(first);
    assert_eq!(directory.names(), ["s", "s.lock"]);
}

#[test]
fn after_closing_it_has_no_address() {
    let directory = TempDir::new();
    let server = bind(directory.socket());
    server.control().close();
    assert_eq!(server.local_address(), None);
}

#[test]
fn closing_between_two_connections_ends_the_loop_and_keeps_the_first() {
    let directory = TempDir::new();
    let mut server = bind(directory.socket());
    let mut clients = [(); 2].map(|()| UnixStream::connect(directory.socket()).unwrap());
    let mut connections = Vec::new();
    future::block_on(async {
        while let Some(connection) = server.accept().await {
            connections.push(connection.unwrap());
            server.control().close();
        }
    });
    assert_eq!(connections.len(), 1);
    clients[0].write_all(b"still there").unwrap();
}

#[test]
fn a_paused_server_keeps_its_files_and_removes_them_when_it_is_closed() {
    let directory = TempDir::new();
    let server = bind(directory.socket());
    server.control().pause();
    assert_eq!(directory.names(), ["s", "s.lock"]);
    server.control().close();
    assert!(directory.names().is_empty());
}

#[test]
fn a_file_that_has_taken_its_place_meanwhile_is_left_alone() {
    let directory = TempDir::new();
    let server = bind(directory.socket());
    fs::remove_file(directory.socket()).unwrap();
    fs::write(directory.socket(), "precious").unwrap();
    drop(server);
    assert_eq!(fs::read_to_string(directory.socket()).unwrap(), "precious");
}

#[test]
fn another_socket_that_has_taken_its_place_meanwhile_is_left_alone() {
    let directory = TempDir::new();
    let server = bind(directory.socket());
    fs::remove_file(directory.socket()).unwrap();
    let _other = UnixListener::bind(directory.socket()).unwrap();
    drop(server);
    assert!(UnixStream::connect(directory.socket()).is_ok());
}

#[test]
fn a_link_to_it_that_has_taken_its_place_is_left_alone() {
    let directory = TempDir::new();
    let server = bind(directory.socket());
    fs::rename(directory.socket(), directory.join("moved")).unwrap();
    symlink("moved", directory.socket()).unwrap();
    drop(server);
    assert_eq!(directory.names(), ["moved", "s"]);
}

#[test]
fn a_lock_file_that_is_another_one_by_now_is_left_alone() {
    let directory = TempDir::new();
    let server = bind(directory.socket());
    fs::remove_file(directory.join("s.lock")).unwrap();
    fs::write(directory.join("s.lock"), "").unwrap();
    drop(server);
    assert_eq!(directory.names(), ["s.lock"]);
}

#[test]
fn a_server_whose_files_were_removed_by_others_closes_all_the_same() {
    let directory = TempDir::new();
    let server = bind(directory.socket());
    fs::remove_file(directory.socket()).unwrap();
    fs::remove_file(directory.join("s.lock")).unwrap();
    server.control().close();
    assert!(server.control().is_closed());
}

#[test]
fn handing_the_listener_on_leaves_the_socket_alive_and_its_file_there() {
    let directory = TempDir::new();
    let listener = bind(directory.socket()).into_std().unwrap();
    assert_eq!(directory.names(), ["s"]);
    let _client = UnixStream::connect(directory.socket()).unwrap();
    assert!(listener.accept().is_ok());
}

#[test]
fn a_closed_server_has_no_listener_to_hand_on() {
    let directory = TempDir::new();
    let server = bind(directory.socket());
    server.control().close();
    assert!(server.into_std().is_none());
}
