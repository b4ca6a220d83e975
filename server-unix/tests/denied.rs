//! What the system's permissions forbid.
//!
//! Nothing is forbidden to root, so a thread gives that up first; on Linux that is its own affair.

use std::{
    fs::{self, File, Permissions},
    io,
    os::unix::{fs::PermissionsExt, net::UnixListener},
    thread,
};

use rustix::{
    process::{Uid, geteuid},
    thread::set_thread_uid,
};
use socketry_connection::os_error;
use socketry_server_unix::UnixServer;

use crate::support::{TempDir, address};

const EACCES: i32 = 13;
const EADDRINUSE: i32 = 98;

#[test]
fn a_directory_in_which_no_file_may_be_made_is_said_in_plain_words() {
    let directory = TempDir::new();
    set_mode(&directory, ".", 0o555);
    let error = refusal_without_privileges(&directory);
    set_mode(&directory, ".", 0o755);
    assert_eq!(os_error(&error), Some(EACCES));
    let path = directory.socket();
    assert_eq!(
        error.to_string(),
        format!("listening on unix://{} failed: Permission denied (os error 13)", path.display())
    );
}

#[test]
fn a_regular_file_is_told_also_where_no_lock_could_be_made() {
    let directory = TempDir::new();
    fs::write(directory.socket(), "precious").unwrap();
    set_mode(&directory, ".", 0o555);
    let error = refusal_without_privileges(&directory);
    set_mode(&directory, ".", 0o755);
    assert_eq!(os_error(&error), Some(EADDRINUSE));
    assert!(error.to_string().contains("there is a regular file at this path"), "{error}");
}

#[test]
fn a_lock_file_that_may_not_be_opened_is_named() {
    let directory = TempDir::new();
    File::create(directory.join("s.lock")).unwrap();
    set_mode(&directory, "s.lock", 0o000);
    set_mode(&directory, ".", 0o755);
    let error = refusal_without_privileges(&directory);
    assert_eq!(os_error(&error), Some(EACCES));
    let step = format!("failed during opening {}: ", directory.join("s.lock").display());
    assert!(error.to_string().contains(&step), "{error}");
}

#[test]
fn a_socket_that_may_not_be_asked_is_not_proved_dead_and_left_alone() {
    let directory = TempDir::new();
    drop(UnixListener::bind(directory.socket()).unwrap());
    set_mode(&directory, "s", 0o000);
    set_mode(&directory, ".", 0o777);
    let error = refusal_without_privileges(&directory);
    assert_eq!(os_error(&error), Some(EADDRINUSE));
    assert!(error.to_string().contains("asking it failed (Permission denied"), "{error}");
    assert_eq!(directory.names(), ["s"]);
}

fn set_mode(directory: &TempDir, name: &str, mode: u32) {
    fs::set_permissions(directory.join(name), Permissions::from_mode(mode)).unwrap();
}

fn refusal_without_privileges(directory: &TempDir) -> io::Error {
    let address = address(directory.socket());
    let bind = thread::spawn(move || {
        if geteuid().is_root() {
            set_thread_uid(Uid::from_raw(65_534)).unwrap();
        }
        UnixServer::bind(&address).unwrap_err()
    });
    bind.join().unwrap()
}
