//! Why a worker process has not answered.

use std::io;

use crate::{
    goridge::FrameError,
    process::{link::LinkFailed, text::one_line},
};

/// What is said of a worker that says more than it was asked.
pub(crate) const SPOKE: &str = "the worker has said something that no event asked for: it answered \
                                more than once, or too late";

/// What is said of one that takes an event for the question for its pid.
pub(crate) const NOT_ASKED: &str = "the worker has said its pid, for which nobody asked";

/// Why there is no reply, before it is put into words.
#[derive(Debug)]
pub(crate) enum Failed {
    Link(LinkFailed),
    Refused(io::Error),
    ReplaceMe,
    /// It has ended before it could see the event.
    Gone,
    Broken(String),
}

impl From<LinkFailed> for Failed {
    fn from(error: LinkFailed) -> Self {
        Self::Link(error)
    }
}

impl From<FrameError> for Failed {
    fn from(error: FrameError) -> Self {
        Self::Link(error.into())
    }
}

/// The worker says itself that it failed.
pub(crate) fn refused(text: &[u8]) -> Failed {
    Failed::Refused(io::Error::other(format!("the worker failed: {}", one_line(text))))
}

/// The error of a worker that does not keep to the protocol.
pub(crate) fn broken(reason: String) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, reason)
}

/// The error of a worker that is not there any more, and has not seen the event.
pub(crate) fn gone() -> io::Error {
    io::Error::new(io::ErrorKind::UnexpectedEof, "the worker process has ended between two events")
}
