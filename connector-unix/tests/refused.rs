//! Connecting to what is no server.

use std::{fs, io, os::unix::net::UnixListener, path::Path, time::Duration};

use futures_lite::future;
use socketry_connection::{Address, UnixAddress, os_error};
use socketry_connector::{Connect, ConnectFailed, Phase, Trace};
use socketry_connector_unix::UnixConnector;

use crate::{
    connects::{Log, longest_path},
    support::{TestDir, address},
};

const ENOENT: i32 = 2;
const ECONNREFUSED: i32 = if cfg!(target_os = "linux") { 111 } else { 61 };

#[test]
fn a_path_where_nothing_is_fails_with_one_line_that_tells_the_whole_story() {
    let directory = TestDir::new();
    let path = directory.join("s");
    let error = refusal(&path);
    assert_eq!(
        error.to_string(),
        format!(
            "connection to unix://{} failed: No such file or directory (os error 2)",
            path.display()
        )
    );
}

#[test]
fn a_path_where_nothing_is_keeps_kind_and_number() {
    let directory = TestDir::new();
    let error = refusal(&directory.join("s"));
    assert_eq!((error.kind(), os_error(&error)), (io::ErrorKind::NotFound, Some(ENOENT)));
}

#[test]
fn a_host_and_port_is_a_path_like_others() {
    let target = UnixAddress::from_text("google.com:80").unwrap();
    let error = future::block_on(UnixConnector::new().connect(target)).unwrap_err();
    assert_eq!(
        error.to_string(),
        "connection to unix://google.com:80 failed: No such file or directory (os error 2)"
    );
}

#[test]
fn the_failed_attempt_is_found_in_the_error() {
    let directory = TestDir::new();
    let path = directory.join("s");
    let error = refusal(&path);
    let failed: &ConnectFailed = error.get_ref().unwrap().downcast_ref().unwrap();
    let attempt = failed.attempt();
    let (phase, elapsed) = (attempt.phase(), attempt.elapsed());
    assert_eq!((attempt.remote(), attempt.local()), (&Address::Unix(address(&path)), None));
    assert_eq!((phase, elapsed), (Phase::Connect, Duration::ZERO));
}

#[test]
fn a_regular_file_refuses() {
    let directory = TestDir::new();
    let path = directory.join("file");
    fs::write(&path, "").unwrap();
    let error = refusal(&path);
    // Linux says that it refuses, others that it is no socket.
    let expected = if cfg!(target_os = "linux") { ECONNREFUSED } else { 38 };
    assert_eq!(os_error(&error), Some(expected));
}

#[test]
fn a_socket_without_a_server_refuses() {
    let directory = TestDir::new();
    let path = directory.join("s");
    drop(UnixListener::bind(&path).unwrap());
    let error = refusal(&path);
    let expected = (io::ErrorKind::ConnectionRefused, Some(ECONNREFUSED));
    assert_eq!((error.kind(), os_error(&error)), expected);
}

#[cfg(target_os = "linux")]
#[test]
fn an_abstract_name_without_a_server_refuses() {
    let name = UnixAddress::from_abstract("socketry nobody listens here").unwrap();
    let error = future::block_on(UnixConnector::new().connect(name)).unwrap_err();
    assert_eq!(
        error.to_string(),
        "connection to unix://@socketry nobody listens here failed: Connection refused (os error 111)"
    );
}

#[cfg(target_os = "linux")]
#[test]
fn a_socket_whose_permissions_forbid_it_is_denied() {
    use std::{os::unix::fs::PermissionsExt, thread};

    const EACCES: i32 = 13;
    let directory = TestDir::new();
    let path = directory.join("s");
    let _listener = UnixListener::bind(&path).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o000)).unwrap();
    // Nothing is forbidden to root, so a thread gives that up; on Linux that is its own affair.
    let error = thread::spawn(move || {
        if rustix::process::geteuid().is_root() {
            rustix::thread::set_thread_uid(rustix::process::Uid::from_raw(65_534)).unwrap();
        }
        refusal(&path)
    });
    let error = error.join().unwrap();
    let expected = (io::ErrorKind::PermissionDenied, Some(EACCES));
    assert_eq!((error.kind(), os_error(&error)), expected);
}

#[cfg(not(any(target_os = "linux", target_os = "android")))]
#[test]
fn an_abstract_name_is_unsupported_on_this_system() {
    let name = UnixAddress::from_abstract("demo").unwrap();
    let error = future::block_on(UnixConnector::new().connect(name)).unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::Unsupported);
    assert!(error.to_string().contains(std::env::consts::OS), "{error}");
}

#[test]
fn a_path_that_is_too_long_is_refused_although_a_server_is_where_it_would_be_cut_off() {
    let directory = TestDir::new();
    let longest = longest_path(&directory);
    let _listener = UnixListener::bind(&longest).unwrap();
    let refused = UnixAddress::from_path(longest + "x").map_err(io::Error::from);
    assert_eq!(refused.unwrap_err().kind(), io::ErrorKind::InvalidInput);
}

#[test]
fn an_empty_path_is_refused_and_never_a_name_that_the_system_would_choose() {
    let refused = "unix://".parse::<Address>().map_err(io::Error::from);
    assert_eq!(refused.unwrap_err().kind(), io::ErrorKind::InvalidInput);
}

#[test]
fn a_trace_hears_the_attempt_and_why_it_failed() {
    let directory = TestDir::new();
    let path = directory.join("s");
    let log = Log::default();
    let connect = async {
        let connector = UnixConnector::new();
        connector.connect_traced(address(&path), Trace::to(&log)).await
    };
    future::block_on(connect).unwrap_err();
    let target = Address::Unix(address(&path));
    let failed = format!("{target}: No such file or directory (os error 2)");
    assert_eq!(log.lines(), [format!("trying {target}"), failed]);
}

fn refusal(path: &Path) -> io::Error {
    future::block_on(UnixConnector::new().connect(address(path))).unwrap_err()
}
