//! Messages that do not come to an end.

use std::{error::Error, fmt, io};

/// A message is longer than its server allows. Its connection is closed.
///
/// It is the payload of an [`io::Error`] of kind [`InvalidData`](io::ErrorKind::InvalidData).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MessageTooLong {
    limit: usize,
    size: Option<u64>,
}

impl MessageTooLong {
    pub(crate) fn new(limit: usize, size: Option<u64>) -> Self {
        Self { limit, size }
    }

    /// The most bytes that a message may have, with its delimiter or the length in front of it.
    pub fn limit(&self) -> usize {
        self.limit
    }

    /// How many bytes it has; `None` if its end has not come, so that it has more than the limit.
    pub fn size(&self) -> Option<u64> {
        self.size
    }
}

impl fmt::Display for MessageTooLong {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let limit = self.limit;
        match self.size {
            Some(size) => {
                write!(
                    f,
                    "a message of {size} bytes came, and the maximum is {limit}: raise the maximum"
                )?;
                f.write_str(", or see whether the client frames its messages in the same way")
            }
            None => {
                write!(
                    f,
                    "{limit} bytes came without the end of a message, and that is the maximum: "
                )?;
                f.write_str("raise the maximum, or see whether the client sends the delimiter")
            }
        }
    }
}

impl Error for MessageTooLong {}

/// Always of kind [`InvalidData`](io::ErrorKind::InvalidData).
impl From<MessageTooLong> for io::Error {
    fn from(error: MessageTooLong) -> Self {
        Self::new(io::ErrorKind::InvalidData, error)
    }
}

/// A client has ended its side within a message.
///
/// It is the payload of an [`io::Error`] of kind [`UnexpectedEof`](io::ErrorKind::UnexpectedEof).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct IncompleteMessage {
    came: usize,
    size: Option<u64>,
}

impl IncompleteMessage {
    pub(crate) fn new(came: usize, size: Option<u64>) -> Self {
        Self { came, size }
    }

    /// How many of its bytes have come, with the length in front of it.
    pub fn came(&self) -> usize {
        self.came
    }

    /// How many bytes it was to have; `None` if not even its length has come whole.
    pub fn size(&self) -> Option<u64> {
        self.size
    }
}

impl fmt::Display for IncompleteMessage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let came = self.came;
        match self.size {
            Some(size) => {
                write!(f, "the client ended its side after {came} of the {size} bytes of a message")
            }
            None => {
                write!(
                    f,
                    "the client ended its side after {came} bytes of a message, within its length"
                )
            }
        }
    }
}

impl Error for IncompleteMessage {}

/// Always of kind [`UnexpectedEof`](io::ErrorKind::UnexpectedEof).
impl From<IncompleteMessage> for io::Error {
    fn from(error: IncompleteMessage) -> Self {
        Self::new(io::ErrorKind::UnexpectedEof, error)
    }
}
