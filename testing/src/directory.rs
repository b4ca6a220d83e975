//! A directory for the files of one test.

use std::{
    env, fs,
    path::{Path, PathBuf},
    process,
    sync::atomic::{AtomicUsize, Ordering},
};

/// A directory of its own for one test, which goes away with the value.
///
/// # Examples
///
/// ```
/// use socketry_testing::TestDir;
///
/// let dir = TestDir::new();
/// let path = dir.write("greeting", "hello");
/// assert_eq!(std::fs::read(&path)?, b"hello");
///
/// drop(dir);
/// assert!(!path.exists());
/// # std::io::Result::Ok(())
/// ```
#[derive(Debug)]
pub struct TestDir(PathBuf);

impl TestDir {
    /// A new directory, with nothing in it, where the system has its temporary files.
    ///
    /// # Panics
    ///
    /// If it cannot be made.
    pub fn new() -> Self {
        static COUNT: AtomicUsize = AtomicUsize::new(0);
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        let path = env::temp_dir().join(format!("socketry-test-{}-{count}", process::id()));
        fs::create_dir(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        Self(path)
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.0
    }

    /// The path of a file in it, which need not be there.
    pub fn join(&self, name: impl AsRef<Path>) -> PathBuf {
        self.0.join(name)
    }

    /// Writes a file into it, and replaces the one that was there. Its path.
    ///
    /// # Panics
    ///
    /// If it cannot be written.
    pub fn write(&self, name: impl AsRef<Path>, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.join(name);
        fs::write(&path, content).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        path
    }
}

impl Default for TestDir {
    fn default() -> Self {
        Self::new()
    }
}

impl AsRef<Path> for TestDir {
    fn as_ref(&self) -> &Path {
        self.path()
    }
}

/// What cannot be removed is left: a test that fails is to show its own reason.
impl Drop for TestDir {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}
