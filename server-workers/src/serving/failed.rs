//! What the system says of a client's socket, and at what.

use std::{error::Error, fmt, io};

/// The payload of an error: reading or writing has failed.
#[derive(Debug)]
struct Failed {
    doing: &'static str,
    source: io::Error,
}

/// The error of reading, with the same kind.
pub(super) fn reading(source: io::Error) -> io::Error {
    io::Error::new(source.kind(), Failed { doing: "reading from", source })
}

/// The error of writing, with the same kind.
pub(super) fn writing(source: io::Error) -> io::Error {
    io::Error::new(source.kind(), Failed { doing: "writing to", source })
}

impl fmt::Display for Failed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} the client failed: {}", self.doing, self.source)
    }
}

impl Error for Failed {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(&self.source)
    }
}
