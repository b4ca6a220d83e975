//! How the bytes of a connection become messages.

use std::{fmt, io, num::NonZeroUsize, sync::Arc};

use memchr::memmem;

pub use self::error::{IncompleteMessage, MessageTooLong};
pub(crate) use self::splitter::{Rest, Splitter};

mod error;
mod splitter;

/// How the bytes of a connection become messages, each of which is an
/// [`Event::Data`](crate::Event::Data).
///
/// A message is found whole, wherever the segments of the network begin and end: several in one
/// segment are several, and one in pieces is put together. It is handed on with its delimiter, or
/// with the length in front of it, so that the messages of a connection are its bytes, all of them.
/// The one exception is [`raw`](Self::raw), where whatever comes is a message.
///
/// What is left when the client ends its side is a last message if there is a delimiter, or none at
/// all; of a message whose length is known it is an error, [`IncompleteMessage`].
///
/// The default is the delimiter `"\r\n"`.
///
/// # Examples
///
/// ```
/// use socketry_server_workers::{ByteOrder, Framing, LengthPrefix};
///
/// let lines = Framing::default();
/// let records = Framing::delimited("--end--")?;
/// let blocks = Framing::fixed(512)?;
/// let packets = Framing::length_prefixed(LengthPrefix::new(4, ByteOrder::Big)?);
/// # assert_eq!(lines, Framing::delimited("\r\n")?);
/// # std::io::Result::Ok(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Framing(Kind);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Kind {
    Delimited { delimiter: Delimiter, together: bool },
    LengthPrefixed(LengthPrefix),
    Fixed(NonZeroUsize),
    Raw,
}

impl Framing {
    /// Messages that end with these bytes.
    ///
    /// # Errors
    ///
    /// [`InvalidInput`](io::ErrorKind::InvalidInput) if there are none.
    pub fn delimited(delimiter: impl Into<Vec<u8>>) -> io::Result<Self> {
        let delimiter = delimiter.into();
        if delimiter.is_empty() {
            return Err(invalid(
                "the delimiter is empty: give at least one byte, or use raw framing",
            ));
        }
        Ok(Self(Kind::Delimited { delimiter: Delimiter::new(&delimiter), together: false }))
    }

    /// Messages that come behind their length.
    pub fn length_prefixed(prefix: LengthPrefix) -> Self {
        Self(Kind::LengthPrefixed(prefix))
    }

    /// Messages of so many bytes.
    ///
    /// # Errors
    ///
    /// [`InvalidInput`](io::ErrorKind::InvalidInput) if it is 0.
    pub fn fixed(bytes: usize) -> io::Result<Self> {
        NonZeroUsize::new(bytes).map(|bytes| Self(Kind::Fixed(bytes))).ok_or_else(|| {
            invalid("messages of 0 bytes never come: give at least 1, or use raw framing")
        })
    }

    /// No messages: what one read yields is handed on as it comes.
    pub fn raw() -> Self {
        Self(Kind::Raw)
    }

    /// With a delimiter, hands on all messages that have come together as one, up to the last
    /// delimiter; of other framings nothing changes.
    ///
    /// So does RoadRunner, roughly, and there are workers that split what they get by themselves. It
    /// depends on the network what comes together, so new workers do better without.
    pub fn together(mut self) -> Self {
        if let Kind::Delimited { together, .. } = &mut self.0 {
            *together = true;
        }
        self
    }

    /// The size of each message, if all have the same.
    #[cfg(feature = "yaml")]
    pub(crate) fn fixed_size(&self) -> Option<usize> {
        match self.0 {
            Kind::Fixed(bytes) => Some(bytes.get()),
            _ => None,
        }
    }
}

/// What a message is, in some words.
impl fmt::Display for Framing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Kind::Delimited { delimiter, together: false } => {
                write!(f, "messages that end with {delimiter:?}")
            }
            Kind::Delimited { delimiter, together: true } => {
                write!(f, "messages that end with {delimiter:?}, together as they come")
            }
            Kind::LengthPrefixed(LengthPrefix { bytes, order: ByteOrder::Big }) => {
                write!(f, "messages behind a big-endian length of {bytes} bytes")
            }
            Kind::LengthPrefixed(LengthPrefix { bytes, order: ByteOrder::Little }) => {
                write!(f, "messages behind a little-endian length of {bytes} bytes")
            }
            Kind::Fixed(bytes) => write!(f, "messages of {bytes} bytes"),
            Kind::Raw => f.write_str("messages as they are read"),
        }
    }
}

impl Default for Framing {
    fn default() -> Self {
        Self(Kind::Delimited { delimiter: Delimiter::new(b"\r\n"), together: false })
    }
}

/// The length in front of a message: how many bytes it has itself, and in which order they are.
///
/// It counts what follows it, so a length of 0 is an empty message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LengthPrefix {
    bytes: usize,
    order: ByteOrder,
}

impl LengthPrefix {
    /// A length of so many bytes, which are 1, 2, 4 or 8.
    ///
    /// # Errors
    ///
    /// [`InvalidInput`](io::ErrorKind::InvalidInput) if it is another number.
    pub fn new(bytes: usize, order: ByteOrder) -> io::Result<Self> {
        match bytes {
            1 | 2 | 4 | 8 => Ok(Self { bytes, order }),
            _ => Err(invalid(format!("a length of {bytes} bytes is none of 1, 2, 4 or 8"))),
        }
    }

    /// How many bytes the length itself has.
    pub fn bytes(&self) -> usize {
        self.bytes
    }

    /// The order of its bytes.
    pub fn order(&self) -> ByteOrder {
        self.order
    }
}

/// Which byte of a number comes first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum ByteOrder {
    /// The most significant one, as nearly all protocols have it.
    #[default]
    Big,
    /// The least significant one.
    Little,
}

/// Bytes that end a message, prepared once to be looked for in all connections.
#[derive(Clone)]
struct Delimiter(Arc<memmem::Finder<'static>>);

impl Delimiter {
    fn new(bytes: &[u8]) -> Self {
        Self(Arc::new(memmem::Finder::new(bytes).into_owned()))
    }

    fn bytes(&self) -> &[u8] {
        self.0.needle()
    }
}

impl fmt::Debug for Delimiter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "\"{}\"", self.bytes().escape_ascii())
    }
}

impl PartialEq for Delimiter {
    fn eq(&self, other: &Self) -> bool {
        self.bytes() == other.bytes()
    }
}

impl Eq for Delimiter {}

fn invalid(what: impl Into<String>) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidInput, what.into())
}

#[cfg(test)]
mod tests;
