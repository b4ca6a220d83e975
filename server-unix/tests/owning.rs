//! Whose the socket file is, and who may connect.

use std::{
    fs::{self, Metadata},
    io,
    os::unix::{
        fs::{MetadataExt, PermissionsExt},
        net::UnixStream,
    },
};

use socketry_connection::os_error;
use socketry_server_unix::UnixServerOptions;

use crate::support::{TempDir, address};

#[test]
fn the_file_has_exactly_the_mode_that_was_asked_for_whatever_the_umask() {
    for mode in [0o600, 0o660, 0o666, 0o777, 0o000, 0o723] {
        let directory = TempDir::new();
        let path = directory.socket();
        let _server = UnixServerOptions::new().mode(mode).bind(&address(&path)).unwrap();
        assert_eq!(metadata(&directory).permissions().mode() & 0o7777, mode, "{mode:o}");
    }
}

#[test]
fn a_server_with_a_mode_and_an_owner_of_its_own_is_connected_to() {
    let directory = TempDir::new();
    let own = fs::metadata(directory.join(".")).unwrap();
    let options = UnixServerOptions::new().mode(0o600).owner(Some(own.uid()), Some(own.gid()));
    let _server = options.bind(&address(directory.socket())).unwrap();
    assert!(UnixStream::connect(directory.socket()).is_ok());
}

#[test]
fn an_owner_is_set_or_refused_by_name_and_then_nothing_is_left() {
    const EPERM: i32 = 1;
    let directory = TempDir::new();
    let own = fs::metadata(directory.join(".")).unwrap();
    let options = UnixServerOptions::new().mode(0o640).owner(Some(12_345), Some(23_456));
    let bound = options.bind(&address(directory.socket()));
    // Only root may give files away.
    if own.uid() == 0 {
        let file = metadata(&directory);
        assert_eq!((file.uid(), file.gid()), (12_345, 23_456));
        assert_eq!(file.permissions().mode() & 0o7777, 0o640);
    } else {
        let error = bound.unwrap_err();
        let text = error.to_string();
        assert_eq!(
            (error.kind(), os_error(&error)),
            (io::ErrorKind::PermissionDenied, Some(EPERM))
        );
        assert!(text.contains("failed during option owner: "), "{text}");
        assert!(directory.names().is_empty());
    }
}

#[test]
fn a_group_alone_leaves_the_user_as_it_is() {
    let directory = TempDir::new();
    let own = fs::metadata(directory.join(".")).unwrap();
    let options = UnixServerOptions::new().owner(None, Some(own.gid()));
    let _server = options.bind(&address(directory.socket())).unwrap();
    let file = metadata(&directory);
    assert_eq!((file.uid(), file.gid()), (own.uid(), own.gid()));
}

#[test]
fn the_lock_file_is_for_its_owner_only() {
    let directory = TempDir::new();
    let options = UnixServerOptions::new().mode(0o666);
    let _server = options.bind(&address(directory.socket())).unwrap();
    let lock = fs::metadata(directory.join("s.lock")).unwrap();
    assert_eq!((lock.permissions().mode() & 0o7777, lock.len()), (0o600, 0));
}

fn metadata(directory: &TempDir) -> Metadata {
    fs::symlink_metadata(directory.socket()).unwrap()
}
