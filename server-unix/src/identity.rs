//! Knowing a file again, whatever has happened to its path meanwhile.

use std::{
    fs::{self, Metadata},
    io,
    os::unix::fs::MetadataExt,
    path::Path,
};

/// Which file it is, independent of its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Identity {
    device: u64,
    inode: u64,
}

impl Identity {
    /// The file of this metadata.
    pub(crate) fn of(metadata: &Metadata) -> Self {
        Self { device: metadata.dev(), inode: metadata.ino() }
    }

    /// Whether this file is at `path`. A symbolic link to it is another file.
    pub(crate) fn is_at(self, path: &Path) -> bool {
        fs::symlink_metadata(path).is_ok_and(|metadata| Self::of(&metadata) == self)
    }

    /// Removes this file from `path`. Another one that is there by now is left alone.
    pub(crate) fn remove_from(self, path: &Path) -> io::Result<()> {
        if self.is_at(path) { fs::remove_file(path) } else { Ok(()) }
    }
}
