//! How a task says that it failed.

use std::{fmt, io, process::ExitCode};

use socketry_server_workers::InvalidConfig;

/// A task that failed: one line, and whose fault it was.
#[derive(Debug)]
pub(crate) enum Failed {
    /// The configuration could not be read or makes no sense, and nothing was opened.
    Configuration(String),
    /// All was well until it ran.
    Running(io::Error),
}

impl Failed {
    pub(crate) fn exit_code(&self) -> ExitCode {
        match self {
            Self::Running(_) => 1.into(),
            Self::Configuration(_) => 2.into(), // as clap does with a wrong command line
        }
    }
}

impl From<io::Error> for Failed {
    fn from(error: io::Error) -> Self {
        Self::Running(error)
    }
}

impl From<InvalidConfig> for Failed {
    fn from(error: InvalidConfig) -> Self {
        Self::Configuration(error.to_string())
    }
}

impl fmt::Display for Failed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Configuration(what) => f.write_str(what),
            Self::Running(error) => error.fmt(f),
        }
    }
}
