//! What is said of certificates that could not be read again.

use std::{error::Error, fmt, io};

/// The error of a reload: the files of before are in use as they were.
///
/// ```text
/// reloading TLS certificates failed, those of before stay in use: /etc/tls/cert.pem: ...
/// ```
///
/// The [`io::Error`] around it has the kind of what went wrong.
#[derive(Debug)]
pub struct ReloadFailed {
    error: io::Error,
}

impl ReloadFailed {
    pub(crate) fn new(error: io::Error) -> Self {
        Self { error }
    }

    /// Why it has failed.
    pub fn error(&self) -> &io::Error {
        &self.error
    }
}

impl From<ReloadFailed> for io::Error {
    fn from(error: ReloadFailed) -> Self {
        Self::new(error.error.kind(), error)
    }
}

impl fmt::Display for ReloadFailed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "reloading TLS certificates failed, those of before stay in use: {}", self.error)
    }
}

impl Error for ReloadFailed {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(&self.error)
    }
}
