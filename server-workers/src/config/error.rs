//! A configuration that cannot be used.

use std::{error::Error, fmt, io};

use super::fault::Fault;

/// A configuration that cannot be used: where it is wrong, and what was expected there.
///
/// It is the payload of an [`io::Error`] of kind [`InvalidInput`](io::ErrorKind::InvalidInput).
///
/// # Examples
///
/// ```
/// use socketry_server_workers::{Config, InvalidConfig};
///
/// let text = "server: {command: php worker.php}\ntcp:\n  servers:\n    echo: {adr: ':7777'}\n";
/// let error = <Config>::parse(text, "workers.yaml").unwrap_err();
/// assert_eq!(
///     error.to_string(),
///     "workers.yaml:4:12: tcp.servers.echo.adr: unknown key; did you mean `addr`?"
/// );
/// let invalid = error.get_ref().and_then(|payload| payload.downcast_ref::<InvalidConfig>()).unwrap();
/// assert_eq!(invalid.line(), Some(4));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InvalidConfig {
    file: String,
    place: Option<(usize, usize)>,
    key: String,
    reason: String,
}

impl InvalidConfig {
    pub(super) fn new(file: &str, fault: Fault) -> Self {
        let (location, key, reason) = fault.into_parts();
        let place = location.map(|location| (location.line, location.column));
        Self { file: file.to_owned(), place, key, reason }
    }

    /// The name of the file.
    pub fn file(&self) -> &str {
        &self.file
    }

    /// The line, beginning with 1; `None` if it is about what the file lacks as a whole.
    pub fn line(&self) -> Option<usize> {
        self.place.map(|(line, _)| line)
    }

    /// The column in characters, beginning with 1.
    pub fn column(&self) -> Option<usize> {
        self.place.map(|(_, column)| column)
    }

    /// The key, with those above it and dots between them; empty if it is about no key.
    pub fn key(&self) -> &str {
        &self.key
    }

    /// What is wrong, and what was expected.
    pub fn reason(&self) -> &str {
        &self.reason
    }
}

impl fmt::Display for InvalidConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.file)?;
        if let Some((line, column)) = self.place {
            write!(f, ":{line}:{column}")?;
        }
        if !self.key.is_empty() {
            write!(f, ": {}", self.key)?;
        }
        write!(f, ": {}", self.reason)
    }
}

impl Error for InvalidConfig {}

/// Always of kind [`InvalidInput`](io::ErrorKind::InvalidInput).
impl From<InvalidConfig> for io::Error {
    fn from(error: InvalidConfig) -> Self {
        Self::new(io::ErrorKind::InvalidInput, error)
    }
}

/// A key of a configuration that has not the effect that somebody may expect. Its
/// [`Display`](fmt::Display) is one line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Warning(InvalidConfig);

impl Warning {
    pub(super) fn new(file: &str, fault: Fault) -> Self {
        Self(InvalidConfig::new(file, fault))
    }

    /// The name of the file.
    pub fn file(&self) -> &str {
        self.0.file()
    }

    /// The line, beginning with 1.
    pub fn line(&self) -> Option<usize> {
        self.0.line()
    }

    /// The key, with those above it and dots between them.
    pub fn key(&self) -> &str {
        self.0.key()
    }

    /// Why it has no effect, or another one.
    pub fn reason(&self) -> &str {
        self.0.reason()
    }
}

impl fmt::Display for Warning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
