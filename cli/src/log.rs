//! The log, on standard error.

use std::{env, fmt::Display, time::SystemTime};

use crate::say::say;

/// A log whose lines begin with the time, unless whoever reads them writes the time down anyway.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Log {
    has_times: bool,
}

impl Log {
    /// Without times if systemd keeps the log, which says so in a variable of the environment.
    pub(crate) fn new() -> Self {
        Self { has_times: env::var_os("JOURNAL_STREAM").is_none() }
    }

    /// Says a line.
    pub(crate) fn line(self, what: impl Display) {
        if self.has_times {
            let now = humantime::format_rfc3339_millis(SystemTime::now());
            say(format_args!("{now} {what}"));
        } else {
            say(what);
        }
    }
}
