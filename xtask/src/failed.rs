//! How a task says that it failed.

use std::{fmt, io, process::ExitCode};

/// A task that failed: the line to print, and the status to leave with.
#[derive(Debug)]
pub(crate) struct Failed {
    reason: String,
    status: u8,
}

impl Failed {
    /// The task has found what it looks for.
    pub(crate) fn new(reason: impl Into<String>) -> Self {
        Self { reason: reason.into(), status: 1 }
    }

    /// The command line was wrong.
    pub(crate) fn usage(reason: impl Into<String>) -> Self {
        Self { reason: reason.into(), status: 2 }
    }

    /// A command ended with `status`; `None` if a signal ended it.
    pub(crate) fn command(command: &str, status: Option<i32>) -> Self {
        let how = match status {
            Some(status) => format!("ended with status {status}"),
            None => "was ended by a signal".to_string(),
        };
        let status = status.and_then(|status| u8::try_from(status).ok()).unwrap_or(1);
        Self { reason: format!("`{command}` {how}"), status }
    }

    pub(crate) fn exit_code(&self) -> ExitCode {
        self.status.into()
    }
}

impl From<io::Error> for Failed {
    fn from(error: io::Error) -> Self {
        Self::new(error.to_string())
    }
}

impl fmt::Display for Failed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.reason)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_status_of_a_command_is_passed_on() {
        assert_eq!(Failed::command("cargo run", Some(101)).status, 101);
        assert_eq!(Failed::command("cargo run", None).status, 1);
    }
}
