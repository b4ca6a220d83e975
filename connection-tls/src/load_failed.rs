//! Why a certificate, a key or a revocation list could not be loaded.

use std::{
    borrow::Cow,
    error::Error,
    fmt, io,
    path::{Path, PathBuf},
};

/// The error of a certificate, a private key or a revocation list that could not be loaded: which
/// file it was, which line, what is wrong and how to mend it.
///
/// ```text
/// /etc/tls/key.pem:1: the private key is encrypted: give its passphrase
/// /etc/tls/roots.pem: reading it failed: No such file or directory (os error 2)
/// ```
///
/// It is the payload of an [`io::Error`], whose kind is
///
/// - that of the system, if a file could not be read;
/// - [`InvalidData`](io::ErrorKind::InvalidData), if what was read is wrong;
/// - [`InvalidInput`](io::ErrorKind::InvalidInput), if what was given besides is wrong, such as a
///   passphrase;
/// - [`Unsupported`](io::ErrorKind::Unsupported), if this build lacks what it takes.
///
/// It never tells a secret.
#[derive(Debug)]
pub struct LoadFailed(Box<Inner>);

#[derive(Debug)]
struct Inner {
    origin: Origin,
    line: Option<usize>,
    kind: io::ErrorKind,
    reason: String,
    error: Option<io::Error>,
}

/// Where something came from.
#[derive(Clone, Debug)]
pub(crate) enum Origin {
    File(PathBuf),
    /// It was given as bytes, and this is what errors call it.
    Given(Cow<'static, str>),
}

impl LoadFailed {
    /// What was read is wrong.
    pub(crate) fn data(origin: &Origin, reason: impl Into<String>) -> Self {
        Self::new(origin, io::ErrorKind::InvalidData, reason.into())
    }

    /// What was given besides is wrong.
    pub(crate) fn input(origin: &Origin, reason: impl Into<String>) -> Self {
        Self::new(origin, io::ErrorKind::InvalidInput, reason.into())
    }

    /// This build lacks what it takes.
    pub(crate) fn unsupported(origin: &Origin, reason: impl Into<String>) -> Self {
        Self::new(origin, io::ErrorKind::Unsupported, reason.into())
    }

    /// The system has refused.
    pub(crate) fn system(path: &Path, error: io::Error) -> Self {
        let reason = format!("reading it failed: {error}");
        let mut failed = Self::new(&Origin::File(path.to_path_buf()), error.kind(), reason);
        failed.0.error = Some(error);
        failed
    }

    fn new(origin: &Origin, kind: io::ErrorKind, reason: String) -> Self {
        let origin = origin.clone();
        Self(Box::new(Inner { origin, line: None, kind, reason, error: None }))
    }

    /// Says in which line it is, from 1.
    pub(crate) fn at(mut self, line: Option<usize>) -> Self {
        self.0.line = line;
        self
    }

    /// The file, or `None` if it was given as bytes.
    pub fn path(&self) -> Option<&Path> {
        match &self.0.origin {
            Origin::File(path) => Some(path),
            Origin::Given(_) => None,
        }
    }

    /// The line, from 1, in which the block in question begins, if there is one.
    pub fn line(&self) -> Option<usize> {
        self.0.line
    }

    /// What is wrong, and how to mend it.
    pub fn reason(&self) -> &str {
        &self.0.reason
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(path) => path.display().fmt(f),
            Self::Given(what) => f.write_str(what),
        }
    }
}

impl fmt::Display for LoadFailed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Inner { origin, line, reason, .. } = &*self.0;
        match (line, origin) {
            (Some(line), Origin::File(path)) => write!(f, "{}:{line}: {reason}", path.display()),
            (Some(line), Origin::Given(what)) => write!(f, "{what}, line {line}: {reason}"),
            (None, _) => write!(f, "{origin}: {reason}"),
        }
    }
}

impl Error for LoadFailed {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.0.error.as_ref().map(|error| error as _)
    }
}

/// Keeps the kind.
impl From<LoadFailed> for io::Error {
    fn from(error: LoadFailed) -> Self {
        Self::new(error.0.kind, error)
    }
}
