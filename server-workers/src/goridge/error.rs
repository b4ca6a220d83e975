//! What is wrong with a frame.

use std::{error::Error, fmt};

/// Why bytes are no frame, or no answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum FrameError {
    /// The first byte names a version that there is not.
    Version(u8),
    /// The first byte says a length of the header that there cannot be, in words.
    HeaderLength(u8),
    /// The checksum is not that of the header.
    Checksum { said: u32, computed: u32 },
    /// The payload is longer than allowed.
    TooLong { length: u32, limit: usize },
    /// An answer has another number of options than one.
    Options(usize),
    /// The only option of an answer says that its context is longer than the payload.
    Context { length: u32, payload: usize },
}

impl FrameError {
    /// Whether what has come looks like something else than frames, as text does.
    pub(crate) fn is_text(&self) -> bool {
        matches!(self, Self::Version(_) | Self::HeaderLength(_) | Self::Checksum { .. })
    }
}

impl fmt::Display for FrameError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Version(version) => {
                write!(f, "a frame begins with version 1, not with {version}")
            }
            Self::HeaderLength(words) => {
                write!(f, "the header of a frame has 3 to 13 words, not {words}")
            }
            Self::Checksum { said, computed } => {
                write!(f, "the checksum of a frame is {computed:08x}, not {said:08x}")
            }
            Self::TooLong { length, limit } => {
                write!(f, "an answer of {length} bytes is longer than the {limit} bytes allowed")
            }
            Self::Options(count) => {
                write!(f, "an answer has one option, the length of its context, not {count}")
            }
            Self::Context { length, payload } => {
                write!(f, "a context of {length} bytes does not fit into an answer of {payload}")
            }
        }
    }
}

impl Error for FrameError {}
