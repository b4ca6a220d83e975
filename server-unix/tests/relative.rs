//! A server on a relative path.

#![cfg(unix)]

use std::{env, path::Path};

use socketry_server::Accept;

use crate::support::{TempDir, bind};

mod support;

#[test]
fn it_is_known_by_its_relative_path_and_removes_its_files_from_another_working_directory() {
    let directory = TempDir::new();
    env::set_current_dir(directory.join(".")).unwrap();
    let server = bind("s");
    assert_eq!(server.local_address().unwrap().path(), Some(Path::new("s")));
    assert!(directory.socket().exists());
    env::set_current_dir("/").unwrap();
    drop(server);
    assert!(directory.names().is_empty());
}
