//! An option that the system does not take.

use std::{error::Error, fmt, io};

/// An option that the system has refused: which, and why.
#[derive(Debug)]
pub struct OptionRefused {
    option: &'static str,
    error: io::Error,
}

impl OptionRefused {
    pub(crate) fn new(option: &'static str, error: io::Error) -> Self {
        Self { option, error }
    }

    /// The name of the option, as the method of [`SocketOptions`](crate::SocketOptions) that sets it.
    pub fn option(&self) -> &'static str {
        self.option
    }

    /// The system's error.
    pub fn into_error(self) -> io::Error {
        self.error
    }
}

impl fmt::Display for OptionRefused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "option {}: {}", self.option, self.error)
    }
}

impl Error for OptionRefused {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(&self.error)
    }
}
