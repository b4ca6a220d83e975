//! Binding where something is already.

use std::{
    fs::{self, File},
    io,
    os::unix::{
        fs::{FileTypeExt, symlink},
        net::{UnixDatagram, UnixListener, UnixStream},
    },
};

use rustix::fs::{FlockOperation, flock};
use socketry_connection::os_error;
use socketry_server::{Accept, ListenFailed};
use socketry_server_unix::{PathInUse, UnixServer};

use crate::support::{TempDir, address, bind};

const EADDRINUSE: i32 = if cfg!(target_os = "linux") { 98 } else { 48 };

#[test]
fn the_socket_of_a_dead_server_is_replaced() {
    let directory = TempDir::new();
    drop(UnixListener::bind(directory.socket()).unwrap());
    let _server = bind(directory.socket());
    assert!(UnixStream::connect(directory.socket()).is_ok());
}

#[test]
fn the_lock_file_that_a_dead_server_has_left_is_used_and_removed() {
    let directory = TempDir::new();
    drop(UnixListener::bind(directory.socket()).unwrap());
    File::create(directory.join("s.lock")).unwrap();
    drop(bind(directory.socket()));
    assert!(directory.names().is_empty());
}

#[test]
fn a_server_of_this_kind_holds_the_lock_and_keeps_its_clients() {
    let directory = TempDir::new();
    let _first = bind(directory.socket());
    let reason = refusal(&directory);
    let lock = directory.join("s.lock");
    let expected = "another server holds the lock";
    let mend = "stop it or choose another path";
    assert_eq!(reason, format!("{expected} {}; {mend}", lock.display()));
    assert!(UnixStream::connect(directory.socket()).is_ok());
    assert_eq!(directory.names(), ["s", "s.lock"]);
}

#[test]
fn the_error_says_what_was_to_be_listened_on_why_not_and_who_is_there() {
    let directory = TempDir::new();
    let _first = bind(directory.socket());
    let error = UnixServer::bind(&address(directory.socket())).unwrap_err();
    let path = directory.socket();
    assert_eq!(
        error.to_string(),
        format!(
            "listening on unix://{0} failed: Address already in use (os error {EADDRINUSE}); another server holds the lock {0}.lock; stop it or choose another path",
            path.display()
        )
    );
}

#[test]
fn after_a_refused_bind_the_first_server_closes_and_leaves_nothing() {
    let directory = TempDir::new();
    let first = bind(directory.socket());
    refusal(&directory);
    first.control().close();
    assert!(directory.names().is_empty());
}

#[test]
fn a_live_server_of_another_kind_is_left_alone() {
    let directory = TempDir::new();
    let _foreign = UnixListener::bind(directory.socket()).unwrap();
    assert_eq!(refusal(&directory), "a server listens at this path");
    assert!(UnixStream::connect(directory.socket()).is_ok());
    assert_eq!(directory.names(), ["s"]);
}

#[cfg(target_os = "linux")]
#[test]
fn a_live_server_with_a_full_backlog_is_left_alone() {
    use socket2::{Domain, SockAddr, Socket, Type};

    let directory = TempDir::new();
    let foreign = Socket::new(Domain::UNIX, Type::STREAM, None).unwrap();
    let address = SockAddr::unix(directory.socket()).unwrap();
    foreign.bind(&address).unwrap();
    foreign.listen(0).unwrap();
    let _only_client = UnixStream::connect(directory.socket()).unwrap();
    assert_eq!(refusal(&directory), "a server listens at this path");
    assert_eq!(directory.names(), ["s"]);
}

#[test]
fn a_live_socket_of_another_type_is_left_alone() {
    let directory = TempDir::new();
    let _datagrams = UnixDatagram::bind(directory.socket()).unwrap();
    assert_eq!(refusal(&directory), "a server listens at this path");
    assert_eq!(directory.names(), ["s"]);
}

#[test]
fn a_listener_that_was_handed_on_is_alive_and_its_path_is_taken_over_once_it_is_dropped() {
    let directory = TempDir::new();
    let listener = bind(directory.socket()).into_std().unwrap();
    assert_eq!(refusal(&directory), "a server listens at this path");
    drop(listener);
    drop(bind(directory.socket()));
    assert!(directory.names().is_empty());
}

#[test]
fn a_regular_file_is_left_alone() {
    let directory = TempDir::new();
    fs::write(directory.socket(), "precious").unwrap();
    let expected = "there is a regular file at this path: remove it or choose another path";
    assert_eq!(refusal(&directory), expected);
    assert_eq!(fs::read_to_string(directory.socket()).unwrap(), "precious");
    assert_eq!(directory.names(), ["s"]);
}

#[test]
fn a_directory_is_left_alone() {
    let directory = TempDir::new();
    fs::create_dir(directory.socket()).unwrap();
    let reason = refusal(&directory);
    assert!(reason.starts_with("there is a directory at this path"), "{reason}");
    assert_eq!(directory.names(), ["s"]);
}

#[test]
fn a_device_is_left_alone() {
    let error = UnixServer::bind(&address("/dev/null")).unwrap_err();
    assert_eq!(os_error(&error), Some(EADDRINUSE));
    assert!(fs::metadata("/dev/null").unwrap().file_type().is_char_device());
}

#[test]
fn a_symbolic_link_is_left_alone_although_it_leads_to_a_dead_socket() {
    let directory = TempDir::new();
    drop(UnixListener::bind(directory.join("dead")).unwrap());
    symlink("dead", directory.socket()).unwrap();
    let reason = refusal(&directory);
    assert!(reason.starts_with("there is a symbolic link at this path"), "{reason}");
    assert_eq!(directory.names(), ["dead", "s"]);
}

#[test]
fn a_symbolic_link_that_leads_nowhere_is_left_alone() {
    let directory = TempDir::new();
    symlink("nowhere", directory.socket()).unwrap();
    refusal(&directory);
    assert_eq!(directory.names(), ["s"]);
}

#[test]
fn whoever_holds_the_lock_keeps_others_from_a_path_where_nothing_is_yet() {
    let directory = TempDir::new();
    let lock = File::create(directory.join("s.lock")).unwrap();
    flock(&lock, FlockOperation::LockExclusive).unwrap();
    let reason = refusal(&directory);
    assert!(reason.starts_with("another server holds the lock"), "{reason}");
    assert_eq!(directory.names(), ["s.lock"]);
}

#[test]
fn the_lock_file_of_another_program_is_left_alone_and_the_path_with_it() {
    let directory = TempDir::new();
    drop(UnixListener::bind(directory.socket()).unwrap());
    fs::write(directory.join("s.lock"), "4711\n").unwrap();
    let reason = refusal(&directory);
    assert!(reason.contains("s.lock belongs to another program"), "{reason}");
    assert_eq!(fs::read_to_string(directory.join("s.lock")).unwrap(), "4711\n");
    assert_eq!(directory.names(), ["s", "s.lock"]);
}

#[test]
fn a_symbolic_link_in_place_of_the_lock_file_is_not_followed() {
    let directory = TempDir::new();
    symlink("elsewhere", directory.join("s.lock")).unwrap();
    let error = UnixServer::bind(&address(directory.socket())).unwrap_err();
    let lock = directory.join("s.lock");
    let text = error.to_string();
    assert!(text.contains(&format!(" failed during opening {}: ", lock.display())), "{text}");
    assert_eq!(directory.names(), ["s.lock"]);
}

#[test]
fn a_directory_that_does_not_exist_is_said_in_plain_words() {
    let directory = TempDir::new();
    let path = directory.join("nosuch").join("s");
    let error = UnixServer::bind(&address(&path)).unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::NotFound);
    assert_eq!(
        error.to_string(),
        format!(
            "listening on unix://{} failed: No such file or directory (os error 2)",
            path.display()
        )
    );
}

#[test]
fn two_ways_to_one_directory_are_one_path() {
    let directory = TempDir::new();
    fs::create_dir(directory.join("real")).unwrap();
    symlink("real", directory.join("alias")).unwrap();
    let _server = bind(directory.join("real").join("s"));
    let error = UnixServer::bind(&address(directory.join("alias").join("s"))).unwrap_err();
    assert_eq!(os_error(&error), Some(EADDRINUSE));
}

/// Who is said to be there when the path cannot be bound.
fn refusal(directory: &TempDir) -> String {
    let error = UnixServer::bind(&address(directory.socket())).unwrap_err();
    let found = (error.kind(), os_error(&error));
    assert_eq!(found, (io::ErrorKind::AddrInUse, Some(EADDRINUSE)), "{error}");
    let failed: &ListenFailed = error.get_ref().unwrap().downcast_ref().unwrap();
    let in_use: &PathInUse = failed.error().get_ref().unwrap().downcast_ref().unwrap();
    in_use.reason().to_string()
}
