//! Servers that share a socket and its files, as those of two processes do while one follows the
//! other.

use std::{
    fs,
    os::{
        fd::OwnedFd,
        unix::net::{UnixListener, UnixStream},
    },
};

use futures_lite::future;
use rustix::io::{FdFlags, fcntl_getfd};
use socketry_connection::os_error;
use socketry_server::{Accept, AcceptExt};
use socketry_server_unix::{PathInUse, UnixDuplicate, UnixServer, UnixServerHandle};
use socketry_testing::{check_control, check_drop};

use crate::support::{TempDir, address, bind};

#[test]
fn the_file_goes_with_the_last_server_in_whichever_order_they_close() {
    for first_is_last in [false, true] {
        let directory = TempDir::new();
        let (first, second) = two(&directory);
        let (one, other) = if first_is_last { (second, first) } else { (first, second) };
        one.control().close();
        assert_eq!(directory.names(), ["s", "s.lock"]);
        other.control().close();
        assert!(directory.names().is_empty());
    }
}

#[test]
fn every_client_is_served_by_one_of_both() {
    let directory = TempDir::new();
    let (mut first, mut second) = two(&directory);
    let _clients = [(); 2].map(|()| UnixStream::connect(directory.socket()).unwrap());
    for server in [&mut first, &mut second] {
        assert!(future::block_on(server.accept()).unwrap().is_ok());
    }
    assert!(future::block_on(future::poll_once(first.accept())).is_none());
}

#[test]
fn a_client_who_waited_when_the_first_one_closed_is_served_by_the_second() {
    let directory = TempDir::new();
    let (first, mut second) = two(&directory);
    let _client = UnixStream::connect(directory.socket()).unwrap();
    drop(first);
    assert!(future::block_on(second.accept()).unwrap().is_ok());
}

#[test]
fn while_one_of_them_lives_nobody_else_gets_the_path() {
    let directory = TempDir::new();
    let (first, second) = two(&directory);
    drop(first);
    let error = UnixServer::bind(&address(directory.socket())).unwrap_err();
    assert!(error.to_string().contains("another server holds the lock"), "{error}");
    drop(second);
    assert!(UnixServer::bind(&address(directory.socket())).is_ok());
}

#[test]
fn one_that_took_over_is_taken_over_from_as_well() {
    let directory = TempDir::new();
    let (first, second) = two(&directory);
    let third = adopted(duplicate(&second));
    drop(first);
    drop(second);
    assert_eq!(directory.names(), ["s", "s.lock"]);
    drop(third);
    assert!(directory.names().is_empty());
}

#[test]
fn a_duplicate_that_nobody_takes_leaves_the_files_with_the_server() {
    let directory = TempDir::new();
    let server = bind(directory.socket());
    drop(duplicate(&server));
    assert_eq!(directory.names(), ["s", "s.lock"]);
    drop(server);
    assert!(directory.names().is_empty());
}

#[test]
fn a_file_that_has_taken_the_place_of_theirs_is_left_alone() {
    let directory = TempDir::new();
    let (first, second) = two(&directory);
    fs::remove_file(directory.socket()).unwrap();
    fs::write(directory.socket(), "precious").unwrap();
    drop((first, second));
    assert_eq!(fs::read_to_string(directory.socket()).unwrap(), "precious");
}

#[test]
fn one_that_is_taken_apart_leaves_the_files_to_the_other() {
    let directory = TempDir::new();
    let (first, second) = two(&directory);
    let _listener = first.into_std().unwrap();
    assert_eq!(directory.names(), ["s", "s.lock"]);
    drop(second);
    assert!(directory.names().is_empty());
}

#[test]
fn a_lock_of_another_path_is_let_go_and_the_files_are_left_alone() {
    let directory = TempDir::new();
    let listener = UnixListener::bind(directory.socket()).unwrap();
    let other = bind(directory.join("other"));
    let lock = duplicate(&other).lock.unwrap();
    drop(UnixServer::from_fd_with_lock(listener.into(), lock).unwrap());
    assert_eq!(directory.names(), ["other", "other.lock", "s"]);
}

#[test]
fn a_lock_file_that_somebody_else_has_locked_is_refused() {
    let directory = TempDir::new();
    let server = bind(directory.socket());
    let listener = duplicate(&server).listener;
    let unlocked = fs::File::open(directory.join("s.lock")).unwrap();
    let error = UnixServer::from_fd_with_lock(listener.into(), unlocked.into()).unwrap_err();
    let failed = error.get_ref().unwrap().downcast_ref::<socketry_server::ListenFailed>().unwrap();
    assert!(failed.error().get_ref().unwrap().is::<PathInUse>(), "{error}");
    assert!(os_error(&error).is_some());
    assert_eq!(directory.names(), ["s", "s.lock"]);
}

#[test]
fn an_abstract_name_has_no_lock() {
    if cfg!(not(target_os = "linux")) {
        return;
    }
    let name = format!("socketry-sharing-{}", std::process::id());
    let name = socketry_server_unix::UnixAddress::from_abstract(name).unwrap();
    let server = UnixServer::bind(&name).unwrap();
    assert!(duplicate(&server).lock.is_none());
}

#[test]
fn duplicates_are_closed_on_exec() {
    let directory = TempDir::new();
    let server = bind(directory.socket());
    let UnixDuplicate { listener, lock, .. } = duplicate(&server);
    for descriptor in [OwnedFd::from(listener), lock.unwrap()] {
        assert!(fcntl_getfd(&descriptor).unwrap().contains(FdFlags::CLOEXEC));
    }
}

#[test]
fn of_a_closed_server_there_is_no_duplicate() {
    let directory = TempDir::new();
    let server = bind(directory.socket());
    let handle = server.handle();
    server.control().close();
    assert!(handle.duplicate().unwrap().is_none());
    assert!(directory.names().is_empty());
}

#[test]
fn one_that_has_taken_over_keeps_the_contract_of_servers() {
    let directory = TempDir::new();
    let (first, second) = two(&directory);
    first.control().close();
    let third = adopted(duplicate(&second));
    future::block_on(check_drop(third));
    let path = directory.socket();
    future::block_on(check_control(second, || UnixStream::connect(&path).unwrap()));
    assert!(directory.names().is_empty());
}

#[test]
fn a_handle_goes_to_any_thread() {
    fn assert<T: Send + Sync + Unpin + 'static>() {}
    assert::<UnixServer>();
    assert::<UnixServerHandle>();
    assert::<UnixDuplicate>();
}

/// A server, and one that has taken over from it.
fn two(directory: &TempDir) -> (UnixServer, UnixServer) {
    let first = bind(directory.socket());
    let second = adopted(duplicate(&first));
    (first, second)
}

fn duplicate(server: &UnixServer) -> UnixDuplicate {
    server.handle().duplicate().unwrap().unwrap()
}

fn adopted(duplicate: UnixDuplicate) -> UnixServer {
    let lock = duplicate.lock.unwrap();
    UnixServer::from_fd_with_lock(duplicate.listener.into(), lock).unwrap()
}
