//! Reading frames, of which any part may have come.

use crate::goridge::{ERROR, FrameError, HEADER_LENGTH, HEADER_WORDS, STREAM, VERSION};

/// How many bytes are asked for at once, at least.
const LEAST_SPACE: usize = 8 * 1024;

/// What is kept once a longer frame has passed.
const KEPT_SPACE: usize = 64 * 1024;

/// Bytes as they come, and the frames in them.
#[derive(Debug)]
pub(crate) struct Decoder {
    /// All of it is initialized; what has come and not been taken is `start..end`.
    buffer: Vec<u8>,
    start: usize,
    end: usize,
    limit: usize,
}

/// A whole frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Frame<'a> {
    flags: u8,
    stream: u8,
    options: &'a [u8],
    payload: &'a [u8],
}

/// What a header says about the frame behind it.
struct Head {
    /// Where the payload begins.
    payload: usize,
    /// Where the frame ends.
    end: usize,
}

impl Decoder {
    /// Nothing has come yet. Payloads have at most `limit` bytes.
    pub(crate) fn new(limit: usize) -> Self {
        Self { buffer: Vec::new(), start: 0, end: 0, limit }
    }

    /// From now on payloads have at most `limit` bytes.
    pub(crate) fn allow(&mut self, limit: usize) {
        self.limit = limit;
    }

    /// Where the next bytes belong; never empty.
    ///
    /// It grows with what has come, not with what a header promises.
    pub(crate) fn space(&mut self) -> &mut [u8] {
        if self.start == self.end {
            (self.start, self.end) = (0, 0);
        }
        if self.buffer.len() - self.end < LEAST_SPACE && self.start > 0 {
            self.buffer.copy_within(self.start..self.end, 0);
            (self.start, self.end) = (0, self.end - self.start);
        }
        if self.buffer.len() - self.end < LEAST_SPACE {
            let length = (self.buffer.len() * 2).max(self.end + LEAST_SPACE);
            self.buffer.resize(length, 0);
        }
        &mut self.buffer[self.end..]
    }

    /// So many bytes of the [`space`](Self::space) have been written.
    pub(crate) fn filled(&mut self, count: usize) {
        self.end = (self.end + count).min(self.buffer.len());
    }

    /// What has come and not been taken.
    pub(crate) fn rest(&self) -> &[u8] {
        &self.buffer[self.start..self.end]
    }

    /// Drops what has come.
    pub(crate) fn clear(&mut self) {
        (self.start, self.end) = (0, 0);
    }

    /// Whether a whole frame has come.
    pub(crate) fn has_frame(&self) -> Result<bool, FrameError> {
        let head = head(self.rest(), self.limit)?;
        Ok(head.is_some_and(|head| head.end <= self.rest().len()))
    }

    /// The next frame, if all of it has come. After an error nothing is taken any more.
    pub(crate) fn take(&mut self) -> Result<Option<Frame<'_>>, FrameError> {
        let Some(head) = head(self.rest(), self.limit)? else { return Ok(None) };
        if head.end > self.rest().len() {
            return Ok(None);
        }
        let frame = &self.buffer[self.start..self.start + head.end];
        self.start += head.end;
        Ok(Some(Frame {
            flags: frame[1],
            stream: frame[10],
            options: &frame[HEADER_LENGTH..head.payload],
            payload: &frame[head.payload..],
        }))
    }

    /// Gives memory back that a long frame has taken, if nothing is left to be read.
    pub(crate) fn shrink(&mut self) {
        if self.start == self.end && self.buffer.len() > KEPT_SPACE {
            (self.start, self.end) = (0, 0);
            self.buffer.truncate(KEPT_SPACE);
            self.buffer.shrink_to_fit();
        }
    }
}

impl<'a> Frame<'a> {
    /// Whether it has this flag.
    pub(crate) fn is(&self, flag: u8) -> bool {
        self.flags & flag != 0
    }

    /// Whether it says what went wrong.
    pub(crate) fn is_error(&self) -> bool {
        self.is(ERROR)
    }

    /// Whether it is a piece of something longer.
    pub(crate) fn is_stream(&self) -> bool {
        self.stream & STREAM != 0
    }

    pub(crate) fn payload(&self) -> &'a [u8] {
        self.payload
    }

    /// The two parts of the payload of an answer.
    pub(crate) fn context_and_body(&self) -> Result<(&'a [u8], &'a [u8]), FrameError> {
        let &[a, b, c, d] = self.options else {
            return Err(FrameError::Options(self.options.len() / 4));
        };
        let length = u32::from_le_bytes([a, b, c, d]);
        let parts = usize::try_from(length).ok().and_then(|at| self.payload.split_at_checked(at));
        parts.ok_or(FrameError::Context { length, payload: self.payload.len() })
    }
}

/// What a header says; `None` if not all of it has come. What is wrong in its first byte is said as
/// soon as that is there: text has come instead, and perhaps not much of it.
fn head(bytes: &[u8], limit: usize) -> Result<Option<Head>, FrameError> {
    let Some(&first) = bytes.first() else { return Ok(None) };
    let (version, words) = (first & 0xf0, first & 0x0f);
    if version != VERSION {
        return Err(FrameError::Version(version >> 4));
    }
    if !HEADER_WORDS.contains(&words) {
        return Err(FrameError::HeaderLength(words));
    }
    let Some(header) = bytes.first_chunk::<HEADER_LENGTH>() else { return Ok(None) };
    let said = u32::from_le_bytes([header[6], header[7], header[8], header[9]]);
    let computed = crc32fast::hash(&header[..6]);
    if said != computed {
        return Err(FrameError::Checksum { said, computed });
    }
    let length = u32::from_le_bytes([header[2], header[3], header[4], header[5]]);
    let payload = usize::from(words) * 4;
    let allowed = usize::try_from(length).ok().filter(|length| *length <= limit);
    let end = allowed.and_then(|length| payload.checked_add(length));
    end.map(|end| Some(Head { payload, end })).ok_or(FrameError::TooLong { length, limit })
}

#[cfg(test)]
mod tests;
