//! Goridge frames (protocol version 1): what is written to worker processes, and read from them.
//!
//! A frame is a header of twelve bytes, options of four bytes each, and a payload. All numbers are
//! little-endian:
//!
//! | byte | what |
//! |---|---|
//! | 0 | the version (1) in the high half; in the low half the length of header and options in words |
//! | 1 | flags: [`CONTROL`], [`JSON`], [`ERROR`] and others |
//! | 2 to 5 | the length of the payload |
//! | 6 to 9 | the CRC-32 of bytes 0 to 5 |
//! | 10 | stream bits |
//! | 11 | zero |

pub(crate) use self::{
    decode::{Decoder, Frame},
    encode::{control, error, event},
    error::FrameError,
};

mod decode;
mod encode;
mod error;

/// The flag of frames that say something about the worker instead of an event.
pub(crate) const CONTROL: u8 = 0x01;

/// The flag of payloads that are JSON.
pub(crate) const JSON: u8 = 0x08;

/// The flag of frames whose payload is the text of an error.
pub(crate) const ERROR: u8 = 0x40;

/// The stream bit of answers that come in pieces.
pub(crate) const STREAM: u8 = 0x01;

/// The only version there is, where it stands in the first byte.
const VERSION: u8 = 0x10;

/// How many bytes a header has before its options.
const HEADER_LENGTH: usize = 12;

/// How many words a header has with its options: three, and up to ten options.
const HEADER_WORDS: std::ops::RangeInclusive<u8> = 3..=13;
