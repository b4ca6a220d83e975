//! Finds the end of the first message in what has come so far.

use memchr::memmem;

use super::{ByteOrder, Delimiter, Framing, IncompleteMessage, Kind, LengthPrefix, MessageTooLong};

/// Finds the end of the first message in what has come so far, for one connection.
///
/// It holds no bytes, only how far it has looked: the reader gathers them, shows them to
/// [`next`](Self::next) from the first byte that is in no message yet, and takes the message off their
/// front. An offset is enough for that, so messages are not moved, however many have come at once.
#[derive(Debug)]
pub(crate) struct Splitter {
    framing: Framing,
    /// The most bytes of a message; at least 1.
    limit: usize,
    /// So many of the gathered bytes hold no delimiter.
    pub(super) searched: usize,
}

/// What the bytes are that are left when a client ends its side.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Rest {
    /// There are none.
    Nothing,
    /// They are a last message, all of them.
    Message,
    /// They are a piece of a message.
    Incomplete(IncompleteMessage),
}

impl Splitter {
    /// For one connection whose messages may have so many bytes, with all that belongs to them. A limit
    /// of 0 counts as 1.
    pub(crate) fn new(framing: Framing, limit: usize) -> Self {
        Self { framing, limit: limit.max(1), searched: 0 }
    }

    /// How many bytes the first message of `gathered` has, or `None` if more have to come first.
    ///
    /// With `None`, the same bytes are to be in front the next time, and more behind them. With a
    /// length, which is never 0, they are to be without the message. With an error, nothing more can
    /// be made of this connection.
    ///
    /// The cost is linear in the bytes of the connection, whether they come one by one or all at once.
    pub(crate) fn next(&mut self, gathered: &[u8]) -> Result<Option<usize>, MessageTooLong> {
        match &self.framing.0 {
            Kind::Delimited { delimiter, together } => {
                let found = find(delimiter, *together, gathered, self.limit, self.searched);
                match found {
                    Some(_) => self.searched = 0,
                    None => self.searched = gathered.len(),
                }
                match found {
                    None if gathered.len() > self.limit => {
                        Err(MessageTooLong::new(self.limit, None))
                    }
                    _ => Ok(found),
                }
            }
            Kind::LengthPrefixed(prefix) => match prefix.size(gathered) {
                Some(size) => self.of_size(size, gathered),
                None => Ok(None),
            },
            Kind::Fixed(bytes) => match gathered {
                [] => Ok(None),
                _ => self.of_size(as_u64(bytes.get()), gathered),
            },
            Kind::Raw => Ok(Some(gathered.len().min(self.limit)).filter(|length| *length > 0)),
        }
    }

    /// What `gathered` is if nothing more comes, after [`next`](Self::next) has found no message in it.
    pub(crate) fn at_end(&self, gathered: &[u8]) -> Rest {
        if gathered.is_empty() {
            return Rest::Nothing;
        }
        let size = match &self.framing.0 {
            Kind::Delimited { .. } | Kind::Raw => return Rest::Message,
            Kind::LengthPrefixed(prefix) => prefix.size(gathered),
            Kind::Fixed(bytes) => Some(as_u64(bytes.get())),
        };
        Rest::Incomplete(IncompleteMessage::new(gathered.len(), size))
    }

    fn of_size(&self, size: u64, gathered: &[u8]) -> Result<Option<usize>, MessageTooLong> {
        match usize::try_from(size) {
            Ok(size) if size <= self.limit => Ok(Some(size).filter(|size| *size <= gathered.len())),
            _ => Err(MessageTooLong::new(self.limit, Some(size))),
        }
    }
}

impl LengthPrefix {
    /// The size of the message that begins so, with this length; `None` if it has not come whole.
    ///
    /// More than fits into a number is more than any limit, and said as the largest number.
    fn size(&self, gathered: &[u8]) -> Option<u64> {
        let prefix = gathered.get(..self.bytes)?;
        let add = |length, byte: &u8| length << 8 | u64::from(*byte);
        let length = match self.order {
            ByteOrder::Big => prefix.iter().fold(0, add),
            ByteOrder::Little => prefix.iter().rev().fold(0, add),
        };
        Some(as_u64(self.bytes).saturating_add(length))
    }
}

/// The end of the first message, or of the last one that has come together with it. None ends behind
/// the limit.
fn find(
    delimiter: &Delimiter,
    together: bool,
    gathered: &[u8],
    limit: usize,
    searched: usize,
) -> Option<usize> {
    let gathered = &gathered[..gathered.len().min(limit)];
    let length = delimiter.bytes().len();
    // A delimiter may have begun in what was searched, and then all but its last byte may be there.
    let from = (searched + 1).saturating_sub(length).min(gathered.len());
    let first = from + delimiter.0.find(&gathered[from..])? + length;
    match together {
        false => Some(first),
        true => memmem::rfind(&gathered[first..], delimiter.bytes())
            .map_or(Some(first), |last| Some(first + last + length)),
    }
}

/// No pointer of a system that Rust knows has more bits than this.
fn as_u64(length: usize) -> u64 {
    length as u64
}
