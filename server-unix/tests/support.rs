//! Paths to listen on, in a directory that goes away with the test.

use std::{
    fs,
    path::{Path, PathBuf},
};

use socketry_server_unix::{UnixAddress, UnixServer};
use socketry_testing::TestDir;

/// A directory of its own for one test.
pub(crate) struct TempDir(TestDir);

impl TempDir {
    pub(crate) fn new() -> Self {
        Self(TestDir::new())
    }

    /// The path to listen on.
    pub(crate) fn socket(&self) -> PathBuf {
        self.join("s")
    }

    pub(crate) fn join(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    /// The names of what is in it, in order.
    pub(crate) fn names(&self) -> Vec<String> {
        let entries = fs::read_dir(&self.0).unwrap();
        let mut names: Vec<String> =
            entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }
}

pub(crate) fn address(path: impl AsRef<Path>) -> UnixAddress {
    UnixAddress::from_path(path).unwrap()
}

pub(crate) fn bind(path: impl AsRef<Path>) -> UnixServer {
    UnixServer::bind(&address(path)).unwrap()
}
